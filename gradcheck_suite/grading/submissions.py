"""What in a folder counts as a submission."""

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gradcheck_suite.engines.discovery.notebooks import NOTEBOOK
from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.untrusted import visible

__all__ = ["Submission", "find_submissions"]

_FILES: Final = {".py", NOTEBOOK}


@dataclass(frozen=True, slots=True)
class Submission:
    """One entry of the folder."""

    name: str
    """The file's name, with whatever has no shape spelled out."""
    path: Path
    problem: str = ""
    """Why it is refused without being run; '' where it is not."""


def find_submissions(folder: Path) -> tuple[Submission, ...]:
    """Return the submissions in ``folder``, sorted by name.

    A submission is a folder, a ``.py`` file or a notebook whose name begins with neither ``.`` nor
    ``_``; other files (an assignment, a README, what is expected) are not looked at. A symbolic
    link that leads out of the folder is refused, with a message in its place.

    Raises UsageError where there is no such folder or nothing in it to grade.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        msg = f"{folder}: got {found}, expected a folder with one entry for each submission"
        raise UsageError(msg)
    top = folder.resolve()
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        msg = f"{folder}: got {error.strerror or error}, expected a folder that can be read"
        raise UsageError(msg) from None
    submissions = [s for path in entries if (s := _submission(path, top))]
    if not submissions:
        msg = (
            f"{folder}: got nothing to grade, expected a sub-folder, .py file or notebook for each"
        )
        raise UsageError(msg)
    return _distinct(sorted(submissions, key=lambda s: (s.name, os.fsencode(s.path))))


def _distinct(submissions: list[Submission]) -> tuple[Submission, ...]:
    """Return them with numbers on the names that look alike once everything is visible."""
    seen: Counter[str] = Counter()
    out = []
    for submission in submissions:
        seen[submission.name] += 1
        n = seen[submission.name]
        out.append(replace(submission, name=f"{submission.name} ({n})") if n > 1 else submission)
    return tuple(out)


def _submission(path: Path, top: Path) -> Submission | None:
    if path.name.startswith((".", "_")):
        return None
    name = visible(path.name)
    if path.is_symlink():
        problem = _problem_of_link(path, top)
        if problem:
            return Submission(name, path, problem)
    if path.is_dir() or (path.is_file() and path.suffix in _FILES):
        return Submission(name, path)
    return None


def _problem_of_link(path: Path, top: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "got a symbolic link that leads nowhere, expected a file or a folder"
    if target.is_relative_to(top) and target != top:
        return ""
    return (
        "got a symbolic link that leads out of the folder, expected a file or a folder of its own"
    )
