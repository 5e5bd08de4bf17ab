"""Targets: what a user may name as the engine to examine, and how it becomes a Subject.

Three spellings: the path of a file or folder (run behind the sandbox, as a submission would be), a
known library (``torch``), or ``module:Class`` from the environment or the working directory. The
last two run in this process: they are the user's own code.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gradcheck_suite.engines.known import KNOWN, known_engine
from gradcheck_suite.engines.subject import InProcess, Subject
from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.selection import nearest

__all__ = ["locate", "open_target"]

# Of the processor, for each Program: what compiles needs a second for a chain of 10,000 ops.
_SECONDS: Final = 20.0


@contextmanager
def open_target(target: str, entry: str = "") -> Iterator[Subject]:
    """Open ``target`` as an engine under judgement, and close what was opened at the end.

    ``entry`` is ``module:Class`` within a path. Raises UsageError where nothing of that name is
    found, and SubmissionError where there is no engine in it.
    """
    place = locate(target)
    if target in KNOWN:
        yield InProcess(known_engine(target), _SECONDS)
    elif Path(target).exists():
        from gradcheck_suite.sandbox.supervisor import Supervisor

        with Supervisor(place, entry=entry or None) as supervisor:
            yield supervisor
    else:
        from gradcheck_suite.engines.discovery import load

        yield InProcess(load(place, target), _SECONDS)


def locate(target: str) -> Path:
    """Return the file or folder that ``target`` stands for, without importing it.

    Raises UsageError where there is none. A known name goes before a path: a folder called torch
    is meant by ``./torch``.
    """
    path = Path(target)
    if target in KNOWN:
        return _origin(target, f"{target!r} is known, but not installed (pip install {target})")
    if path.exists():
        return path
    module, colon, name = target.partition(":")
    if not colon:
        found = f"got engine {target!r}, which is neither a file nor a folder"
        known = f"a path, module:Class, or one of {', '.join(KNOWN)}"
        msg = f"{found}, expected {known}{nearest(target, KNOWN)}"
        raise UsageError(msg)
    if not all(part.isidentifier() for part in (*module.split("."), *name.split("."))):
        msg = f"got engine {target!r}, expected module:Class, as in micrograd.engine:Value"
        raise UsageError(msg)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    top = module.partition(".")[0]
    return _origin(top, f"got no module {top!r} for {target!r}")


def _origin(module: str, otherwise: str) -> Path:
    """Return the file or the folder of a top-level module."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        msg = f"{otherwise}; expected it installed or in the working directory"
        raise UsageError(msg)
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
