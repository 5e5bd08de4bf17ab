"""From whatever an engine calls a number to an array of float64, by exact type.

``np.array(x, float)`` would also take None, '1.0', True and datetimes; here only Python's and
NumPy's own floats and integers count, and what wraps them is opened up layer by layer.
"""

import array
from functools import cache
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.outcome import Number

__all__ = ["unwrap"]

_ATTRIBUTES: Final = ("data", "value", "val", "array", "v", "_data", "realize_cached_data")
_METHODS: Final = ("numpy", "to_numpy", "item", "tolist")
_FLOAT64: Final = np.dtype(np.float64)
_MAX_LAYERS: Final = 6
_MAX_ELEMENTS: Final = 1 << 20


def unwrap(x: object) -> Number:
    """Return the numbers inside ``x`` and the name of their dtype.

    Raises TypeError, with the type that was found, where there are none.
    """
    if type(x) is float:  # as most are
        return Number([x], (), "float64")
    found = x
    for _ in range(_MAX_LAYERS):
        number = _number(found)
        if number is not None:
            return number
        inner = _open(found)
        if inner is None or inner is found:
            break
        found = inner
    msg = f"got {_type_name(x)}, expected a number, an array, or something that holds one"
    raise TypeError(msg)


def _number(x: Any) -> Number | None:  # noqa: ANN401 - narrowed by its exact type
    kind = type(x)
    if kind is np.ndarray and x.dtype is _FLOAT64 and x.size <= _MAX_ELEMENTS:  # as most are
        return Number.of(x, "float64")
    if kind is float:
        return Number([x], (), "float64")
    if kind is int:
        return Number([float(x)], (), "int")
    if issubclass(kind, (np.ndarray, np.generic)):
        numbers = np.asarray(x)  # of a subclass, the array beneath: nothing of its own is run
        if numbers.dtype.kind in "fiu" and numbers.size <= _MAX_ELEMENTS:
            return Number.of(numbers.astype(np.float64), _name(numbers.dtype))
        if numbers.dtype == object and numbers.size <= _MAX_ELEMENTS:
            return _gather(numbers.ravel().tolist(), numbers.shape)
        return None
    if kind is array.array:
        return Number([*map(float, x)], (len(x),), "float64")
    if kind is list or kind is tuple:
        return _nested(x)
    return None


@cache
def _name(dtype: np.dtype[np.generic]) -> str:
    """Return the name of a dtype, which NumPy makes anew each time."""
    return str(dtype)


def _nested(x: "list[Any] | tuple[Any, ...]") -> Number | None:
    if len(x) > _MAX_ELEMENTS:
        return None
    parts = [unwrap(part) for part in x]
    if len({part.shape for part in parts}) > 1:
        msg = "got ragged nested lists, expected rows of one length"
        raise TypeError(msg)
    if not parts:
        return Number([], (0,), "float64")
    numbers = [number for part in parts for number in part.numbers]
    return Number(numbers, (len(parts), *parts[0].shape), parts[0].dtype)


def _gather(items: list[object], shape: tuple[int, ...]) -> Number:
    parts = [unwrap(item) for item in items]
    numbers = [part.values.item() for part in parts]
    return Number(numbers, shape, parts[0].dtype if parts else "float64")


def _open(x: object) -> object | None:
    for name in _ATTRIBUTES:
        inner = getattr(x, name, None)
        if inner is not None and not callable(inner) and not isinstance(inner, memoryview):
            return inner  # type: ignore[no-any-return]  # whatever is inside
    for name in (*_METHODS, *_ATTRIBUTES):
        method = getattr(x, name, None)
        if callable(method):
            return method()  # type: ignore[no-any-return]  # likewise
    return None


def _type_name(x: object) -> str:
    return type(x).__name__[:64]
