"""The layers of isolation that a worker puts on, in order.

The whole order, of which the layers marked with a star are there::

    namespaces; own uid and no capabilities *; rlimits *; Landlock; no new privileges *;
    death with the grader *; seccomp

NumPy is imported before: Landlock would seal only the calling thread. The death signal comes after
the change of uid, which clears it. A layer that the system refuses is left out in silence: what
is claimed is what the probe finds afterwards.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gradcheck_suite.sandbox import kernel
from gradcheck_suite.sandbox.limits import set_rlimits
from gradcheck_suite.sandbox.setup import Setup

__all__ = ["put_on"]

# From 0x70000000 to 2^31 - 2 no uid is in use by convention (systemd.io/UIDS-GIDS)
_FIRST_UID: Final = 0x7000_0000
_NOBODY: Final = 65534  # for a user namespace that maps only 16 bits of uids
_MAX_ENTRIES: Final = 10_000  # of a submission, looked at one by one


def put_on(setup: Setup) -> None:
    """Put on every layer that this system has. Irreversible."""
    for layer in _LAYERS:
        with suppress(OSError):
            layer(setup)


def _own_uid(setup: Setup) -> None:
    """Become a user whom no other process shares and who can do nothing.

    The grader must be root. Where Python or the submission are closed to others (a Python under
    /root), the one capability to read every file is kept: an honest engine must be able to import.
    """
    if os.geteuid() != 0:
        return
    with suppress(OSError):  # a user namespace may forbid it
        os.setgroups([])
    for uid in (_FIRST_UID + os.getpid(), _NOBODY):
        with suppress(OSError):
            os.setresgid(uid, uid, uid)
            keep = 0 if _readable_by(uid, sys.path, setup.target) else kernel.DAC_READ_SEARCH
            if keep & ~kernel.permitted_capabilities():
                break  # better root than an honest engine that cannot import
            kernel.keep_capabilities()
            os.setresuid(uid, uid, uid)
            kernel.set_capabilities(keep)
            return
    os.setresgid(0, 0, 0)


def _readable_by(uid: int, modules: list[str], target: str) -> bool:
    """Tell whether ``uid`` can list the folders of modules and read all of the submission."""
    folders = [path for path in modules if Path(path).is_dir()]
    os.seteuid(uid)
    try:
        for folder in folders:
            os.scandir(folder).close()
        for n_entries, path in enumerate(_entries(Path(target))):
            if n_entries == _MAX_ENTRIES:
                return False
            if path.is_file():  # opening a pipe would wait for ever
                path.open("rb").close()
    except OSError:
        return False
    finally:
        os.seteuid(0)
    return True


def _entries(top: Path) -> Iterator[Path]:
    """Yield a path and everything below it; links are not followed."""
    waiting = [top]
    while waiting:
        path = waiting.pop()
        yield path
        if path.is_dir() and not path.is_symlink():
            waiting += path.iterdir()


def _rlimits(setup: Setup) -> None:
    set_rlimits(setup.memory_bytes, setup.cpu_seconds, own_uid=os.getuid() != setup.grader_uid)


def _no_new_privileges(_: Setup) -> None:
    if sys.platform == "linux":
        kernel.forbid_new_privileges()


def _death_with_grader(setup: Setup) -> None:
    if sys.platform == "linux" and setup.dies_with_grader:
        kernel.die_with_parent()
        if os.getppid() != setup.grader:
            os._exit(0)  # it ended before this


_LAYERS: Final[tuple[Callable[[Setup], None], ...]] = (
    _own_uid,
    _rlimits,
    _no_new_privileges,
    _death_with_grader,
)
