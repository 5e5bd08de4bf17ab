"""What in a folder counts as a submission."""

import os
from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.submissions import find_submissions


def test_folders_files_and_notebooks_count(tmp_path: Path) -> None:
    """Folders, .py files and notebooks are submissions, sorted; other and hidden files are not."""
    for name in (
        "b.py",
        "c.ipynb",
        ".d.ipynb",
        "assignment.toml",
        "README.md",
        "_x.py",
        ".h.py",
        "engine.pyc",
    ):
        (tmp_path / name).write_text("")
    for name in ("a", ".git", "__pycache__", "expected.d"):
        (tmp_path / name).mkdir()
    assert [s.name for s in find_submissions(tmp_path)] == ["a", "b.py", "c.ipynb", "expected.d"]


@pytest.mark.parametrize("target", ["../outside", ".", "nowhere", "loop"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    """A symbolic link out of the folder, to itself or to nothing has a problem, and is listed."""
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "outside").mkdir()
    (folder / "loop").symlink_to(target)
    (found,) = find_submissions(folder)
    assert found.problem.startswith("got a symbolic link that leads")


def test_a_link_within_the_folder_counts(tmp_path: Path) -> None:
    """A link to another submission is graded as one of its own."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    assert [(s.name, s.problem) for s in find_submissions(tmp_path)] == [("a", ""), ("b", "")]


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """A fifo with the name of a Python file is no submission."""
    os.mkfifo(tmp_path / "x.py")
    (tmp_path / "a").mkdir()
    assert [s.name for s in find_submissions(tmp_path)] == ["a"]


def test_names_are_visible_and_distinct(tmp_path: Path) -> None:
    """Control characters are spelled out, and names that then look alike are numbered."""
    (tmp_path / "a\x1b").mkdir()
    (tmp_path / "a\\x1b").mkdir()
    assert [s.name for s in find_submissions(tmp_path)] == ["a\\x1b", "a\\x1b (2)"]


def test_a_name_that_is_no_text_is_listed(tmp_path: Path) -> None:
    """A file name in bytes that are not UTF-8 has a name that can be written anywhere."""
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    assert find_submissions(tmp_path)[0].name == "\\udcff"


@pytest.mark.parametrize("kind", ["missing", "file", "empty"])
def test_a_folder_without_submissions_is_wrong_usage(tmp_path: Path, kind: str) -> None:
    """A folder that is missing, a file or empty is told with what was expected."""
    folder = tmp_path / "class"
    if kind == "file":
        folder.write_text("")
    elif kind == "empty":
        folder.mkdir()
    with pytest.raises(UsageError, match=r"class: got .*, expected a "):
        find_submissions(folder)
