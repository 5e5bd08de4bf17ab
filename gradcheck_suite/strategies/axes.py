"""Axes: the ways to say along which an op goes; an engine may have each of them wrong alone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.shapes import Shape

__all__ = ["AXES", "ONE_AXIS", "Axes"]


@dataclass(frozen=True, slots=True)
class Axes:
    """One way: along all axes, along one at either end or in between, along several."""

    ranks: tuple[int, ...]
    """Those first at which it differs from the other ways: where examples shrink to."""
    of: Callable[[int], st.SearchStrategy[Attribute]]
    """Draws it for a rank."""

    def among(self, shapes: Iterable[Shape]) -> tuple[Shape, ...]:
        """Return the shapes of its ranks, in their order."""
        given = tuple(shapes)
        return tuple(s for rank in self.ranks for s in given if len(s) == rank)


def _several(rank: int) -> st.SearchStrategy[Attribute]:
    positive = st.lists(st.integers(0, rank - 1), min_size=min(2, rank), unique=True)
    return st.tuples(positive, st.booleans()).map(
        lambda drawn: tuple(axis - rank if drawn[1] else axis for axis in drawn[0]),
    )


_ALL: Final = Axes((1, 2, 3), lambda _: st.none())
_SEVERAL: Final = Axes((2, 3), _several)

ONE_AXIS: Final = (
    Axes((2, 3, 1), lambda rank: st.sampled_from((0, -rank))),
    Axes((2, 3, 1), lambda rank: st.sampled_from((-1, rank - 1))),
    Axes((3,), lambda _: st.sampled_from((1, -2))),
)
"""The first, the last, and one in between; counted from either end."""

AXES: Final = (_ALL, *ONE_AXIS, _SEVERAL)
