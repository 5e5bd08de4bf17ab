"""The folder of a class: results, pages, logs and the gradebook, written as the grades come.

::

    OUT/index.html                  the class
    OUT/gradebook.csv
    OUT/textbook.html               what the course notes compute, where that is asked for
    OUT/<submission>/results.json   the native document; everything else is made from it
    OUT/<submission>/index.html     the student's page
    OUT/<submission>/log.txt        where the grader failed
"""

from collections.abc import Sequence
from pathlib import Path

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.events import ClassFinished, Event, SubmissionGraded
from gradcheck_suite.grading.gradebook import gradebook
from gradcheck_suite.grading.results import result_bytes
from gradcheck_suite.grading.rubric import Graded
from gradcheck_suite.grading.storage import write_whole
from gradcheck_suite.properties.textbook import TEXTBOOK_THEME
from gradcheck_suite.report.pages import Sheet, class_page, submission_page
from gradcheck_suite.report.textbook import reference_page

__all__ = ["Site"]


class Site:
    """Writes the folder of a class from the events of its runner."""

    def __init__(self, out: Path, sheet: Sheet) -> None:
        """Write under ``out``; UsageError where that is not a folder that can be written."""
        self._out = out
        self._sheet = sheet
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{out}: got {error.strerror or error}, expected a folder for the results"
            raise UsageError(msg) from None

    def take(self, event: Event) -> None:
        """Write what ``event`` brings: a submission as it is graded, the class at the end."""
        match event:
            case SubmissionGraded(graded=graded, log=log):
                self._submission(graded, log)
            case ClassFinished(graded=graded):
                self._class(graded)
            case _:
                pass

    def _submission(self, graded: Graded, log: str) -> None:
        folder = self._out / self._sheet.folders[graded.grade.submission]
        if folder.is_symlink():
            msg = f"{folder}: got a symbolic link, expected a folder of this report's own"
            raise UsageError(msg)
        write_whole(folder / "results.json", result_bytes(graded, self._sheet.title))
        write_whole(folder / "index.html", submission_page(self._sheet, graded))
        if log:
            write_whole(folder / "log.txt", log)
        else:
            (folder / "log.txt").unlink(missing_ok=True)

    def _class(self, graded: Sequence[Graded]) -> None:
        write_whole(self._out / "gradebook.csv", gradebook(self._sheet.rubric, graded))
        write_whole(self._out / "index.html", class_page(self._sheet, graded))
        if TEXTBOOK_THEME in self._sheet.rubric.themes:
            write_whole(self._out / "textbook.html", reference_page())
