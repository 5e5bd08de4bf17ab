"""Exponentials and logarithms, beyond those of ``functions.py``, and the error function."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.op import Domain, Op

__all__ = ["EXPONENTIALS"]

_erf = np.vectorize(math.erf, otypes=[np.float64])  # NumPy has none


def _softplus(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(np.logaddexp(x, 0.0))  # never overflows


EXPONENTIALS: Final = (
    # log(1 + x) and exp(x) - 1 cancel around 0. Whether an engine knows better is a question of
    # its own (G7), and here either way is right: the domains keep away.
    Op(
        name="log1p",
        signature="unary",
        forward=np.log1p,
        formulas=("log1p(x)", "log(1 + x)"),
        names=("log1p",),
        domains=(Domain(low=-0.75, hole=0.5),),
        kinks="x <= -1",
        teaches="the derivative of log1p(a) = log(1 + a) is 1 / (1 + a)",
    ),
    Op(
        name="expm1",
        signature="unary",
        forward=np.expm1,
        formulas=("expm1(x)", "exp(x) - 1"),
        inverse="log(1 + v)",
        names=("expm1",),
        domains=(Domain(-3.0, 3.0, hole=0.5),),
        teaches="the derivative of expm1(a) = exp(a) - 1 is exp(a), not expm1(a)",
    ),
    Op(
        name="log2",
        signature="unary",
        forward=np.log2,
        formulas=("log(x) / log(2)",),
        names=("log2",),
        domains=(Domain(low=0.25),),
        kinks="x <= 0",
        teaches="the derivative of log2(a) is 1 / (a * log(2))",
    ),
    Op(
        name="log10",
        signature="unary",
        forward=np.log10,
        formulas=("log(x) / log(10)",),
        names=("log10",),
        domains=(Domain(low=0.25),),
        kinks="x <= 0",
        teaches="the derivative of log10(a) is 1 / (a * log(10))",
    ),
    Op(
        name="erf",
        signature="unary",
        forward=_erf,
        formulas=("erf(x)",),
        names=("erf",),
        domains=(Domain(-3.0, 3.0),),
        teaches="the derivative of erf(a) is 2 / sqrt(pi) * exp(-a**2)",
    ),
    Op(
        name="softplus",
        signature="unary",
        forward=_softplus,
        formulas=("log(1 + exp(x))", "x + log(1 + exp(-x))"),
        inverse="log(exp(v) - 1)",
        names=("softplus", "Softplus", "SoftPlus"),
        teaches="the derivative of softplus(a) = log(1 + exp(a)) is sigmoid(a)",
    ),
    Op(
        name="logaddexp",
        signature="binary",
        forward=np.logaddexp,
        formulas=("log(exp(x) + exp(y))", "x + log(1 + exp(y - x))", "y + log(1 + exp(x - y))"),
        names=("logaddexp", "log_add_exp"),
        domains=(Domain(-3.0, 3.0),),
        teaches="the derivative of logaddexp(a, b) is exp(a) / (exp(a) + exp(b)) with respect to "
        "a, and exp(b) / (exp(a) + exp(b)) with respect to b",
    ),
)
