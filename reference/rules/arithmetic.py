"""Plus, minus, times, divided by, and powers."""

import operator
from typing import Any

import numpy as np

from reference.operators import op
from reference.primitive import constant, elementwise
from reference.rules.selection import where
from reference.tensor import Array, Tensor, as_tensor, zeros

__all__ = [
    "add",
    "div",
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "mul",
    "neg",
    "not_equal",
    "pow",
    "power",
    "sub",
]

add = elementwise("add", np.add, x=lambda t: t, y=lambda t: t)
sub = elementwise("sub", np.subtract, x=lambda t: t, y=lambda t: -t)
mul = elementwise("mul", np.multiply, x=lambda t, y: t * y, y=lambda t, x: t * x)
div = elementwise("div", np.true_divide, x=lambda t, y: t / y, y=lambda t, x, y: -t * ((x / y) / y))
neg = elementwise("neg", np.negative, x=lambda t: -t)

less = constant("less", np.less, "xy")
less_equal = constant("less_equal", np.less_equal, "xy")
greater = constant("greater", np.greater, "xy")
greater_equal = constant("greater_equal", np.greater_equal, "xy")
equal = constant("equal", np.equal, "xy")
not_equal = constant("not_equal", np.not_equal, "xy")


def _number_power(x: Array, exponent: float) -> Any:
    return operator.pow(x, exponent)  # not np.power: the operator squares and takes roots exactly


def _number_power_rule(t: Tensor, x: Tensor, exponent: float) -> Tensor:
    if exponent == 0:  # x**0 is the constant 1, also at 0, where 0 * 0**-1 would be NaN
        return zeros(t.shape, t.dtype)
    return t * (exponent * x ** (exponent - 1))


_number_power_row = elementwise("number_power", _number_power, x=_number_power_rule)


def _base_rule(t: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Multiply by y * x**(y-1).

    At 0**0 the result is constant in x, and 0 * 0**-1, which is NaN, must not be formed. Masking
    the result alone would not do: the next derivative would meet the NaN behind the mask.
    """
    flat = (x.data == 0) & (y.data == 0)
    return where(flat, 0.0, t * (y * power(where(flat, 1.0, x), y - 1)))


def _exponent_rule(t: Tensor, ans: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Multiply by x**y * log(x). 0**y is constant in y >= 0: 0 * log(0) must not be formed."""
    flat = (x.data == 0) & (y.data >= 0)
    return where(flat, 0.0, t * (ans * where(flat, 1.0, x).log()))


power = elementwise("power", np.power, x=_base_rule, y=_exponent_rule)


@op
def pow(x: Any, exponent: Any) -> Tensor:  # noqa: A001 - the operation's name
    """Return x to the power of a number, or, through ``power``, of a tensor or array."""
    if isinstance(exponent, np.generic):
        exponent = exponent.item()
    if isinstance(exponent, bool | int | float):
        return _number_power_row(as_tensor(x), exponent)
    return power(x, exponent)
