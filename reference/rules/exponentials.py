"""Exponentials and logarithms, beyond those of ``functions.py``, and the error function."""

import math
from typing import Any

import numpy as np

from reference.primitive import elementwise
from reference.tensor import Array

__all__ = ["erf", "expm1", "log1p", "log2", "log10", "logaddexp", "softplus"]

_erf_of_floats = np.vectorize(math.erf, otypes=[np.float64])  # NumPy has none; C's is exact


def _erf(x: Array) -> Any:
    """Return 2/sqrt(pi) times the integral of exp(-u**2) from 0 to x, in x's dtype."""
    return _erf_of_floats(x).astype(x.dtype if x.dtype.kind == "f" else np.float64)


def _softplus(x: Array) -> Any:
    """Return log(1 + exp(x)), without overflow."""
    return np.logaddexp(x, 0)


expm1 = elementwise("expm1", np.expm1, x=lambda t, x: t * x.exp())
log1p = elementwise("log1p", np.log1p, x=lambda t, x: t / (1 + x))
log2 = elementwise("log2", np.log2, x=lambda t, x: t / (x * math.log(2)))
log10 = elementwise("log10", np.log10, x=lambda t, x: t / (x * math.log(10)))
erf = elementwise("erf", _erf, x=lambda t, x: t * (-x * x).exp() * (2 / math.sqrt(math.pi)))
logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    x=lambda t, x, y: t * (x - y).sigmoid(),  # exp(x) / (exp(x) + exp(y)), without overflow
    y=lambda t, x, y: t * (y - x).sigmoid(),
)
softplus = elementwise("softplus", _softplus, x=lambda t, x: t * x.sigmoid())
