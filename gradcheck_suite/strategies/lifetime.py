"""Lifetime: graphs that are run again, kept, and let go."""

from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.strategies.scene import Scene, session
from gradcheck_suite.strategies.world import BINARY

__all__ = [
    "constant_gradients",
    "differentiable_gradients",
    "middle_then_end",
    "released_graphs",
    "retained_backward",
    "second_backward",
]

_CURVED: Final = ("tanh", "sin", "exp", "sigmoid", "cos")


@session
def second_backward(s: Scene) -> None:
    """A second backward on a graph that was not retained: raises, or adds exactly once more."""
    x, y = s.leaf(), s.leaf()
    # The root keeps what its rule needs, so that even torch raises, and before it adds anything.
    keeping = s.world.having(("mul", "div"))
    if keeping:
        root = s.b.apply(keeping[0].name, s.step(x), y)
    else:
        root = s.b.apply(s.draw(st.sampled_from(("tanh", "exp", "sin"))), s.pair(s.step(x), y))
    cotangent = s.cotangent()
    s.b.backward(root, cotangent)
    s.b.backward(root, cotangent)
    s.b.observe("grad", x, y)


@session
def retained_backward(s: Scene) -> None:
    """A second backward on a retained graph adds the same gradient once more."""
    x = s.leaf()
    root = s.step(s.step(x))
    cotangent = s.cotangent()
    s.b.backward(root, cotangent, retain=True)
    s.b.backward(root, cotangent)
    s.b.observe("grad", x)


@session
def middle_then_end(s: Scene) -> None:
    """Backward from a middle node, then from the end of the same graph."""
    x = s.leaf()
    middle = s.step(x)
    end = s.step(middle)
    s.backward(middle, retain=True)
    s.backward(end)
    s.b.observe("grad", x)


@session
def differentiable_gradients(s: Scene) -> None:
    """A gradient that was made with create_graph, times its leaf, differentiated."""
    _use_gradient(s, create=True)


@session
def constant_gradients(s: Scene) -> None:
    """A gradient that was made without create_graph, times its leaf, differentiated."""
    _use_gradient(s, create=False)


def _use_gradient(s: Scene, *, create: bool) -> None:
    """Append a backward, and another one from an operator of the gradient and the leaf.

    Nothing is cleared, since an engine may write the zeros into the gradient that is in use.
    """
    x = s.leaf()
    s.b.backward(_curved(s, x), s.cotangent(), create=create)
    s.backward(s.pair(s.b.grad_of(x), x, BINARY))
    s.b.observe("grad", x)


def _curved(s: Scene, x: int) -> int:
    """Append a function whose derivative is not constant."""
    binary = {"mul": lambda: (x, x), "div": lambda: (s.b.constant(s.number()), x)}
    name = s.draw(st.sampled_from([op.name for op in s.world.having((*binary, *_CURVED))]))
    return s.b.apply(name, *(binary[name]() if name in binary else (x,)))


@session
def released_graphs(s: Scene) -> None:
    """Some steps as in training: nothing keeps a result of the first one alive."""
    x = s.leaf()
    first: list[int] = []
    for _ in range(3):
        middle = s.step(x)
        root = s.step(middle)
        s.backward(root)
        s.b.clear(x)
        first = first or [middle, root]
    s.b.observe("released", s.draw(st.sampled_from(first)))
