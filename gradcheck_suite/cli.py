"""The command line: grade a class, check one engine, show one finding, keep exams.

Exit status: 0 right, 1 not right, 2 wrong usage, 3 a fault of this project. ``grade`` ends with 0
whenever grading worked, whatever the grades. Heavy modules are imported by the commands that use
them, so that ``--help`` is there at once.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gradcheck_suite import __version__
from gradcheck_suite.errors import GradcheckError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from gradcheck_suite.exams.exam import Exam
    from gradcheck_suite.grading.assignment import Assignment, ExamSection
    from gradcheck_suite.grading.rubric import Rubric
    from gradcheck_suite.grading.runner import Progress
    from gradcheck_suite.report.student import Line
    from gradcheck_suite.report.terminal import ClassDisplay

__all__ = ["app", "main"]

_NOT_RIGHT: Final = 1
_WRONG_USAGE: Final = 2
_OUR_FAULT: Final = 3
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
_FILE_WIDTH: Final = 140  # columns of a table that goes to a file or another program

app = typer.Typer(
    help="Tell whether an automatic-differentiation engine is right, and show why when it is not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

exams = typer.Typer(
    help="Keep an exam as a file: build it, show what it covers, verify it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(exams, name="exam")

_Engine = Annotated[
    str,
    typer.Argument(
        metavar="ENGINE",
        help="A file or folder, module:Class, or a known library: reference, torch.",
    ),
]
_Seed = Annotated[int, typer.Option(min=0, help="Another seed draws other programs.")]
_Cases = Annotated[int | None, typer.Option(min=1, help="Programs for each property.")]
_Entry = Annotated[str, typer.Option(help="module:Class within ENGINE, where it is not found.")]
_Jobs = Annotated[int, typer.Option(min=0, help="Workers at a time; 0: one for each core.")]
_Replaced = typer.Option(min=0, help="Instead of the assignment's own.")
_Exam = Annotated[Path, typer.Argument(metavar="FILE", help="What `exam build` wrote.")]


def main() -> None:
    """Run the command line; an error raised on purpose becomes one message, without a traceback."""
    try:
        app()
    except UsageError as error:
        _complain(str(error))
        sys.exit(_WRONG_USAGE)
    except GradcheckError as error:
        _complain(f"{type(error).__name__}: {error} (a fault of gradcheck_suite, not of an engine)")
        sys.exit(_OUR_FAULT)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gradcheck-suite {__version__}")
        raise typer.Exit


_Version = typer.Option(
    "--version", help="Print the version.", is_eager=True, callback=_print_version
)


@app.callback()
def _before_any_command(*, version: Annotated[bool, _Version] = False) -> None:
    """Take what stands before the command; the version has been printed by now."""
    del version


@app.command()
def grade(  # noqa: PLR0913 - a command has an argument for each of its options
    folder: Annotated[Path, typer.Argument(help="A folder with one entry for each submission.")],
    *,
    assignment: Annotated[Path, typer.Option(help="What is asked for, in TOML.")],
    out: Annotated[Path, typer.Option(help="Where results and pages go.")],
    jobs: _Jobs = 0,
    seed: Annotated[int | None, _Replaced] = None,
    cases: Annotated[int | None, _Replaced] = None,
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

    console = _console()
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
            _complain(f"stopped; what was graded so far is under {out}")
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


@app.command()
def check(
    engine: _Engine,
    *,
    properties: Annotated[
        list[str] | None,
        typer.Option("--property", help="An id, a theme or a pattern; may be given again."),
    ] = None,
    seed: _Seed = 0,
    cases: _Cases = None,
    entry: _Entry = "",
    jobs: _Jobs = 0,
) -> None:
    """Check one engine: what holds, what does not, and the smallest proof."""
    from gradcheck_suite.grading.practice import practise
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.properties.catalogue import THEMES
    from gradcheck_suite.report.student import (
        dialect_lines,
        header,
        is_right,
        judged_line,
        result_lines,
        theme_lines,
    )

    ids = selected(properties or [])
    console = _console()
    with _progress() as progress:
        found = practise(
            engine,
            ids,
            drawn=_drawn(seed, cases),
            entry=entry,
            n_jobs=jobs,
            progress=progress,
        )
    themes = theme_lines(found.results, THEMES)
    dialect = dialect_lines(found.results)
    lines = [header(engine, found), *themes, *dialect, judged_line(found.results)]
    details = result_lines(found.results, f"gradcheck-suite show {quote(engine)}")
    _print(console, [*lines, *details])
    raise typer.Exit(0 if is_right(found.results) else _NOT_RIGHT)


@app.command()
def show(
    engine: _Engine,
    name: Annotated[str, typer.Argument(metavar="PROPERTY", help="The id: gradient[tanh].")],
    *,
    seed: _Seed = 0,
    cases: _Cases = None,
    entry: _Entry = "",
) -> None:
    """Show one finding whole, with a script that runs by itself."""
    from gradcheck_suite.grading.practice import practise
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.report.student import header, is_wrong, whole_lines

    ids = selected([name])
    if len(ids) != 1:
        msg = f"got {name!r}, which stands for {len(ids)} properties, expected the id of one"
        raise UsageError(msg)
    console = _console()
    with _progress() as progress:
        found = practise(engine, ids, drawn=_drawn(seed, cases), entry=entry, progress=progress)
    _print(console, [header(engine, found), *whole_lines(found.results)])
    raise typer.Exit(_NOT_RIGHT if is_wrong(found.results) else 0)


@app.command()
def properties(
    name: Annotated[str, typer.Argument(help="An id, a theme or a pattern; none: all.")] = "",
) -> None:
    """List the properties, or explain one."""
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.report.catalogue import explained, listed

    ids = selected([name] if name else [])
    _print(_console(), explained(ids[0]) if len(ids) == 1 else listed(ids))


@app.command()
def textbook(
    engine: _Engine,
    *,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page as well.")] = None,
    entry: _Entry = "",
) -> None:
    """Run what the course notes compute: note, claim, found."""
    from gradcheck_suite.grading.storage import write_whole
    from gradcheck_suite.grading.target import open_target
    from gradcheck_suite.grading.textbook import recite
    from gradcheck_suite.report.textbook import textbook_lines, textbook_page

    with open_target(engine, entry) as subject:
        recitals = tuple(recite(subject))
        page = textbook_page(engine, subject, recitals) if html else ""
    _print(_console(), textbook_lines(recitals))
    if html:
        write_whole(html, page)
    raise typer.Exit(_NOT_RIGHT if any(r.is_wrong for r in recitals) else 0)


@exams.command()
def build(
    assignment: Annotated[Path, typer.Argument(help="What is asked for, in TOML.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where it goes.")],
    seed: Annotated[int | None, _Replaced] = None,
    cases: Annotated[int | None, typer.Option(min=1, help="Instead of the assignment's.")] = None,
    jobs: _Jobs = 0,
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
    with _progress() as progress:
        exam = build_to_keep(rubric_of(task), task.exam, jobs, progress)
    data = exam_bytes(exam)
    try:
        write_whole(out, data)
    except OSError as error:
        msg = f"{out}: got {error.strerror or error}, expected a place for the exam"
        raise UsageError(msg) from None
    made = made_lines(exam, digest_of(data), questions_digest(exam), len(data))
    _print(_console(), [Line(f"{out}", "head"), *made, *witness_lines(exam)])


@exams.command("show")
def show_exam(file: _Exam) -> None:
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
    console = _console()
    made = made_lines(exam, digest_of(data), questions_digest(exam), len(data))
    _print(console, [Line(f"{file}", "head"), *made, *witness_lines(exam), Line()])
    console.print(level_table(exam))
    console.print()
    console.print(coverage_table(coverage))
    _print(console, [Line(), Line("not covered", "head"), *gap_lines(coverage)])


@exams.command()
def verify(file: _Exam, *, jobs: _Jobs = 0) -> None:
    """Compute every answer again, ask every witness again, and tell what differs."""
    from gradcheck_suite.exams.crew import crew_for
    from gradcheck_suite.exams.store import read_exam
    from gradcheck_suite.exams.verify import verify as verified
    from gradcheck_suite.report.exam import difference_lines, verdict_lines

    exam = read_exam(file)
    with _progress() as progress, crew_for(jobs, len(exam.cases)) as crew:
        on_progress = partial(progress, "verifying") if progress else None
        differences = verified(exam, crew=crew, on_progress=on_progress)
    lines = [*difference_lines(differences), *verdict_lines(exam, differences)]
    _print(_console(), lines)
    raise typer.Exit(_NOT_RIGHT if differences else 0)


def _drawn(seed: int, cases: int | None) -> "ExamSection":
    from gradcheck_suite.grading.assignment import ExamSection

    return ExamSection(seed=seed) if cases is None else ExamSection(seed=seed, cases=cases)


def _console() -> "Console":
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_FILE_WIDTH)


def _print(console: "Console", lines: "list[Line]") -> None:
    from gradcheck_suite.report.terminal import print_lines

    print_lines(console, lines)


@contextmanager
def _progress() -> "Iterator[Progress | None]":
    """Show how far a check is, on the error stream, where a person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from gradcheck_suite.report.terminal import watching

    with watching() as progress:
        yield progress


def _complain(message: str) -> None:
    from gradcheck_suite.grading.untrusted import visible

    typer.echo(f"gradcheck-suite: {visible(message)}", err=True)
