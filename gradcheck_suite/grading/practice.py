"""Practice: one engine of the user's own, examined on the spot, with no points and no files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from gradcheck_suite.grading.assignment import ExamSection
from gradcheck_suite.grading.runner import Progress
from gradcheck_suite.grading.target import open_target
from gradcheck_suite.records import PropertyResult

__all__ = ["Practice", "practise"]


@dataclass(frozen=True, slots=True)
class Practice:
    """What was found out about one engine."""

    name: str
    description: str
    results: tuple[PropertyResult, ...]


def practise(
    target: str,
    ids: Sequence[str],
    *,
    drawn: ExamSection = ExamSection(),  # noqa: B008 - frozen
    entry: str = "",
    progress: Progress | None = None,
) -> Practice:
    """Examine ``target`` on the properties ``ids``, with every failure explained.

    The engine is opened before the exam is drawn, so that a wrong name is told at once.
    """
    with open_target(target, entry) as subject:
        from gradcheck_suite.diagnosis.describe import describe
        from gradcheck_suite.diagnosis.examine import examine
        from gradcheck_suite.exams.build import build

        exam = build(
            ids,
            seed=drawn.seed,
            n_cases=drawn.cases,
            kinds=("scalar",) if subject.spelling.kind == "scalar" else ("scalar", "tensor"),
            on_progress=_building(progress),
        )
        return Practice(
            name=subject.spelling.name,
            description=describe(subject.spelling),
            results=examine(exam, subject, with_findings=True, on_progress=progress),
        )


def _building(progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, "drawing programs")
