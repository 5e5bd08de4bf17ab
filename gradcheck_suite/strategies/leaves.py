"""Leaves: who needs a gradient, who is a leaf, and whose gradient is kept."""

from math import prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.scene import GROWING, Scene, session

__all__ = [
    "integer_leaves",
    "is_leaf_flags",
    "masks",
    "nonleaf_gradients",
    "requires_grad_flags",
    "retained_gradients",
    "switched_leaves",
    "switched_results",
]

_MASKED: Final = ("mul", "div", "add")  # torch has no difference of truth values


@session
def requires_grad_flags(s: Scene) -> None:
    """A result needs a gradient when either operand does; a frozen leaf gets none."""
    x, frozen = s.leaf(), s.leaf(requires_grad=False)
    # Either side: an engine may ask its left operand alone.
    op = s.operator()
    mixed = s.b.apply(op, *((x, frozen) if s.draw(st.booleans()) else (frozen, x)))
    still = s.pair(frozen, frozen)
    s.b.observe("requires_grad", x, frozen, mixed, still)
    s.backward(mixed)
    # Who computes x - c by way of -c gives c no gradient, although it gives one to other constants.
    s.b.observe("grad", x, *((frozen,) if op in GROWING else ()))


@session
def is_leaf_flags(s: Scene) -> None:
    """What the user made is a leaf, a result that needs a gradient is not."""
    x = s.leaf()
    s.b.observe("is_leaf", x, s.step(x))


@session
def nonleaf_gradients(s: Scene) -> None:
    """The gradient of a result is not kept, or is the full sum over its consumers."""
    x = s.leaf()
    y = s.step(x)
    s.backward(s.pair(s.step(y), y, GROWING))  # (y + 1) - y would hide the gradient
    s.b.observe("grad", y, x)


@session
def retained_gradients(s: Scene) -> None:
    """retain_grad keeps a result's full gradient; asking twice is the same as asking once."""
    x = s.leaf()
    y = s.step(x)
    for _ in range(s.draw(st.integers(1, 2))):
        s.b.retain_grad(y)
    s.backward(s.pair(s.step(y), y, GROWING))  # (y + 1) - y would hide the gradient
    s.b.observe("grad", y, x)


@session
def integer_leaves(s: Scene) -> None:
    """A leaf of integers that asks for a gradient: it raises, or the gradient has fractions."""
    n = prod(s.shape)
    values = s.draw(st.lists(st.sampled_from((1, 2, 3, -1, -2)), min_size=n, max_size=n))
    x = s.b.leaf(Array(s.shape, tuple(values), "int"))
    s.backward(s.step(s.step(x)))
    s.b.observe("grad", x)


@session
def masks(s: Scene) -> None:
    """A comparison, or the place of the maximum, beside the leaf that it was made from."""
    x = s.leaf()
    if s.shape != () and s.draw(st.booleans()):
        found = s.b.apply("argmax", x)
    else:
        found = s.b.apply("greater", x, s.b.constant(s.number()))
    if not s.world.having(_MASKED) or s.draw(st.booleans()):
        s.b.observe("requires_grad", found)
    if s.world.having(_MASKED):
        s.backward(s.pair(found, x, _MASKED))
        s.b.observe("grad", x)


@session
def switched_leaves(s: Scene) -> None:
    """A leaf whose flag is switched on, or off and on again: what was made before is a constant."""
    on = s.draw(st.booleans())
    x, w = s.leaf(requires_grad=on), s.leaf()
    if on:
        s.b.set_requires_grad(x, flag=False)
    before = s.step(x)
    s.b.set_requires_grad(x, flag=True)
    s.backward(s.pair(s.pair(before, w), s.step(x), GROWING))
    s.b.observe("grad", x, w)


@session
def switched_results(s: Scene) -> None:
    """Taking the flag from a result raises, or cuts off what follows: other paths stay as they are.

    One path through it was recorded before, and one comes after; one does not go through it.
    """
    x = s.leaf()
    y = s.step(x)
    paths = [s.step(y), s.step(x)] if s.draw(st.booleans()) else [s.step(x)]
    s.b.set_requires_grad(y, flag=False)
    total = s.step(y)
    for path in paths:
        total = s.pair(total, path, GROWING)
    s.backward(total)
    s.b.observe("grad", x)
