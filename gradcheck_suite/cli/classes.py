"""The command for a whole class: ``grade``."""

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gradcheck_suite.cli.shell import REPLACED, Jobs, complain, new_console
from gradcheck_suite.errors import UsageError

if TYPE_CHECKING:
    from gradcheck_suite.exams.exam import Exam
    from gradcheck_suite.grading.assignment import Assignment
    from gradcheck_suite.grading.rubric import Rubric
    from gradcheck_suite.report.terminal import ClassDisplay

__all__ = ["grade"]

_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


def grade(  # noqa: PLR0913 - a command has an argument for each of its options
    folder: Annotated[Path, typer.Argument(help="A folder with one entry for each submission.")],
    *,
    assignment: Annotated[Path, typer.Option(help="What is asked for, in TOML.")],
    out: Annotated[Path, typer.Option(help="Where results and pages go.")],
    jobs: Jobs = 0,
    seed: Annotated[int | None, REPLACED] = None,
    cases: Annotated[int | None, REPLACED] = None,
    exam: Annotated[Path | None, typer.Option(help="Ask what `exam build` stored here.")] = None,
) -> None:
    """Grade a class: a folder of engines in; grades, a gradebook and pages out."""
    if exam is not None and (seed is not None or cases is not None):
        msg = "got --exam with --seed or --cases, expected either: what is stored is drawn already"
        raise UsageError(msg)
    from gradcheck_suite.grading.assignment import read_assignment, with_exam
    from gradcheck_suite.grading.rubric import rubric_of
    from gradcheck_suite.grading.storage import folder_names, refuse_inside
    from gradcheck_suite.grading.submissions import find_submissions
    from gradcheck_suite.report.pages import Sheet
    from gradcheck_suite.report.site import Site

    task = with_exam(read_assignment(assignment), seed=seed, cases=cases)
    submissions = find_submissions(folder)
    refuse_inside(out, folder)
    rubric = rubric_of(task)
    stored = _stored(rubric, exam) if exam else None
    names = folder_names(s.name for s in submissions)
    site = Site(out, Sheet(task.title, rubric, names, task.feedback.counterexamples))

    from gradcheck_suite.grading.examiner import SandboxExaminer
    from gradcheck_suite.grading.runner import run_class
    from gradcheck_suite.report.terminal import ClassDisplay, class_summary

    console = new_console()
    with ClassDisplay(console) as display:
        asked = stored or _drawn_for(task, rubric, jobs, display)
        examiner = SandboxExaminer(task, asked)
        events = run_class(submissions, rubric, examiner, jobs or os.cpu_count() or 1)
        try:
            with closing(events):
                for event in events:
                    site.take(event)
                    display.take(event)
        except KeyboardInterrupt:
            complain(f"stopped; what was graded so far is under {out}")
            raise typer.Exit(_INTERRUPTED) from None
    class_summary(console, display.graded, out / "index.html")


def _stored(rubric: "Rubric", path: Path) -> "Exam":
    """Read a stored exam, before anything is written."""
    from gradcheck_suite.grading.stored import exam_for

    return exam_for(rubric, path)


def _drawn_for(task: "Assignment", rubric: "Rubric", jobs: int, display: "ClassDisplay") -> "Exam":
    """Draw the exam that the assignment describes."""
    from gradcheck_suite.exams.build import build
    from gradcheck_suite.exams.crew import crew_for

    ids, drawn = rubric.ids, task.exam
    with crew_for(jobs, len(ids)) as crew:
        return build(ids, seed=drawn.seed, n_cases=drawn.cases, crew=crew, on_progress=display.exam)
