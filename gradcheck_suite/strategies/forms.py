"""Forms: calls of one op, one strategy for each form that an exam must not miss.

Axis or none, a slice or a repeated index, a matrix with a vector, a stretched left operand: an
engine may have each of them wrong alone.
"""

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Final, TypeAlias

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Attributes, Slice
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.array_forms import array_forms
from gradcheck_suite.strategies.axes import AXES, ONE_AXIS, Axes
from gradcheck_suite.strategies.call import Call, Forms, call_of
from gradcheck_suite.strategies.numbers import shapes_of_rank, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["Call", "Forms", "broadcast_forms", "forms"]


def forms(op: Op, world: World) -> Forms:
    """Return strategies of calls without broadcasting; each shrinks to few and simple numbers."""
    match op.signature:
        case "unary" if op.name == "pow":
            return tuple(_power(op, world, exponent) for exponent in _EXPONENTS)
        case "unary" if op.examples:
            return tuple(_with_settings(op, world, attrs) for _, attrs in op.examples)
        case "unary" | "binary" | "where":
            return (_elementwise(op, world),)
        case "array":
            return array_forms(op)
        case "reduction":
            return tuple(
                _reduction(op, axes, keepdims=keepdims)
                for axes in AXES
                for keepdims in (False, True)
            )
        case "normalisation":
            return tuple(_along_one_axis(op, axes) for axes in ONE_AXIS)
        case "matmul":
            return tuple(_of_shapes(op, shapes) for shapes in _PRODUCTS)
        case "join":
            return (_join(op, from_end=False), _join(op, from_end=True))
        case "getitem":
            return (
                *(_indexing(op, part) for part in _PARTS),
                *(_indexing(op, part, new_axis=True) for part in (_slice_from, _repeated)),
                _mixed_indexing(op),
                _masking(op),
            )
        case "reshape":
            return (_reshape(op),)
        case "transpose":
            return (_transpose(op, given=False), _transpose(op, given=True), _turned(op))
        case _:
            return (_broadcast_to(op),)


def broadcast_forms(op: Op) -> Forms:
    """Return strategies of calls whose operands' shapes differ, every pattern on either side."""
    pairs = [*_BROADCASTS, *((right, left) for left, right in _BROADCASTS)]
    return tuple(_of_shapes(op, pair) for pair in pairs)


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


@st.composite
def _of_shapes(draw: st.DrawFn, op: Op, shapes: tuple[Shape, ...]) -> Call:
    return call_of(draw, op, shapes)


@st.composite
def _elementwise(draw: st.DrawFn, op: Op, world: World) -> Call:
    shape = draw(some_shape(world.kind))
    n_operands = 1 if op.signature == "unary" else 2
    return call_of(draw, op, (shape,) * n_operands)


@st.composite
def _with_settings(draw: st.DrawFn, op: Op, world: World, attrs: Attributes) -> Call:
    """Draw off the bounds among the settings, which are kinks."""
    domain = op.domain(0)
    bounds = tuple(v for k, v in op.settings(attrs).items() if k in op.bounds)
    domain = replace(
        domain, without=tuple(v for v in bounds if isinstance(v, float)) or domain.without
    )
    return call_of(draw, op, (draw(some_shape(world.kind)),), domain, **dict(attrs))


_EXPONENTS: Final = (2, 3, -1, 4, -2, 0.5, 1.5, -0.5)


@st.composite
def _power(draw: st.DrawFn, op: Op, world: World, exponent: float) -> Call:
    """Negative bases go with integer exponents alone."""
    domain = op.domain(0)
    if exponent != int(exponent):
        domain = replace(domain, low=domain.hole)
    return call_of(draw, op, (draw(some_shape(world.kind)),), domain, exponent=exponent)


@st.composite
def _reduction(draw: st.DrawFn, op: Op, axes: Axes, *, keepdims: bool) -> Call:
    shape = draw(shapes_of_rank(*axes.ranks))
    return call_of(draw, op, (shape,), axis=draw(axes.of(len(shape))), keepdims=keepdims)


@st.composite
def _along_one_axis(draw: st.DrawFn, op: Op, axes: Axes) -> Call:
    shape = draw(shapes_of_rank(*axes.ranks).filter(lambda s: max(s) > 1))
    return call_of(draw, op, (shape,), axis=draw(axes.of(len(shape))))


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
def _join(draw: st.DrawFn, op: Op, *, from_end: bool) -> Call:
    shape = draw(shapes_of_rank(1, 2, 3))
    n = draw(st.integers(2, 3))
    rank = len(shape)
    if op.name == "stack":
        axis = draw(st.integers(0, rank))
        return call_of(draw, op, (shape,) * n, axis=axis - rank - 1 if from_end else axis)
    axis = draw(st.integers(0, rank - 1))
    extents = draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))
    shapes = tuple((*shape[:axis], extent, *shape[axis + 1 :]) for extent in extents)
    return call_of(draw, op, shapes, axis=axis - rank if from_end else axis)


