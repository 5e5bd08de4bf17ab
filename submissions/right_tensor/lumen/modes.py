"""Whether operations are recorded: one switch for each thread."""

import functools
import threading


class _Switch(threading.local):
    enabled = True


_switch = _Switch()


def is_grad_enabled():
    return _switch.enabled


class _Mode:
    """A context manager, and a decorator, that sets the switch and puts back what was there."""

    enabled = None

    def __init__(self):
        self._previous = []  # a stack: the same object may be entered again inside itself

    def __enter__(self):
        self._previous.append(_switch.enabled)
        _switch.enabled = self.enabled

    def __exit__(self, *exception):
        _switch.enabled = self._previous.pop()

    def __call__(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with type(self)():
                return function(*args, **kwargs)

        return wrapper


class no_grad(_Mode):
    enabled = False


class enable_grad(_Mode):
    enabled = True
