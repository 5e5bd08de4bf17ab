"""Stability on purpose: inputs at which a formula overflows or cancels, and another one does not.

A row of the table for each op. Everything is exact in float32.
"""

from collections.abc import Callable
from math import prod
from typing import Final, TypeAlias

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call, Forms
from gradcheck_suite.strategies.calls import has_gradient
from gradcheck_suite.strategies.numbers import arrays, seeds, shapes_of_rank, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["stress"]

Programs: TypeAlias = "tuple[st.SearchStrategy[Program], ...]"

# Beyond what exp can take in float32 (88) and in float64 (709); then ordinary company.
_LARGE: Final = (1000.0, -1000.0, 800.0, -800.0, 100.0, -100.0, 1.0, -2.0)
# Below the last digit of 1, also in float64.
_TINY: Final = tuple(k * 2.0**-60 for k in (1, -1, 3, -3, 5, -5, 7, -7))
# A spread of 1 to 4 far from zero, with digits down to float32's last.
_OFFSET: Final = 250.0


def stress(op: Op, world: World) -> Programs:
    """Return strategies of value and gradient of a call; each shrinks to the first numbers."""
    return tuple(_value_and_gradient(call) for call in _STRESS[op.name](op, world))


@st.composite
def _value_and_gradient(draw: st.DrawFn, drawn: st.SearchStrategy[Call]) -> Program:
    call = draw(drawn)
    b = Builder()
    operands = [
        b.leaf(array) if tracked else b.constant(array)
        for array, tracked in zip(call.operands, has_gradient(call), strict=True)
    ]
    y = b.apply(call.op, *operands, **dict(call.attrs))
    b.observe("value", y)
    b.backward(y, draw(seeds(call.result_shape)))
    tracked = zip(operands, has_gradient(call), strict=True)
    b.observe("grad", *(x for x, leaf in tracked if leaf))
    return b.program()


def _of(numbers: tuple[float, ...], shape: Shape) -> st.SearchStrategy[Array]:
    n = prod(shape)
    values = st.lists(st.sampled_from(numbers), min_size=n, max_size=n, unique=n <= len(numbers))
    return values.map(lambda drawn: Array(shape, tuple(drawn)))


@st.composite
def _elementwise(draw: st.DrawFn, op: Op, world: World, numbers: tuple[float, ...]) -> Call:
    shape = draw(some_shape(world.kind))
    return Call(op.name, tuple(draw(_of(numbers, shape)) for _ in op.arguments))


def _at(numbers: tuple[float, ...]) -> Callable[[Op, World], Forms]:
    return lambda op, world: (_elementwise(op, world, numbers),)


@st.composite
def _along(draw: st.DrawFn, op: Op, *, given: bool) -> Call:
    """Draw large numbers along the axis that is ``given``, or along the op's own."""
    shape = draw(shapes_of_rank(1, 2))
    attrs = (("axis", draw(st.integers(0, len(shape) - 1))),) if given else ()
    return Call(op.name, (draw(_of(_LARGE, shape)),), attrs)


def _classes(op: Op, _world: World) -> Forms:
    return tuple(_classified(op, reduction) for reduction in ("mean", "sum", "none"))


@st.composite
def _classified(draw: st.DrawFn, op: Op, reduction: str) -> Call:
    n, n_classes = shape = draw(shapes_of_rank(2).filter(lambda s: s[1] > 1))
    classes = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    target = Array((n,), tuple(classes), "int")
    return Call(
        op.name, (draw(_of(_LARGE, shape)),), (("reduction", reduction), ("target", target))
    )


def _targets(op: Op, _world: World) -> Forms:
    return tuple(_with_targets(op, reduction) for reduction in ("mean", "sum", "none"))


@st.composite
def _with_targets(draw: st.DrawFn, op: Op, reduction: str) -> Call:
    shape = draw(shapes_of_rank(1, 2))
    operands = (draw(_of(_LARGE, shape)), draw(arrays(shape, op.domain(1))))
    return Call(op.name, operands, (("reduction", reduction),))


_STRESS: Final[dict[str, Callable[[Op, World], Forms]]] = {
    **dict.fromkeys(("sigmoid", "tanh", "softplus", "silu", "elu", "logaddexp"), _at(_LARGE)),
    **dict.fromkeys(("log1p", "expm1"), _at(_TINY)),
    **dict.fromkeys(
        ("softmax", "log_softmax", "logsumexp"),
        lambda op, _world: tuple(_along(op, given=given) for given in (False, True)),
    ),
    "cross_entropy": _classes,
    "binary_cross_entropy_with_logits": _targets,
}
"""The calls of an op where naive formulas lose everything, by its name."""
