"""Judging: an Outcome beside an Answer, element by element, inside the interval or not.

There is no tolerance here. An element is right when it lies within the certified half-width of the
midpoint for the precision in which the engine computed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Outcome, Outcomes, Raised
from gradcheck_suite.oracles.answer import (
    Answer,
    Answers,
    FlagIs,
    Interval,
    MustRaise,
    Sheet,
    ZeroOrNothing,
)
from gradcheck_suite.program.shapes import Shape

__all__ = ["COARSE", "Judgement", "Look", "compare", "judge", "print_expected"]

COARSE = frozenset({"float32", "float16"})
"""The dtypes that are judged by float32's half-widths."""


@dataclass(frozen=True, slots=True)
class Look:
    """One observation, judged. Its words are made when they are asked for: most looks are right."""

    index: int
    right: bool
    answer: Answer | None
    outcome: Outcome | None
    n_elements: int = 0
    n_outside: int = 0
    coarse: bool = False
    """Whether the engine was seen to compute in float32."""
    misshapen: bool = False
    """Whether the shape was wrong."""

    @property
    def expected(self) -> str:
        """Return what was expected, in words."""
        text = print_expected(self.answer, coarse=self.coarse)
        if self.misshapen and isinstance(self.answer, Interval):
            return f"{text} of shape {self.answer.shape}"
        return text

    @property
    def actual(self) -> str:
        """Return what was seen, in words."""
        text = _print_outcome(self.outcome)
        if self.outcome is None and not isinstance(self.answer, MustRaise):
            return "nothing"
        if self.misshapen and isinstance(self.outcome, Number):
            return f"{text} of shape {self.outcome.values.shape}"
        return text

    @property
    def raised(self) -> bool:
        """Tell whether an exception, or the lack of one, is what was wrong."""
        if isinstance(self.answer, MustRaise):
            return not self.right
        return isinstance(self.outcome, Raised)

    @property
    def distance(self) -> float | None:
        """Return the largest distance of a number from its midpoint, in half-widths."""
        if not isinstance(self.answer, Interval) or not isinstance(self.outcome, Number):
            return None
        if self.misshapen or not self.answer.middle:
            return None
        half = self.answer.half32 if self.coarse else self.answer.half64
        values = self.outcome.values.ravel().tolist()
        return max(map(_in_half_widths, values, self.answer.middle, half))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One Program, judged under the sheet that fits best."""

    right: bool
    looks: tuple[Look, ...]
    sheets: frozenset[tuple[tuple[str, str], ...]]
    """The choices of conventions under which everything is right."""

    @property
    def raised(self) -> bool:
        """Tell whether an exception is among what was wrong."""
        return any(look.raised for look in self.looks if not look.right)

    @property
    def coarse(self) -> bool:
        """Tell whether some number was seen to be computed in float32."""
        return any(look.coarse for look in self.looks)

    @property
    def n_elements(self) -> int:
        """Return how many numbers were compared with an interval."""
        return sum(look.n_elements for look in self.looks)

    @property
    def n_outside(self) -> int:
        """Return how many of them fell outside."""
        return sum(look.n_outside for look in self.looks)


def judge(
    sheets: Iterable[Sheet],
    outcomes: Outcomes,
    *,
    strict_shape: bool,
    coarse: bool = False,
) -> Judgement:
    """Judge what was seen by every sheet; it is right when at least one sheet accepts all of it.

    ``coarse``: the engine is known to compute in float32, whatever its containers say.
    """
    tried = [(sheet, _looks(sheet.answers, outcomes, strict_shape, coarse)) for sheet in sheets]
    right = frozenset(s.choices for s, looks in tried if all(look.right for look in looks))
    best = min(tried, key=lambda pair: sum(not look.right for look in pair[1]))
    return Judgement(bool(right), best[1], right)


def _looks(
    answers: Answers,
    outcomes: Outcomes,
    strict_shape: bool,
    coarse: bool,
) -> tuple[Look, ...]:
    raised = any(type(seen) is Raised for seen in outcomes.values())
    found = []
    n_seen = 0
    for index, answer in answers:
        outcome = outcomes.get(index)
        n_seen += outcome is not None
        if outcome is None and raised and not isinstance(answer, MustRaise):
            continue  # it hangs on an instruction that raised, which has a look of its own
        found.append(compare(index, answer, outcome, strict_shape=strict_shape, coarse=coarse))
    if n_seen < len(outcomes):  # something was seen, or raised, for which there is no answer
        known = {index for index, _ in answers}
        further = [(index, seen) for index, seen in outcomes.items() if index not in known]
        found += [compare(index, None, seen, strict_shape=strict_shape) for index, seen in further]
        found.sort(key=lambda look: look.index)
    return tuple(found)


def compare(
    index: int,
    answer: Answer | None,
    outcome: Outcome | None,
    *,
    strict_shape: bool,
    coarse: bool = False,
) -> Look:
    """Judge one outcome; no answer means that nothing was to be raised there."""
    match answer, outcome:
        case Interval(), Number():
            return _compare_numbers(index, answer, outcome, strict_shape, coarse)
        case MustRaise(), _:
            return Look(index, isinstance(outcome, Raised), answer, outcome)
        case ZeroOrNothing(), Number(values=values):
            n_outside = int(np.count_nonzero(values))
            return Look(index, not n_outside, answer, outcome, values.size, n_outside)
        case ZeroOrNothing(), Nothing():
            return Look(index, True, answer, outcome)
        case Interval(), Nothing():
            right = not any(answer.middle) and not any(answer.half64)
            return Look(index, right, answer, outcome)
        case FlagIs(value), Flag(seen):
            return Look(index, value == seen, answer, outcome)
        case _:
            return Look(index, False, answer, outcome)


def _compare_numbers(
    index: int,
    answer: Interval,
    seen: Number,
    strict_shape: bool,
    coarse: bool,
) -> Look:
    middle = answer.middle
    n = len(middle)
    shape = seen.values.shape
    if shape != answer.shape and (strict_shape or _squeezed(shape) != _squeezed(answer.shape)):
        return Look(index, False, answer, seen, n, n, misshapen=True)
    values = seen.values.ravel().tolist()  # a few numbers: faster without NumPy
    coarse = coarse or seen.dtype in COARSE
    n_outside = _n_outside(values, middle, answer.half32 if coarse else answer.half64)
    if n_outside and not coarse and _has_float32_digits(values, answer):
        coarse, n_outside = True, 0
    return Look(index, not n_outside, answer, seen, n, n_outside, coarse)


def _n_outside(values: list[float], middle: tuple[float, ...], half: tuple[float, ...]) -> int:
    """Count what is outside, so that NaN is."""
    inside = [abs(v - m) <= h for v, m, h in zip(values, middle, half, strict=True)]
    return len(inside) - sum(inside)


def _has_float32_digits(values: list[float], answer: Interval) -> bool:
    """Tell whether the engine computed in float32, whatever its containers say.

    Numbers that are right for float32 alone, and exact there, were computed there. Numbers that
    are wrong for both tell nothing.
    """
    if _n_outside(values, answer.middle, answer.half32):
        return False
    exact: list[float] = np.array(values, dtype=np.float32).tolist()
    return values == exact


def _in_half_widths(value: float, middle: float, half: float) -> float:
    off = abs(value - middle)
    if off == 0:
        return 0.0
    ratio = off / half if half else inf
    return inf if isnan(ratio) else ratio


def _squeezed(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


def print_expected(answer: Answer | None, *, coarse: bool = False) -> str:
    """Return an answer as a reader sees it: ``0.78644773296592741 +- 3e-16``."""
    match answer:
        case None:
            return "no exception"
        case MustRaise():
            return "an exception"
        case FlagIs(value):
            return str(value)
        case ZeroOrNothing():
            return "None, or zero"
        case Interval(shape, middle, half64, half32):
            half = max(half32 if coarse else half64, default=0.0)
            numbers = _print_array(np.array(middle).reshape(shape))
            return f"{numbers} +- {half:.1g}" if half else numbers


def _print_outcome(outcome: Outcome | None) -> str:
    match outcome:
        case None:
            return "no exception"
        case Number(values=values):
            return _print_array(values)
        case Nothing():
            return "None"
        case Flag(value):
            return str(value)
        case Raised(kind, message):
            return f"{kind}: {message}" if message else kind


def _print_array(values: npt.NDArray[Any]) -> str:
    return repr(values.tolist())
