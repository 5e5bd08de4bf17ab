"""Forms of the ops on whole arrays: one strategy for each form that an exam must not miss.

Shapes are small and without equal extents where that is possible, since equal extents hide a
transposed gradient. Every strategy shrinks to its first shape and setting, and to numbers 1, 2, 3.
"""

from collections.abc import Callable
from itertools import product
from math import inf, prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.axes import AXES, ONE_AXIS, Axes
from gradcheck_suite.strategies.call import Call, Forms, OfShape, call_of, drawn
from gradcheck_suite.strategies.layer_forms import LAYER_FORMS
from gradcheck_suite.strategies.numbers import shapes_of_rank

__all__ = ["array_forms"]


def array_forms(op: Op) -> Forms:
    """Return strategies of calls of an op of the signature ``array``."""
    return _FORMS[op.name](op)


def _axis(shape: Shape) -> st.SearchStrategy[Attribute]:
    """Draw an axis; counted from either end."""
    return st.integers(-len(shape), len(shape) - 1)


def _axes(shape: Shape) -> st.SearchStrategy[Attribute]:
    """Draw two axes or more, counted from either end."""
    rank = len(shape)
    axes = st.lists(st.integers(0, rank - 1), min_size=2, unique=True).map(sorted)
    return st.tuples(axes, st.sampled_from((0, rank))).map(
        lambda drawn: tuple(axis - drawn[1] for axis in drawn[0])
    )


def _table(shape: Shape, extent: int) -> st.SearchStrategy[Attribute]:
    """Draw an array of positions, the first of which is read twice."""
    n = prod(shape)
    items = st.lists(st.integers(0, extent - 1), min_size=n - 1, max_size=n - 1)
    return items.map(lambda drawn: Array(shape, (*drawn, drawn[0]), "int"))


# Shapes by their smallest extent. A spread of few numbers has too few digits left in float32.
_ALONG: Final[dict[int, tuple[Shape, ...]]] = {
    1: ((2,), (3,), (2, 3), (3, 2), (1, 3), (2, 1), (2, 3, 2), (3, 1, 2)),
    4: ((4,), (6,), (5,), (4, 5), (5, 4)),
}


def _reductions(op: Op, smallest: int, name: str, values: tuple[Attribute, ...]) -> Forms:
    """Every choice of axis, keepdims and one further setting ``name``, each a form of its own.

    Along an axis there are ``smallest`` elements at least.
    """
    shapes = _ALONG[smallest]

    def of(axes: Axes, keepdims: bool, value: Attribute) -> OfShape:
        own = {"keepdims": st.just(keepdims), name: st.just(value)}
        return lambda shape: {"axis": axes.of(len(shape)), **own}

    return tuple(
        drawn(op, st.sampled_from(axes.among(shapes)), of(axes, keepdims, value))
        for axes, keepdims, value in product(AXES, (False, True), values)
        if axes.among(shapes)
    )


def _along(**settings: st.SearchStrategy[Attribute]) -> Callable[[Op], Forms]:
    """Return forms without and with an axis, under further settings."""

    def of(axes: Axes) -> OfShape:
        return lambda shape: {"axis": axes.of(len(shape)), **settings}

    def along(op: Op) -> Forms:
        flat = drawn(op, shapes_of_rank(1, 2, 3), lambda _: {"axis": st.none(), **settings})
        ways = (drawn(op, shapes_of_rank(*axes.ranks), of(axes)) for axes in ONE_AXIS)
        return (flat, *ways)

    return along


def _flip(op: Op) -> Forms:
    several = drawn(op, shapes_of_rank(2, 3), lambda shape: {"axis": _axes(shape)})
    return (*_along()(op), several)


def _roll(op: Op) -> Forms:
    shift = st.sampled_from((1, -1, 2))
    several = drawn(
        op,
        shapes_of_rank(2, 3),
        lambda _: {"shift": st.sampled_from(((1, -1), (0, 1), (2, 1))), "axis": st.just((0, 1))},
    )
    return (*_along(shift=shift)(op), several)


def _tile(op: Op) -> Forms:
    numbers = st.integers(1, 3)

    def of(more: int) -> OfShape:
        return lambda shape: {"reps": st.tuples(*[numbers] * (len(shape) + more))}

    return tuple(
        drawn(op, shapes_of_rank(*ranks), of(more))
        for ranks, more in (((1, 2), 0), ((1, 2), 1), ((2, 3), -1))
    )


def _pad(op: Op) -> Forms:
    width = st.tuples(st.integers(0, 2), st.integers(0, 2))

    def of(fill: st.SearchStrategy[Attribute]) -> OfShape:
        return lambda shape: {"pad_width": st.tuples(*[width] * len(shape)), "fill": fill}

    fills = (st.just(0.0), st.sampled_from((1.0, -2.0, 0.5)))
    return tuple(drawn(op, shapes_of_rank(1, 2, 3), of(fill)) for fill in fills)


