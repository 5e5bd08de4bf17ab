"""Calls of one op: operands in its domain, attributes in every form it has."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Attributes, Program, Slice
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import (
    arrays,
    cotangents,
    shapes_of_rank,
    some_shape,
)
from gradcheck_suite.strategies.world import World

__all__ = [
    "Call",
    "broadcast_calls",
    "calls",
    "gradient_program",
    "gradient_programs",
    "plain_number_programs",
    "value_programs",
]


@dataclass(frozen=True, slots=True)
class Call:
    """An op with its operands and attributes; the condition of ``where`` is the first operand."""

    op: str
    operands: tuple[Array, ...]
    attrs: Attributes = ()

    @property
    def result_shape(self) -> Shape:
        """Return the shape of the result."""
        return shape_of_result(self.op, tuple(a.shape for a in self.operands), self.attrs)


def calls(op: Op, world: World) -> st.SearchStrategy[Call]:
    """Draw a call without broadcasting; shrinks to few elements, simple numbers, default form."""
    match op.signature:
        case "unary":
            return _power_calls(op, world) if op.name == "pow" else _elementwise(op, world)
        case "binary" | "where":
            return _elementwise(op, world)
        case "reduction":
            return _reductions(op)
        case "normalisation":
            return _along_one_axis(op)
        case "matmul":
            return _products(op)
        case "join":
            return _joins(op)
        case "getitem":
            return _indexings(op)
        case _:
            return _movements(op)


@st.composite
def broadcast_calls(draw: st.DrawFn, op: Op) -> Call:
    """Draw a call whose operands' shapes differ; shrinks to a vector with a scalar."""
    shapes = draw(st.sampled_from(_BROADCASTS))
    if draw(st.booleans()):
        shapes = shapes[::-1]
    return _call(draw, op, shapes)


def gradient_program(call: Call, cotangent: Array | None, tracked: tuple[bool, ...]) -> Program:
    """Return: make operands, apply, propagate, look at the gradient of each tracked operand."""
    b = Builder()
    operands = [
        b.constant(array) if array.kind == "bool" or not leaf else b.leaf(array)
        for array, leaf in zip(call.operands, tracked, strict=True)
    ]
    result = b.apply(call.op, *operands, **dict(call.attrs))
    b.backward(result, cotangent)
    b.observe(
        "grad",
        *(
            x
            for x, a, leaf in zip(operands, call.operands, tracked, strict=True)
            if leaf and a.kind == "float"
        ),
    )
    return b.program()


@st.composite
def gradient_programs(draw: st.DrawFn, op: Op, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw the gradient of one call; shrinks to all operands tracked and no cotangent."""
    call = draw(drawn)
    shape = call.result_shape
    none = [st.none()] if shape == () else []
    cotangent = draw(st.one_of(*none, cotangents(shape)))
    tracked = [True] * len(call.operands)
    if op.signature == "binary" and draw(st.sampled_from((False, False, False, True))):
        tracked[draw(st.integers(0, 1))] = False
    return gradient_program(call, cotangent, tuple(tracked))


@st.composite
def value_programs(draw: st.DrawFn, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw the value of one call; shrinks as the call does."""
    call = draw(drawn)
    b = Builder()
    operands = [b.constant(a) if a.kind == "bool" else b.leaf(a) for a in call.operands]
    b.observe("value", b.apply(call.op, *operands, **dict(call.attrs)))
    return b.program()


_BROADCASTS: tuple[tuple[Shape, Shape], ...] = (
    ((2,), ()),
    ((2,), (1,)),
    ((2, 3), (3,)),
    ((2, 3), ()),
    ((2, 3), (1, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (1, 3)),
    ((2, 1), (3,)),
    ((1, 3), (2, 1)),
    ((2, 2, 3), (3,)),
    ((2, 2, 3), (2, 1)),
    ((2, 1, 3), (2, 1)),
    ((2, 2, 3), ()),
)


def _call(
    draw: st.DrawFn,
    op: Op,
    shapes: tuple[Shape, ...],
    domain: Domain | None = None,
    **attrs: Attribute,
) -> Call:
    operands = [draw(arrays(s, domain or op.domain(k))) for k, s in enumerate(shapes)]
    if op.signature == "where":
        wide = np.broadcast_shapes(*shapes)
        chosen = draw(st.lists(st.booleans(), min_size=prod(wide), max_size=prod(wide)))
        operands.insert(0, Array(wide, tuple(chosen), "bool"))
    return Call(op.name, tuple(operands), tuple(sorted(attrs.items())))


@st.composite
def _elementwise(draw: st.DrawFn, op: Op, world: World) -> Call:
    shape = draw(some_shape(world.kind))
    n_operands = 1 if op.signature == "unary" else 2
    return _call(draw, op, (shape,) * n_operands)


@st.composite
def _power_calls(draw: st.DrawFn, op: Op, world: World) -> Call:
    """Negative bases go with integer exponents alone."""
    exponent = draw(st.sampled_from((2, 3, -1, 4, -2, 0.5, 1.5, -0.5)))
    shape = draw(some_shape(world.kind))
    domain = op.domain(0)
    if exponent != int(exponent):
        domain = replace(domain, low=domain.hole)
    return _call(draw, op, (shape,), domain, exponent=exponent)


@st.composite
def _reductions(draw: st.DrawFn, op: Op) -> Call:
    shape = draw(shapes_of_rank(1, 2, 3))
    rank = len(shape)
    one = st.integers(-rank, rank - 1)
    several = st.lists(st.integers(0, rank - 1), min_size=min(2, rank), unique=True).map(tuple)
    choices: list[st.SearchStrategy[Attribute]] = [st.none(), one]
    axis = draw(st.one_of(*choices, *([several] if rank > 1 else [])))
    return _call(draw, op, (shape,), axis=axis, keepdims=draw(st.booleans()))


@st.composite
def _along_one_axis(draw: st.DrawFn, op: Op) -> Call:
    shape = draw(shapes_of_rank(1, 2, 3).filter(lambda s: max(s) > 1))
    rank = len(shape)
    return _call(draw, op, (shape,), axis=draw(st.integers(-rank, rank - 1)))


_PRODUCTS: tuple[tuple[Shape, Shape], ...] = (
    ((2, 3), (3, 2)),
    ((2,), (2,)),
    ((2, 3), (3,)),
    ((2,), (2, 3)),
    ((1, 2), (2, 1)),
    ((3, 2), (2, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (2, 3, 1)),
)


@st.composite
def _products(draw: st.DrawFn, op: Op) -> Call:
    return _call(draw, op, draw(st.sampled_from(_PRODUCTS)))


@st.composite
def _joins(draw: st.DrawFn, op: Op) -> Call:
    shape = draw(shapes_of_rank(1, 2, 3))
    n = draw(st.integers(2, 3))
    rank = len(shape)
    if op.name == "stack":
        return _call(draw, op, (shape,) * n, axis=draw(st.integers(0, rank)))
    axis = draw(st.integers(0, rank - 1))
    extents = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    shapes = tuple((*shape[:axis], extent, *shape[axis + 1 :]) for extent in extents)
    return _call(draw, op, shapes, axis=axis)


@st.composite
def _movements(draw: st.DrawFn, op: Op) -> Call:
    """Draw a call of reshape, transpose or broadcast_to."""
    shape = draw(shapes_of_rank(1, 2, 3))
    match op.name:
        case "reshape":
            n = prod(shape)
            sides = [k for k in range(1, n + 1) if n % k == 0]
            side = draw(st.sampled_from(sides))
            target: Shape = draw(st.sampled_from(((n,), (side, n // side), (-1, side), (1, n, 1))))
            return _call(draw, op, (shape,), shape=target)
        case "transpose":
            every = st.permutations(range(len(shape))).map(tuple)
            axes = draw(st.one_of(st.none(), every))
            return _call(draw, op, (shape,), axes=axes)
        case _:
            wide = draw(shapes_of_rank(2, 3))
            kept = draw(st.integers(0, len(wide)))
            drawn = draw(st.lists(st.booleans(), min_size=len(wide), max_size=len(wide)))
            narrow = tuple(1 if d else e for e, d in zip(wide, drawn, strict=True))[kept:]
            return _call(draw, op, (narrow,), shape=wide)


_ONE_IN_SIX = st.sampled_from((False, False, False, False, False, True))


@st.composite
def _indexings(draw: st.DrawFn, op: Op) -> Call:
    """Draw an index: integers, slices of either direction, new axes, integer arrays, masks."""
    shape = draw(shapes_of_rank(1, 2, 3).filter(lambda s: s[0] > 1))
    if draw(_ONE_IN_SIX):  # a mask of the operand's whole shape
        chosen = draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
        index: Attribute = (Array(shape, (True, *chosen[1:]), "bool"),)
        return _call(draw, op, (shape,), index=index)
    parts: list[Attribute] = []
    for extent in shape[: draw(st.integers(1, len(shape)))]:
        arrays_so_far = sum(isinstance(p, Array) for p in parts)
        parts.append(draw(_index_part(extent, allow_array=not arrays_so_far)))
    if draw(_ONE_IN_SIX):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if any(isinstance(p, Array) for p in parts):
        # NumPy and torch put the axis of an array beside integers in places of their own.
        parts = [Slice() if isinstance(p, int) else p for p in parts]
    return _call(draw, op, (shape,), index=tuple(parts))


def _index_part(extent: int, *, allow_array: bool) -> st.SearchStrategy[Attribute]:
    last = extent - 1
    several = st.lists(st.integers(-extent, last), min_size=2, max_size=4)
    choices: list[st.SearchStrategy[Attribute]] = [
        st.integers(-extent, last),
        st.integers(0, last).map(lambda start: Slice(start, None)),
        st.integers(1, extent).map(lambda stop: Slice(None, stop)),
        st.just(Slice(None, None, 2)),
        st.just(Slice(None, None, -1)),
    ]
    if allow_array:
        choices.append(several.map(lambda items: Array((len(items),), tuple(items), "int")))
    return st.one_of(choices)


@st.composite
def plain_number_programs(draw: st.DrawFn, op: Op, world: World) -> Program:
    """Draw an operator between a value and a bare Python number; shrinks to ``x op 1`` at x = 1."""
    shape = draw(some_shape(world.kind))
    left = draw(st.booleans())
    b = Builder()
    number = draw(arrays((), op.domain(0 if left else 1)))
    x = b.leaf(draw(arrays(shape, op.domain(1 if left else 0))))
    plain = b.constant(number, plain=True)
    result = b.apply(op.name, *((plain, x) if left else (x, plain)))
    b.observe("value", result)
    none = [st.none()] if shape == () else []
    b.backward(result, draw(st.one_of(*none, cotangents(shape))))
    b.observe("grad", x)
    return b.program()
