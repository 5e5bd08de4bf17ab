"""The clock of a worker: the grader's own, made fair on a loaded machine.

What counts is wall time less the time for which the worker was ready to run and no processor was
free, which Linux keeps for each process (``/proc/PID/schedstat``). Sleeping counts, waiting for a
processor does not. A worker with threads or children may have made the load itself: there, wall
time counts. Where the system keeps no such record, wall time counts too.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

__all__ = ["Clock", "Meter", "OverloadError"]

_PATIENCE: Final = 5.0  # limits of wall time after which a machine is too busy to judge anything
_SHORTEST: Final = 0.001  # seconds, the resolution of poll
_NANO: Final = 1e-9
_N_THREADS: Final = 17  # field 20 of /proc/PID/stat, 3 being the first after the name


class OverloadError(Exception):
    """The machine is too busy: the worker got less than a fifth of the time that passed."""


class Meter:
    """How long one process had to wait for a processor."""

    def __init__(self, pid: int) -> None:
        """Watch the process ``pid``, which must not have been reaped."""
        self._folder = Path(f"/proc/{pid}")
        self._children = self._folder / "task" / str(pid) / "children"
        self._file = -1
        with suppress(OSError):
            self._file = os.open(self._folder / "schedstat", os.O_RDONLY | os.O_CLOEXEC)

    def waited(self) -> float:
        """Return the seconds for which it was ready to run and did not; 0.0 where unknown."""
        try:
            return int(os.pread(self._file, 100, 0).split()[1]) * _NANO
        except (OSError, IndexError, ValueError):
            return 0.0

    def alone(self) -> bool:
        """Tell whether it is one thread without children: then it cannot have made the load."""
        try:
            stat = (self._folder / "stat").read_bytes()
            children = self._children.read_bytes()
        except OSError:
            return False
        return int(stat.rpartition(b")")[2].split()[_N_THREADS]) == 1 and not children

    def close(self) -> None:
        """Stop watching."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Clock:
    """One running limit. Starts when it is made."""

    def __init__(self, meter: Meter, seconds: float) -> None:
        """Give the process of ``meter`` so many ``seconds`` from now on."""
        self.seconds = seconds
        self._meter = meter
        self._waited: float | None = None  # since before the first wait, if there is one
        self._start = monotonic()
        self._excused = 0.0

    def spent(self) -> float:
        """Return the seconds that count."""
        return monotonic() - self._start - self._excused

    def left(self) -> float:
        """Return the seconds to wait before asking again; 0.0 where the limit was reached.

        Raises OverloadError where a multiple of the limit passed without the process having had
        the limit.
        """
        if self._waited is None:
            self._waited = self._meter.waited()
        left = self.seconds - self.spent()
        if left > 0.0:
            return max(left, _SHORTEST)
        if self._meter.alone():
            self._excused = max(self._meter.waited() - self._waited, 0.0)
        left = self.seconds - self.spent()
        if left <= 0.0:
            return 0.0
        if monotonic() - self._start > _PATIENCE * self.seconds:
            raise OverloadError
        return max(left, _SHORTEST)
