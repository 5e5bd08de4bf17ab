"""Answers: what an engine must do at each observation of a Program."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan, nextafter, ulp
from typing import TypeAlias

from flint import arb

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.reading import current, is_wide
from gradcheck_suite.program.shapes import Shape

__all__ = [
    "Answer",
    "Answers",
    "FlagIs",
    "Interval",
    "MustRaise",
    "Sheet",
    "ZeroOrNothing",
    "hull",
    "interval",
    "mixture",
]


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers: a midpoint and a half-width per element, in C order, for either precision.

    A midpoint may be infinite: then the element has to be that infinity.
    """

    shape: Shape
    middle: tuple[float, ...]
    half64: tuple[float, ...]
    half32: tuple[float, ...]
    loose: tuple[int, ...] = ()
    """The elements that may be NaN or an infinity as well; one with an infinite midpoint has to
    be one of these, whichever."""


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


def interval(shape: Shape, pairs: Sequence[tuple[arb, arb]]) -> Interval:
    """Freeze enclosures in (float64, float32), one pair an element.

    Raises UndecidableError where an enclosure is too wide to grade with, and where it is not
    finite unless the reading asks for that.
    """
    return _frozen(shape, [_element(*pair) for pair in pairs])


def hull(found: Sequence[Interval]) -> Interval:
    """Return what holds all of ``found``: an element that is finite in some of them is loose."""
    return _frozen(found[0].shape, [_around(parts) for parts in _by_element(found)])


def mixture(found: Sequence[Interval]) -> Interval:
    """Return what holds every mixture of ways to compute the same numbers.

    Errors of different ways add up to first order, so the half-widths are summed.
    """
    return _frozen(found[0].shape, [_mixed(parts) for parts in _by_element(found)])


# Midpoint, half-width in float64 and in float32, whether it may be not finite as well.
_Element: TypeAlias = tuple[float, float, float, bool]


def _frozen(shape: Shape, elements: Sequence[_Element]) -> Interval:
    middle, half64, half32, loose = zip(*elements, strict=True) if elements else ((),) * 4
    places = tuple(k for k, is_loose in enumerate(loose) if is_loose)
    return Interval(tuple(shape), middle, half64, half32, places)


def _by_element(found: Sequence[Interval]) -> list[tuple[_Element, ...]]:
    columns = []
    for v in found:
        loose = [k in v.loose for k in range(len(v.middle))]
        columns.append(zip(v.middle, v.half64, v.half32, loose, strict=True))
    return list(zip(*columns, strict=True))


def _element(ball64: arb, ball32: arb) -> _Element:
    middle = float(ball64.mid())
    if isfinite(middle) or not current().not_finite:
        return middle, _half_width(ball64, middle), _half_width(ball32, middle), False
    return (inf, 0.0, 0.0, True) if isnan(middle) else (middle, 0.0, 0.0, False)


def _around(parts: Sequence[_Element]) -> _Element:
    finite = [part for part in parts if isfinite(part[0])]
    if not finite:
        return _not_finite(parts)
    loose = any(part[3] for part in parts) or len(finite) < len(parts)
    low, high = min(p[0] for p in finite), max(p[0] for p in finite)
    # Half of the way between, rounded up: the midpoint itself is rounded.
    spread = 0.0 if low == high else (high - low) / 2 + ulp(abs(high) + abs(low))
    half64, half32 = (max(p[k] for p in finite) + spread for k in (1, 2))
    return low + (high - low) / 2, half64, half32, loose


def _mixed(parts: Sequence[_Element]) -> _Element:
    finite = [part for part in parts if isfinite(part[0])]
    if not finite:
        return _not_finite(parts)
    loose = any(part[3] for part in parts) or len(finite) < len(parts)
    return finite[0][0], sum(p[1] for p in finite), sum(p[2] for p in finite), loose


def _not_finite(parts: Sequence[_Element]) -> _Element:
    """Return the infinity that all ``parts`` are; any number that is not finite if they differ."""
    first = parts[0]
    return first if all(part == first for part in parts) else (inf, 0.0, 0.0, True)


def _half_width(ball: arb, middle: float) -> float:
    """Return a float that is no less than the distance of ``middle`` to any point of ``ball``."""
    width = float((abs(ball - middle)).upper())
    rounded_up = nextafter(width, inf) if width else 0.0
    if not isfinite(rounded_up) or is_wide(rounded_up, middle):
        msg = f"an enclosure of {middle} is {rounded_up} wide to either side"
        raise UndecidableError(msg)
    return rounded_up
