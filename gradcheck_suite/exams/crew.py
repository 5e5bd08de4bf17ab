"""A crew: the same work done by several processes, with the same results in the same order.

Processes are spawned, not forked: the libraries that they load start threads of their own. Each
loads them once, when its first task comes, which takes it about a second.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from types import TracebackType
from typing import Final, Self, TypeVar

from gradcheck_suite.errors import GradcheckError

__all__ = ["ALONE", "Crew", "crew_for"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Crew:
    """``n`` processes, started when there is something to do; 1: this process alone."""

    def __init__(self, n: int) -> None:
        """Start nothing yet."""
        self.n = max(1, n)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(self, task: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Yield ``task(item)`` for each item, in order. Raises what a task raises.

        With more than one process, ``task`` is a function of a module, or a partial of one.
        """
        if self.n == 1:
            yield from map(task, items)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.n, get_context("spawn"), initializer=_settle)
        try:
            yield from self._pool.map(task, items)
        except BrokenProcessPool:
            msg = f"one of {self.n} workers died (out of memory?); with --jobs 1 there are none"
            raise GradcheckError(msg) from None


ALONE: Final = Crew(1)

_WORTH_A_WORKER: Final = 16  # properties: drawing them takes as long as starting a worker, 1.4 s


def crew_for(n_jobs: int, n_properties: int) -> Crew:
    """Return a crew of up to ``n_jobs`` (0: one for each core), no more than are worth starting."""
    return Crew(min(n_jobs or os.cpu_count() or 1, n_properties // _WORTH_A_WORKER))


def _settle() -> None:
    """Leave interrupts to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
