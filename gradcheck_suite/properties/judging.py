"""Judging: an Outcome beside an Answer, element by element, inside the interval or not.

There is no tolerance here. An element is right when it lies within the certified half-width of the
midpoint for the precision in which the engine computed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    """One observation, judged."""

    index: int
    right: bool
    expected: str
    actual: str
    distance: float | None = None
    """The largest distance from the midpoint, in half-widths."""
    raised: bool = False
    """Whether an exception, or the lack of one, is what was wrong."""
    n_elements: int = 0
    n_outside: int = 0
    coarse: bool = False
    """Whether the engine was seen to compute in float32."""


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
    known = dict(answers)
    raised = any(isinstance(seen, Raised) for seen in outcomes.values())
    found = []
    for index in sorted({*known, *outcomes}):
        answer, outcome = known.get(index), outcomes.get(index)
        if outcome is None and answer is not None and not isinstance(answer, MustRaise):
            if not raised:
                found.append(Look(index, False, print_expected(answer), "nothing"))
            continue  # else it hangs on an instruction that raised, which has a look of its own
        look = compare(index, answer, outcome, strict_shape=strict_shape, coarse=coarse)
        found.append(look)
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
    expected = print_expected(answer)
    if isinstance(answer, MustRaise):
        right = isinstance(outcome, Raised)
        return Look(index, right, expected, _print_outcome(outcome), raised=not right)
    if isinstance(outcome, Raised):
        return Look(
            index, right=False, expected=expected, actual=_print_outcome(outcome), raised=True
        )
    match answer, outcome:
        case Interval(), Number():
            return _compare_numbers(index, answer, outcome, strict_shape, coarse)
        case ZeroOrNothing(), Number(values=values):
            n_outside = int(np.count_nonzero(values))
            return Look(
                index,
                right=not n_outside,
                expected=expected,
                actual=_print_outcome(outcome),
                n_elements=values.size,
                n_outside=n_outside,
            )
        case ZeroOrNothing(), Nothing():
            return Look(index, right=True, expected=expected, actual="None")
        case Interval(), Nothing():
            right = not any(answer.middle) and not any(answer.half64)
            return Look(index, right, expected, "None")
        case FlagIs(value), Flag(seen):
            return Look(index, value == seen, expected, str(seen))
        case _:
            return Look(index, right=False, expected=expected, actual=_print_outcome(outcome))


def _compare_numbers(
    index: int,
    answer: Interval,
    seen: Number,
    strict_shape: bool,
    coarse: bool,
) -> Look:
    values = seen.values
    actual = _print_outcome(seen)
    n = len(answer.middle)
    same = values.shape == answer.shape if strict_shape else values.size == n
    if not same or _squeezed(values.shape) != _squeezed(answer.shape):
        actual = f"{actual} of shape {values.shape}"
        expected = f"{print_expected(answer, coarse=coarse)} of shape {answer.shape}"
        return Look(index, False, expected, actual, n_elements=n, n_outside=n)
    coarse = coarse or _is_coarse(answer, seen)
    off = np.abs(values.ravel() - np.array(answer.middle))
    half = np.array(answer.half32 if coarse else answer.half64)
    n_outside = n - int(np.count_nonzero(off <= half))  # counted so that NaN is outside
    return Look(
        index,
        right=not n_outside,
        expected=print_expected(answer, coarse=coarse),
        actual=actual,
        distance=_distance(off, half),
        n_elements=n,
        n_outside=n_outside,
        coarse=coarse,
    )


def _is_coarse(answer: Interval, seen: Number) -> bool:
    """Tell whether the engine computed in float32: by its dtype, or by its digits.

    Numbers that are right for float32 alone, and exact there, were computed there, whatever the
    container says. Numbers that are wrong for both tell nothing.
    """
    if seen.dtype in COARSE:
        return True
    values = seen.values.ravel()
    off = np.abs(values - np.array(answer.middle))
    if np.all(off <= np.array(answer.half64)) or not np.all(off <= np.array(answer.half32)):
        return False
    return bool(np.all(values == values.astype(np.float32)))


def _distance(off: npt.NDArray[Any], half: npt.NDArray[Any]) -> float | None:
    if not off.size:
        return None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratios = np.where(off == 0, 0.0, off / half)
    return float(np.max(np.where(np.isnan(ratios), np.inf, ratios)))


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
