"""Angles and hyperbolas, beyond the sine and cosine of ``functions.py``."""

import numpy as np

from reference.primitive import Primitive, elementwise
from reference.rules.selection import where
from reference.tensor import Tensor

__all__ = ["arccos", "arcsin", "arctan", "atan2", "cosh", "hypot", "sinh", "tan"]


def _half_chord(x: Tensor) -> Tensor:
    """Return sqrt(1 - x**2); factored, since 1 - x**2 cancels near -1 and 1."""
    return ((1 - x) * (1 + x)).sqrt()


tan = elementwise("tan", np.tan, x=lambda t, ans: t * (1 + ans * ans))
arcsin = elementwise("arcsin", np.arcsin, x=lambda t, x: t / _half_chord(x))
arccos = elementwise("arccos", np.arccos, x=lambda t, x: -t / _half_chord(x))
arctan = elementwise("arctan", np.arctan, x=lambda t, x: t / (1 + x * x))
sinh = elementwise("sinh", np.sinh, x=lambda t, x: t * cosh(x))
cosh: Primitive = elementwise("cosh", np.cosh, x=lambda t, x: t * sinh(x))


def _turn(t: Tensor, across: Tensor, along: Tensor) -> Tensor:
    """Return t * across / (across**2 + along**2), without squares that overflow; 0 at the origin.

    The origin has no angle, and 0 is torch's choice there.
    """
    origin = (across.data == 0) & (along.data == 0)
    radius = hypot(where(origin, 1.0, across), along)
    return t * (across / radius / radius)


hypot: Primitive = elementwise(
    "hypot", np.hypot, x=lambda t, x, ans: t * (x / ans), y=lambda t, y, ans: t * (y / ans)
)
# The angle of the point (x, y); the ordinate comes first, as in every language.
atan2 = elementwise(
    "atan2", np.arctan2, y=lambda t, y, x: _turn(t, x, y), x=lambda t, y, x: -_turn(t, y, x)
)
