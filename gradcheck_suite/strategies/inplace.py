"""In place: values that are changed after they were made, and what the backward makes of it."""

from typing import Final, Literal

from hypothesis import strategies as st

from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.strategies.numbers import seeds
from gradcheck_suite.strategies.scene import Scene, Sessions, session
from gradcheck_suite.strategies.world import BINARY

__all__ = [
    "PRODUCTS",
    "Factor",
    "changeable",
    "changed",
    "in_place_on_leaves",
    "in_place_on_results",
    "saved_changed",
]

Factor = Literal["result", "leaf", "constant"]
_SHAPES: Final[dict[str, tuple[Shape, ...]]] = {
    "mul": ((), (2,), (3,), (2, 3)),
    "matmul": ((2, 2), (3, 3)),
}
PRODUCTS: Final = tuple(_SHAPES)
"""Ops of two factors, each of which the gradient of the other one is made from.

Others come to a copy first, of another shape, and right engines differ in where they do.
"""
_FREE: Final = ("mul", "add", "sub", "neg", "sin", "cos")


def changeable(s: Scene, x: int) -> int:
    """Append a result that its own rule does not need: it may be changed in place."""
    name = s.draw(st.sampled_from([op.name for op in s.world.having(_FREE)]))
    if name in BINARY:
        return s.b.apply(name, x, s.b.constant(s.number()))
    return s.b.apply(name, x)


def changed(s: Scene, x: int, other: int | None = None) -> int:
    """Change a value in place, by ``other`` or by a number; return what it is then."""
    name = s.draw(st.sampled_from([*(op.name for op in s.world.having(BINARY)), "pow"]))
    if name == "pow":
        return s.b.in_place(name, x, exponent=s.draw(st.sampled_from((2, 3))))
    return s.b.in_place(name, x, s.b.constant(s.number()) if other is None else other)


@session
def in_place_on_leaves(s: Scene) -> None:
    """In place on a leaf that needs a gradient: it raises, or the name stands for a new result."""
    x = s.leaf()
    result = changed(s, x)
    s.b.observe("value", x, result)
    s.backward(result)
    s.b.observe("grad", x)


@session
def in_place_on_results(s: Scene) -> None:
    """In place on a result, once or twice, by a number or by a leaf: its gradient is right."""
    x, other = s.leaf(), s.leaf()
    y = changed(s, changeable(s, x), other)
    if s.draw(st.booleans()):
        y = changed(s, y)
    s.b.observe("value", y)
    s.backward(s.step(y))
    s.b.observe("grad", x, other)


def saved_changed(who: Factor, product: str) -> Sessions:
    """Return a session of a product whose one factor is changed before the backward.

    ``who``: a result, a leaf (under no_grad, as an optimizer does it), or a constant.
    """

    @session
    def programs(s: Scene) -> None:
        s.shape = s.draw(st.sampled_from(_SHAPES[product])) if s.world.kind == "tensor" else ()
        leaf = s.leaf()
        leaves = [leaf, s.leaf()] if who == "leaf" else [leaf]
        factor = {
            "result": lambda: changeable(s, s.leaf()),
            "leaf": lambda: leaves[-1],
            "constant": lambda: s.b.constant(s.number()),
        }[who]()
        root = s.b.apply(product, *s.draw(st.permutations([leaf, factor])))
        if who == "leaf":
            with s.b.mode("no_grad"):
                changed(s, factor)
        else:
            changed(s, factor)
        s.b.backward(root, s.draw(seeds(shape_of_result(product, (s.shape, s.shape)))))
        s.b.observe("grad", *leaves)

    return programs
