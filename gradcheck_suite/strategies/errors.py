"""Errors: what has to raise, and that the engine is as good as before after it has."""

from collections.abc import Callable
from math import prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.strategies.numbers import cotangents, shapes_of_rank
from gradcheck_suite.strategies.scene import Scene, session
from gradcheck_suite.strategies.world import BINARY

__all__ = [
    "backward_without_gradient",
    "broken_rule",
    "mismatched_shapes",
    "misshapen_cotangent",
    "no_derivative",
    "nonscalar_backward",
]

# The second cannot be stretched to the first.
_MISFITS: Final = (((2,), (3,)), ((2, 3), (3, 2)), ((2, 3), (2,)), ((3, 2), (6,)))


@session
def nonscalar_backward(s: Scene) -> None:
    """A backward of several numbers without a cotangent: it raises, or takes ones."""
    s.shape = s.draw(shapes_of_rank(1, 2, 3).filter(lambda shape: prod(shape) > 1))
    x = s.leaf()
    s.b.backward(s.step(x))
    s.b.observe("grad", x)


@session
def misshapen_cotangent(s: Scene) -> None:
    """A cotangent that does not fit its root raises; another graph is differentiated after it."""
    s.shape, other = s.draw(st.sampled_from(_MISFITS))
    s.b.backward(s.step(s.leaf()), s.draw(cotangents(other)))
    _differentiate(s)


@session
def backward_without_gradient(s: Scene) -> None:
    """A backward of what needs no gradient: it raises, or does nothing."""
    x = s.leaf()
    s.b.backward(s.step(s.draw(st.sampled_from(_CONSTANT))(s, x)), s.cotangent())
    s.b.observe("grad", x)
    _differentiate(s)


@session
def mismatched_shapes(s: Scene) -> None:
    """An op on shapes that do not fit raises; the same leaf is differentiated after it."""
    s.shape, other = s.draw(st.sampled_from(_MISFITS))
    x = s.leaf()
    s.shape, shape = other, s.shape
    y = s.leaf()
    s.shape = shape
    operands = (x, y) if s.draw(st.booleans()) else (y, x)
    s.b.misapply(s.operator(BINARY), *operands)
    s.backward(s.step(x))
    s.b.observe("grad", x, y)


@session
def broken_rule(s: Scene) -> None:
    """A rule of the user's that raises: the exception arrives, and the next backward is clean."""
    x = s.leaf()
    y = s.b.apply("custom_broken", s.step(x))
    if s.draw(st.booleans()):
        y = s.pair(y, s.step(x))
    s.backward(y)
    s.b.clear(x)
    s.backward(s.step(x))
    s.b.observe("grad", x)


@session
def no_derivative(s: Scene) -> None:
    """A backward from argmax or a comparison does what one from a detached result does."""
    x = s.leaf()
    s.b.backward(s.step(_detached(s, x)), s.cotangent())
    if s.shape == ():
        s.b.backward(s.b.apply("greater", x, s.b.constant(s.number())))
    else:
        s.b.backward(s.b.apply("argmax", x))
    s.b.observe("grad", x)


def _differentiate(s: Scene) -> None:
    """Append a leaf, an op, a backward, and a look at the gradient."""
    x = s.leaf()
    s.backward(s.step(x))
    s.b.observe("grad", x)


def _detached(s: Scene, x: int) -> int:
    return s.b.detach(s.step(x))


def _unrecorded(s: Scene, x: int) -> int:
    with s.b.mode("no_grad"):
        return s.step(x)


def _frozen(s: Scene, _x: int) -> int:
    return s.leaf(requires_grad=False)


_CONSTANT: Final[tuple[Callable[[Scene, int], int], ...]] = (_detached, _unrecorded, _frozen)
