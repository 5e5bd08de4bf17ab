"""Softmax, its logarithm, and the logarithm of its denominator.

The largest element is subtracted first. That changes nothing (numerator and denominator have the
same factor), and leaves exponentials of numbers up to 0, which do not overflow.
"""

from typing import Any

import numpy as np

from reference.operators import Axis
from reference.primitive import primitive
from reference.rules.reductions import kept
from reference.tensor import Array, Tensor

__all__ = ["log_softmax", "logsumexp", "softmax"]


def _shifted(x: Array, axis: Axis) -> Array:
    shifted: Array = x - x.max(axis, keepdims=True, initial=-np.inf)
    return shifted


def _softmax(x: Array, axis: Axis) -> Any:
    """Return exp(x) / sum(exp(x)) along ``axis``."""
    powers = np.exp(_shifted(x, axis))
    return powers / powers.sum(axis, keepdims=True)


def _log_softmax(x: Array, axis: Axis) -> Any:
    """Return x - log(sum(exp(x))) along ``axis``."""
    shifted = _shifted(x, axis)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def _softmax_rule(t: Tensor, ans: Tensor, axis: Axis) -> Tensor:
    """Multiply by the Jacobian diag(p) - p p^T: symmetric, so one rule serves both modes."""
    return ans * (t - (t * ans).sum(axis, keepdims=True))


def _pull_log_softmax(g: Tensor, ans: Tensor, axis: Axis) -> Tensor:
    return g - ans.exp() * g.sum(axis, keepdims=True)


def _push_log_softmax(t: Tensor, ans: Tensor, axis: Axis) -> Tensor:
    return t - (ans.exp() * t).sum(axis, keepdims=True)


softmax = primitive("softmax", _softmax, vjps={"x": _softmax_rule}, jvps={"x": _softmax_rule})
log_softmax = primitive(
    "log_softmax", _log_softmax, vjps={"x": _pull_log_softmax}, jvps={"x": _push_log_softmax}
)


def _logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over ``axis``: None (all axes), an int or a tuple."""
    largest = x.max(axis, keepdims=True, initial=-np.inf)
    anchor = np.where(np.isfinite(largest), largest, 0).astype(largest.dtype)  # inf - inf is NaN
    result = anchor + np.log(np.exp(x - anchor).sum(axis, keepdims=True))
    return result if keepdims else result.sum(axis)  # of one element: the axis goes


def _pull_logsumexp(g: Tensor, x: Tensor, axis: Axis) -> Tensor:
    return g.reshape(kept(x.shape, axis)) * softmax(x, axis)


def _push_logsumexp(t: Tensor, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    return (t * softmax(x, axis)).sum(axis, keepdims)


logsumexp = primitive(
    "logsumexp", _logsumexp, vjps={"x": _pull_logsumexp}, jvps={"x": _push_logsumexp}
)
