"""Counting verdicts: over all properties, by theme, and over a class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.records import PropertyResult, Verdict

__all__ = ["PassRate", "Tally", "by_theme", "pass_rates", "short_name", "tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many properties came to which end."""

    passed: int = 0
    failed: int = 0
    """Failures and errors."""
    inconclusive: int = 0
    blocked: int = 0
    not_applicable: int = 0
    infrastructure: int = 0

    @property
    def judged(self) -> int:
        """Return how many speak for or against the engine."""
        return self.passed + self.failed + self.inconclusive

    @property
    def is_absent(self) -> bool:
        """Tell whether nothing was judged because the engine has no means."""
        return not (self.judged or self.blocked or self.infrastructure)


@dataclass(frozen=True, slots=True)
class PassRate:
    """How a class did on one property."""

    name: str
    title: str
    """What a failure means."""
    theme: str
    tally: Tally

    @property
    def rate(self) -> float | None:
        """Return the share of passes among those judged; None where nobody was."""
        return self.tally.passed / self.tally.judged if self.tally.judged else None


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count ``verdicts``."""
    found = list(verdicts)
    return Tally(
        passed=found.count(Verdict.PASS),
        failed=sum(verdict.is_bad for verdict in found),
        inconclusive=found.count(Verdict.INCONCLUSIVE),
        blocked=found.count(Verdict.BLOCKED),
        not_applicable=found.count(Verdict.NOT_APPLICABLE),
        infrastructure=found.count(Verdict.INFRASTRUCTURE),
    )


def by_theme(
    results: Sequence[PropertyResult], themes: Iterable[str]
) -> dict[str, tuple[PropertyResult, ...]]:
    """Return the results of each theme, in the order of ``themes``; no theme without a result."""
    grouped = {theme: tuple(r for r in results if r.theme == theme) for theme in themes}
    return {theme: found for theme, found in grouped.items() if found}


def pass_rates(rubric: Rubric, graded: Sequence[Graded]) -> tuple[PassRate, ...]:
    """Return how the class did on each property, the hardest first.

    Submissions in which there was no engine to judge are not counted.
    """
    verdicts: dict[str, list[Verdict]] = {row.property: [] for row in rubric.rows}
    for one in graded:
        for result in one.grade.results:
            verdicts.get(result.property, []).append(result.verdict)
    rates = [
        PassRate(row.property, row.title, row.theme, tally(verdicts[row.property]))
        for row in rubric.rows
    ]
    return tuple(sorted(rates, key=lambda r: 2.0 if r.rate is None else r.rate))


def short_name(result: PropertyResult) -> str:
    """Return what tells a property from the others of its theme: ``tanh`` of ``gradient[tanh]``."""
    _, bracket, rest = result.property.partition("[")
    return rest.rstrip("]") if bracket else result.property.replace("_", " ")
