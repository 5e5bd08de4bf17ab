"""Conformance: what an adapter gets wrong, before its engine is judged through it.

For the author of a ``gradcheck_adapter.py``, in a test of their own::

    from gradcheck_adapter import ADAPTER

    from gradcheck_suite.conformance import assert_conforms


    def test_adapter():
        assert_conforms(ADAPTER)

Each claim is about the adapter's own functions on a few numbers. A wrong derivative of the engine's
is none of them, as long as one of the simplest ops has a right one.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from difflib import get_close_matches
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.adapter import Adapter
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.table import OPS

__all__ = ["assert_conforms", "complaints"]

_A, _B, _SEED = 0.75, -1.5, 2.5  # exact in every precision
_CLOSE: Final = 1e-4  # relative: what float32 allows, and another function does not
# By the first operand, of two numbers: one of these has to be right.
_SLOPES: Final = {"mul": _B, "add": 1.0, "sub": 1.0, "neg": -1.0, "div": 1 / _B}


def assert_conforms(adapter: Adapter) -> None:
    """Raise AssertionError with every complaint about ``adapter``, if there is any."""
    found = complaints(adapter)
    assert not found, "\n".join(found)


def complaints(adapter: Adapter) -> list[str]:
    """Return a sentence for each thing that ``adapter`` gets wrong: what it got, what it should.

    Raises UsageError where ``adapter`` is none.
    """
    if not isinstance(adapter, Adapter):
        msg = f"got {type(adapter).__name__}, expected an Adapter (gradcheck_suite.engines.adapter)"
        raise UsageError(msg)
    ops = list(_of_ops(adapter))
    shape = _shape_of(adapter)
    if shape is None:
        return [*_of_values(adapter), *ops]
    return [*ops, *_of_gradients(adapter, shape)]


def _shape_of(adapter: Adapter) -> tuple[int, ...] | None:
    """Return the first shape of one number in which a leaf reads as what it was made of."""
    shapes = ((), (1,), (1, 1))
    return next((shape for shape in shapes if not _reading(adapter, shape)), None)


def _of_values(adapter: Adapter) -> Iterator[str]:
    """Complain about leaves, of which none can be made and read."""
    yield _reading(adapter, ()) + "; likewise in the shapes (1,) and (1, 1)"


def _reading(adapter: Adapter, shape: tuple[int, ...]) -> str:
    """Return what is wrong with a leaf of that shape; '' where nothing is."""
    try:
        x = adapter.leaf(np.full(shape, _A), True)
    except Exception as error:  # noqa: BLE001 - foreign code may raise anything
        return f"leaf: got {_told(error)}, expected a value of {_A}"
    try:
        number = unwrap(adapter.value(x))
    except Exception as error:  # noqa: BLE001 - likewise
        return f"value: got {_told(error)} of what leaf makes of {_A}, expected the number"
    if number.shape != shape or not _is_close(number.values, _A):
        return f"value: got {number.values} of what leaf makes of {np.full(shape, _A)}"
    return ""


def _of_ops(adapter: Adapter) -> Iterator[str]:
    """Complain about names that are no op's, and about what an op cannot be called with."""
    for name, function in adapter.ops.items():
        if name not in OPS:
            near = get_close_matches(name, OPS, n=1)
            yield f"ops: got {name!r}, expected the name of an op" + (
                f"; did you mean {near[0]!r}?"
                if near
                else " (gradcheck-suite properties 'value[*]')"
            )
            continue
        if not callable(function):
            yield f"ops[{name!r}]: got {type(function).__name__}, expected a function"
            continue
        row, signature = OPS[name], inspect.signature(function)
        operands = ["xs"] if row.signature == "join" else list(row.arguments)
        try:
            signature.bind(*operands)
        except TypeError as error:
            taken = ", ".join(operands)
            yield f"ops[{name!r}]: cannot be called as f({taken}): {error}; settings have defaults"


def _of_gradients(adapter: Adapter, shape: tuple[int, ...]) -> Iterator[str]:
    """Complain about backward, grad, clear, detach and no_grad."""
    op = next((name for name in _SLOPES if name in adapter.ops), "")
    if not op:
        yield f"ops: got none of {', '.join(_SLOPES)}, expected one: the rest is tried on it"
        return
    trial = _Trial(adapter, op, shape)
    right = next((t for t in trial.others() if t.gradient_is_right()), None)
    if right is None:
        yield trial.what_is_wrong()
        return
    for claim in (right.seeded, right.fresh, right.cleared, right.detached, right.recording):
        yield from filter(None, [claim()])


