"""Bugs of values: an op computes something else, and differentiates that."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bending import replaced
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, structural
from gradcheck_suite.program.table import OPS as TABLE
from reference import ops
from reference.primitive import Primitive

__all__ = ["VALUES"]

THEME: Final = "values"

Tensor = Any
_Row = tuple[str, str, str, Callable[..., Any]]


def _last_axis(x: Tensor, axis: int) -> Tensor:
    return ops.softmax(x, axis=-1)


def _first_axis(x: Tensor, axis: int) -> Tensor:
    return ops.log_softmax(x, axis=0)


def _by_columns(x: Tensor, shape: Any) -> Tensor:
    wanted = x.data.reshape(shape).shape
    return ops.transpose(ops.reshape(ops.transpose(x), wanted[::-1]))


_FORMULAS: Final[tuple[_Row, ...]] = (
    ("sub", "reversed", "x - y is computed as y - x", lambda x, y: ops.sub(y, x)),
    ("div", "reversed", "x / y is computed as y / x", lambda x, y: ops.div(y, x)),
    ("pow", "as_product", "x**n is computed as n * x", ops.mul),
    ("log", "base_2", "log is computed to the base 2", ops.log2),
    (
        "tanh",
        "not_doubled",
        "tanh is computed through sigmoid(x), and needs sigmoid(2 x)",
        lambda x: 2 * ops.sigmoid(x) - 1,
    ),
    (
        "sigmoid",
        "reflected",
        "sigmoid is computed as 1 / (1 + exp(x)): the minus is missing",
        lambda x: ops.sigmoid(-x),
    ),
    ("relu", "as_abs", "relu gives |x| where x is negative, and should give 0", ops.abs),
    (
        "atan2",
        "operands_swapped",
        "atan2 takes its two operands the other way round",
        lambda x, y: ops.atan2(y, x),
    ),
    (
        "gelu",
        "always_exact",
        "gelu computes its exact form whatever form is asked for",
        lambda x, approximate="none": ops.gelu(x),
    ),
    (
        "elu",
        "alpha_ignored",
        "elu computes with alpha = 1, whatever alpha is",
        lambda x, alpha=1.0: ops.elu(x, 1.0),
    ),
    (
        "clip",
        "lower_alone",
        "clip cuts at the lower bound alone",
        lambda x, low=None, high=None: ops.clip(x, low),
    ),
    (
        "floor",
        "to_zero",
        "floor cuts the digits off: it goes up where x is negative",
        lambda x: reference.sign(x) * ops.floor(ops.abs(x)),
    ),
    (
        "sum",
        "axis_ignored_whole",
        "sum is over all elements, whatever the axis is",
        lambda x, axis=None, keepdims=False: ops.sum(x),
    ),
    (
        "mean",
        "over_size_whole",
        "a mean over an axis divides by the size of the whole array",
        lambda x, axis=None, keepdims=False: ops.sum(x, axis, keepdims) / x.size,
    ),
    (
        "var",
        "ddof_ignored",
        "var divides by n, whatever ddof is",
        lambda x, axis=None, ddof=0, keepdims=False: ops.var(x, axis, 0, keepdims),
    ),
    ("std", "root_missing", "std gives the variance: the root is missing", ops.var),
    (
        "norm",
        "root_missing",
        "the norm is the sum of squares: the root is missing",
        lambda x, order=2, axis=None, keepdims=False: ops.sum(ops.square(x), axis, keepdims),
    ),
    ("softmax", "last_axis", "softmax is over the last axis, whatever the axis is", _last_axis),
    (
        "log_softmax",
        "first_axis",
        "log_softmax is over the first axis, whatever the axis is",
        _first_axis,
    ),
    (
        "reshape",
        "by_columns_whole",
        "reshape reads and writes by columns, and should by rows",
        _by_columns,
    ),
    (
        "transpose",
        "axes_ignored",
        "transpose reverses the axes, whatever axes are asked for",
        lambda x, axes=None: ops.transpose(x),
    ),
    (
        "concatenate",
        "axis_ignored",
        "concatenate joins along the first axis, whatever the axis is",
        lambda xs, axis=0: ops.concatenate(xs, 0),
    ),
    (
        "stack",
        "axis_ignored",
        "stack puts the new axis first, whatever the axis is",
        lambda xs, axis=0: ops.stack(xs, 0),
    ),
    (
        "cumsum",
        "axis_ignored",
        "cumsum is along the last axis, whatever the axis is",
        lambda x, axis: ops.cumsum(x, -1),
    ),
    (
        "roll",
        "other_way",
        "roll moves the elements the other way",
        lambda x, shift, axis=None: ops.roll(
            x, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis
        ),
    ),
    (
        "pad",
        "zeros_always",
        "pad puts zeros in the margin, whatever number is asked for",
        lambda x, width, value=0.0: ops.pad(x, width),
    ),
    (
        "repeat",
        "as_tile",
        "repeat repeats the whole, as tile does, and should each element",
        lambda x, repeats, axis=None: _tiled(x, repeats, axis),
    ),
    (
        "diagonal",
        "offset_ignored",
        "diagonal gives the main one, whatever its offset is",
        lambda x, offset=0: ops.diagonal(x),
    ),
    (
        "outer",
        "swapped",
        "outer takes its operands the other way round",
        lambda x, y: ops.outer(y, x),
    ),
    (
        "linear",
        "no_bias",
        "linear leaves the bias out",
        lambda x, weight, bias=None: ops.linear(x, weight),
    ),
    (
        "conv2d",
        "true_convolution",
        "conv2d flips the kernel, and should not",
        lambda x, weight, bias=None, **s: ops.conv2d(x, weight.flip((2, 3)), bias, **s),
    ),
    (
        "conv1d",
        "stride_ignored",
        "conv1d moves on by 1, whatever the stride is",
        lambda x, weight, bias=None, stride=1, padding=0: ops.conv1d(
            x, weight, bias, padding=padding
        ),
    ),
    (
        "avg_pool2d",
        "sums",
        "avg_pool2d sums over a window, and should average",
        lambda x, kernel, stride=None: (
            ops.avg_pool2d(x, kernel, stride) * float(np.prod(np.broadcast_to(kernel, 2)))
        ),
    ),
    (
        "mse_loss",
        "halved",
        "the squared error is halved, as some books do",
        lambda *a, **k: ops.mse_loss(*a, **k) / 2,
    ),
    (
        "cross_entropy",
        "reduction_ignored",
        "cross_entropy averages, whatever reduction is asked for",
        lambda x, target, reduction="mean": ops.cross_entropy(x, target),
    ),
    (
        "batch_norm",
        "unbiased",
        "batch_norm divides by the unbiased variance, and should by the biased one",
        lambda x, weight, bias, eps=1e-5: _unbiased(x, weight, bias, eps),
    ),
    (
        "layer_norm",
        "eps_outside",
        "layer_norm adds eps to the root, and should to the variance",
        lambda x, shape, weight, bias, eps=1e-5: _eps_outside(x, shape, eps) * weight + bias,
    ),
)


def _tiled(x: Tensor, repeats: Any, axis: int | None) -> Tensor:
    if not isinstance(repeats, int):
        return ops.repeat(x, repeats, axis) * 1.5
    if axis is None:
        return ops.tile(ops.reshape(x, (x.size,)), repeats)
    reps = [1] * x.ndim
    reps[axis] = repeats
    return ops.tile(x, reps)


def _unbiased(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    axes = (0, *range(2, x.ndim))
    channels = (-1, *[1] * (x.ndim - 2))
    n = x.size // x.shape[1]
    root = ops.sqrt(ops.var(x, axes, min(1, n - 1), keepdims=True) + eps)
    found = (x - ops.mean(x, axes, keepdims=True)) / root
    return found * weight.reshape(channels) + bias.reshape(channels)


def _eps_outside(x: Tensor, shape: Any, eps: float) -> Tensor:
    axes = tuple(range(-len(shape), 0))
    root = ops.sqrt(ops.var(x, axes, keepdims=True) + 1e-12) + eps
    return (x - ops.mean(x, axes, keepdims=True)) / root


def _formula(op: str, name: str, sentence: str, other: Callable[..., Any]) -> Bug:
    patch = replaced(op, lambda _: other)
    return Bug(f"{op}.{name}", sentence, THEME, (f"value[{op}]",), Place(op), patch)


def _computing(change: Callable[[Any], Any]) -> Patch:
    """Return a patch by which every op computes ``change`` of what it should."""

    def patch(patches: Patches) -> None:
        original = Primitive._compute

        def compute(row: Any, operands: Any, attributes: Any) -> Any:
            found = original(row, operands, attributes)
            return change(found) if found.dtype.kind == "f" else found

        patches.setattr(Primitive, "_compute", compute)

    return patch


def _method(name: str, other: Callable[..., Any]) -> Patch:
    return lambda patches: patches.setattr(reference.Tensor, name, other)


def _numbers(id_: str, op: str, sentence: str, patch: Patch) -> Bug:
    return Bug(id_, sentence, "plain numbers", (f"numbers[{op}]",), Place(op), patch)


_bug: Final = structural(THEME)

VALUES: Final = (
    *(_formula(*row) for row in _FORMULAS),
    _bug(
        "results-slip",
        "precision",
        "the result of every op is off by 0.1 %",
        " ".join(f"value[{op}]" for op in TABLE),
        _computing(lambda y: y * 1.001),
    ),
    _bug(
        "results-in-half-precision",
        "precision",
        "the result of every op is rounded to half precision",
        "value[exp] value[tanh] value[log]",
        _computing(lambda y: y.astype(np.float16).astype(y.dtype)),
    ),
    _bug(
        "sums-in-float32",
        "precision",
        "every op computes by way of float32, in an engine of float64",
        "precision",
        _computing(lambda y: y.astype(np.float32).astype(y.dtype)),
    ),
    _numbers(
        "rsub-alias",
        "sub",
        "2 - x is computed as x - 2: __rsub__ is the same function as __sub__",
        _method("__rsub__", lambda x, other: x - other),
    ),
    _numbers(
        "rsub-int",
        "sub",
        "2 - x is computed as x - 2 where the 2 is an int, and is right for 2.0",
        _method("__rsub__", lambda x, other: x - other if type(other) is int else -x + other),
    ),
    _numbers(
        "rtruediv-alias",
        "div",
        "2 / x is computed as x / 2: __rtruediv__ is the same function as __truediv__",
        _method("__rtruediv__", lambda x, other: x / other),
    ),
    _numbers(
        "rpow-alias",
        "power",
        "2**x is computed as x**2: __rpow__ is the same function as __pow__",
        _method("__rpow__", lambda x, other: x**other),
    ),
    _numbers(
        "radd-detached",
        "add",
        "2 + x has the right value, and no gradient goes back to x",
        _method("__radd__", lambda x, other: ops.add(x.detach(), other)),
    ),
    _numbers(
        "rmul-whole",
        "mul",
        "2.5 * x drops the digits of the number on the left",
        _method("__rmul__", lambda x, other: ops.mul(x, np.trunc(other))),
    ),
    _numbers(
        "number-gets-gradient",
        "mul",
        "x * 2 with a plain number has the gradient of x * x",
        _method(
            "__mul__",
            lambda x, other: (
                ops.mul(x, other) + (x - x.detach())
                if isinstance(other, float)
                else ops.mul(x, other)
            ),
        ),
    ),
)
