"""Answers: what an engine must do at each observation of a Program."""

from dataclasses import dataclass
from math import inf, nextafter
from typing import TypeAlias

import numpy as np
from flint import arb

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.program.shapes import Shape

__all__ = ["Answer", "Answers", "FlagIs", "Interval", "MustRaise", "Sheet", "ZeroOrNothing"]

# Inputs are multiples of 1/64: a half-width is wide when it is above 1e-3 of the value, or of the
# smallest number that is drawn.
_WIDE = 1e-3
_GRAIN = 2.0**-6


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers: a midpoint and a half-width per element, in C order, for either precision."""

    shape: Shape
    middle: tuple[float, ...]
    half64: tuple[float, ...]
    half32: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ZeroOrNothing:
    """A gradient that nothing flowed into: None, zeros, or no attribute at all."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class FlagIs:
    """A flag with a required value."""

    value: bool


@dataclass(frozen=True, slots=True)
class MustRaise:
    """The instruction has to raise, whatever the type and wording of the exception."""


Answer: TypeAlias = Interval | ZeroOrNothing | FlagIs | MustRaise
Answers: TypeAlias = tuple[tuple[int, Answer], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers to one Program under one choice of conventions."""

    choices: tuple[tuple[str, str], ...]
    answers: Answers


def interval(shape: Shape, pairs: list[tuple[arb, arb]]) -> Interval:
    """Freeze enclosures in (float64, float32), one pair an element.

    Raises UndecidableError where an enclosure is not finite or too wide to grade with.
    """
    middles = [float(ball64.mid()) for ball64, _ in pairs]
    halves = [
        [_half_width(ball, middle) for ball, middle in zip(column, middles, strict=True)]
        for column in ([p[0] for p in pairs], [p[1] for p in pairs])
    ]
    return Interval(tuple(shape), tuple(middles), tuple(halves[0]), tuple(halves[1]))


def _half_width(ball: arb, middle: float) -> float:
    """Return a float that is no less than the distance of ``middle`` to any point of ``ball``."""
    width = float((abs(ball - middle)).upper())
    rounded_up = nextafter(width, inf) if width else 0.0
    if not np.isfinite(rounded_up) or rounded_up > _WIDE * max(abs(middle), _GRAIN):
        msg = f"an enclosure of {middle} is {rounded_up} wide to either side"
        raise UndecidableError(msg)
    return rounded_up
