"""Limits: how much of everything one submission may use."""

import math
import sys
from dataclasses import dataclass
from typing import Final

from gradcheck_suite.errors import UsageError

__all__ = ["Limits", "set_rlimits"]

_OPEN_FILES: Final = 64  # NumPy and an import need under ten at a time
_PROCESSES: Final = 32  # counts threads too; only where the worker has a uid of its own
_SPARE_CPU_SECONDS: Final = 30  # CPU time is a backstop for a grader that is gone, not a clock


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one submission; all clocks are the grader's."""

    case_seconds: float = 2.0
    """For one Program; micrograd needs 0.03 ms."""
    import_seconds: float = 10.0
    """For the import of the submission and finding its engine."""
    submission_seconds: float = 300.0
    """For all that a submission runs, imports and restarts included."""
    memory_bytes: int = 1 << 30  # 1 GiB
    """Of address space for one worker, of which Python and NumPy take about a tenth."""
    output_bytes: int = 16 << 20  # 16 MiB
    """For the answer to one Program. Prints are discarded and cost only time."""
    max_deaths: int = 10
    """Workers that may hang, die or break the rules before the rest is given up."""

    def __post_init__(self) -> None:
        """Refuse what is no limit: a value that is not a positive number."""
        for name in self.__slots__:
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                msg = f"got {name} = {value}, expected a positive number"
                raise UsageError(msg)


def set_rlimits(memory_bytes: int, cpu_seconds: float, own_uid: bool) -> None:
    """Limit this process for good. Called in the worker before any foreign code.

    Each limit is set as far as the system lets it be; whether it holds is for the probe to say.
    """
    if sys.platform == "win32":
        return
    import resource

    seconds = math.ceil(cpu_seconds) + _SPARE_CPU_SECONDS
    wanted = [
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ]
    if own_uid:  # processes are counted by uid: on a shared one this would hit the grader as well
        wanted.append((resource.RLIMIT_NPROC, _PROCESSES))
    for kind, value in wanted:
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (OSError, ValueError):  # macOS refuses RLIMIT_AS
            continue