def _squeeze(op: Op) -> Forms:
    one = {
        (1, 3): (0, -2),
        (2, 1): (1, -1),
        (1, 2, 3): (0, -3),
        (2, 1, 3): (1, -2),
        (1, 3, 1): (2,),
    }
    shapes = st.sampled_from([*one])
    return (
        drawn(op, shapes, lambda _: {"axis": st.none()}),
        drawn(op, shapes, lambda shape: {"axis": st.sampled_from(one[shape])}),
    )


def _unsqueeze(op: Op) -> Forms:
    return (
        drawn(
            op,
            shapes_of_rank(0, 1, 2, 3),
            lambda shape: {"axis": st.integers(-len(shape) - 1, len(shape))},
        ),
    )


def _swapaxes(op: Op) -> Forms:
    shapes = shapes_of_rank(2, 3)
    return (drawn(op, shapes, lambda shape: {"axis1": _axis(shape), "axis2": _axis(shape)}),)


def _split(op: Op) -> Forms:
    """Equal pieces, then pieces between positions; along the first axis, then another one."""

    def of(axis: int, sections: tuple[Attribute, ...], n: int) -> OfShape:
        return lambda _: {
            "axis": st.just(axis),
            "sections": st.sampled_from(sections),
            "part": st.integers(0, n - 1),
        }

    shapes: tuple[tuple[Shape, ...], ...] = (((4,), (4, 3), (4, 2, 3)), ((3, 4), (2, 4, 3)))
    pieces: tuple[tuple[tuple[Attribute, ...], int], ...] = (((2, 4), 2), (((1, 2), (1, 3)), 3))
    return tuple(
        drawn(op, st.sampled_from(shapes[axis]), of(axis, sections, n))
        for axis in (0, 1)
        for sections, n in pieces
    )


def _max_with_indices(op: Op) -> Forms:

    def of(axes: Axes, keepdims: bool) -> OfShape:
        return lambda shape: {"axis": axes.of(len(shape)), "keepdims": st.just(keepdims)}

    return tuple(
        drawn(op, shapes_of_rank(*axes.ranks).filter(lambda s: max(s) > 1), of(axes, keepdims))
        for axes, keepdims in product(ONE_AXIS, (False, True))
    )


def _some_positions(extent: int) -> st.SearchStrategy[Attribute]:
    return st.integers(2, 4).flatmap(lambda n: _table((n,), extent))


def _take(op: Op) -> Forms:
    """From the flat array, then along each axis."""

    def of(axis: int) -> OfShape:
        return lambda shape: {
            "axis": st.sampled_from((axis, axis - len(shape))),
            "indices": _some_positions(shape[axis]),
        }

    flat = drawn(op, shapes_of_rank(1, 2, 3), lambda s: {"indices": _some_positions(prod(s))})
    ranks = ((1, 2, 3), (2, 3), (3,))
    return (flat, *(drawn(op, shapes_of_rank(*r), of(axis)) for axis, r in enumerate(ranks)))


def _gather(op: Op) -> Forms:
    """Along each axis, with an index that has another extent there than the operand."""

    def of(axis: int, n: int) -> OfShape:
        return lambda shape: {
            "axis": st.sampled_from((axis, axis - len(shape))),
            "indices": _table((*shape[:axis], n, *shape[axis + 1 :]), shape[axis]),
        }

    choices = ((0, 2), (1, 2), (1, 4))
    return tuple(drawn(op, shapes_of_rank(2, 3), of(axis, n)) for axis, n in choices)


@st.composite
def _scattered(draw: st.DrawFn, op: Op, axis: int, n: int) -> Call:
    shape = draw(shapes_of_rank(2, 3))
    written = (*shape[:axis], n, *shape[axis + 1 :])
    indices = draw(_table(written, shape[axis]))
    return call_of(draw, op, (shape, written), axis=axis, indices=indices)


def _scatter_add(op: Op) -> Forms:
    return tuple(_scattered(op, axis, n) for axis, n in ((0, 2), (1, 2), (1, 4)))


def _embedding(op: Op) -> Forms:
    """Read a list of rows, then a table of them."""

    def of(read: Shape) -> OfShape:
        return lambda shape: {"indices": _table(read, shape[0])}

    return tuple(drawn(op, shapes_of_rank(2), of(read)) for read in ((3,), (2, 2)))


_FORMS: Final[dict[str, Callable[[Op], Forms]]] = {
    **LAYER_FORMS,
    "var": lambda op: _reductions(op, 4, "ddof", (0, 1)),
    "std": lambda op: _reductions(op, 4, "ddof", (0, 1)),
    "norm": lambda op: _reductions(op, 1, "ord", (2, 1, inf)),
    "flip": _flip,
    "roll": _roll,
    "tile": _tile,
    "repeat": _along(repeats=st.sampled_from((2, 3))),
    "pad": _pad,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "swapaxes": _swapaxes,
    "split": _split,
    "max_with_indices": _max_with_indices,
    "take": _take,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "embedding": _embedding,
}
