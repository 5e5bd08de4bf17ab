"""How far a worker is shut in: what it can still reach, tried, and the level that follows."""

import mmap
import os
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

from gradcheck_suite.errors import SandboxError
from gradcheck_suite.sandbox.plain import pack, unpack
from gradcheck_suite.sandbox.setup import Setup

__all__ = ["CLAIMS", "Isolation", "Reach", "level_of", "probe"]

_WRITABLE: Final = (".", "/tmp", "/var/tmp", "/dev/shm", "/run")  # noqa: S108 - tried, not used
_PROGRAMS: Final = ("/bin/true", "/usr/bin/true")
_REFUSED: Final = 77  # exit status of a child that could not exec; any that `true` has not
CLAIMS: Final = (  # by level
    "for code that you trust: nothing but time is limited",
    "survives crashes; not safe against cheating",
    "the contents of the grader's files are protected by their permissions",
    "only the standard library, NumPy and the submission can be read; other files can be seen",
    "nothing is visible but the standard library, NumPy and the submission",
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a worker was found to be able to do, just before the submission's code ran in it."""

    allocates_without_bound: bool
    reads_secrets: bool
    """A file with mode 0600 of the grader's user."""
    reads_public_files: bool
    """A file that everyone may read and that is no part of Python or the submission."""
    sees_files: bool
    """That a file exists, and its size."""
    writes_files: bool
    """Makes a file, be it one without content."""
    opens_sockets: bool
    forks: bool
    executes: bool
    signals_grader: bool
    reads_memory: bool
    """The memory or the environment of the grader."""

    def packed(self) -> bytes:
        """Return the bytes of this record."""
        return pack(astuple(self))

    @classmethod
    def unpacked(cls, data: bytes) -> "Reach":
        """Return the record of ``data``; SandboxError where it is none."""
        values = unpack(data)
        names = [field.name for field in fields(cls)]
        if type(values) is not tuple or [type(v) for v in values] != [bool] * len(names):
            msg = f"got {values!r:.80} as what was found out, expected {len(names)} flags"
            raise SandboxError(msg)
        return cls(**{name: value is True for name, value in zip(names, values, strict=True)})


def level_of(reach: Reach) -> int:
    """Return the level of isolation, 0 to 4, that may be claimed."""
    if reach.allocates_without_bound:
        return 0
    if (
        reach.reads_secrets
        or reach.reads_memory
        or reach.signals_grader
        or reach.forks
        or reach.executes
        or reach.opens_sockets
    ):
        return 1
    if reach.reads_public_files or reach.writes_files:
        return 2
    return 3 if reach.sees_files else 4


@dataclass(frozen=True, slots=True)
class Isolation:
    """What may be claimed of the isolation of a submission, and what it rests on."""

    reach: Reach

    @property
    def level(self) -> int:
        """Return the level, 0 to 4."""
        return level_of(self.reach)

    @property
    def claim(self) -> str:
        """Return what may be claimed, as one clause."""
        return CLAIMS[self.level]

    @property
    def reached(self) -> tuple[str, ...]:
        """Return what the worker could still do, in words: ``reads secrets``, ``forks``."""
        values = zip(fields(self.reach), astuple(self.reach), strict=True)
        return tuple(field.name.replace("_", " ") for field, value in values if value)

    def __str__(self) -> str:
        """Return the line that is printed with a grade."""
        return f"isolation level {self.level} of {len(CLAIMS) - 1}: {self.claim}"


def probe(setup: Setup) -> Reach:
    """Try everything that a submission might. Leaves nothing behind; takes a few milliseconds."""
    forks, executes = _try_processes()
    return Reach(
        allocates_without_bound=_works(lambda: mmap.mmap(-1, setup.memory_bytes).close()),
        reads_secrets=_works(partial(_read, setup.secret)),
        reads_public_files=_works(partial(_read, setup.public)),
        sees_files=_works(Path(setup.secret).stat),
        writes_files=any(_works(partial(_write, folder)) for folder in _WRITABLE),
        opens_sockets=_try_sockets(),
        forks=forks,
        executes=executes,
        signals_grader=_works(partial(os.kill, setup.grader, 0)),
        reads_memory=any(
            _works(partial(_open, f"/proc/{setup.grader}/{name}")) for name in ("environ", "mem")
        ),
    )


def _works(action: Callable[[], object]) -> bool:
    try:
        action()
    except (OSError, MemoryError, ValueError):
        return False
    return True


def _read(path: str) -> None:
    with Path(path).open("rb", buffering=0) as file:
        file.read(1)


def _open(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


def _write(folder: str) -> None:
    path = Path(folder) / f".gradcheck-probe-{os.getpid()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.unlink()


def _try_sockets() -> bool:
    import _socket  # socket itself costs 5 ms of the start for names that are not needed

    def open_one(family: int) -> None:
        _socket.socket(family, _socket.SOCK_STREAM, 0).close()

    families = (_socket.AF_INET, _socket.AF_INET6, _socket.AF_UNIX)
    return any(_works(partial(open_one, family)) for family in families)


def _try_processes() -> tuple[bool, bool]:
    """Return whether fork and exec work."""
    try:
        child = os.fork()
    except OSError:
        return False, _execs_here()
    if child == 0:
        for path in _PROGRAMS:
            _works(partial(os.execv, path, [path]))
        os._exit(_REFUSED)
    _, status = os.waitpid(child, 0)
    return True, os.waitstatus_to_exitcode(status) != _REFUSED or not _any_program()


def _any_program() -> bool:
    """Tell whether there is a program to try; where none is, exec counts as possible."""
    return any(Path(path).exists() for path in _PROGRAMS)


def _execs_here() -> bool:
    """Tell whether exec is let through, by the error for a program that does not exist."""
    try:
        os.execv("/nonexistent/program", ["program"])  # noqa: S606 - returns, as there is none
    except FileNotFoundError:
        return True
    except OSError:
        return False
