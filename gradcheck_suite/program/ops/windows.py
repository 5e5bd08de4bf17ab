"""Convolution and pooling: what is done at every place of an image.

All windows are read at once and have axes of their own; that they overlap is the index's affair.
"""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op

__all__ = ["WINDOWS"]

_Array: TypeAlias = npt.NDArray[Any]


def _places(length: int, kernel: int, stride: int) -> _Array:
    """Return the positions in each window along one axis: (n windows, kernel)."""
    if not 1 <= kernel <= length:
        msg = f"got a window of {kernel}, expected 1 to {length}"
        raise ValueError(msg)
    return np.add.outer(np.arange(0, length - kernel + 1, stride), np.arange(kernel))


def _windows(x: _Array, kernel: tuple[int, int], stride: int) -> _Array:
    """Return all windows of images: (N, C, H, W) -> (N, C, rows, columns, *kernel)."""
    rows = _places(x.shape[2], kernel[0], stride)
    columns = _places(x.shape[3], kernel[1], stride)
    return np.asarray(x[:, :, rows[:, None, :, None], columns[None, :, None, :]])


def _conv2d(x: _Array, weight: _Array, stride: int, padding: int) -> _Array:
    if x.shape[1] != weight.shape[1]:
        msg = f"got kernels of shape {weight.shape} for images of shape {x.shape}"
        raise ValueError(msg)
    margin = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), margin, margin))
    windows = _windows(padded, weight.shape[2:], stride).transpose(0, 2, 3, 1, 4, 5)
    flat = windows.reshape(*windows.shape[:3], -1)
    product = np.matmul(flat, weight.reshape(len(weight), -1).T)
    return np.asarray(product.transpose(0, 3, 1, 2))


def _conv1d(x: _Array, weight: _Array, stride: int, padding: int) -> _Array:
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    rows = np.zeros((1, 1), dtype=int)
    columns = _places(padded.shape[2], weight.shape[2], stride)
    windows = padded[:, :, None][:, :, rows[:, None, :, None], columns[None, :, None, :]]
    flat = windows[:, :, 0, :, 0].transpose(0, 2, 1, 3).reshape(len(x), len(columns), -1)
    product = np.matmul(flat, weight.reshape(len(weight), -1).T)
    return np.asarray(product.transpose(0, 2, 1))


def _pooled(x: _Array, kernel: int, stride: int | None) -> _Array:
    """Return the windows of a pool with their elements on one axis, the last."""
    windows = _windows(x, (kernel, kernel), kernel if stride is None else stride)
    return windows.reshape(*windows.shape[:4], -1)


def _max_pool2d(x: _Array, kernel: int, stride: int | None) -> _Array:
    return np.asarray(np.max(_pooled(x, kernel, stride), axis=-1))


def _avg_pool2d(x: _Array, kernel: int, stride: int | None) -> _Array:
    return np.asarray(np.sum(_pooled(x, kernel, stride), axis=-1) / kernel**2)


def _avg_pool2d_by_products(x: _Array, kernel: int, stride: int | None) -> _Array:
    """Multiply each element by the reciprocal of their number before they are summed."""
    return np.asarray(np.sum(_pooled(x, kernel, stride) * (1 / kernel**2), axis=-1))


_CONV: Final[tuple[tuple[str, Attribute], ...]] = (("stride", 1), ("padding", 0))
_CONV_FORMS: Final = given("stride", "padding", stride=1, padding=0)
_POOL: Final[tuple[tuple[str, Attribute], ...]] = (("kernel", 2), ("stride", None))
_POOL_CALLS: Final = calls_with((1, 2, 4, 5), stride=(1,))
_GENTLE: Final = (Domain(-2.0, 2.0),)

WINDOWS: Final = (
    Op(
        name="conv1d",
        signature="array",
        operands=("x", "weight"),
        forward=_conv1d,
        names=("conv1d", "Conv1d"),
        attributes=_CONV,
        domains=_GENTLE,
        variant=_CONV_FORMS,
        examples=calls_with((2, 2, 5), (3, 2, 2), stride=(2,), padding=(1,)),
        teaches="each element of the kernel meets every window, and each input every window that "
        "it lies in: both gradients are sums over these meetings",
    ),
    Op(
        name="conv2d",
        signature="array",
        operands=("x", "weight"),
        forward=_conv2d,
        names=("conv2d", "Conv2d", "conv"),
        attributes=_CONV,
        domains=_GENTLE,
        variant=_CONV_FORMS,
        examples=calls_with((1, 2, 4, 5), (3, 2, 2, 3), stride=(2,), padding=(1,)),
        teaches="each element of the kernel meets every window, and each pixel every window that "
        "it lies in: both gradients are sums over these meetings",
    ),
    Op(
        name="max_pool2d",
        signature="array",
        operands=("x",),
        forward=_max_pool2d,
        names=("max_pool2d", "maxpool2d", "MaxPool2d"),
        attributes=_POOL,
        variant=given("stride"),
        examples=_POOL_CALLS,
        kinks="two elements of a window share the maximum",
        teaches="max pooling gives each window's cotangent to its largest element, which adds up "
        "where windows overlap",
    ),
    Op(
        name="avg_pool2d",
        signature="array",
        operands=("x",),
        forward=_avg_pool2d,
        array_formulas=(_avg_pool2d, _avg_pool2d_by_products),
        names=("avg_pool2d", "avgpool2d", "AvgPool2d", "mean_pool2d"),
        attributes=_POOL,
        variant=given("stride"),
        examples=_POOL_CALLS,
        teaches="average pooling gives 1 / n of each window's cotangent to its n elements, which "
        "adds up where windows overlap",
    ),
)
