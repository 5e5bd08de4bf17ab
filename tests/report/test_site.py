"""The folder of a class is written as the grades come."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.events import ClassFinished, SubmissionGraded, SubmissionStarted
from gradcheck_suite.grading.results import read_result
from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.grading.storage import folder_names
from gradcheck_suite.records import Verdict
from gradcheck_suite.report.pages import Sheet
from gradcheck_suite.report.site import Site

MakeGraded = Callable[..., Graded]
NAME = "../../<ada>"


@pytest.fixture
def site(tmp_path: Path, rubric: Rubric) -> Site:
    """Return the site of one submission with a hostile name."""
    return Site(tmp_path / "out", Sheet("hw", rubric, folder_names([NAME])))


def _files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_submission_is_written_when_it_is_graded(
    tmp_path: Path, site: Site, make_graded: MakeGraded
) -> None:
    """Its result and page are there before the class is finished, inside of the folder."""
    graded = make_graded(NAME, Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)
    site.take(SubmissionStarted(NAME))
    site.take(SubmissionGraded(graded, 1.0, log="Traceback"))
    folder = folder_names([NAME])[NAME]
    expected = {f"out/{folder}/{name}" for name in ("results.json", "index.html", "log.txt")}
    assert _files(tmp_path) == expected
    assert read_result((tmp_path / "out" / folder / "results.json").read_bytes()) == graded


def test_an_old_log_goes_away(tmp_path: Path, site: Site, make_graded: MakeGraded) -> None:
    """A log of an earlier run does not stay beside a result that went well."""
    graded = make_graded(NAME, *[Verdict.PASS] * 3)
    site.take(SubmissionGraded(graded, 1.0, log="Traceback"))
    site.take(SubmissionGraded(graded, 1.0))
    assert not [name for name in _files(tmp_path) if name.endswith("log.txt")]


def test_the_class_is_written_at_the_end(
    tmp_path: Path, site: Site, make_graded: MakeGraded
) -> None:
    """The gradebook and the page of the class come with the last event."""
    site.take(ClassFinished((make_graded(NAME, *[Verdict.PASS] * 3),), 1.0))
    assert _files(tmp_path) == {"out/gradebook.csv", "out/index.html"}


def test_a_place_that_is_a_file_is_wrong_usage(tmp_path: Path, rubric: Rubric) -> None:
    """A file where the folder should be is told."""
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match=r"out: got .*, expected a folder"):
        Site(tmp_path / "out", Sheet("hw", rubric, {}))


def test_a_link_in_the_place_of_a_submission_is_not_followed(
    tmp_path: Path, site: Site, make_graded: MakeGraded
) -> None:
    """A symbolic link among the results is refused."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / folder_names([NAME])[NAME]).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="symbolic link"):
        site.take(SubmissionGraded(make_graded(NAME, *[Verdict.PASS] * 3), 1.0))
    assert not list((tmp_path / "elsewhere").iterdir())
