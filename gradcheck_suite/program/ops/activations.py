"""Nonlinearities of neural networks, and the other choices with attributes or steps."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.instructions import Attributes
from gradcheck_suite.program.op import Domain, Example, Op
from gradcheck_suite.program.ops.functions import choose, logistic

__all__ = ["ACTIVATIONS"]

_ONE: Final = ((),)  # the shapes of a single number, for examples
_INTEGERS: Final = tuple(float(n) for n in range(-4, 5))
_erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has none


def _with(**attrs: float | str | None) -> Example:
    return _ONE, tuple(attrs.items())


def _silu(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(x * logistic(x))


def _gelu(x: npt.NDArray[Any], approximate: str) -> npt.NDArray[Any]:
    if approximate == "tanh":  # (1 + tanh(u)) / 2 is the sigmoid of 2 u, which does not cancel
        return np.asarray(x * logistic(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return np.asarray(x * _erfc(-x / math.sqrt(2)) / 2)


def _elu(x: npt.NDArray[Any], alpha: float) -> npt.NDArray[Any]:
    # The exponential sees no positive number: its overflow, though not taken, would be a value.
    return choose(x > 0, x, alpha * np.expm1(choose(x > 0, x * 0.0, x)))


def _hardtanh(x: npt.NDArray[Any], min_val: float, max_val: float) -> npt.NDArray[Any]:
    return choose(x < min_val, min_val, choose(x > max_val, max_val, x))


def _clip(x: npt.NDArray[Any], low: float | None, high: float | None) -> npt.NDArray[Any]:
    bounded = x if low is None else choose(x < low, low, x)
    return bounded if high is None else choose(bounded > high, high, bounded)


def _sign(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return choose(x > 0, 1.0, choose(x < 0, -1.0, 0.0))


_APPROXIMATE: Final[Attributes] = (("approximate", "none"),)
_ALPHA: Final[Attributes] = (("alpha", 1.0),)
_SLOPE: Final[Attributes] = (("negative_slope", 0.01),)
_VALUES: Final[Attributes] = (("min_val", -1.0), ("max_val", 1.0))
_BOUNDS: Final[Attributes] = (("low", None), ("high", None))

ACTIVATIONS: Final = (
    Op(
        name="silu",
        signature="unary",
        forward=_silu,
        formulas=(
            "x / (1 + exp(-x))",
            "x * exp(x) / (1 + exp(x))",
            "x * (1 + tanh(x / 2)) / 2",
        ),
        names=("silu", "SiLU", "swish", "Swish"),
        teaches="with s = sigmoid(a), the derivative of a * s is s + a * s * (1 - s)",
    ),
    Op(
        name="gelu",
        signature="unary",
        forward=_gelu,
        formulas=("x * (1 + erf(x / sqrt(2))) / 2",),
        other_formulas=(
            (
                (("approximate", "tanh"),),
                (
                    "x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2",
                    "x / (1 + exp(-2 * sqrt(2 / pi) * (x + 0.044715 * x**3)))",
                    # sqrt(2 / pi) to the eight digits that many sources write.
                    "x * (1 + tanh(0.79788456 * (x + 0.044715 * x**3))) / 2",
                ),
            ),
        ),
        attributes=_APPROXIMATE,
        variant=given("approximate", **dict(_APPROXIMATE)),
        examples=calls_with(*_ONE, approximate=("tanh",)),
        names=("gelu", "GELU", "Gelu", "gelu_tanh", "new_gelu", "gelu_new"),
        domains=(Domain(-3.0, 3.0),),
        teaches="gelu(a) is a product with a itself: its derivative is Phi(a) + a * phi(a), where "
        "phi is the derivative of Phi",
    ),
    Op(
        name="elu",
        signature="unary",
        forward=_elu,
        attributes=_ALPHA,
        variant=given("alpha", **dict(_ALPHA)),
        examples=calls_with(*_ONE, alpha=(0.5, 1.5)),
        names=("elu", "ELU", "Elu"),
        domains=(Domain(hole=0.25),),
        kinks="x = 0, unless alpha is 1",
        teaches="the derivative of elu(a) is 1 where a > 0, and alpha * exp(a) where a < 0",
    ),
    Op(
        name="leaky_relu",
        signature="unary",
        forward=lambda x, negative_slope: choose(x > 0, x, negative_slope * x),
        attributes=_SLOPE,
        variant=given("negative_slope", **dict(_SLOPE)),
        examples=calls_with(*_ONE, negative_slope=(0.25, 0.5)),
        names=("leaky_relu", "leakyrelu", "LeakyReLU", "LeakyRelu", "lrelu"),
        kinks="x = 0",
        teaches="the derivative of leaky_relu(a) is 1 where a > 0, and the slope where a < 0",
    ),
    Op(
        name="hardtanh",
        signature="unary",
        forward=_hardtanh,
        attributes=_VALUES,
        variant=given("min_val", "max_val", **dict(_VALUES)),
        examples=(_with(), _with(min_val=-2.0, max_val=0.5)),
        bounds=("min_val", "max_val"),
        names=("hardtanh", "hard_tanh", "Hardtanh", "HardTanh"),
        kinks="x is a bound",
        teaches="the derivative of hardtanh(a) is 1 between the bounds, and 0 outside of them",
    ),
    Op(
        name="clip",
        signature="unary",
        forward=_clip,
        attributes=_BOUNDS,
        variant=given("low", "high", **dict(_BOUNDS)),
        examples=(
            _with(low=-1.0, high=1.5),
            _with(low=0.5, high=2.0),
            _with(low=-0.5),
            _with(high=1.0),
        ),
        bounds=("low", "high"),
        names=("clip", "clamp", "Clip", "Clamp"),
        kinks="x is a bound",
        teaches="the derivative of clip(a) is 1 between the bounds, and 0 outside of them",
    ),
    Op(
        name="sign",
        signature="unary",
        forward=_sign,
        names=("sign", "sgn"),
        kinks="x = 0",
        teaches="sign is flat on either side of 0, so its derivative is 0",
    ),
    Op(
        name="floor",
        signature="unary",
        forward=np.floor,
        names=("floor",),
        domains=(Domain(without=_INTEGERS),),
        kinks="x is an integer",
        teaches="floor is flat between integers, so its derivative is 0",
    ),
)
