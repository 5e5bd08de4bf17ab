"""Honest ways to compute the elementwise ops beyond the basic ones, as in ``test_honest_variants``.

op -> name -> a template over the reference's own ops (which differentiate it), or the functions
that compute the value and the gradient of each operand.
"""

import math
from typing import Any

import numpy as np

Array = Any


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) as most engines write it."""
    return 1 / (1 + np.exp(-x))


def erf(x: Array) -> Array:
    """Take the error function of each element in turn, as engines without SciPy do."""
    return np.vectorize(math.erf, otypes=[x.dtype])(x)


def stable_softplus(x: Array) -> Array:
    """Exponentiate negative numbers alone."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def density(x: Array) -> Array:
    """Return the density of the standard normal distribution."""
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu(x: Array, *, approximate: str) -> Array:
    """Multiply by the distribution function, or by what stands for it."""
    return x * gate(x, approximate)


def gate(x: Array, approximate: str) -> Array:
    """Return the distribution function by erf, or by tanh."""
    if approximate == "none":
        return 0.5 * (1 + erf(x / math.sqrt(2)))
    return 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_vjp(g: Array, v: Array, x: Array, *, approximate: str) -> Array:
    """Differentiate the product."""
    if approximate == "none":
        return g * (gate(x, "none") + x * density(x))
    t = np.tanh(0.7978845608 * (x + 0.044715 * x * x * x))
    inner = 0.7978845608 * (1 + 3 * 0.044715 * x * x)
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)


def gelu_by_sigmoid(x: Array, *, approximate: str) -> Array:
    """Write the gate as a sigmoid of twice the argument."""
    if approximate == "none":
        return gelu(x, approximate="none")
    return x * logistic(1.5957691216057308 * (x + 0.044715 * x**3))


def gelu_vjp_by_sigmoid(g: Array, v: Array, x: Array, *, approximate: str) -> Array:
    """Differentiate the sigmoid."""
    if approximate == "none":
        return gelu_vjp(g, v, x, approximate="none")
    s = logistic(1.5957691216057308 * (x + 0.044715 * x**3))
    return g * (s + x * s * (1 - s) * 1.5957691216057308 * (1 + 0.134145 * x**2))


def elu(x: Array, *, alpha: float) -> Array:
    """Subtract one from the exponential."""
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def hardtanh(x: Array, *, min_val: float, max_val: float) -> Array:
    """Clip."""
    return np.clip(x, min_val, max_val)


def clip(x: Array, *, low: float | None, high: float | None) -> Array:
    """Bound on one side, or on both."""
    return np.clip(x, low, high)


def between(x: Array, low: float | None, high: float | None) -> Array:
    """Tell which numbers are inside of the bounds."""
    above = True if low is None else x > low
    return above & (True if high is None else x < high)


def floats(x: Array, number: float) -> Array:
    """Return a number in the precision of ``x``."""
    return np.asarray(number, x.dtype)


LN2, LN10 = math.log(2), math.log(10)

