"""Many elements to one: sum, mean, max, min; and where the extremes are."""

import math
from typing import Any

import numpy as np

from reference.axes import nonnegative
from reference.operators import Axis, op
from reference.primitive import Primitive, constant, linear, primitive
from reference.tensor import Array, Tensor, as_tensor, wrap

__all__ = ["argmax", "argmin", "kept", "max", "mean", "min", "reduced_axes", "sum"]

Shape = tuple[int, ...]


def reduced_axes(axis: Axis, ndim: int) -> Shape:
    """Return the axes that ``axis`` means, none of them negative."""
    if axis is None or not ndim:  # axis 0 of a number is no error, in NumPy as in torch
        return tuple(range(ndim))
    return tuple(nonnegative(a, ndim) for a in ((axis,) if isinstance(axis, int) else axis))


def kept(shape: Shape, axis: Axis) -> Shape:
    """Return ``shape`` with length 1 along the reduced axes: it broadcasts against ``shape``."""
    axes = reduced_axes(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum over ``axis``: None (all axes), an int or a tuple."""
    return np.sum(x, axis=axis, keepdims=keepdims)


sum: Primitive = linear(  # noqa: A001 - the operation's name
    "sum", _sum, x=lambda g, in_shape, axis: g.reshape(kept(in_shape, axis)).broadcast_to(in_shape)
)


@op
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the mean over ``axis``: None (all axes), an int or a tuple."""
    operand = as_tensor(x)
    count = math.prod(operand.shape[a] for a in reduced_axes(axis, operand.ndim))
    return operand.sum(axis, keepdims) / count


def _max(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the maximum over ``axis``: None (all axes), an int or a tuple."""
    return np.max(x, axis=axis, keepdims=keepdims)


def _min(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the minimum over ``axis``: None (all axes), an int or a tuple."""
    return np.min(x, axis=axis, keepdims=keepdims)


def _shares(x: Tensor, ans: Tensor, axis: Axis) -> Tensor:
    """Return 1/n for each of the n elements that tie for the extreme, 0 for the others."""
    ties = x.data == ans.data.reshape(kept(x.shape, axis))
    with np.errstate(invalid="ignore"):  # NaN is the extreme but equals nothing: 0 / 0
        shares = ties / ties.sum(axis, keepdims=True)
    return wrap(shares.astype(x.dtype))


def _pull_extreme(g: Tensor, x: Tensor, ans: Tensor, axis: Axis) -> Tensor:
    return g.reshape(kept(x.shape, axis)) * _shares(x, ans, axis)


def _push_extreme(t: Tensor, x: Tensor, ans: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    return sum(t * _shares(x, ans, axis), axis, keepdims)


max = primitive(  # noqa: A001 - the operation's name
    "max", _max, vjps={"x": _pull_extreme}, jvps={"x": _push_extreme}
)
min = primitive(  # noqa: A001 - the operation's name
    "min", _min, vjps={"x": _pull_extreme}, jvps={"x": _push_extreme}
)


def _argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return where along ``axis`` (None: in C order) the first maximum is."""
    return np.argmax(x, axis, keepdims=keepdims)


def _argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return where along ``axis`` (None: in C order) the first minimum is."""
    return np.argmin(x, axis, keepdims=keepdims)


argmax = constant("argmax", _argmax, "x")
argmin = constant("argmin", _argmin, "x")
