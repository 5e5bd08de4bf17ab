"""Whole expressions: up to thirty ops, any earlier value as an operand.

They shrink to one product of two scalars, and to numbers 1, 2: steps are taken away one by one.
Each has few different ops, so that an engine without some of them is still asked.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Final, TypeAlias

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.expression import N_NUMBERS, WORDS, Expression, Step, Value, op_of
from gradcheck_suite.strategies.numbers import cotangents, seeds, shapes_of_rank
from gradcheck_suite.strategies.world import BINARY, UNARY, World

__all__ = [
    "expressions",
    "linear_in_cotangent",
    "zero_cotangent",
]

_N_PARTS: Final = 6  # Hypothesis keeps lists short: some fifteen steps, thirty at most
_PART: Final = 5
FEW: Final = 2  # parts, where it is not the length that is asked about
# Most steps go on from the newest value, so that the result depends on most of what was made.
_AGES: Final = (0, 0, 0, 0, 1, 2)
_PARTNERS: Final = (9, 1, 0, 2, 3, 4)  # a new operand first
_ALL_RANKS: Final = (0, 1, 2, 3)
_RANKS: Final = (_ALL_RANKS, _ALL_RANKS, (0, 1, 2), (2,))  # some engines have matrices alone
_OTHERS: Final = 4  # ops of one expression besides operators
_NUMBERS: Final = st.integers(0, N_NUMBERS - 1)  # where the numbers of a new operand start
_FORMS: Final = 11
_LARGE: Final = 256.0


@st.composite
def expressions(draw: st.DrawFn, world: World, family: Sequence[str] = ()) -> Program:
    """Draw the value and the gradients of a whole expression."""
    e, root = draw(writers(world, family, _N_PARTS))(Builder())
    e.b.backward(root.index, draw(seeds(root.array.shape)))
    e.b.observe("value", root.index)
    e.b.observe("grad", *(leaf.index for leaf in e.leaves))
    return e.b.program()


@st.composite
def linear_in_cotangent(draw: st.DrawFn, world: World, family: Sequence[str] = ()) -> Program:
    """Draw an expression three times over, propagated from c, from d, and from c + 2 d.

    c is small, with a zero among its elements where there are several; d is large.
    """
    write = draw(writers(world, family, FEW))
    e, root = write(Builder())
    shape = root.array.shape
    small = draw(_with_a_zero(shape))
    large = tuple(_LARGE * v for v in draw(cotangents(shape)).values)
    both = tuple(c + 2 * d for c, d in zip(small, large, strict=True))
    b = Builder()
    for values in (small, large, both):
        e, root = write(b)
        b.backward(root.index, Array(shape, values))
        b.observe("grad", *(leaf.index for leaf in e.leaves))
    return b.program()


@st.composite
def zero_cotangent(draw: st.DrawFn, world: World, family: Sequence[str] = ()) -> Program:
    """Draw an expression propagated from a cotangent of zeros."""
    e, root = draw(writers(world, family, FEW))(Builder())
    shape = root.array.shape
    e.b.backward(root.index, Array(shape, (0.0,) * prod(shape)))
    e.b.observe("grad", *(leaf.index for leaf in e.leaves))
    return e.b.program()


@st.composite
def _with_a_zero(draw: st.DrawFn, shape: Shape) -> tuple[float, ...]:
    values = draw(cotangents(shape)).values
    if len(values) == 1:
        return values
    place = draw(st.integers(0, len(values) - 1))
    return tuple(0.0 if k == place else v for k, v in enumerate(values))


_Writer: TypeAlias = "Callable[[Builder], tuple[Expression, Value]]"


@st.composite
def writers(draw: st.DrawFn, world: World, family: Sequence[str], n_parts: int) -> _Writer:
    """Draw what writes one expression, as often as it is asked to."""
    ranks = (0,) if world.kind == "scalar" else draw(st.sampled_from(_RANKS))
    stretches = world.kind == "tensor" and draw(st.booleans())
    shape = draw(shapes_of_rank(*ranks))
    words = _vocabulary(draw, world, family)
    operator = draw(st.sampled_from([w for w in words if w in BINARY] or words))
    numbers = draw(st.tuples(_NUMBERS, _NUMBERS))
    steps = st.builds(
        Step,
        st.sampled_from(words),
        st.sampled_from(_AGES),
        st.sampled_from(_PARTNERS),
        st.integers(0, _FORMS),
        _NUMBERS,
    )
    taken = [*chain(*(draw(st.lists(steps, max_size=_PART)) for _ in range(n_parts)))]

    def write(b: Builder) -> tuple[Expression, Value]:
        e = Expression(ranks, stretches, b)
        x, y = (e.leaf(shape, number) for number in numbers)
        e.apply(operator, x, y)
        for step in taken:
            e.take(step)
        return e, e.values[-1]

    return write


def _vocabulary(draw: st.DrawFn, world: World, family: Sequence[str]) -> list[str]:
    """Draw the words of one expression: operators, and few of the functions and of a family."""
    operators = [op.name for op in world.having(BINARY[:3]) or world.having(BINARY)]
    functions = [op.name for op in world.having((*BINARY[3:], *UNARY)) if op.name not in operators]
    others = [word for word in WORDS if op_of(word) in family]
    few = []
    if functions:
        few += draw(st.lists(st.sampled_from(functions), max_size=_OTHERS, unique=True))
    if others:
        few += draw(st.lists(st.sampled_from(others), min_size=1, max_size=_OTHERS, unique=True))
    return [*operators, *few]
