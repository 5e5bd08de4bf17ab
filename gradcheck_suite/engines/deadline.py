"""A deadline for an engine that runs in this process, where no worker can be ended in its place.

What is measured is the processor's time, so that a busy machine changes nothing. It is help for
code that is trusted, and no protection: an engine that waits, or sits in a call of C, is not ended.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import isinf
from types import FrameType
from typing import Final

__all__ = ["OutOfTimeError", "deadline"]

_AGAIN: Final = 0.25  # seconds of the processor: whoever swallows the first is told again


class OutOfTimeError(BaseException):
    """Raised in the midst of an engine; not an Exception, which the engine may swallow."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise OutOfTimeError inside the block after ``seconds`` of the processor.

    In the main thread alone, where signals arrive; elsewhere, and for infinity, nothing is done.
    """
    if isinf(seconds) or threading.current_thread() is not threading.main_thread():
        yield
        return
    is_over = False

    def ring(_: int, _frame: FrameType | None) -> None:
        if not is_over:
            raise OutOfTimeError

    previous = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        is_over = True
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, previous)
