"""Nonlinearities of neural networks, each of the elements by themselves."""

import math
from typing import Literal

from reference.errors import OperandError
from reference.operators import op
from reference.rules.exponentials import erf, expm1
from reference.rules.selection import where
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["clip", "elu", "gelu", "hardtanh", "leaky_relu", "silu"]


@op
def silu(x: Operand) -> Tensor:
    """Return x * sigmoid(x), also known as swish."""
    x = as_tensor(x)
    return x * x.sigmoid()


@op
def gelu(x: Operand, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    """Return x times the probability that a standard normal number is below x.

    With ``approximate="tanh"``, the formula of Hendrycks and Gimpel, "Gaussian error linear
    units" (2016), with tanh in place of the error function.
    """
    x = as_tensor(x)
    if approximate == "none":
        return x * ((1 + erf(x / math.sqrt(2))) / 2)
    if approximate == "tanh":
        return x * ((1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh()) / 2)
    message = f'gelu: approximate is "none" or "tanh", but got {approximate!r}'
    raise OperandError(message)


@op
def elu(x: Operand, alpha: float = 1.0) -> Tensor:
    """Return x where it is positive, else alpha * (exp(x) - 1); the derivative at 0 is alpha."""
    x = as_tensor(x)
    # The inner choice keeps an overflow, though not taken, out of the derivative: 0 * inf is NaN.
    return where(x > 0, x, alpha * expm1(where(x > 0, 0.0, x)))


@op
def leaky_relu(x: Operand, negative_slope: float = 0.01) -> Tensor:
    """Return x where it is positive, else negative_slope * x; at 0 that is the derivative."""
    x = as_tensor(x)
    return where(x > 0, x, negative_slope * x)


@op
def hardtanh(x: Operand, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Return x, or the bound that it passes; at a bound the derivative is 0 (``clip``'s is 1)."""
    x = as_tensor(x)
    return where(x <= min_val, min_val, where(x >= max_val, max_val, x))


@op
def clip(x: Operand, min: Operand | None = None, max: Operand | None = None) -> Tensor:  # noqa: A002 - NumPy's names
    """Return x, or the bound that it passes; at a bound the derivative by x is 1.

    A bound is a number, an array or a tensor, which has its gradient, or None. Where the lower
    bound is above the upper one, the upper one counts. Raises OperandError if there is no bound.
    """
    x = as_tensor(x)
    if min is None and max is None:
        message = "clip needs a lower bound, an upper one, or both"
        raise OperandError(message)
    if min is not None:
        x = where(x < min, min, x)
    return x if max is None else where(x > max, max, x)
