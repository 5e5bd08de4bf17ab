"""Choosing between values: where, maximum, minimum.

The cotangent is chosen by ``where`` too, not multiplied by a mask of zeros and ones: 0 times an
infinite or undefined cotangent is NaN, and would reach the value that was not chosen.
"""

from typing import Any

import numpy as np

from reference.primitive import Primitive, elementwise
from reference.tensor import Array, Tensor

__all__ = ["maximum", "minimum", "where"]


def _where(condition: Array, x: Array, y: Array) -> Any:
    """Take elements from x where the condition holds, else from y."""
    return np.where(condition, x, y)


where: Primitive = elementwise(
    "where",
    _where,
    condition=None,
    x=lambda t, condition: where(condition, t, 0.0),
    y=lambda t, condition: where(condition, 0.0, t),
)


def _share(t: Tensor, greater: Tensor, less: Tensor) -> Tensor:
    """Return all of t where the order is as named, half of it at a tie, as in torch."""
    return where(greater < less, 0.0, where(greater == less, t / 2, t))


maximum = elementwise(
    "maximum", np.maximum, x=lambda t, x, y: _share(t, x, y), y=lambda t, x, y: _share(t, y, x)
)
minimum = elementwise(
    "minimum", np.minimum, x=lambda t, x, y: _share(t, y, x), y=lambda t, x, y: _share(t, x, y)
)