@st.composite
def _reshape(draw: st.DrawFn, op: Op) -> Call:
    shape = draw(shapes_of_rank(1, 2, 3))
    n = prod(shape)
    side = draw(st.sampled_from([k for k in range(1, n + 1) if n % k == 0]))
    target: Shape = draw(st.sampled_from(((n,), (side, n // side), (-1, side), (1, n, 1))))
    return call_of(draw, op, (shape,), shape=target)


@st.composite
def _transpose(draw: st.DrawFn, op: Op, *, given: bool) -> Call:
    """Draw a transpose of at least a matrix: who swaps the last two axes may refuse a vector."""
    shape = draw(shapes_of_rank(2, 3))
    axes = draw(st.permutations(range(len(shape))).map(tuple)) if given else None
    return call_of(draw, op, (shape,), axes=axes)


@st.composite
def _turned(draw: st.DrawFn, op: Op) -> Call:
    """Draw a permutation that is not its own inverse: most are, and hide that none was taken."""
    axes = draw(st.sampled_from(((1, 2, 0), (2, 0, 1))))
    return call_of(draw, op, (draw(shapes_of_rank(3)),), axes=axes)


@st.composite
def _broadcast_to(draw: st.DrawFn, op: Op) -> Call:
    wide = draw(shapes_of_rank(2, 3))
    kept = draw(st.integers(0, len(wide)))
    drawn = draw(st.lists(st.booleans(), min_size=len(wide), max_size=len(wide)))
    narrow = tuple(1 if d else e for e, d in zip(wide, drawn, strict=True))[kept:]
    return call_of(draw, op, (narrow,), shape=wide)


_Part: TypeAlias = Callable[[int], st.SearchStrategy[Attribute]]


def _integer(extent: int) -> st.SearchStrategy[Attribute]:
    return st.integers(-extent, extent - 1)


def _slice_from(extent: int) -> st.SearchStrategy[Attribute]:
    return st.integers(0, extent - 1).map(lambda start: Slice(start, None))


def _slice_to(extent: int) -> st.SearchStrategy[Attribute]:
    return st.integers(1, extent).map(lambda stop: Slice(None, stop))


def _step(_extent: int) -> st.SearchStrategy[Attribute]:
    return st.just(Slice(None, None, 2))


def _reverse(_extent: int) -> st.SearchStrategy[Attribute]:
    return st.just(Slice(None, None, -1))


def _several(extent: int) -> st.SearchStrategy[Attribute]:
    items = st.lists(st.integers(-extent, extent - 1), min_size=2, max_size=4)
    return items.map(lambda drawn: Array((len(drawn),), tuple(drawn), "int"))


def _repeated(extent: int) -> st.SearchStrategy[Attribute]:
    """Draw an index that is read more than once: its gradient has to add up."""
    items = st.lists(st.integers(0, extent - 1), min_size=1, max_size=3)
    return items.map(lambda drawn: Array((len(drawn) + 1,), (*drawn, drawn[0]), "int"))


_PARTS: Final = (_integer, _slice_from, _slice_to, _step, _reverse, _several, _repeated)


@st.composite
def _indexing(draw: st.DrawFn, op: Op, part: _Part, *, new_axis: bool = False) -> Call:
    """Draw an index of one sort of part, on the first axis."""
    shape = draw(shapes_of_rank(1, 2, 3).filter(lambda s: s[0] > 1))
    parts = [draw(part(shape[0]))]
    if new_axis:
        parts.insert(draw(st.integers(0, 1)), None)
    return call_of(draw, op, (shape,), index=tuple(parts))


@st.composite
def _mixed_indexing(draw: st.DrawFn, op: Op) -> Call:
    """Draw an index of a part for each of several axes; an integer array on one at most."""
    shape = draw(shapes_of_rank(2, 3).filter(lambda s: s[0] > 1))
    parts: list[Attribute] = []
    for extent in shape[: draw(st.integers(2, len(shape)))]:
        without_array = st.sampled_from(_PARTS[:5]).flatmap(lambda part, n=extent: part(n))  # type: ignore[misc]  # a default binds the loop's extent
        has_array = any(isinstance(p, Array) for p in parts)
        parts.append(
            draw(without_array if has_array else st.one_of(without_array, _repeated(extent)))
        )
    if any(isinstance(p, Array) for p in parts):
        # NumPy and torch put the axis of an array beside integers in places of their own.
        parts = [Slice() if isinstance(p, int) else p for p in parts]
    return call_of(draw, op, (shape,), index=tuple(parts))


@st.composite
def _masking(draw: st.DrawFn, op: Op) -> Call:
    """Draw a mask of the operand's whole shape that picks something."""
    shape = draw(shapes_of_rank(1, 2, 3))
    chosen = draw(st.lists(st.booleans(), min_size=prod(shape), max_size=prod(shape)))
    return call_of(draw, op, (shape,), index=(Array(shape, (True, *chosen[1:]), "bool"),))
