"""The table: to each primitive its forward, and one vector-Jacobian product for each argument.

A product takes the cotangent ``g``, the result ``r`` and the arguments: ``vjp(g, r, x, y)``.
"""

import numpy as np

FORWARDS = {}
VJPS = {}


def define(name, forward, *vjps):
    FORWARDS[name] = forward
    VJPS[name] = vjps


define("add", np.add, lambda g, r, x, y: g, lambda g, r, x, y: g)
define("sub", np.subtract, lambda g, r, x, y: g, lambda g, r, x, y: -g)
define("mul", np.multiply, lambda g, r, x, y: g * x, lambda g, r, x, y: g * y)
define("div", np.divide, lambda g, r, x, y: g / y, lambda g, r, x, y: -g * r / y)
define(
    "maximum",
    np.maximum,
    lambda g, r, x, y: g * np.where(x == y, 0.5, x > y),
    lambda g, r, x, y: g * np.where(x == y, 0.5, y > x),
)
define("neg", np.negative, lambda g, r, x: -g)
define("exp", np.exp, lambda g, r, x: g * r)
define("log", np.log, lambda g, r, x: g / x)
define("sqrt", np.sqrt, lambda g, r, x: g / (2 * r))
define("sin", np.sin, lambda g, r, x: -g * np.cos(x))
define("cos", np.cos, lambda g, r, x: -g * np.sin(x))
define("tanh", np.tanh, lambda g, r, x: g * (1 - r * r))
define("sigmoid", lambda x: 1 / (1 + np.exp(-x)), lambda g, r, x: g * r)
define("relu", lambda x: np.maximum(x, 0), lambda g, r, x: g * (x > 0))
define("abs", np.abs, lambda g, r, x: g * np.sign(x))
define(
    "pow",
    lambda x, n: x**n,
    lambda g, r, x, n: g * n * x ** (n - 1) if n else np.zeros_like(x),
)


def matmul_left(g, r, x, y):
    return np.outer(g, y) if y.ndim == 1 and x.ndim == 2 else g @ np.swapaxes(y, -1, -2)


def matmul_right(g, r, x, y):
    return np.swapaxes(x, -1, -2) @ g


def matrices(x, y):
    if x.ndim != 2 or y.ndim not in (1, 2):
        raise ValueError(f"matmul of shapes {x.shape} and {y.shape}: the first must be a matrix")
    return x @ y


define("matmul", matrices, matmul_left, matmul_right)


def spread(g, x, axis, keepdims):
    """Bring what a reduction left back to the axes of ``x``."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


define(
    "sum",
    lambda x, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),
    lambda g, r, x, axis, keepdims: spread(g, x, axis, keepdims),
)
define(
    "mean",
    lambda x, axis, keepdims: x.mean(axis=axis, keepdims=keepdims),
    lambda g, r, x, axis, keepdims: spread(g, x, axis, keepdims) * (r.size / x.size),
)
define("reshape", lambda x, shape: x.reshape(shape), lambda g, r, x, shape: g.reshape(x.shape))
define(
    "transpose",
    lambda x, axes: x.transpose(axes),
    lambda g, r, x, axes: g.transpose(None if axes is None else np.argsort(np.mod(axes, x.ndim))),
)
