"""Powers with a name."""

from typing import Any

import numpy as np

from reference.primitive import elementwise
from reference.tensor import Array

__all__ = ["cbrt", "reciprocal", "rsqrt", "square"]


def _reciprocal(x: Array) -> Any:
    """Return 1 / x; not np.reciprocal, which rounds the reciprocal of an integer to 0."""
    return 1 / x


def _rsqrt(x: Array) -> Any:
    """Return 1 / sqrt(x)."""
    return 1 / np.sqrt(x)


square = elementwise("square", np.square, x=lambda t, x: t * (2 * x))
cbrt = elementwise("cbrt", np.cbrt, x=lambda t, ans: t / (3 * ans * ans))
reciprocal = elementwise("reciprocal", _reciprocal, x=lambda t, ans: -t * ans * ans)
rsqrt = elementwise("rsqrt", _rsqrt, x=lambda t, ans: t * (-0.5 * ans * ans * ans))
