"""Reading and writing at an index.

An index is what NumPy takes: integers, slices, None, Ellipsis, integer or boolean arrays (or
tensors, or lists), or a tuple of these. An element that is read several times receives the sum of
the cotangents; of several values written to one element, the last one counts.
"""

from typing import Any

import numpy as np

from reference.broadcasting import unbroadcast
from reference.operators import op
from reference.primitive import Primitive, linear, primitive
from reference.tensor import Array, Tensor, as_tensor, zeros

__all__ = ["getitem", "scatter", "setitem"]


def _frozen(index: Any) -> Any:
    """Copy the arrays of an index: whoever made them may change them before the backward."""
    if isinstance(index, tuple):
        return tuple(_frozen(part) for part in index)
    if isinstance(index, Tensor):
        return index.data.copy()
    if isinstance(index, list):
        return np.array(index, dtype=None if index else np.intp)
    return index.copy() if isinstance(index, np.ndarray) else index


def _read(x: Array, index: Any) -> Any:
    """Return a copy of the elements at the index."""
    return np.array(x[index])


def _scatter(x: Array, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of ``shape`` with x added at the index, once for each time it is named."""
    result = np.zeros(shape, x.dtype)
    np.add.at(result, index, x)
    return result


_read_row = linear("read", _read, x=lambda g, in_shape, index: scatter(g, index, in_shape))
scatter: Primitive = linear("scatter", _scatter, x=lambda g, index: _read_row(g, index))


@op
def getitem(x: Any, index: Any) -> Tensor:
    """Return a copy of the elements at the index."""
    return _read_row(as_tensor(x), _frozen(index))


def _write(x: Array, value: Array, index: Any) -> Any:
    """Return a copy of x with the value, broadcast, at the index."""
    result = x.copy()
    result[index] = value
    return result


def _stays(shape: tuple[int, ...], index: Any) -> Array:
    """Return which elements of the value, as broadcast to the index, are not written over."""
    writer = np.zeros(shape, np.intp)
    region = writer[index].shape
    numbers = np.arange(int(np.prod(region, dtype=np.intp))).reshape(region)
    writer[index] = numbers
    return np.asarray(writer[index] == numbers)


def _pull_value(g: Tensor, in_shape: tuple[int, ...], index: Any) -> Tensor:
    return unbroadcast(_read_row(g, index) * _stays(g.shape, index), in_shape)


def _push_value(t: Tensor, out_shape: tuple[int, ...], index: Any) -> Tensor:
    return _write_row(zeros(out_shape, t.dtype), t, index)


_write_row: Primitive = primitive(
    "write",
    _write,
    vjps={"x": lambda g, index: _write_row(g, 0.0, index), "value": _pull_value},
    jvps={"x": lambda t, index: _write_row(t, 0.0, index), "value": _push_value},
)


@op
def setitem(x: Any, value: Any, index: Any) -> Tensor:
    """Return a copy of x with the value, broadcast, at the index: ``x[index] = value``."""
    return _write_row(as_tensor(x), value, _frozen(index))
