"""How an answer is to be read: what the oracle does where the plain reading refuses to decide."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gradcheck_suite.program.instructions import Leaf, Program

__all__ = ["PLAIN", "Asked", "Nudge", "Reading", "current", "is_wide", "reading", "readings"]

Asked: TypeAlias = Literal["plain", "kinks", "finite", "precise", "limits"]


@dataclass(frozen=True, slots=True)
class Nudge:
    """A step beside the point that a Program asks about: one element of one leaf is moved."""

    leaf: int
    element: int
    step: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One way of running a Program over nodes."""

    nudge: Nudge | None = None
    """Run beside the point; ties that are left go to the first, whichever has the gradient."""
    only_finite: bool = False
    """Leave out formulas that are not finite here, or too wide to grade with, instead of
    refusing; where no formula is finite, a derivative is its limit."""
    not_finite: bool = False
    """Go on by IEEE 754 where a number is infinite or NaN, instead of refusing."""
    multiplied_out: bool = False
    """Send a cotangent of zero through what the result does not depend on, such as the branch
    that ``where`` leaves out: 0 times an infinite derivative is NaN."""
    grain: float = 2.0**-6
    """The size of number below which a half-width is no longer compared with the value."""


PLAIN: Final = Reading()
_READINGS: Final[dict[Asked, tuple[Reading, ...]]] = {
    "plain": (PLAIN,),
    "finite": (Reading(only_finite=True),),
    # A formula that leaves no digits of a tiny number is left out, too.
    "precise": (Reading(only_finite=True, grain=0.0),),
    # Engines multiply a cotangent of zero out, or leave it. And a tiny number has to be right in
    # its own digits: none is too small to be compared with.
    "limits": (
        Reading(not_finite=True, grain=0.0),
        Reading(not_finite=True, grain=0.0, multiplied_out=True),
    ),
}

_WIDE: Final = 1e-3  # of the value, or of the grain where the value is smaller

# Far below the rounding of any number that is drawn, and its square above float32's smallest.
_STEP: Final = 2.0**-54

_current: ContextVar[Reading] = ContextVar("reading", default=PLAIN)


def current() -> Reading:
    """Return the reading under which nodes are being made."""
    return _current.get()


def readings(program: Program, asked: Asked) -> tuple[Reading, ...]:
    """Return the readings of which the hull is the answer.

    At a kink the answer is Clarke's: what lies between the gradients at the points beside it. One
    step either way along each axis finds the ends for every element of the gradient.
    """
    if asked != "kinks":
        return _READINGS[asked]
    return tuple(
        Reading(nudge=Nudge(index, k, step))
        for index, leaf in program.numbered()
        if isinstance(leaf, Leaf) and leaf.requires_grad
        for k in range(len(leaf.array.values))
        for step in (_STEP, -_STEP)
    )


def is_wide(half_width: float, middle: float) -> bool:
    """Tell whether an enclosure says too little of its number to grade with."""
    return not half_width <= _WIDE * max(abs(middle), current().grain)


@contextmanager
def reading(chosen: Reading) -> Iterator[None]:
    """Make nodes under ``chosen`` for the length of a block."""
    token = _current.set(chosen)
    try:
        yield
    finally:
        _current.reset(token)
