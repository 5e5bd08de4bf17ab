"""The same elements, or copies of them, in another arrangement."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference.axes import nonnegative
from reference.errors import OperandError
from reference.operators import Axis, op
from reference.rules.indexing import setitem
from reference.rules.reductions import reduced_axes
from reference.tensor import Operand, Tensor, as_tensor, wrap

__all__ = ["pad", "repeat", "split", "squeeze", "swapaxes", "tile", "unsqueeze"]


@op
def swapaxes(x: Operand, axis1: int, axis2: int) -> Tensor:
    """Return two axes exchanged."""
    x = as_tensor(x)
    axis1, axis2 = nonnegative(axis1, x.ndim), nonnegative(axis2, x.ndim)
    axes = list(range(x.ndim))
    axes[axis1], axes[axis2] = axis2, axis1
    return x.transpose(axes)


@op
def squeeze(x: Operand, axis: Axis = None) -> Tensor:
    """Return the elements without those of ``axis`` (None: of all axes) that have length 1."""
    x = as_tensor(x)
    axes = reduced_axes(axis, x.ndim)
    return x.reshape(tuple(n for a, n in enumerate(x.shape) if n != 1 or a not in axes))


@op
def unsqueeze(x: Operand, axis: int) -> Tensor:
    """Return the elements with a new axis of length 1 at ``axis``."""
    x = as_tensor(x)
    axis = nonnegative(axis, x.ndim + 1)
    return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


@op
def tile(x: Operand, reps: int | Sequence[int]) -> Tensor:
    """Return the whole repeated along each axis; the shorter of shape and reps is led by ones."""
    x = as_tensor(x)
    given = (reps,) if isinstance(reps, int) else tuple(reps)
    ndim = max(x.ndim, len(given))
    shape = (1,) * (ndim - x.ndim) + x.shape
    times = (1,) * (ndim - len(given)) + given
    # Each axis gets one in front of it that counts the repetitions.
    single = [n for length in shape for n in (1, length)]
    many = [n for pair in zip(times, shape, strict=True) for n in pair]
    return (
        x.reshape(single)
        .broadcast_to(many)
        .reshape([n * m for n, m in zip(times, shape, strict=True)])
    )


@op
def repeat(x: Operand, repeats: Any, axis: int | None = None) -> Tensor:
    """Return each element repeated along ``axis`` (None: of the flattened tensor).

    ``repeats`` is one number, or one for each position along the axis.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = x.reshape((x.size,)), 0
    axis = nonnegative(axis, x.ndim)
    return x[(slice(None),) * axis + (np.repeat(np.arange(x.shape[axis]), repeats),)]


@op
def pad(x: Operand, pad_width: Any, value: float = 0.0) -> Tensor:
    """Return x with a margin of ``value``.

    Args:
        x: The middle.
        pad_width: The margin's width: a number, (before, after), or such a pair for each axis.
        value: The number in the margin.

    Raises:
        OperandError: A width is negative, or there are not as many as axes.
    """
    x = as_tensor(x)
    try:
        widths = np.broadcast_to(np.asarray(pad_width, np.intp), (x.ndim, 2)).tolist()
    except ValueError as error:
        message = f"pad: widths {pad_width} do not fit the shape {x.shape}"
        raise OperandError(message) from error
    if any(width < 0 for pair in widths for width in pair):
        message = f"pad: a width is negative in {pad_width}"
        raise OperandError(message)
    sides = list(zip(x.shape, widths, strict=True))
    frame = np.full([before + n + after for n, (before, after) in sides], value, x.dtype)
    middle = tuple(slice(before, before + n) for n, (before, _) in sides)
    return setitem(wrap(frame), x, middle)


@op
def split(x: Operand, sections: int | Sequence[int], axis: int = 0) -> tuple[Tensor, ...]:
    """Return pieces of x along ``axis``.

    ``sections`` is the number of equal pieces, or the positions at which to cut.

    Raises:
        OperandError: Equal pieces do not come out even.
    """
    x = as_tensor(x)
    axis = nonnegative(axis, x.ndim)
    length = x.shape[axis]
    if isinstance(sections, int):
        if sections < 1 or length % sections:
            message = f"split: {length} elements do not make {sections} equal pieces"
            raise OperandError(message)
        inner = list(range(0, length, length // sections or 1))[1:]
    else:
        inner = list(sections)
    before = (slice(None),) * axis
    return tuple(x[(*before, slice(*ends))] for ends in pairwise([0, *inner, length]))