ELEMENTWISE: dict[str, dict[str, Any]] = {
    "tan": {
        "quotient": "reference.sin(x) / reference.cos(x)",
        "by-cosine": (np.tan, lambda g, v, x: g / np.cos(x) ** 2),
        "by-cosine-anew": (np.tan, lambda g, v, x: g * (1 / np.cos(x)) ** 2),
        "anew": (np.tan, lambda g, v, x: g * (1 + np.tan(x) ** 2)),
    },
    "arcsin": {
        "minus-half": (np.arcsin, lambda g, v, x: g * (1 - x**2) ** floats(x, -0.5)),
        "plain": (np.arcsin, lambda g, v, x: g / np.sqrt(1 - x * x)),
        "by-output": (np.arcsin, lambda g, v, x: g / np.cos(v)),
    },
    "arccos": {
        "minus-half": (np.arccos, lambda g, v, x: -g * (1 - x**2) ** floats(x, -0.5)),
        "plain": (np.arccos, lambda g, v, x: -g / np.sqrt(1 - x * x)),
        "rest-of-a-quarter": "1.5707963267948966 - reference.arcsin(x)",
    },
    "arctan": {
        "power": (np.arctan, lambda g, v, x: g * (1 + x**2) ** floats(x, -1)),
        "plain": (np.arctan, lambda g, v, x: g / (x * x + 1)),
    },
    "sinh": {
        "exponentials": "(reference.exp(x) - reference.exp(-x)) / 2",
        "half-each": "0.5 * reference.exp(x) - 0.5 * reference.exp(-x)",
        "by-exponentials": (np.sinh, lambda g, v, x: g * (np.exp(x) + np.exp(-x)) / 2),
    },
    "cosh": {
        "exponentials": "(reference.exp(x) + reference.exp(-x)) / 2",
        "one-exponential": "(reference.exp(x) + 1 / reference.exp(x)) / 2",
        "by-exponentials": (np.cosh, lambda g, v, x: g * (np.exp(x) - np.exp(-x)) / 2),
    },
    "atan2": {
        "by-radius": (
            np.arctan2,
            lambda g, v, x, y: g * (y / np.hypot(x, y) / np.hypot(x, y)),
            lambda g, v, x, y: -g * (x / np.hypot(x, y) / np.hypot(x, y)),
        ),
        "by-squares": (
            np.arctan2,
            lambda g, v, x, y: g * y / (x**2 + y**2),
            lambda g, v, x, y: -x * g * (1 / (x * x + y * y)),
        ),
    },
    "hypot": {
        "root-of-squares": "reference.sqrt(x * x + y * y)",
        "half-power": "(x ** 2 + y ** 2) ** 0.5",
        "by-output": (
            np.hypot,
            lambda g, v, x, y: g * x / v,
            lambda g, v, x, y: (g / v) * y,
        ),
    },
    "log1p": {
        "naive": "reference.log(1 + x)",
        "power": (np.log1p, lambda g, v, x: g * (1 + x) ** floats(x, -1)),
        "by-output": (np.log1p, lambda g, v, x: g * np.exp(-v)),
    },
    "expm1": {
        "naive": "reference.exp(x) - 1",
        "by-output": (np.expm1, lambda g, v, x: g * (v + 1)),
        "naive-by-output": (lambda x: np.exp(x) - 1, lambda g, v, x: g * v + g),
    },
    "log2": {
        "quotient": f"reference.log(x) / {LN2!r}",
        "product": f"reference.log(x) * {1 / LN2!r}",
        "times-reciprocal": (np.log2, lambda g, v, x: g * (1 / x) * (1 / LN2)),
    },
    "log10": {
        "quotient": f"reference.log(x) / {LN10!r}",
        "product": "reference.log(x) * 0.4342944819032518",
        "times-reciprocal": (np.log10, lambda g, v, x: g / x / LN10),
    },
    "erf": {
        "by-constant": (erf, lambda g, v, x: g * 1.1283791670955126 * np.exp(-(x**2))),
        "by-quotient": (erf, lambda g, v, x: g * (2 / np.exp(x * x)) / math.sqrt(math.pi)),
        "by-density": (erf, lambda g, v, x: 2 * math.sqrt(2) * g * density(math.sqrt(2) * x)),
    },
    "softplus": {
        "naive": "reference.log(1 + reference.exp(x))",
        "log1p": "reference.log1p(reference.exp(x))",
        "reflected": "x + reference.log(1 + reference.exp(-x))",
        "by-relu": "reference.relu(x) + reference.log1p(reference.exp(-abs(x)))",
        "stable": (stable_softplus, lambda g, v, x: g * logistic(x)),
        "by-output": (stable_softplus, lambda g, v, x: g * (1 - np.exp(-v))),
        "exponentials": (stable_softplus, lambda g, v, x: g * np.exp(x) / (1 + np.exp(x))),
    },
    "logaddexp": {
        "naive": "reference.log(reference.exp(x) + reference.exp(y))",
        "by-softplus": "x + reference.softplus(y - x)",
        "by-maximum": "reference.maximum(x, y) + reference.log1p(reference.exp(-abs(x - y)))",
        "by-output": (
            np.logaddexp,
            lambda g, v, x, y: g * np.exp(x - v),
            lambda g, v, x, y: g * np.exp(y - v),
        ),
        "by-sigmoid": (
            np.logaddexp,
            lambda g, v, x, y: g / (1 + np.exp(y - x)),
            lambda g, v, x, y: g * (1 - 1 / (1 + np.exp(y - x))),
        ),
    },
    "square": {
        "product": "x * x",
        "power": "x ** 2",
        "sum": (np.square, lambda g, v, x: g * (x + x)),
        "by-output": (np.square, lambda g, v, x: 2 * g * v / x),
    },
    "cbrt": {
        "power": "x ** (1 / 3)",
        "through-log": "reference.exp(reference.log(x) / 3)",
        "minus-two-thirds": (np.cbrt, lambda g, v, x: g * x ** floats(x, -2 / 3) / 3),
        "by-quotient": (np.cbrt, lambda g, v, x: g * v / (3 * x)),
    },
    "rsqrt": {
        "quotient": "1 / reference.sqrt(x)",
        "power": "x ** -0.5",
        "root-of-reciprocal": "reference.sqrt(1 / x)",
        "power-of-root": "reference.sqrt(x) ** -1",
        "through-log": "reference.exp(-0.5 * reference.log(x))",
        "minus-three-halves": (
            lambda x: 1 / np.sqrt(x),
            lambda g, v, x: -0.5 * g * x ** floats(x, -1.5),
        ),
        "by-quotient": (lambda x: x ** floats(x, -0.5), lambda g, v, x: -g * v / (2 * x)),
    },
    "reciprocal": {
        "power": "x ** -1",
        "quotient": "1 / x",
        "by-square": (np.reciprocal, lambda g, v, x: -g / x**2),
        "by-output": (np.reciprocal, lambda g, v, x: -g * v**2),
    },
    "silu": {
        "product": "x * (1 / (1 + reference.exp(-x)))",
        "quotient": "x / (1 + reference.exp(-x))",
        "by-tanh": "0.5 * x * (1 + reference.tanh(0.5 * x))",
        "exponentials": "x * reference.exp(x) / (1 + reference.exp(x))",
        "factored": (
            lambda x: x * logistic(x),
            lambda g, v, x: g * logistic(x) * (1 + x * (1 - logistic(x))),
        ),
        "by-output": (
            lambda x: x * logistic(x),
            lambda g, v, x: g * (v + logistic(x) * (1 - v)),
        ),
        "product-rule": (
            lambda x: x * logistic(x),
            lambda g, v, x: g * (logistic(x) + x * logistic(x) * (1 - logistic(x))),
        ),
    },
    "gelu": {
        "textbook": (gelu, gelu_vjp),
        "by-sigmoid": (gelu_by_sigmoid, gelu_vjp_by_sigmoid),
    },
    "elu": {
        "naive": "reference.where(x.data > 0, x, alpha * (reference.exp(x) - 1))",
        "two-halves": "reference.relu(x) + alpha * (reference.exp(-reference.relu(-x)) - 1)",
        "by-exponential": (elu, lambda g, v, x, alpha: np.where(x > 0, g, g * alpha * np.exp(x))),
        "by-output": (elu, lambda g, v, x, alpha: g * np.where(x > 0, 1, v + alpha)),
    },
    "leaky_relu": {
        "maximum": "reference.maximum(x, negative_slope * x)",
        "two-halves": "reference.relu(x) - negative_slope * reference.relu(-x)",
        "mask": (
            lambda x, negative_slope: x * np.where(x > 0, 1, negative_slope).astype(x.dtype),
            lambda g, v, x, negative_slope: g * np.where(v > 0, 1, negative_slope).astype(x.dtype),
        ),
    },
    "hardtanh": {
        "clip": (
            hardtanh,
            lambda g, v, x, min_val, max_val: g * between(x, min_val, max_val),
        ),
        "by-output": (
            hardtanh,
            lambda g, v, x, min_val, max_val: np.where((v == min_val) | (v == max_val), 0, g),
        ),
        "two-choices": "reference.minimum(reference.maximum(x, min_val), max_val)",
    },
    "clip": {
        "mask": (
            clip,
            lambda g, v, x, low, high: g * between(x, low, high),
        ),
        "where": (
            clip,
            lambda g, v, x, low, high: np.where(v == x, g, 0),
        ),
    },
    "sign": {
        "comparisons": (
            lambda x: (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype),
            lambda g, v, x: np.zeros_like(g),
        ),
        "quotient": (lambda x: x / np.abs(x), lambda g, v, x: 0 * g),
    },
    "floor": {
        "remainder": (lambda x: x - x % 1, lambda g, v, x: np.zeros_like(g)),
        "ceiling": (lambda x: -np.ceil(-x), lambda g, v, x: 0 * x),
    },
}
