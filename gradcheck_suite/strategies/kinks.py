"""Kinks on purpose: calls at the points where derivatives jump, and where rules divide by zero.

A row of the table for each op; a row has a strategy for each form that an exam must not miss.
"""

from collections.abc import Callable
from math import inf, prod
from typing import Final, TypeAlias

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Attributes, Program
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call, Forms
from gradcheck_suite.strategies.calls import gradient_programs
from gradcheck_suite.strategies.numbers import arrays, cotangents, shapes_of_rank, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["kinks"]

Programs: TypeAlias = "tuple[st.SearchStrategy[Program], ...]"
_Lines: TypeAlias = "Callable[[int], st.SearchStrategy[dict[int, float]]]"
_EDGE: Final = 5.0  # beyond every number of a domain


def kinks(op: Op, world: World) -> Programs:
    """Return strategies of the gradient at a kink; each shrinks to few and simple numbers."""
    calls = tuple(gradient_programs(op, call) for call in _KINKS[op.name](op, world))
    twice = _ONE_VALUE_TWICE.get(op.name)
    return (*calls, *(twice(op, world) if twice else ()))


def _with(array: Array, changed: dict[int, float]) -> Array:
    """Return ``array`` with other numbers at some of its places."""
    values = (changed.get(k, v) for k, v in enumerate(array.values))
    return Array(array.shape, tuple(values))


@st.composite
def _at(
    draw: st.DrawFn,
    op: Op,
    world: World,
    point: float,
    attrs: Attributes = (),
    domain: Domain | None = None,
) -> Call:
    """Draw an array with ``point`` at one of its places; shrinks to the point alone."""
    shape = draw(some_shape(world.kind))
    numbers = draw(arrays(shape, domain or op.domain(0)))
    place = draw(st.integers(0, len(numbers.values) - 1))
    return Call(op.name, (_with(numbers, {place: point}),), attrs)


def _at_zero(op: Op, world: World) -> Forms:
    return tuple(_at(op, world, 0.0, attrs) for _, attrs in op.examples or (((), ()),))


def _at_bounds(op: Op, world: World) -> Forms:
    """Each bound under each setting."""
    return tuple(
        _at(op, world, bound, attrs)
        for _, attrs in op.examples
        for name in op.bounds
        if isinstance(bound := op.settings(attrs)[name], float)
    )


_POSITIVE: Final = Domain(low=0.25)
_POWERS: Final = ((2, None), (3, None), (1, None), (4, None), (1.5, _POSITIVE), (2.5, _POSITIVE))


def _powers_of_zero(op: Op, world: World) -> Forms:
    """Those that have a derivative at zero, and one that every way to write them agrees on."""
    return tuple(
        _at(op, world, 0.0, (("exponent", exponent),), domain) for exponent, domain in _POWERS
    )


@st.composite
def _pair(draw: st.DrawFn, op: Op, world: World, left: float | None, right: float | None) -> Call:
    """Draw two operands; at one place they are ``left`` and ``right``, or what was drawn there."""
    shape = draw(some_shape(world.kind))
    operands = [draw(arrays(shape, op.domain(k))) for k in (0, 1)]
    place = draw(st.integers(0, prod(shape) - 1))
    x, y = (
        array if point is None else _with(array, {place: point})
        for array, point in zip(operands, (left, right), strict=True)
    )
    return Call(op.name, (x, y))


def _zero_to_powers(op: Op, world: World) -> Forms:
    """Exponents from 1 on: below, the slope by the base is infinite."""
    return tuple(_pair(op, world, 0.0, exponent) for exponent in (2.0, 1.0, 1.5, 2.5))


def _on_the_axes(op: Op, world: World) -> Forms:
    """Both axes, but for the ordinates' zero on the left, where the angle jumps."""
    return (
        *(_pair(op, world, 0.0, right) for right in (1.0, 2.5)),
        *(_pair(op, world, left, 0.0) for left in (1.0, -2.0)),
    )


