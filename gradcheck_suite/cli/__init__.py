"""The command line: grade a class, check one engine, show one finding, keep exams.

Exit status: 0 right, 1 not right, 2 wrong usage, 3 a fault of this project. ``grade`` ends with 0
whenever grading worked, whatever the grades. Heavy modules are imported by the commands that use
them, so that ``--help`` is there at once. A command is a function in the module of its subject, and
stands in the table below.
"""

import os
import sys
from typing import Annotated, Final

import typer

from gradcheck_suite import __version__
from gradcheck_suite.cli import classes, engines, exams, mutants
from gradcheck_suite.cli.shell import complain
from gradcheck_suite.errors import GradcheckError, UsageError
from gradcheck_suite.sandbox.threads import ONE_THREAD

__all__ = ["app", "main"]

_WRONG_USAGE: Final = 2
_OUR_FAULT: Final = 3

app = typer.Typer(
    help="Tell whether an automatic-differentiation engine is right, and show why when it is not.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    classes.grade,
    engines.check,
    engines.show,
    engines.inspect,
    engines.properties,
    engines.textbook,
    mutants.mutants,
):
    app.command()(command)

_exams = typer.Typer(
    help="Keep an exam as a file: build it, show what it covers, verify it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(_exams, name="exam")
for exam_command in (exams.build, exams.show, exams.verify):
    _exams.command()(exam_command)


def main() -> None:
    """Run the command line; an error raised on purpose becomes one message, without a traceback."""
    for name, number in ONE_THREAD.items():  # before NumPy is there; who set one is obeyed
        os.environ.setdefault(name, number)
    try:
        app()
    except UsageError as error:
        complain(str(error))
        sys.exit(_WRONG_USAGE)
    except GradcheckError as error:
        complain(f"{type(error).__name__}: {error} (a fault of gradcheck_suite, not of an engine)")
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