class _Trial:
    """One op of the adapter on two numbers, of which the gradient by the first is looked at."""

    def __init__(self, adapter: Adapter, op: str, shape: tuple[int, ...]) -> None:
        self._adapter, self._op, self._shape = adapter, op, shape

    def others(self) -> Iterator["_Trial"]:
        """Yield a trial for each of the simplest ops that there are."""
        names = (name for name in _SLOPES if name in self._adapter.ops)
        return (_Trial(self._adapter, name, self._shape) for name in names)

    def _leaves(self) -> tuple[Any, Any]:
        x, y = (self._adapter.leaf(np.full(self._shape, n), True) for n in (_A, _B))
        return x, y

    def _apply(self, x: object, y: object) -> Any:  # noqa: ANN401 - theirs
        return self._adapter.ops[self._op](*((x,) if self._op == "neg" else (x, y)))

    def _gradient(self, seed: float | None = None) -> Any:  # noqa: ANN401 - an array, or None
        x, y = self._leaves()
        given = None if seed is None else np.full(self._shape, seed)
        self._adapter.backward(self._apply(x, y), given)
        return self._read(x)

    def _read(self, x: object) -> Any:  # noqa: ANN401 - likewise
        found = self._adapter.grad(x)
        return None if found is None else unwrap(found).values

    def gradient_is_right(self) -> bool:
        """Tell whether a plain backward leaves the right gradient."""
        try:
            return _is_close(self._gradient(), _SLOPES[self._op])
        except Exception:  # noqa: BLE001 - foreign code may raise anything
            return False

    def what_is_wrong(self) -> str:
        """Say what a plain backward does instead."""
        call, expected = f"{self._op} of {_A} and {_B}", _SLOPES[self._op]
        return _tried("backward and grad", self._gradient, expected, f"by the first after {call}")

    def seeded(self) -> str:
        """Complain about a cotangent that is not used."""
        expected = _SEED * _SLOPES[self._op]
        if _holds(lambda: self._gradient(_SEED), expected):
            return ""
        return _tried(
            "backward", lambda: self._gradient(_SEED), expected, f"with the cotangent {_SEED}"
        )

    def fresh(self) -> str:
        """Complain about a leaf that has a gradient before any backward."""
        if _holds(lambda: self._read(self._leaves()[0]), 0.0, or_none=True):
            return ""
        return _tried("grad", lambda: self._read(self._leaves()[0]), None, "of a new leaf")

    def cleared(self) -> str:
        """Complain about a gradient that is there after it was cleared."""
        clear = self._adapter.clear
        if clear is None:
            return ""

        def left() -> Any:  # noqa: ANN401 - an array, or None
            x, y = self._leaves()
            self._adapter.backward(self._apply(x, y), None)
            clear(x)
            return self._read(x)

        return "" if _holds(left, 0.0, or_none=True) else _tried("clear", left, None, "afterwards")

    def detached(self) -> str:
        """Complain about a detached value with other numbers, or with a history."""
        detach = self._adapter.detach
        if detach is None:
            return ""

        def value() -> Any:  # noqa: ANN401 - an array
            return unwrap(self._adapter.value(detach(self._leaves()[0]))).values

        return (
            "" if _holds(value, _A) else _tried("detach", value, _A, "in the value that it gives")
        )

    def recording(self) -> str:
        """Complain about what no_grad gives that is no context manager."""
        no_grad = self._adapter.no_grad
        if no_grad is None:
            return ""
        try:
            found = no_grad()
        except Exception as error:  # noqa: BLE001 - foreign code may raise anything
            return f"no_grad: got {_told(error)}, expected a context manager"
        if isinstance(found, AbstractContextManager):
            return ""
        return f"no_grad: got {type(found).__name__}, expected a context manager"


def _is_close(found: Any, expected: float) -> bool:  # noqa: ANN401 - an array, or None
    if found is None or np.size(found) != 1:
        return False
    return bool(abs(np.asarray(found).item() - expected) <= _CLOSE * max(abs(expected), 1.0))


def _holds(run: Callable[[], Any], expected: float, *, or_none: bool = False) -> bool:
    try:
        found = run()
    except Exception:  # noqa: BLE001 - foreign code may raise anything
        return False
    return (or_none and found is None) or _is_close(found, expected)


def _tried(what: str, run: Callable[[], Any], expected: float | None, where: str) -> str:
    wanted = "None or 0" if expected is None else str(expected)
    try:
        found = run()
    except Exception as error:  # noqa: BLE001 - foreign code may raise anything
        return f"{what}: got {_told(error)}, expected {wanted} {where}"
    return f"{what}: got {found}, expected {wanted} {where}"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
