"""What every command has in common: options, the console, progress, complaints."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gradcheck_suite.grading.runner import Progress
    from gradcheck_suite.report.student import Line

__all__ = ["NOT_RIGHT", "REPLACED", "Jobs", "complain", "new_console", "show_lines", "watched"]

NOT_RIGHT: Final = 1
"""The exit status when an engine is not right, or an exam does not hold."""
_FILE_WIDTH: Final = 140  # columns of a table that goes to a file or another program

Jobs = Annotated[int, typer.Option(min=0, help="Workers at a time; 0: one for each core.")]
REPLACED: Final = typer.Option(min=0, help="Instead of the assignment's own.")


def new_console() -> "Console":
    """Return the console of the standard output."""
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_FILE_WIDTH)


def show_lines(console: "Console", lines: "list[Line]") -> None:
    """Print lines in their styles."""
    from gradcheck_suite.report.terminal import print_lines

    print_lines(console, lines)


@contextmanager
def watched() -> "Iterator[Progress | None]":
    """Show how far a check is, on the error stream, where a person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from gradcheck_suite.report.terminal import watching

    with watching() as progress:
        yield progress


def complain(message: str) -> None:
    """Print a message on the error stream; what an engine put into it does no harm there."""
    from gradcheck_suite.grading.untrusted import visible

    typer.echo(f"gradcheck-suite: {visible(message)}", err=True)
