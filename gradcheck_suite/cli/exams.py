"""The commands under ``exam``: an exam as a file."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gradcheck_suite.cli.shell import NOT_RIGHT, REPLACED, Jobs, new_console, show_lines, watched
from gradcheck_suite.errors import UsageError

__all__ = ["build", "show", "verify"]

_Exam = Annotated[Path, typer.Argument(metavar="FILE", help="What `exam build` wrote.")]


def build(
    assignment: Annotated[Path, typer.Argument(help="What is asked for, in TOML.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")],
    seed: Annotated[int | None, REPLACED] = None,
    cases: Annotated[int | None, typer.Option(min=1, help="Instead of the assignment's.")] = None,
    jobs: Jobs = 0,
) -> None:
    """Draw the programs of an assignment, certify their answers, and store them."""
    from gradcheck_suite.exams.store import digest_of, exam_bytes, questions_digest
    from gradcheck_suite.grading.assignment import read_assignment, with_exam
    from gradcheck_suite.grading.rubric import rubric_of
    from gradcheck_suite.grading.storage import write_whole
    from gradcheck_suite.grading.stored import build_to_keep, refuse_to_overwrite
    from gradcheck_suite.report.exam import made_lines, witness_lines
    from gradcheck_suite.report.student import Line

    task = with_exam(read_assignment(assignment), seed=seed, cases=cases)
    refuse_to_overwrite(out)
    with watched() as progress:
        exam = build_to_keep(rubric_of(task), task.exam, jobs, progress)
    data = exam_bytes(exam)
    try:
        write_whole(out, data)
    except OSError as error:
        msg = f"{out}: got {error.strerror or error}, expected a place for the exam"
        raise UsageError(msg) from None
    made = made_lines(exam, digest_of(data), questions_digest(exam), len(data))
    show_lines(new_console(), [Line(f"{out}", "head"), *made, *witness_lines(exam)])


def show(file: _Exam) -> None:
    """Print how an exam was made, what it covers and what it does not."""
    from gradcheck_suite.exams.coverage import Coverage
    from gradcheck_suite.exams.store import digest_of, parse_exam, questions_digest, read_file
    from gradcheck_suite.report.exam import (
        coverage_table,
        gap_lines,
        level_table,
        made_lines,
        witness_lines,
    )
    from gradcheck_suite.report.student import Line

    data = read_file(file)
    exam = parse_exam(data, str(file))
    coverage = Coverage.of(exam)
    console = new_console()
    made = made_lines(exam, digest_of(data), questions_digest(exam), len(data))
    show_lines(console, [Line(f"{file}", "head"), *made, *witness_lines(exam), Line()])
    console.print(level_table(exam))
    console.print()
    console.print(coverage_table(coverage))
    show_lines(console, [Line(), Line("not covered", "head"), *gap_lines(coverage)])


def verify(file: _Exam, *, jobs: Jobs = 0) -> None:
    """Compute every answer again, ask every witness again, and tell what differs."""
    from gradcheck_suite.exams.crew import crew_for
    from gradcheck_suite.exams.store import read_exam
    from gradcheck_suite.exams.verify import verify as verified
    from gradcheck_suite.report.exam import difference_lines, verdict_lines

    exam = read_exam(file)
    with watched() as progress, crew_for(jobs, len(exam.cases)) as crew:
        on_progress = partial(progress, "verifying") if progress else None
        differences = verified(exam, crew=crew, on_progress=on_progress)
    lines = [*difference_lines(differences), *verdict_lines(exam, differences)]
    show_lines(new_console(), lines)
    raise typer.Exit(NOT_RIGHT if differences else 0)
