"""Judging: an Outcome beside an Answer, element by element, inside the interval or not.

There is no tolerance here. An element is right when it lies within the certified half-width of the
midpoint for the precision in which the engine computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan
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


@dataclass(slots=True)  # as below
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
            return f"{text} of shape {self.outcome.shape}"
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
        values = self.outcome.numbers
        loose = [k in self.answer.loose for k in range(len(values))]
        return max(map(_in_half_widths, values, self.answer.middle, half, loose))


@dataclass(slots=True)  # to freeze it would take longer than to judge most programs
class Judgement:
    """One Program, judged under the sheet that fits best."""

    right: bool
    sheets: tuple[tuple[tuple[str, str], ...], ...]
    """The choices of conventions under which everything is right, in the order of the sheets."""
    n_elements: int
    """How many numbers were compared with an interval."""
    n_outside: int
    """How many of them fell outside."""
    coarse: bool
    """Whether some number was seen to be computed in float32."""
    of: tuple[Answers, Outcomes, bool, bool, bool]
    """The answers of that sheet, what was seen, and how strictly it was judged."""
    judged: tuple[Look, ...] = ()

    @property
    def looks(self) -> tuple[Look, ...]:
        """Return every observation, judged by itself: of a right program nobody asks for them."""
        if not self.judged:
            self.judged = _looks(*self.of)
        return self.judged

    @property
    def raised(self) -> bool:
        """Tell whether an exception is among what was wrong."""
        return any(look.raised for look in self.looks if not look.right)


def judge(
    sheets: Sequence[Sheet],
    outcomes: Outcomes,
    *,
    strict_shape: bool,
    coarse: bool = False,
    fine: bool = False,
) -> Judgement:
    """Judge what was seen by every sheet; it is right when at least one sheet accepts all of it.

    ``coarse``: the engine is known to compute in float32, whatever its containers say. ``fine``:
    what was computed in float32 is wrong unless that is known.
    """
    how = strict_shape, coarse, fine
    if len(sheets) == 1 and not coarse:  # as nearly always
        (sheet,) = sheets
        n_right = _plainly(sheet.answers, outcomes)
        if n_right >= 0:
            of = (sheet.answers, outcomes, *how)
            return Judgement(True, (sheet.choices,), n_right, 0, False, of)
    found = [_UNSURE if coarse else _plainly(sheet.answers, outcomes) for sheet in sheets]
    n_right = max(found)
    if n_right >= 0:
        best = sheets[found.index(n_right)]
        right = [
            sheet.choices
            for sheet, n in zip(sheets, found, strict=True)
            if n >= 0 or (n == _UNSURE and _is_right(sheet.answers, outcomes, how))
        ]
        return Judgement(True, tuple(right), n_right, 0, False, (best.answers, outcomes, *how))
    tried = [_looks(sheet.answers, outcomes, *how) for sheet in sheets]
    n_wrong = [_n_wrong(looks) for looks in tried]
    k = n_wrong.index(min(n_wrong))
    pairs = zip(sheets, n_wrong, strict=True)
    accepted = tuple([sheet.choices for sheet, (_, n) in pairs if not n])
    best, looks = sheets[k], tried[k]
    return Judgement(
        bool(accepted),
        accepted,
        n_elements=sum([look.n_elements for look in looks]),
        n_outside=sum([look.n_outside for look in looks]),
        coarse=any(look.coarse for look in looks),
        of=(best.answers, outcomes, *how),
        judged=looks,
    )


_UNSURE, _WRONG = -1, -2


def _plainly(answers: Answers, outcomes: Outcomes) -> int:
    """Return how many numbers are right where plainly everything is.

    Plainly: as many outcomes as answers; numbers in float64, of the very shape, in the interval.
    ``_WRONG`` where something is plainly wrong, in float32, too; ``_UNSURE`` calls for a closer
    look.
    """
    if len(outcomes) != len(answers):  # without an exception each has its outcome
        n_raised = [type(seen) for seen in outcomes.values()].count(Raised)
        return _UNSURE if n_raised and len(outcomes) < len(answers) else _WRONG
    n = 0
    for index, answer in answers:
        seen = outcomes.get(index)
        if type(answer) is Interval and type(seen) is Number:
            if seen.shape != answer.shape or seen.dtype in COARSE:
                return _UNSURE
            middle, half64, values = answer.middle, answer.half64, seen.numbers
            if len(values) == 1 and abs(values[0] - middle[0]) <= half64[0]:  # as most are
                n += 1
                continue
            for k, value in enumerate(values):
                if not abs(value - middle[k]) <= half64[k]:
                    far = abs(value - middle[k]) > answer.half32[k]
                    return _WRONG if far and not answer.loose else _UNSURE
            n += len(values)
        elif type(answer) is FlagIs and type(seen) is Flag:
            if answer.value != seen.value:
                return _WRONG
        else:
            look = compare(index, answer, seen, strict_shape=True)
            if not look.right:
                return _UNSURE if type(seen) is Number else _WRONG
            n += look.n_elements
    return n


def _is_right(answers: Answers, outcomes: Outcomes, how: tuple[bool, bool, bool]) -> bool:
    return all(look.right for look in _looks(answers, outcomes, *how))


def _n_wrong(looks: tuple[Look, ...]) -> tuple[int, int]:
    """Count wrong flags, which tell the convention that is followed, and then all that is wrong."""
    wrong = [type(look.answer) for look in looks if not look.right]
    return wrong.count(FlagIs), len(wrong)


def _looks(
    answers: Answers,
    outcomes: Outcomes,
    strict_shape: bool,
    coarse: bool,
    fine: bool,
) -> tuple[Look, ...]:
    raised = any(type(seen) is Raised for seen in outcomes.values())
    found = []
    n_seen = 0
    for index, answer in answers:
        outcome = outcomes.get(index)
        n_seen += outcome is not None
        if outcome is None and raised and not isinstance(answer, MustRaise):
            continue  # it hangs on an instruction that raised, which has a look of its own
        look = compare(index, answer, outcome, strict_shape=strict_shape, coarse=coarse, fine=fine)
        found.append(look)
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
    fine: bool = False,
) -> Look:
    """Judge one outcome; no answer means that nothing was to be raised there."""
    match answer, outcome:
        case Interval(), Number():
            return _compare_numbers(index, answer, outcome, strict_shape, coarse, fine)
        case MustRaise(), _:
            return Look(index, isinstance(outcome, Raised), answer, outcome)
        case ZeroOrNothing(), Number(numbers):
            n_outside = len(numbers) - numbers.count(0.0)
            return Look(index, not n_outside, answer, outcome, len(numbers), n_outside)
        case ZeroOrNothing(), Nothing():
            return Look(index, True, answer, outcome)
        case Interval(), Nothing():
            # Zero by every form, which may come to it by rounding, as |x| by way of a root does.
            return Look(index, not any(answer.middle), answer, outcome)
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
    fine: bool,
) -> Look:
    middle = answer.middle
    n = len(middle)
    shape = seen.shape
    if shape != answer.shape and (strict_shape or _squeezed(shape) != _squeezed(answer.shape)):
        return Look(index, False, answer, seen, n, n, misshapen=True)
    values = seen.numbers
    coarse = coarse or (seen.dtype in COARSE and not fine)
    n_outside = _n_outside(values, answer, answer.half32 if coarse else answer.half64)
    if n_outside and not coarse and not fine and _has_float32_digits(values, answer):
        coarse, n_outside = True, 0
    return Look(index, not n_outside, answer, seen, n, n_outside, coarse)


def _n_outside(values: list[float], answer: Interval, half: tuple[float, ...]) -> int:
    """Count what is outside, so that NaN is where it is not among what is right."""
    middle = answer.middle
    inside = [abs(v - m) <= h for v, m, h in zip(values, middle, half, strict=True)]
    n_outside = len(inside) - sum(inside)
    if not n_outside:
        return 0
    places = [k for k, is_inside in enumerate(inside) if not is_inside]
    return sum(not _is_limit(values[k], middle[k], loose=k in answer.loose) for k in places)


def _is_limit(value: float, middle: float, *, loose: bool) -> bool:
    """Tell whether a number is right that has no distance: an infinity, or NaN."""
    return value == middle or (loose and not isfinite(value))


def _has_float32_digits(values: list[float], answer: Interval) -> bool:
    """Tell whether the engine computed in float32, whatever its containers say.

    Numbers that are right for float32 alone, and exact there, were computed there. Numbers that
    are wrong for both tell nothing.
    """
    if _n_outside(values, answer, answer.half32):
        return False
    return np.array_equal(values, np.array(values, dtype=np.float32), equal_nan=True)


def _in_half_widths(value: float, middle: float, half: float, loose: bool) -> float:
    if _is_limit(value, middle, loose=loose):
        return 0.0
    off = abs(value - middle)
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
            elements = _in_words(answer) if answer.loose else np.array(middle)
            numbers = _print_array(elements.reshape(shape))
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


def _in_words(answer: Interval) -> npt.NDArray[Any]:
    """Return the midpoints with a word beside what may be NaN or an infinity as well."""
    words = np.array([_Word(m) for m in answer.middle], dtype=object)
    for k in answer.loose:
        finite = f"{answer.middle[k]!r} or " if isfinite(answer.middle[k]) else ""
        words[k] = _Word(f"{finite}not finite")
    return words


class _Word(str):
    """A text that stands in a list as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _print_array(values: npt.NDArray[Any]) -> str:
    return repr(values.tolist())
