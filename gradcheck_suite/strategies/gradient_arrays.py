"""Programs about the arrays themselves: their shapes, dtypes and precision, and who shares them."""

from dataclasses import replace
from typing import Final, Literal, TypeAlias

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Look, Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.program.table import op_named
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call, call_of
from gradcheck_suite.strategies.calls import calls, gradient_program, has_gradient
from gradcheck_suite.strategies.numbers import arrays, cotangents, seeds, shapes_of_rank, some_shape
from gradcheck_suite.strategies.world import BINARY, TENSORS, World

__all__ = [
    "PAIRING",
    "PASSING",
    "Shared",
    "default_seeds",
    "given_seeds",
    "looks_after_backward",
    "precise_gradients",
    "precise_values",
    "second_graphs",
    "shaped_gradients",
    "shared_in_one_graph",
]

Shared: TypeAlias = Literal["arrays", "cotangent"]
"""What may be held by somebody else: the arrays of the leaves, or the cotangent."""

PAIRING: Final = (*BINARY, "maximum")
"""Ops of two operands, some of which are given the cotangent itself. Any three may be broken."""

PASSING: Final[dict[str, tuple[tuple[str, Attribute], ...]]] = {
    "reshape": (("shape", (-1,)),),
    "transpose": (),
    "sum": (("axis", 0),),
    "unsqueeze": (("axis", 0),),
}
"""Ops of one operand whose gradient may well be a view of the cotangent."""

_ODD: Final[tuple[Shape, ...]] = ((2, 3), (), (1,), (1, 3), (3, 1), (1, 1))
_SHRUNK: Final = 0.999  # times k / 8: short to read, and exact in float32 for no k below 125


@st.composite
def shaped_gradients(draw: st.DrawFn, op: Op) -> Program:
    """Draw the gradient of an elementwise call, of a shape easily lost; shrinks to (2, 3)."""
    shape = draw(st.sampled_from(_ODD))
    call = call_of(draw, op, (shape,) * len(op.arguments))
    return gradient_program(call, draw(seeds(shape)), has_gradient(call))


@st.composite
def looks_after_backward(draw: st.DrawFn, op: Op, what: Look) -> Program:
    """Draw one call and its backward, then look at every leaf; shrinks to six numbers or so.

    ``what`` may be the cotangent: then that of the backward is looked at.
    """
    call = draw(calls(op, TENSORS).filter(_has_either_sign))
    cotangent = draw(cotangents(call.result_shape))
    return gradient_program(call, cotangent, has_gradient(call), what)


@st.composite
def default_seeds(draw: st.DrawFn, op: str) -> Program:
    """Draw the dtype of a gradient that begins with the engine's own 1; shrinks to a sum."""
    shape = draw(shapes_of_rank(1, 2))
    b = Builder()
    x = b.leaf(draw(arrays(shape, op_named("mul").domain(0))))
    y = b.apply(op, x) if draw(st.booleans()) else x
    b.backward(b.apply("sum", y))
    b.observe("dtype", x)
    return b.program()


@st.composite
def given_seeds(draw: st.DrawFn, op: str, kind: str) -> Program:
    """Draw a gradient from a cotangent handed to backward; shrinks to a product of scalars."""
    shape = draw(some_shape(kind))
    row = op_named(op)
    b = Builder()
    x, y = (b.leaf(draw(arrays(shape, row.domain(k)))) for k in range(2))
    b.backward_from(b.apply(op, x, y), draw(cotangents(shape)))
    b.observe("grad", x)
    return b.program()


@st.composite
def precise_values(draw: st.DrawFn, op: Op) -> Program:
    """Draw the value of one call at numbers that float32 has not; shrinks as the call does."""
    call = draw(calls(op, TENSORS).map(_shrunk).filter(_has_a_value_beyond_float32))
    b = Builder()
    operands = [b.leaf(a) if leaf else b.constant(a) for a, leaf in _operands(call)]
    b.observe("value", b.apply(call.op, *operands, **dict(call.attrs)))
    return b.program()


