"""The gradebook: one row for each submission, one column for each property, as CSV."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.grading.untrusted import one_line

__all__ = ["gradebook"]

# Characters that make a spreadsheet take a cell for a formula (OWASP, "CSV injection"), and the
# full-width forms that some of them read alike.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width forms are meant


def gradebook(rubric: Rubric, graded: Iterable[Graded]) -> str:
    """Return the gradebook as CSV with a header.

    A property's cell holds the points earned and is empty where the property left the maximum
    (blocked, not applicable, our own fault). Texts that a spreadsheet would run as a formula begin
    with an apostrophe.
    """
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    head = ("submission", "engine", "total", "maximum", *rubric.ids, "problem")
    writer.writerow([_text(cell) for cell in head])
    for one in graded:
        writer.writerow(_row(rubric, one))
    return out.getvalue()


def _row(rubric: Rubric, one: Graded) -> list[str]:
    cells = {
        s.property: _points(s.earned) if s.possible or s.worth == 0 else "" for s in one.scores
    }
    grade = one.grade
    return [
        _text(grade.submission),
        _text(grade.engine),
        _points(grade.points),
        _points(grade.max_points),
        *(cells.get(name, "") for name in rubric.ids),
        _text(grade.problem),
    ]


def _points(value: float) -> str:
    return f"{value:.10g}"


def _text(cell: str) -> str:
    line = one_line(cell)
    return f"'{line}" if line.lstrip().startswith(_FORMULA) else line
