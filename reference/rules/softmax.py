"""Softmax and its logarithm.

The largest element is subtracted first. That changes nothing (numerator and denominator have the
same factor), and leaves exponentials of numbers up to 0, which do not overflow.
"""

from typing import Any

import numpy as np

from reference.primitive import primitive
from reference.tensor import Array, Tensor

__all__ = ["log_softmax", "softmax"]


def _shifted(x: Array, axis: int) -> Array:
    shifted: Array = x - x.max(axis, keepdims=True, initial=-np.inf)
    return shifted


def _softmax(x: Array, axis: int) -> Any:
    """Return exp(x) / sum(exp(x)) along ``axis``."""
    powers = np.exp(_shifted(x, axis))
    return powers / powers.sum(axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Any:
    """Return x - log(sum(exp(x))) along ``axis``."""
    shifted = _shifted(x, axis)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def _softmax_rule(t: Tensor, ans: Tensor, axis: int) -> Tensor:
    """Multiply by the Jacobian diag(p) - p p^T: symmetric, so one rule serves both modes."""
    return ans * (t - (t * ans).sum(axis, keepdims=True))


def _pull_log_softmax(g: Tensor, ans: Tensor, axis: int) -> Tensor:
    return g - ans.exp() * g.sum(axis, keepdims=True)


def _push_log_softmax(t: Tensor, ans: Tensor, axis: int) -> Tensor:
    return t - (ans.exp() * t).sum(axis, keepdims=True)


softmax = primitive("softmax", _softmax, vjps={"x": _softmax_rule}, jvps={"x": _softmax_rule})
log_softmax = primitive(
    "log_softmax", _log_softmax, vjps={"x": _pull_log_softmax}, jvps={"x": _push_log_softmax}
)