@st.composite
def _equal(draw: st.DrawFn, op: Op, world: World) -> Call:
    """Draw two operands with the same numbers."""
    same = draw(arrays(draw(some_shape(world.kind)), op.domain(0)))
    return Call(op.name, (same, same))


@st.composite
def _one_value_as_both(draw: st.DrawFn, op: Op, world: World) -> Program:
    """Draw one leaf as both operands: it gets all of the cotangent, however a tie is split."""
    shape = draw(some_shape(world.kind))
    b = Builder()
    x = b.leaf(draw(arrays(shape, op.domain(0))))
    b.backward(b.apply(op.name, x, x), draw(cotangents(shape)))
    b.observe("grad", x)
    return b.program()


# Two or four: an even share, added up again, does not round.
_COPIES: Final[tuple[tuple[str, int, dict[str, Attribute]], ...]] = (
    ("concatenate", 2, {"axis": 1}),
    ("broadcast_to", 1, {"shape": (2, 2)}),
    ("concatenate", 4, {"axis": 1}),
)


@st.composite
def _one_value_in_a_line(
    draw: st.DrawFn, op: Op, copied: tuple[str, int, dict[str, Attribute]]
) -> Program:
    """Draw copies of one column: its elements get all of the cotangent, however ties are split."""
    name, n, attrs = copied
    b = Builder()
    x = b.leaf(draw(arrays((2, 1), op.domain(0))))
    b.backward(b.apply(op.name, b.apply(name, *[x] * n, **attrs), axis=1), draw(cotangents((2,))))
    b.observe("grad", x)
    return b.program()


@st.composite
def _along(
    draw: st.DrawFn,
    op: Op,
    lines: _Lines,
    shapes: st.SearchStrategy[Shape],
    *,
    whole: bool,
    attrs: Attributes = (),
) -> Call:
    """Draw an array and change numbers along one line of it: the axis is the op's.

    ``whole``: the op takes all elements as one line, and has no axis.
    """
    shape = draw(shapes)
    numbers = draw(arrays(shape, op.domain(0)))
    axis = None if whole else draw(st.integers(0, len(shape) - 1))
    places = np.arange(prod(shape)).reshape(shape)
    table = places.reshape(1, -1) if axis is None else np.moveaxis(places, axis, -1)
    table = table.reshape(-1, table.shape[-1])
    line: list[int] = table[draw(st.integers(0, len(table) - 1))].tolist()
    changed = {line[k]: v for k, v in draw(lines(len(line))).items()}
    own = attrs if axis is None else (*attrs, ("axis", axis))
    return Call(op.name, (_with(numbers, changed),), tuple(sorted(own)))


def _tie(first: float, second: float) -> _Lines:
    """Two places of a line that have the same claim."""

    def lines(n: int) -> st.SearchStrategy[dict[int, float]]:
        two = st.permutations(range(n)).map(lambda places: places[:2])
        return two.map(lambda places: dict(zip(places, (first, second), strict=False)))

    return lines


def _some_zeros(n_zeros: int) -> _Lines:
    def lines(n: int) -> st.SearchStrategy[dict[int, float]]:
        return st.permutations(range(n)).map(lambda places: dict.fromkeys(places[:n_zeros], 0.0))

    return lines


def _constant(*values: float) -> _Lines:
    return lambda n: st.sampled_from(values).map(lambda v: dict.fromkeys(range(n), v))


_SHAPES: Final = shapes_of_rank(1, 2, 3).filter(lambda shape: min(shape) > 1)
# The other lines have a spread, and digits left of it in float32.
_LONG: Final = st.sampled_from(((4,), (5,), (4, 4), (4, 5)))


