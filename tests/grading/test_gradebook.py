"""The gradebook opens in a spreadsheet without running anything."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest

from gradcheck_suite.grading.gradebook import gradebook
from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.records import Verdict

MakeGraded = Callable[..., Graded]


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def test_one_row_for_each_submission(rubric: Rubric, make_graded: MakeGraded) -> None:
    """A row has the total, the maximum, a cell for each property, and the problem."""
    ada = make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)
    fritz = make_graded("fritz", problem="no engine")
    head, *rows = _rows(gradebook(rubric, [ada, fritz]))
    assert head[:4] == ["submission", "engine", "total", "maximum"]
    assert (head[4:-1], head[-1]) == (list(rubric.ids), "problem")
    assert rows[0] == ["ada", "Value", "1", "3", "1", "0", "", ""]
    assert rows[1] == ["fritz", "", "0", "6", "0", "0", "0", "no engine"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_formulas_are_quoted(rubric: Rubric, make_graded: MakeGraded, name: str) -> None:
    """A text that a spreadsheet would run begins with an apostrophe or an escape."""
    row = _rows(gradebook(rubric, [make_graded(name, problem=name)]))[1]
    for cell in (row[0], row[-1]):
        assert cell[0] in "'\\"


def test_a_line_break_does_not_make_a_row(rubric: Rubric, make_graded: MakeGraded) -> None:
    """Quotes, commas and newlines stay inside of their cell."""
    text = gradebook(rubric, [make_graded('a",\n=1', problem="x\r\ny")])
    assert len(_rows(text)) == 2
    assert text.count("\r\n") == 2
