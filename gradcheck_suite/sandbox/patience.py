"""Patience: an op that never returns must not hide the rest of an engine from discovery.

Discovery finds an engine by running it. Where a trial hangs, it is given up as if it had raised,
and the search goes on; a property then meets the op again, under the grader's own clock. What is
measured is the processor's time, so that a busy machine changes nothing. This is help for an
honest engine, no protection: a submission can switch it off, and the import has its limit anyway.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Final

__all__ = ["HangingError", "patience"]

_TICK_SECONDS: Final = 0.25  # of the processor; a trial of an honest engine needs a millisecond


class HangingError(BaseException):
    """Raised inside a trial that takes too long; not an Exception, which an engine may swallow."""


@contextmanager
def patience(trial: CodeType) -> Iterator[None]:
    """Raise HangingError in every call of ``trial`` that runs for one to two ticks.

    ``trial`` is the code of the function that runs trials and takes any exception for a failure.
    """
    seen: list[FrameType | None] = [None]

    def tick(_: int, frame: FrameType | None) -> None:
        running = _innermost(frame, trial)
        before, seen[0] = seen[0], running
        if running is not None and running is before:
            seen[0] = None
            raise HangingError

    previous = signal.signal(signal.SIGPROF, tick)
    signal.setitimer(signal.ITIMER_PROF, _TICK_SECONDS, _TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, previous)


def _innermost(frame: FrameType | None, code: CodeType) -> FrameType | None:
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame
