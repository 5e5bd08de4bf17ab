"""Files are whole, and folders have names that are safe anywhere."""

import re
from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.storage import folder_names, refuse_inside, write_whole

HOSTILE = [
    "../../etc",
    "/abs",
    "a b",
    "<script>",
    "a\nb",
    "..",
    "con.",
    "ü",
    "\udcff",
    "x" * 300,
    "",
]


def test_plain_names_stay() -> None:
    """A name of letters, digits, dots and dashes is its own folder."""
    assert folder_names(["ada-1", "b.py"]) == {"ada-1": "ada-1", "b.py": "b.py"}


def test_hostile_names_become_harmless_and_distinct() -> None:
    """Every other name becomes letters, digits and a digest, and no two meet."""
    names = folder_names([*HOSTILE, "index.html", "INDEX.HTML", "ada", "ADA"])
    for folder in names.values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", folder)
    folded = [folder.casefold() for folder in names.values()]
    assert len(set(folded)) == len(folded)
    assert "index.html" not in folded


def test_folders_do_not_depend_on_order() -> None:
    """The same names have the same folders, in whatever order they come."""
    assert folder_names(HOSTILE) == folder_names(reversed(HOSTILE))


def test_a_file_is_replaced_whole_and_nothing_stays_behind(tmp_path: Path) -> None:
    """Writing makes the folders, replaces an old file and leaves no temporary one."""
    path = tmp_path / "a" / "b.json"
    write_whole(path, "old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["b.json"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A symbolic link in the place of a result does not redirect what is written."""
    victim = tmp_path / "victim"
    victim.write_text("safe")
    (tmp_path / "r.json").symlink_to(victim)
    write_whole(tmp_path / "r.json", "new")
    assert victim.read_text() == "safe"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """When the place cannot be replaced, the temporary file goes away again."""
    (tmp_path / "r.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "r.json", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("out", ["class", "class/out"])
def test_results_among_submissions_are_refused(tmp_path: Path, out: str) -> None:
    """Results in the folder of the class would be graded the next time."""
    with pytest.raises(UsageError, match="expected a folder outside of"):
        refuse_inside(tmp_path / out, tmp_path / "class")


@pytest.mark.parametrize("out", ["out", "class/_out", "class/.out"])
def test_results_elsewhere_are_taken(tmp_path: Path, out: str) -> None:
    """A folder beside the class, or one that is no submission, is right."""
    refuse_inside(tmp_path / out, tmp_path / "class")
