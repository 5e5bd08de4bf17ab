"""Readable numbers: exact in float32, and such that a student can follow them by hand.

Strategies are kept: Hypothesis looks each over before its first use, which takes longer than to
draw from it.
"""

from functools import cache
from math import prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape

__all__ = ["arrays", "cotangents", "seeds", "shapes_of_rank", "some_shape"]

_STEP: Final = 8  # numbers are multiples of 1/8

# By rank, in the order in which examples shrink: small, and without equal extents first, since
# equal extents hide a transposed gradient.
_SHAPES: Final[dict[int, tuple[Shape, ...]]] = {
    0: ((),),
    1: ((2,), (3,), (1,), (4,)),
    2: ((2, 3), (3, 2), (1, 3), (2, 1), (2, 2), (3, 3), (1, 1)),
    3: ((2, 3, 2), (1, 2, 3), (2, 1, 2), (3, 1, 2), (2, 2, 2)),
}


@cache
def grid(domain: Domain) -> tuple[float, ...]:
    """Return the numbers of a domain, simplest first: 1, 2, 3, 4, -1, ..., 1/2, ..., 1/8."""
    low, high = round(domain.low * _STEP), round(domain.high * _STEP)
    found = [k / _STEP for k in range(low, high + 1) if k and abs(k / _STEP) >= domain.hole]
    found = [v for v in found if v not in domain.without]
    return tuple(sorted(found, key=lambda v: (_denominator(v), v < 0, abs(v))))


@cache
def shapes_of_rank(*ranks: int) -> st.SearchStrategy[Shape]:
    """Draw a shape of one of ``ranks``, 0 to 3; shrinks to the first rank's first shape."""
    return st.sampled_from([shape for rank in ranks for shape in _SHAPES[rank]])


@cache
def some_shape(kind: str) -> st.SearchStrategy[Shape]:
    """Draw the shape of an elementwise program: () for scalars, else rank 0 to 3; shrinks to ()."""
    return st.just(()) if kind == "scalar" else shapes_of_rank(0, 1, 2, 3)


@cache
def arrays(shape: Shape, domain: Domain) -> st.SearchStrategy[Array]:
    """Draw an array without equal elements where there are enough; shrinks to 1, 2, 3, ..."""
    numbers = grid(domain)
    n = prod(shape)
    drawn = st.lists(st.sampled_from(numbers), min_size=n, max_size=n, unique=n <= len(numbers) / 2)
    return drawn.map(lambda values: Array(shape, tuple(values)))


@cache
def cotangents(shape: Shape) -> st.SearchStrategy[Array]:
    """Draw a signed cotangent without zeros or equal elements; shrinks to 1, 2, 3, ..."""
    return arrays(shape, Domain(-3.0, 3.0))


@cache
def seeds(shape: Shape) -> st.SearchStrategy[Array | None]:
    """Draw what a backward starts from; at a scalar it shrinks to the engine's own default."""
    none = [st.none()] if shape == () else []
    return st.one_of(*none, cotangents(shape))


def _denominator(value: float) -> int:
    return value.as_integer_ratio()[1]
