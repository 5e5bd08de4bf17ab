"""Convolution and pooling: what is done at every place of an image.

All windows are read at once, with one index, and have axes of their own. A convolution is then a
matrix product, and a pool a reduction; that windows overlap is the index's affair, whose vjp adds.
"""

import numpy as np

from reference.composed.arranging import pad
from reference.composed.picking import max_with_indices
from reference.errors import OperandError
from reference.operators import op
from reference.tensor import Array, Operand, Tensor, as_tensor

__all__ = ["avg_pool2d", "conv1d", "conv2d", "max_pool2d"]

Pair = int | tuple[int, int]


def _pair(value: Pair) -> tuple[int, int]:
    """Return the same number for both directions, or the two that were given."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _starts_and_steps(length: int, kernel: int, stride: int) -> Array:
    """Return the positions in each window along one axis: (n windows, kernel)."""
    if not 1 <= kernel <= length or stride < 1:
        message = f"a window of {kernel} with stride {stride} does not fit into {length} places"
        raise OperandError(message)
    starts = np.arange(0, length - kernel + 1, stride)
    return np.add.outer(starts, np.arange(kernel))


def _windows(x: Tensor, kernel: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    """Return all windows of images: (N, C, H, W) -> (N, C, rows, columns, *kernel)."""
    rows = _starts_and_steps(x.shape[2], kernel[0], stride[0])
    columns = _starts_and_steps(x.shape[3], kernel[1], stride[1])
    return x[:, :, rows[:, None, :, None], columns[None, :, None, :]]


def _require_images(x: Tensor, name: str) -> None:
    if x.ndim != 4:  # noqa: PLR2004 - batch, channel, row, column
        message = f"{name} needs images (N, C, H, W), but got {x.shape}"
        raise OperandError(message)


@op
def conv2d(
    x: Operand, weight: Operand, bias: Operand | None = None, stride: Pair = 1, padding: Pair = 0
) -> Tensor:
    """Return the images' windows times the kernels: cross-correlation, as torch has it.

    Args:
        x: Images (N, C, H, W).
        weight: Kernels (D, C, P, Q).
        bias: A number for each kernel (D,), or None.
        stride: The distance of neighbouring windows, in both directions or in each.
        padding: The width of the margin of zeros, in both directions or in each.

    Returns:
        Images (N, D, (H + 2 padding - P) // stride + 1, the same of W and Q).

    Raises:
        OperandError: The shapes do not fit.
    """
    x, weight = as_tensor(x), as_tensor(weight)
    _require_images(x, "conv2d")
    if weight.ndim != x.ndim or weight.shape[1] != x.shape[1]:
        message = f"conv2d: kernels of shape {weight.shape} do not fit images of shape {x.shape}"
        raise OperandError(message)
    high, wide = _pair(padding)
    padded = pad(x, ((0, 0), (0, 0), (high, high), (wide, wide)))
    n_kernels, n_channels, *lengths = weight.shape
    size = n_channels * lengths[0] * lengths[1]
    windows = _windows(padded, (lengths[0], lengths[1]), _pair(stride))
    windows = windows.transpose((0, 2, 3, 1, 4, 5))  # places first, then what lies in a window
    places = windows.shape[:3]
    results = windows.reshape((*places, size)) @ weight.reshape((n_kernels, size)).T
    if bias is not None:
        results = results + bias
    return results.transpose((0, 3, 1, 2))


@op
def conv1d(
    x: Operand, weight: Operand, bias: Operand | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    """Return the sequences' windows times the kernels: (N, C, L), (D, C, P), (D,) -> (N, D, M).

    M is (L + 2 padding - P) // stride + 1. Raises OperandError if the shapes do not fit.
    """
    x, weight = as_tensor(x), as_tensor(weight)
    if x.ndim != 3 or weight.ndim != x.ndim:  # noqa: PLR2004 - batch, channel, position
        message = f"conv1d needs (N, C, L) and (D, C, P), but got {x.shape}, {weight.shape}"
        raise OperandError(message)
    images = x.reshape((*x.shape[:2], 1, x.shape[2]))
    kernels = weight.reshape((*weight.shape[:2], 1, weight.shape[2]))
    result = conv2d(images, kernels, bias, (1, stride), (0, padding))
    return result.reshape((*result.shape[:2], result.shape[3]))


@op
def max_pool2d(x: Operand, kernel: Pair, stride: Pair | None = None) -> Tensor:
    """Return the largest element of each window of images (N, C, H, W).

    The windows are as far apart as they are long, unless ``stride`` says otherwise; a rest at the
    end is left out. Of a tie, the first element in C order has the gradient.
    """
    x = as_tensor(x)
    _require_images(x, "max_pool2d")
    high, wide = _pair(kernel)
    windows = _windows(x, (high, wide), _pair(kernel if stride is None else stride))
    return max_with_indices(windows.reshape((*windows.shape[:4], high * wide)), -1)[0]


@op
def avg_pool2d(x: Operand, kernel: Pair, stride: Pair | None = None) -> Tensor:
    """Return the mean of each window of images (N, C, H, W); windows as for ``max_pool2d``."""
    x = as_tensor(x)
    _require_images(x, "avg_pool2d")
    return _windows(x, _pair(kernel), _pair(kernel if stride is None else stride)).mean((-2, -1))
