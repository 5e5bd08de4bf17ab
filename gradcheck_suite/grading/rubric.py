"""The rubric: what each property is worth, and what a submission earned of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.selection import precision, selected
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.records import Grade, PropertyResult, Verdict

__all__ = ["Graded", "Row", "Rubric", "Score", "rubric_of", "score", "totals"]


@dataclass(frozen=True, slots=True)
class Row:
    """One property of the rubric."""

    property: str
    theme: str
    code: str
    title: str
    worth: float
    required: bool = False
    """An engine that has no means for it loses the points instead of being excused."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """What an assignment asks for, in the order of the catalogue."""

    rows: tuple[Row, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the properties."""
        return tuple(row.property for row in self.rows)

    @property
    def themes(self) -> tuple[str, ...]:
        """Return the themes that occur, in the order of the catalogue."""
        found = {row.theme for row in self.rows}
        return tuple(theme for theme in THEMES if theme in found)


@dataclass(frozen=True, slots=True)
class Score:
    """What a submission earned of one property."""

    property: str
    earned: float
    possible: float
    """What it could have earned: 0 where the property is left out of its maximum."""
    worth: float
    """What the rubric gives for it."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with the score behind each of its points."""

    grade: Grade
    scores: tuple[Score, ...]


def rubric_of(assignment: Assignment) -> Rubric:
    """Return the rubric that ``assignment`` stands for.

    Where several keys select a property, an id goes before a theme, a theme before a pattern, and
    of two alike the later line holds. A property that no key selects is not asked for.
    """
    points: dict[str, tuple[int, float]] = {}
    for key, worth in assignment.properties.items():
        for name in selected((key,)):
            if precision(key) >= points.get(name, (0, 0.0))[0]:
                points[name] = (precision(key), worth)
    required = selected(assignment.required) if assignment.required else ()
    return Rubric(
        tuple(
            Row(name, row.theme, row.code, row.title, points[name][1], name in required)
            for name, row in CATALOGUE.items()
            if name in points
        ),
    )


def score(
    rubric: Rubric, results: Iterable[PropertyResult], problem: str = ""
) -> tuple[Score, ...]:
    """Return the score of every row.

    A pass earns its points; a failure, an error and a result that came too late earn none of them.
    Blocked, not applicable (unless required) and our own faults leave the maximum: they cost
    nothing and give nothing. With a ``problem`` there is nothing to judge and nothing is earned.
    """
    verdicts = {result.property: result.verdict for result in results}
    missing = Verdict.FAIL if problem else Verdict.INFRASTRUCTURE
    return tuple(_score(row, verdicts.get(row.property, missing)) for row in rubric.rows)


def totals(scores: Sequence[Score]) -> tuple[float, float]:
    """Return the points earned and the points possible."""
    return fsum(s.earned for s in scores), fsum(s.possible for s in scores)


_LEAVES_THE_MAXIMUM = frozenset({Verdict.BLOCKED, Verdict.INFRASTRUCTURE})


def _score(row: Row, verdict: Verdict) -> Score:
    excused = verdict is Verdict.NOT_APPLICABLE and not row.required
    if excused or verdict in _LEAVES_THE_MAXIMUM:
        return Score(row.property, 0.0, 0.0, row.worth)
    earned = row.worth if verdict is Verdict.PASS else 0.0
    return Score(row.property, earned, row.worth, row.worth)
