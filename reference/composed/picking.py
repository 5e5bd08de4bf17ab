"""Elements by their positions along an axis."""

from typing import Any

import numpy as np

from reference.axes import nonnegative
from reference.errors import OperandError
from reference.operators import op
from reference.rules.indexing import scatter
from reference.rules.reductions import argmax, argmin
from reference.tensor import Array, Operand, Tensor, as_tensor

__all__ = ["embedding", "gather", "max_with_indices", "min_with_indices", "scatter_add", "take"]


@op
def take(x: Operand, indices: Any, axis: int | None = None) -> Tensor:
    """Return the elements at ``indices`` along ``axis`` (None: of the flattened tensor).

    The axes of ``indices``, an integer array of any shape, take the place of ``axis``.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = x.reshape((x.size,)), 0
    return x[(slice(None),) * nonnegative(axis, x.ndim) + (_integers(indices, "take"),)]


@op
def gather(x: Operand, axis: int, index: Any) -> Tensor:
    """Return y, of index's shape, with y[i, j] = x[index[i, j], j] for axis 0, and so on.

    Raises:
        OperandError: The index has another rank than x, or is not of integers.
        IndexError: A position lies outside of x.
    """
    x = as_tensor(x)
    return x[_along(axis, _integers(index, "gather"), x.ndim)]


@op
def scatter_add(x: Operand, axis: int, index: Any, src: Operand) -> Tensor:
    """Return a copy of x with src[i, j] added at [index[i, j], j] for axis 0, and so on.

    Only as much of ``src`` is used as the index has positions for.

    Raises:
        OperandError: The index has another rank than x, or is not of integers.
        IndexError: A position lies outside of x, or ``src`` is smaller than the index.
    """
    x, src = as_tensor(x), as_tensor(src)
    positions = _integers(index, "scatter_add")
    used = src[tuple(slice(n) for n in positions.shape)]
    if used.shape != positions.shape:
        message = f"scatter_add: src of shape {src.shape} is smaller than index {positions.shape}"
        raise OperandError(message)
    return x + scatter(used, _along(axis, positions, x.ndim), x.shape)


@op
def max_with_indices(x: Operand, axis: int, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Return the maxima along ``axis`` and where they are: the first one of a tie, credited alone.

    ``max`` shares the gradient of a tie instead.
    """
    return _picked(as_tensor(x), argmax(x, axis, True), axis, keepdims)


@op
def min_with_indices(x: Operand, axis: int, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """Return the minima along ``axis`` and where they are: the first one of a tie, credited alone.

    ``min`` shares the gradient of a tie instead.
    """
    return _picked(as_tensor(x), argmin(x, axis, True), axis, keepdims)


@op
def embedding(weight: Operand, indices: Any) -> Tensor:
    """Return the rows of ``weight`` (n, d) at ``indices``, of any shape: (..., d)."""
    return take(weight, indices, 0)


def _picked(x: Tensor, indices: Tensor, axis: int, keepdims: bool) -> tuple[Tensor, Tensor]:
    values = gather(x, axis, indices)
    if keepdims:
        return values, indices
    axis = nonnegative(axis, x.ndim)
    shape = x.shape[:axis] + x.shape[axis + 1 :]
    return values.reshape(shape), indices.reshape(shape)


def _integers(index: Any, what: str) -> Array:
    """Return a copy of an index: whoever made it may change it before the backward."""
    positions = np.array(index.data if isinstance(index, Tensor) else index)
    if not positions.size:  # an empty list, which NumPy takes for floats
        return positions.astype(np.intp)
    if positions.dtype.kind not in "iu":
        message = f"{what}: an index is of integers, but got {positions.dtype}"
        raise OperandError(message)
    return positions


def _along(axis: int, index: Array, ndim: int) -> tuple[Array, ...]:
    """Return the index in all axes that leaves each position in its place but along ``axis``."""
    if index.ndim != ndim:
        message = f"an index of shape {index.shape} does not fit a tensor of {ndim} axes"
        raise OperandError(message)
    grid: list[Array] = list(np.indices(index.shape, sparse=True))
    grid[nonnegative(axis, ndim)] = index
    return tuple(grid)
