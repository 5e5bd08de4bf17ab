"""The command ``mutants``: how many wrong engines of the catalogue the suite catches."""

from pathlib import Path
from typing import Annotated

import typer

from gradcheck_suite.cli.shell import NOT_RIGHT, Jobs, new_console, show_lines, watched

__all__ = ["mutants"]


def mutants(  # noqa: PLR0913 - a command has an argument for each of its options
    *,
    sample: Annotated[int | None, typer.Option(min=1, help="Try so many bugs.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the programs, and of the sample.")] = 0,
    cases: Annotated[int | None, typer.Option(min=1, help="Programs for each property.")] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="An id, a theme or a pattern; may be given again."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print an object.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the matrix.")] = None,
    jobs: Jobs = 0,
) -> None:
    """Put the bug catalogue to the exam and to a live check: what is killed, and what survives."""
    import os

    from gradcheck_suite.exams.crew import Crew
    from gradcheck_suite.grading.assignment import ExamSection
    from gradcheck_suite.grading.mutants import bug_ids, right_ids, try_out
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.grading.storage import write_whole
    from gradcheck_suite.report.mutants import matrix_json, matrix_lines, matrix_page

    with watched() as progress, Crew(jobs or os.cpu_count() or 1) as crew:
        matrix = try_out(
            bug_ids(sample, seed),
            right_ids(),
            ids=selected(properties or []),
            seed=seed,
            n_cases=ExamSection().cases if cases is None else cases,
            crew=crew,
            watch=progress,
        )
    if html:
        write_whole(html, matrix_page(matrix))
    if json:
        typer.echo(matrix_json(matrix))
    else:
        show_lines(new_console(), matrix_lines(matrix))
    raise typer.Exit(NOT_RIGHT if matrix.survivors or matrix.false_alarms else 0)
