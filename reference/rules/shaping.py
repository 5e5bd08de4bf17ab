"""The same elements in another arrangement.

All of these are linear, and each one's vjp undoes its arrangement. Results are copies: two tensors
share an array only through ``detach``, so overwriting one cannot change another unnoticed.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from reference.broadcasting import unbroadcast
from reference.errors import OperandError
from reference.operators import Axis, op
from reference.primitive import Primitive, linear, primitive
from reference.rules.indexing import scatter
from reference.tensor import Array, Tensor, as_tensor

__all__ = ["broadcast_to", "concatenate", "flip", "reshape", "roll", "stack", "transpose"]


def _reshape(x: Array, shape: Sequence[int]) -> Any:
    """Return the elements, in C order, in another shape; one length may be -1."""
    return x.reshape(shape).copy()


def _transpose(x: Array, axes: Sequence[int] | None = None) -> Any:
    """Return the axes permuted as ``axes`` says, or reversed."""
    return x.transpose(axes).copy()


def _inverse(axes: Sequence[int] | None, ndim: int) -> tuple[int, ...] | None:
    """Return the permutation that undoes ``axes``."""
    return None if axes is None else tuple(np.argsort([a % ndim for a in axes]).tolist())


def _broadcast_to(x: Array, shape: Sequence[int]) -> Any:
    """Return the elements repeated to ``shape``."""
    return np.broadcast_to(x, shape).copy()


def _flip(x: Array, axis: Axis = None) -> Any:
    """Return the elements in reverse order along ``axis``: None (all axes), an int or a tuple."""
    return np.flip(x, axis).copy()


def _roll(x: Array, shift: Any, axis: Axis = None) -> Any:
    """Return the elements moved by ``shift`` along ``axis``; what falls off comes in again.

    Without an axis, the elements are moved in C order. A tuple of shifts goes with one of axes.
    """
    return np.roll(x, shift, axis)


def _concatenate(*arrays: Array, axis: int, starts: Sequence[int]) -> Any:
    """Join along ``axis``; ``starts`` says where each array begins in the result."""
    return np.concatenate(arrays, axis)


def _piece(position: int, starts: Sequence[int], in_shape: Sequence[int], axis: int) -> Any:
    """Return the index of one array's elements in the joined one."""
    start = starts[position]
    return (slice(None),) * axis + (slice(start, start + in_shape[axis]),)


reshape = linear("reshape", _reshape, x=lambda g, in_shape: g.reshape(in_shape))
transpose = linear("transpose", _transpose, x=lambda g, axes: g.transpose(_inverse(axes, g.ndim)))
broadcast_to = linear("broadcast_to", _broadcast_to, x=lambda g, in_shape: unbroadcast(g, in_shape))
flip: Primitive = linear("flip", _flip, x=lambda g, axis: flip(g, axis))
roll: Primitive = linear("roll", _roll, x=lambda g, shift, axis: roll(g, _back(shift), axis))


def _back(shift: Any) -> Any:
    """Return the shift that undoes ``shift``."""
    return tuple(-s for s in shift) if isinstance(shift, tuple | list) else -shift


def _pull_piece(g: Tensor, position: int, starts: Any, in_shape: Any, axis: int) -> Tensor:
    return g[_piece(position, starts, in_shape, axis)]


def _push_piece(t: Tensor, position: int, starts: Any, in_shape: Any, axis: int) -> Tensor:
    joined = (*in_shape[:axis], starts[-1], *in_shape[axis + 1 :])
    return scatter(t, _piece(position, starts, in_shape, axis), joined)


_join = primitive(
    "join", _concatenate, vjps={"*arrays": _pull_piece}, jvps={"*arrays": _push_piece}
)


@op
def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Return the tensors, whose shapes agree but along ``axis``, joined along it."""
    tensors = [as_tensor(x) for x in tensors]
    if not tensors:
        message = "concatenate needs at least one tensor"
        raise OperandError(message)
    if not -tensors[0].ndim <= axis < tensors[0].ndim:
        message = f"axis {axis} does not exist in a tensor of shape {tensors[0].shape}"
        raise OperandError(message)
    axis %= tensors[0].ndim
    lengths = [x.shape[axis] if axis < x.ndim else 0 for x in tensors]
    return _join(*tensors, axis=axis, starts=tuple(accumulate(lengths, initial=0)))


@op
def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Return the tensors, all of one shape, joined along a new axis."""
    tensors = [as_tensor(x) for x in tensors]
    if len({x.shape for x in tensors}) != 1:
        message = f"stack needs equal shapes, but got {[x.shape for x in tensors]}"
        raise OperandError(message)
    shape = tensors[0].shape
    if not -len(shape) - 1 <= axis <= len(shape):
        message = f"a new axis {axis} does not fit into shape {shape}"
        raise OperandError(message)
    axis %= len(shape) + 1
    return concatenate([x.reshape((*shape[:axis], 1, *shape[axis:])) for x in tensors], axis)
