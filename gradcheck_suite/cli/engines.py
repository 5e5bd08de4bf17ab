"""The commands for one engine, and for what engines are held to."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gradcheck_suite.cli.shell import NOT_RIGHT, Jobs, new_console, show_lines, watched
from gradcheck_suite.errors import UsageError

if TYPE_CHECKING:
    from gradcheck_suite.grading.practice import Terms

__all__ = ["check", "inspect", "properties", "show", "textbook"]

_Engine = Annotated[
    str,
    typer.Argument(
        metavar="ENGINE",
        help="A file or folder, module:Class, or a known library: reference, torch.",
    ),
]
_THOROUGH: Final = 64  # programs for each property: four times as many as otherwise

_Seed = Annotated[int, typer.Option(min=0, help="Another seed draws other programs.")]
_Cases = Annotated[int | None, typer.Option(min=1, help="Programs for each property.")]
_Dialect = Annotated[
    list[str] | None,
    typer.Option(
        "--dialect",
        help="Conventions to hold it to: torch, micrograd, needle, or accumulation=overwrites.",
    ),
]
_Entry = Annotated[str, typer.Option(help="module:Class within ENGINE, where it is not found.")]


def check(  # noqa: PLR0913 - a command has an argument for each of its options
    engine: _Engine,
    *,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            help="An id, a theme, a pattern, or !... to leave it out; may be given again.",
        ),
    ] = None,
    seed: _Seed = 0,
    cases: _Cases = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help=f"Draw {_THOROUGH} programs for each property.")
    ] = False,
    dialect: _Dialect = None,
    entry: _Entry = "",
    jobs: Jobs = 0,
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
    console = new_console()
    with watched() as progress:
        found = practise(
            engine,
            ids,
            _terms(seed, cases or (_THOROUGH if thorough else None), dialect, jobs),
            entry=entry,
            progress=progress,
        )
    themes = theme_lines(found.results, THEMES)
    choices = dialect_lines(found.results)
    lines = [header(engine, found), *themes, *choices, judged_line(found.results)]
    held_to = [f"--dialect {quote(text)}" for text in dialect or ()]
    details = result_lines(
        found.results, " ".join(["gradcheck-suite show", *held_to, quote(engine)])
    )
    show_lines(console, [*lines, *details])
    raise typer.Exit(0 if is_right(found.results) else NOT_RIGHT)


def show(
    engine: _Engine,
    name: Annotated[str, typer.Argument(metavar="PROPERTY", help="The id: gradient[tanh].")],
    *,
    seed: _Seed = 0,
    cases: _Cases = None,
    dialect: _Dialect = None,
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
    console = new_console()
    with watched() as progress:
        found = practise(engine, ids, _terms(seed, cases, dialect), entry=entry, progress=progress)
    show_lines(console, [header(engine, found), *whole_lines(found.results)])
    raise typer.Exit(NOT_RIGHT if is_wrong(found.results) else 0)


def inspect(
    engine: _Engine,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write submission.toml, to be corrected by hand.")
    ] = False,
    entry: _Entry = "",
) -> None:
    """Print how an engine is spoken to, what it can do, and what was not found."""
    from gradcheck_suite.grading.inspection import inspect as inspected
    from gradcheck_suite.grading.inspection import write_settings
    from gradcheck_suite.report.inspection import inspection_lines
    from gradcheck_suite.report.student import Line

    found = inspected(engine, entry)
    lines = inspection_lines(engine, found)
    if write:
        lines += [Line(), Line(f"written: {write_settings(engine, found)}", "good")]
    show_lines(new_console(), lines)


def properties(
    name: Annotated[str, typer.Argument(help="An id, a theme or a pattern; none: all.")] = "",
) -> None:
    """List the properties, or explain one."""
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.report.catalogue import explained, listed

    ids = selected([name] if name else [])
    show_lines(new_console(), explained(ids[0]) if len(ids) == 1 else listed(ids))


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
    show_lines(new_console(), textbook_lines(recitals))
    if html:
        write_whole(html, page)
    raise typer.Exit(NOT_RIGHT if any(r.is_wrong for r in recitals) else 0)


def _terms(seed: int, cases: int | None, dialect: list[str] | None, n_jobs: int = 1) -> "Terms":
    from gradcheck_suite.grading.assignment import ExamSection
    from gradcheck_suite.grading.conventions import fixed_by, read_dialect
    from gradcheck_suite.grading.practice import Terms

    drawn = ExamSection(seed=seed) if cases is None else ExamSection(seed=seed, cases=cases)
    return Terms(drawn, fixed_by(read_dialect(dialect or ())), n_jobs)
