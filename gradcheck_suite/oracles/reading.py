"""How an answer is to be read: what the oracle does where the plain reading refuses to decide."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["PLAIN", "READINGS", "Asked", "Reading", "current", "reading"]

Asked: TypeAlias = Literal["plain", "kinks", "stable"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of running a Program over nodes."""

    ties: Literal[-1, 0, 1] = 0
    """Which way an exact tie goes; 0 refuses to decide it."""
    only_stable: bool = False
    """Leave out formulas that overflow where another one does not, instead of refusing."""


PLAIN: Final = Reading()
READINGS: Final[dict[Asked, tuple[Reading, ...]]] = {
    "plain": (PLAIN,),
    # Both ways out of a tie: what lies between is the set of subgradients.
    "kinks": (Reading(ties=1), Reading(ties=-1)),
    "stable": (Reading(only_stable=True),),
}
"""For each way of asking, the readings whose hull is the answer."""

_current: ContextVar[Reading] = ContextVar("reading", default=PLAIN)


def current() -> Reading:
    """Return the reading under which nodes are being made."""
    return _current.get()


@contextmanager
def reading(chosen: Reading) -> Iterator[None]:
    """Make nodes under ``chosen`` for the length of a block."""
    token = _current.set(chosen)
    try:
        yield
    finally:
        _current.reset(token)