@st.composite
def precise_gradients(draw: st.DrawFn, op: Op) -> Program:
    """Draw the gradient of one call at numbers that float32 has not; shrinks as the call does."""
    call = _shrunk(draw(calls(op, TENSORS)))
    cotangent = _array_shrunk(draw(cotangents(call.result_shape)))
    return gradient_program(call, cotangent, has_gradient(call))


@st.composite
def second_graphs(draw: st.DrawFn, world: World, op: str, passing: str, what: Shared) -> Program:
    """Draw a backward through an operator, then another one that adds to one operand's gradient.

    What an engine writes there must not show in the other gradient, in a value, or in the cotangent
    of the first backward, if that is ``what``. ``passing`` names an op that comes before the
    operator, if any. Shrinks to ones.
    """
    b = Builder()
    x, y, root, shape = _operator(draw, world, b, op, passing)
    first = b.backward(root, draw(cotangents(shape)))
    again, its_shape = draw(st.sampled_from([x, y]))
    number = b.constant(draw(arrays(its_shape, op_named(op).domain(1))))
    b.backward(b.apply(op, again, number), draw(cotangents(its_shape)))
    if what == "cotangent":
        b.observe(what, first)
    else:
        b.observe("grad", x[0], y[0])
        b.observe("value", x[0], y[0])
    return b.program()


@st.composite
def shared_in_one_graph(draw: st.DrawFn, world: World, op: str) -> Program:
    """Draw one graph that uses a leaf beside another, then once more; shrinks to ones."""
    b = Builder()
    x, y, both, shape = _operator(draw, world, b, op, "")
    number = b.constant(draw(arrays(shape, op_named(op).domain(1))))
    once_more = b.apply(op, draw(st.sampled_from([x, y]))[0], number)
    operands = draw(st.permutations([both, once_more]))
    b.backward(b.apply(op, *operands), draw(cotangents(shape)))
    b.observe("grad", x[0], y[0])
    return b.program()


_Leaf = tuple[int, Shape]


def _operator(
    draw: st.DrawFn, world: World, b: Builder, op: str, passing: str
) -> tuple[_Leaf, _Leaf, int, Shape]:
    """Write an operator of two leaves; return them, its result, and the shape of that."""
    domain = op_named(op).domain(1)  # of a divisor: the leaf may stand on either side
    shape = () if world.kind == "scalar" else draw(shapes_of_rank(2 if passing else 1, 2))
    x = b.leaf(draw(arrays(shape, domain)))
    left, wide = x, shape
    if passing:
        left = b.apply(passing, x, **dict(PASSING[passing]))
        wide = shape_of_result(passing, (shape,), PASSING[passing])
    y = b.leaf(draw(arrays(wide, domain)))
    root = b.apply(op, *draw(st.permutations([left, y])))
    return (x, shape), (y, wide), root, wide


def _operands(call: Call) -> list[tuple[Array, bool]]:
    return list(zip(call.operands, has_gradient(call), strict=True))


def _shrunk(call: Call) -> Call:
    return replace(call, operands=tuple(map(_array_shrunk, call.operands)))


def _array_shrunk(array: Array) -> Array:
    if array.kind != "float":
        return array
    return replace(array, values=tuple(round(v * _SHRUNK, 6) for v in array.values))


def _has_either_sign(call: Call) -> bool:
    """Tell whether a mask of negative numbers would leave something, and take something."""
    op = op_named(call.op)
    signs = {v > 0 for a in call.operands if a.kind == "float" for v in a.values}
    return len(signs) > 1 or all(domain.low >= 0 for domain in op.domains)


def _has_a_value_beyond_float32(call: Call) -> bool:
    op = op_named(call.op)
    with np.errstate(all="ignore"):  # outside of its domain; such a program is not kept
        value = op.evaluate(*(a.numpy() for a in call.operands), attrs=call.attrs)
        return bool(np.any(value.astype(np.float32) != value))
