"""Agreement: whether a wrong number is the one that a known mistake gives."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Outcome, Raised
from gradcheck_suite.oracles.answer import Interval
from gradcheck_suite.properties.judging import Look

__all__ = ["agree", "are_near", "half_widths"]

_LENIENCE: Final = 64  # half-widths: a mistake has more forms than the one that is tried
_MOST: Final = 1e-3  # of the number, where half-widths say too little
_GENERAL: Final = {"Exception", "RuntimeError", "TypeError", "ValueError"}  # they tell no reason
# Words for the reasons for which engines raise.
_REASONS: Final = (("require", "grad"), ("shape",), ("freed",), ("recursion",), ("broadcast",))
_UNITS: Final = {False: 2.0**-48, True: 2.0**-19}  # 16 ulp, as half-widths are of right numbers


def half_widths(look: Look) -> tuple[float, ...]:
    """Return the half-width of every number of a look, in the precision of the engine."""
    assert isinstance(look.answer, Interval)
    return look.answer.half32 if look.coarse else look.answer.half64


def are_near(seen: Sequence[float], told: Sequence[float], halves: Sequence[float]) -> bool:
    """Tell whether numbers are those of a mistake, by the half-widths of the right ones."""
    if not len(seen) == len(told) == len(halves):
        return False
    return all(map(_is_near, seen, told, halves))


def _is_near(seen: float, told: float, half: float) -> bool:
    if not isfinite(told) or not isfinite(seen):
        return repr(seen) == repr(told)
    return abs(seen - told) <= min(_LENIENCE * half, _MOST * abs(told) + half)


def agree(look: Look, told: Outcome | None) -> bool:
    """Tell whether an engine did, at one look, what an engine with the mistake does."""
    match look.outcome, told:
        case Number() as seen, Number() as other:
            if look.misshapen and seen.shape != other.shape:
                return False
            if not isinstance(look.answer, Interval):
                return seen.numbers == other.numbers
            return are_near(seen.numbers, other.numbers, _widened(look, other))
        case (Number(numbers=numbers), Nothing()) | (Nothing(), Number(numbers=numbers)):
            return not any(numbers)
        case Flag(value), Flag(other_value):
            return value == other_value
        case Raised() as raised, Raised() as other_raised:
            return _are_alike(raised, other_raised)
        case (Nothing(), Nothing()) | (None, None):
            return True
        case _:
            return False


def _are_alike(one: Raised, other: Raised) -> bool:
    """Tell whether two engines raise for the same reason, as far as their words tell."""
    both = one.message.lower(), other.message.lower()
    reasons = (all(word in m for m in both for word in words) for words in _REASONS)
    return any(reasons) or (one.kind == other.kind and one.kind not in _GENERAL)


def _widened(look: Look, told: Number) -> list[float]:
    """Return half-widths for numbers that may be far from those that they were made for."""
    ulps = _UNITS[look.coarse]
    halves = half_widths(look)
    if len(halves) != len(told.numbers):
        halves = (max(halves, default=0.0),) * len(told.numbers)
    return [h + ulps * abs(n) for h, n in zip(halves, told.numbers, strict=True)]
