"""Bugs of the ops of networks: activations, convolutions, pools, losses, normalisation.

A row is the op, a name, a sentence, and either a rule (as for the elementwise ops) or a surrogate:
another function of the operands, whose gradient the op has, while its value is right.
"""

import math
from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bending import grafted
from gradcheck_suite.bugs.bug import Bug, Patch, Place
from reference import ops

__all__ = ["LAYERS"]

THEME: Final = "ops on arrays"

Tensor = Any
_Row = tuple[str, str, str, Callable[..., Any]]


def _standardised(
    x: Tensor, axes: tuple[int, ...], eps: float, *, fix_mean: bool = False, fix_root: bool = False
) -> Tensor:
    mean = x.mean(axes, keepdims=True)
    root = (x.var(axes, keepdims=True) + eps).sqrt()
    mean = mean.detach() if fix_mean else mean
    return (x - mean) / (root.detach() if fix_root else root)


def _layer(
    x: Tensor,
    shape: tuple[int, ...],
    weight: Tensor,
    bias: Tensor,
    eps: float = 1e-5,
    **fixed: bool,
) -> Tensor:
    return _standardised(x, tuple(range(-len(shape), 0)), eps, **fixed) * weight + bias


def _batch(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5, **fixed: bool) -> Tensor:
    channels = (-1, *[1] * (x.ndim - 2))
    found = _standardised(x, (0, *range(2, x.ndim)), eps, **fixed)
    return found * weight.reshape(channels) + bias.reshape(channels)


def _fixing(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    return lambda *args, **named: function(*args, **named, **{name: True})


def _summed(losses: Tensor, reduction: str) -> Tensor:
    return losses if reduction == "none" else losses.sum()


def _flipped_kernel(x: Tensor, weight: Tensor, bias: Any = None, **settings: Any) -> Tensor:
    """Return what a convolution of the flipped kernel gives."""
    axes = tuple(range(2, weight.ndim))
    return (ops.conv2d if weight.ndim == 4 else ops.conv1d)(  # noqa: PLR2004 - images
        x, weight.flip(axes), bias, **settings
    )


def _unstrided(x: Tensor, kernel: Any, stride: Any = None) -> Tensor:
    return ops.avg_pool2d(x, kernel, stride) * math.prod(
        kernel if isinstance(kernel, tuple) else (kernel, kernel)
    )


def _window_mean(x: Tensor, kernel: Any, stride: Any = None) -> Tensor:
    return ops.avg_pool2d(x, kernel, stride)


def _partition(x: Tensor, target: Any, reduction: str) -> Tensor:
    losses = ops.logsumexp(x, axis=min(1, x.ndim - 1))
    return losses.mean() if reduction == "mean" else _summed(losses, reduction)


# The value is right, and the gradient that of another function.
_SURROGATES: Final[tuple[_Row, ...]] = (
    (
        "linear",
        "bias_mean",
        "the gradient of linear's bias is the mean over the samples, and should be their sum",
        lambda x, weight, bias=None: ops.linear(x, weight) + bias / max(1, math.prod(x.shape[:-1])),
    ),
    (
        "conv1d",
        "kernel_flipped",
        "the gradient of conv1d is that of a convolution with the flipped kernel",
        _flipped_kernel,
    ),
    (
        "conv2d",
        "kernel_flipped",
        "the gradient of conv2d is that of a convolution with the flipped kernel",
        _flipped_kernel,
    ),
    (
        "avg_pool2d",
        "not_divided",
        "the gradient of avg_pool2d is not divided by the window's size",
        _unstrided,
    ),
    ("max_pool2d", "averaged", "the gradient of max_pool2d is that of avg_pool2d", _window_mean),
    (
        "mse_loss",
        "two_missing",
        "the gradient of the squared error lacks the factor 2",
        lambda *a, **k: ops.mse_loss(*a, **k) / 2,
    ),
    (
        "mse_loss",
        "not_averaged",
        "the gradient of the mean squared error is not divided by the number of samples",
        lambda x, target, reduction="mean": _summed(ops.square(x - target), reduction),
    ),
    (
        "nll_loss",
        "not_averaged",
        "the gradient of nll_loss is not divided by the number of targets",
        lambda x, target, reduction="mean": ops.nll_loss(
            x, target, reduction="none" if reduction == "none" else "sum"
        ),
    ),
    (
        "cross_entropy",
        "target_missing",
        "the gradient of cross_entropy is softmax(x): the one of the right class is not subtracted",
        lambda x, target, reduction="mean": _partition(x, target, reduction),
    ),
    (
        "cross_entropy",
        "not_averaged",
        "the gradient of cross_entropy is not divided by the number of targets",
        lambda x, target, reduction="mean": ops.cross_entropy(
            x, target, reduction="none" if reduction == "none" else "sum"
        ),
    ),
    (
        "binary_cross_entropy_with_logits",
        "target_missing",
        "the gradient of the binary cross-entropy is sigmoid(x): the target is not subtracted",
        lambda x, target, reduction="mean": ops.binary_cross_entropy_with_logits(
            x, target * 0.0, reduction=reduction
        ),
    ),
    (
        "layer_norm",
        "mean_fixed",
        "layer_norm's gradient takes the mean for a constant",
        _fixing(_layer, "fix_mean"),
    ),
    (
        "layer_norm",
        "variance_fixed",
        "layer_norm's gradient takes the variance for a constant",
        _fixing(_layer, "fix_root"),
    ),
    (
        "batch_norm",
        "mean_fixed",
        "batch_norm's gradient takes the batch's mean for a constant",
        _fixing(_batch, "fix_mean"),
    ),
    (
        "batch_norm",
        "variance_fixed",
        "batch_norm's gradient takes the batch's variance for a constant",
        _fixing(_batch, "fix_root"),
    ),
    (
        "gelu",
        "gate_fixed",
        "gelu's gradient takes the gate for a constant: a term of the product rule is missing",
        lambda x, approximate="none": x * (ops.gelu(x.detach(), approximate) / x.detach()),
    ),
    (
        "silu",
        "gate_fixed",
        "silu's gradient takes the gate for a constant: a term of the product rule is missing",
        lambda x: x * x.detach().sigmoid(),
    ),
    (
        "elu",
        "alpha_missing",
        "elu's gradient leaves out alpha where x is negative",
        lambda x, alpha=1.0: ops.elu(x, 1.0),
    ),
    (
        "leaky_relu",
        "slope_missing",
        "leaky_relu sends no gradient back where x is negative",
        lambda x, slope=0.01: ops.relu(x),
    ),
    (
        "leaky_relu",
        "slope_default",
        "leaky_relu's gradient has the slope 0.01, whatever slope is asked for",
        lambda x, slope=0.01: ops.leaky_relu(x),
    ),
    (
        "hardtanh",
        "unbounded",
        "hardtanh passes its gradient on outside of the bounds too",
        lambda x, low=-1.0, high=1.0: x,
    ),
    (
        "clip",
        "unbounded",
        "clip passes its gradient on outside of the bounds too",
        lambda x, low=None, high=None: x,
    ),
    (
        "clip",
        "below_alone",
        "clip cuts the gradient below the lower bound, and not above the upper one",
        lambda x, low=None, high=None: x if low is None else ops.where(x < low, 0.0, x),
    ),
)


def _bug(op: str, name: str, sentence: str, patch: Patch) -> Bug:
    return Bug(f"{op}.{name}", sentence, THEME, (f"gradient[{op}]",), Place(op), patch)


LAYERS: Final = (
    *(_bug(op, name, told, grafted(op, other)) for op, name, told, other in _SURROGATES),
)
