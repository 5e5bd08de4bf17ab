"""The terminal: plain lines where nobody watches, and a table at the end."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from gradcheck_suite.grading.events import (
    CaseProgress,
    ClassFinished,
    ClassStarted,
    SubmissionGraded,
    SubmissionStarted,
)
from gradcheck_suite.grading.rubric import Graded
from gradcheck_suite.records import Verdict
from gradcheck_suite.report.student import Line
from gradcheck_suite.report.terminal import ClassDisplay, class_summary, print_lines, seconds

MakeGraded = Callable[..., Graded]


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_class_is_told_as_it_goes(make_graded: MakeGraded, is_terminal: bool) -> None:
    """Every event is taken; without a terminal, each submission has one line."""
    graded = make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)
    console = Console(file=StringIO(), force_terminal=is_terminal, width=120)
    with ClassDisplay(console) as display:
        display.exam(1, 2)
        display.exam(2, 2)
        display.take(ClassStarted(("ada",), 1, 3))
        display.take(SubmissionStarted("ada"))
        display.take(CaseProgress("ada", "gradient[tanh]", 1, 2))
        display.take(SubmissionGraded(graded, 0.5))
        display.take(ClassFinished((graded,), 0.6))
    assert display.graded == (graded,)
    assert isinstance(console.file, StringIO)
    if not is_terminal:
        assert console.file.getvalue().splitlines() == [
            "building the exam",
            "grading 1 submission with 1 worker",
            "[1/1] ada: 1 of 3 points (0.5 s)",
            "graded 1 submission in 0.6 s",
        ]


def test_the_table_has_a_row_for_each(make_graded: MakeGraded) -> None:
    """A row has the score, the counts and the first finding; then isolation and report follow."""
    graded = [
        make_graded("ada[red]", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED),
        make_graded("fritz\x1b", problem="no engine"),
    ]
    console = Console(file=StringIO(), width=120)
    class_summary(console, graded, Path("out/index.html"))
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    rows = [line.split() for line in text.splitlines()]
    assert rows[2][:8] == ["ada[red]", "Value", "1", "/", "3", "1", "1", "1"]
    assert "tanh has a wrong derivative" in text
    assert "no engine" in text
    assert "\x1b" not in text
    assert "Isolation level 3 of 4: only the standard library" in text
    assert text.endswith("Report: out/index.html\n")


def test_lines_are_printed_as_they_are() -> None:
    """Square brackets are no markup, and long lines are not wrapped."""
    console = Console(file=StringIO(), width=20)
    print_lines(console, [Line("[bold]" + "x" * 40, "code")])
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue() == "[bold]" + "x" * 40 + "\n"


@pytest.mark.parametrize(
    ("value", "text"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.3, "12 s"), (185.2, "3 min 5 s")]
)
def test_durations_are_readable(value: float, text: str) -> None:
    """Seconds have a digit below ten, and become minutes from sixty."""
    assert seconds(value) == text
