"""Functions of one real number."""

from typing import Any

import numpy as np

from reference.primitive import Primitive, constant, elementwise
from reference.tensor import Array, Tensor, zeros

__all__ = [
    "abs",
    "astype",
    "clone",
    "cos",
    "exp",
    "floor",
    "log",
    "relu",
    "round",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "tanh",
]


def _sigmoid(x: Array) -> Any:
    """Return 1 / (1 + exp(-x)), with the exponential of a negative number only: no overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def _relu(x: Array) -> Any:
    """Return the positive part; NaN stays NaN."""
    return np.maximum(x, 0)


def _gate(t: Array, x: Array) -> Any:
    """Let t through where x is positive: relu'(0) = 0. Chosen, not multiplied: 0 * inf is NaN."""
    return np.where(x <= 0, 0, t)


def _no_slope(t: Tensor) -> Tensor:
    """Return zeros: the slope of a step function, by convention also at the step."""
    return zeros(t.shape, t.dtype)


def _round(x: Array) -> Any:
    """Return the nearest integer, of two the even one; the result needs no gradient."""
    return np.round(x)


def _astype(x: Array, dtype: Any) -> Any:
    """Return a copy in another dtype."""
    return x.astype(dtype)


exp = elementwise("exp", np.exp, x=lambda t, ans: t * ans)
log = elementwise("log", np.log, x=lambda t, x: t / x)
sqrt = elementwise("sqrt", np.sqrt, x=lambda t, ans: t / (2 * ans))
sin = elementwise("sin", np.sin, x=lambda t, x: t * cos(x))
cos: Primitive = elementwise("cos", np.cos, x=lambda t, x: -t * sin(x))
tanh = elementwise("tanh", np.tanh, x=lambda t, ans: t * (1 - ans * ans))
sigmoid = elementwise("sigmoid", _sigmoid, x=lambda t, ans: t * (1 - ans) * ans)
relu = elementwise("relu", _relu, x=lambda t, x: gate(t, x))
gate: Primitive = elementwise("gate", _gate, t=lambda g, x: gate(g, x), x=_no_slope)
# abs'(0) = sign(0) = 0.
abs = elementwise("abs", np.abs, x=lambda t, x: t * sign(x))  # noqa: A001 - its name
sign: Primitive = elementwise("sign", np.sign, x=_no_slope)
floor = elementwise("floor", np.floor, x=_no_slope)
round = constant("round", _round, "x")  # noqa: A001 - its name

clone = elementwise("clone", lambda x: x.copy(), x=lambda t: t)
astype = elementwise("astype", _astype, x=lambda t: t)