def _lines(
    *each: tuple[_Lines, Attributes],
    shapes: st.SearchStrategy[Shape] = _SHAPES,
    axes: tuple[bool, ...] = (True, False),
) -> Callable[[Op, World], Forms]:
    """Return forms of each kind of line: with all elements on it, and along an axis."""
    return lambda op, _world: tuple(
        _along(op, lines, shapes, whole=whole, attrs=attrs)
        for lines, attrs in each
        for whole in axes
    )


@st.composite
def _tied_windows(draw: st.DrawFn, op: Op) -> Call:
    """Draw images of windows side by side, two elements of one of which share the maximum."""
    n, c, h, w = draw(st.sampled_from(((1, 1, 2, 2), (1, 1, 2, 4), (1, 2, 4, 2), (2, 1, 2, 4))))
    numbers = draw(arrays((n, c, h, w), op.domain(0)))
    places = np.arange(n * c * h * w).reshape(n, c, h // 2, 2, w // 2, 2)
    windows = places.transpose(0, 1, 2, 4, 3, 5).reshape(-1, 4)
    window = windows[draw(st.integers(0, len(windows) - 1))].tolist()
    tied = draw(st.permutations(window))[:2]
    return Call(op.name, (_with(numbers, dict.fromkeys(tied, _EDGE)),))


@st.composite
def _undecided(draw: st.DrawFn, op: Op, reduction: str) -> Call:
    """Draw logits of which one is zero, and targets."""
    shape = draw(shapes_of_rank(1, 2))
    logits, target = (draw(arrays(shape, op.domain(k))) for k in (0, 1))
    place = draw(st.integers(0, prod(shape) - 1))
    return Call(op.name, (_with(logits, {place: 0.0}), target), (("reduction", reduction),))


_KINKS: Final[dict[str, Callable[[Op, World], Forms]]] = {
    "relu": _at_zero,
    "abs": _at_zero,
    "leaky_relu": _at_zero,
    "elu": _at_zero,
    "hardtanh": _at_bounds,
    "clip": _at_bounds,
    "maximum": lambda op, world: (_equal(op, world),),
    "minimum": lambda op, world: (_equal(op, world),),
    "max": _lines((_tie(_EDGE, _EDGE), ())),
    "min": _lines((_tie(-_EDGE, -_EDGE), ())),
    "max_with_indices": _lines((_tie(_EDGE, _EDGE), ()), axes=(False,)),
    "max_pool2d": lambda op, _world: (_tied_windows(op),),
    "norm": _lines(
        (_constant(0.0), ()),
        (_some_zeros(1), (("ord", 1),)),
        (_tie(_EDGE, -_EDGE), (("ord", inf),)),
    ),
    "std": _lines((_constant(0.0), ()), (_constant(0.0), (("ddof", 1),)), shapes=_LONG),
    "var": _lines((_constant(0.0, 1.0, 2.5), ()), shapes=_LONG),
    "prod": _lines((_some_zeros(1), ()), (_some_zeros(2), ())),
    "cumprod": _lines((_some_zeros(1), ()), (_some_zeros(2), ()), axes=(False,)),
    "pow": _powers_of_zero,
    "power": _zero_to_powers,
    "atan2": _on_the_axes,
    "sqrt": _at_zero,
    "cbrt": _at_zero,
    "softplus": _at_zero,
    "logaddexp": lambda op, world: (_equal(op, world),),
    "binary_cross_entropy_with_logits": lambda op, _world: tuple(
        _undecided(op, reduction) for reduction in ("mean", "sum", "none")
    ),
}
"""The calls of an op at its kinks, by its name."""

_ONE_VALUE_TWICE: Final[dict[str, Callable[[Op, World], Programs]]] = {
    **dict.fromkeys(("maximum", "minimum"), lambda op, world: (_one_value_as_both(op, world),)),
    **dict.fromkeys(
        ("max", "min", "max_with_indices"),
        lambda op, _world: tuple(_one_value_in_a_line(op, copied) for copied in _COPIES),
    ),
}
"""Programs in which a tie is one value with itself: there is a derivative again."""
