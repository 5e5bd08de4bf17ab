"""Wording that the terminal and the pages share: verdicts, isolation levels, counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gradcheck_suite.grading.tally import Tally
from gradcheck_suite.records import Confidence, Grade, Verdict

__all__ = [
    "CERTAINTY",
    "MARKS",
    "NOTHING",
    "STRONG",
    "Mark",
    "counted",
    "mark_of",
    "points",
    "sentence",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a verdict is shown: never by colour alone."""

    symbol: str
    tone: str
    """good, bad, part, quiet: the name of a colour in the style sheet and the terminal."""
    word: str


NOTHING: Final = "\N{EN DASH}"
"""Stands where there is nothing to show."""

MARKS: Final[Mapping[Verdict, Mark]] = MappingProxyType(
    {
        Verdict.PASS: Mark("✓", "good", "passed"),
        Verdict.FAIL: Mark("✗", "bad", "failed"),
        Verdict.ERROR: Mark("✗", "bad", "raised an error"),
        Verdict.BLOCKED: Mark("⊘", "quiet", "left out"),
        Verdict.NOT_APPLICABLE: Mark(NOTHING, "quiet", "not there"),
        Verdict.INCONCLUSIVE: Mark("?", "part", "ran out of time"),
        Verdict.INFRASTRUCTURE: Mark("!", "part", "our fault"),
    },
)

CERTAINTY: Final[Mapping[Confidence, str]] = MappingProxyType(
    {"sure": "The mistake", "likely": "Probably", "possible": "Perhaps"}
)
"""What a likely mistake is told with."""

STRONG: Final = 3
"""The first level at which a submission cannot read or write what is not its own."""


def mark_of(found: Tally) -> Mark:
    """Return the mark of several properties together."""
    if found.judged:
        if found.passed == found.judged:
            return MARKS[Verdict.PASS]
        if found.passed:
            return Mark("◐", "part", "partly passed")
        return MARKS[Verdict.FAIL] if found.failed else MARKS[Verdict.INCONCLUSIVE]
    if found.infrastructure:
        return MARKS[Verdict.INFRASTRUCTURE]
    return MARKS[Verdict.BLOCKED] if found.blocked else MARKS[Verdict.NOT_APPLICABLE]


def counted(n: int, one: str, many: str = "") -> str:
    """Return ``n`` with its noun: ``1 property``, ``3 properties``."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def points(value: float) -> str:
    """Return points as people write them: ``12``, ``7.5``."""
    return f"{round(value, 3):.12g}"


def sentence(grade: Grade, found: Tally) -> str:
    """Return one sentence that sums a grade up."""
    if grade.problem:
        return f"It could not be graded: {grade.problem}"
    if not found.judged:
        return "Nothing could be judged: the engine has no means for any of the properties."
    if found.passed == found.judged:
        start = f"All {found.judged} properties hold" if found.judged > 1 else "The property holds"
    else:
        start = f"{found.passed} of {counted(found.judged, 'property', 'properties')} hold"
    parts = [start]
    if found.failed:
        parts.append(f"{found.failed} {'does' if found.failed == 1 else 'do'} not")
    if found.inconclusive:
        parts.append(f"{found.inconclusive} ran out of time")
    text = ", ".join(parts)
    if found.blocked:
        was = "was" if found.blocked == 1 else "were"
        text += f"; {found.blocked} more {was} left out because of what failed, and cost nothing"
    return text + "."
