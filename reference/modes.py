"""Whether operations are recorded: a switch for each thread, and ways to turn it.

>>> with no_grad():
...     is_grad_enabled()
False
"""

import inspect
import threading
from collections.abc import Callable, Generator
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, final, overload

__all__ = ["GradMode", "enable_grad", "is_grad_enabled", "no_grad", "set_grad_enabled"]

F = TypeVar("F", bound=Callable[..., Any])


class _Switch(threading.local):
    enabled = True  # class attribute: what every new thread starts with


_SWITCH = _Switch()


def is_grad_enabled() -> bool:
    """Return whether operations of this thread are being recorded."""
    return _SWITCH.enabled


@final
class GradMode:
    """Recording on or off: for a ``with`` block, or for each call of a decorated function.

    The mode of before returns at the end of the block, also after an exception. Blocks nest.
    """

    def __init__(self, flag: bool, before: bool | None = None) -> None:
        """Prepare to switch to ``flag``; ``before`` is what to return to, if not what is found."""
        self._flag = flag
        self._before = before
        self._outer: list[bool] = []  # a stack, since one object may be entered twice

    def __enter__(self) -> "GradMode":
        """Switch, and remember the mode that was found."""
        self._outer.append(_SWITCH.enabled if self._before is None else self._before)
        _SWITCH.enabled = self._flag
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Switch back."""
        _SWITCH.enabled = self._outer.pop()

    def __call__(self, function: F) -> F:
        """Return ``function``, run in this mode whenever it is called.

        A generator function runs in this mode while it runs, and not while it is suspended.
        """
        if self._before is not None:  # set_grad_enabled switched already; a decorator must not
            _SWITCH.enabled = self._before

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if inspect.isgeneratorfunction(function):
                return _resumed_in(self._flag, function(*args, **kwargs))
            with GradMode(self._flag):  # a fresh one: two threads may call at the same time
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]  # wraps() keeps the signature


def _resumed_in(flag: bool, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Pass on what ``generator`` yields; switch only while it runs."""
    resume: Callable[[Any], Any] = generator.send
    message: Any = None
    while True:
        try:
            with GradMode(flag):
                response = resume(message)
        except StopIteration as stop:
            return stop.value
        try:
            resume, message = generator.send, (yield response)
        except BaseException as error:  # noqa: BLE001 - GeneratorExit too: clean up in the mode
            resume, message = generator.throw, error


@overload
def no_grad() -> GradMode: ...
@overload
def no_grad(function: F) -> F: ...
def no_grad(function: F | None = None) -> GradMode | F:
    """Switch recording off: for a ``with`` block, or as a decorator with or without brackets."""
    mode = GradMode(False)
    return mode if function is None else mode(function)


@overload
def enable_grad() -> GradMode: ...
@overload
def enable_grad(function: F) -> F: ...
def enable_grad(function: F | None = None) -> GradMode | F:
    """Switch recording on, also inside ``no_grad``; used like it."""
    mode = GradMode(True)
    return mode if function is None else mode(function)


def set_grad_enabled(flag: bool) -> GradMode:
    """Turn recording on or off at once; as the head of a ``with`` block, until its end."""
    before = _SWITCH.enabled
    _SWITCH.enabled = flag
    return GradMode(flag, before)
