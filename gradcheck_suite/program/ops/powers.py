"""Powers with a name of their own."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.op import Domain, Op

__all__ = ["POWERS"]


def _rsqrt(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(1.0 / np.sqrt(x))


def _reciprocal(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(1.0 / x)


POWERS: Final = (
    Op(
        name="square",
        signature="unary",
        forward=np.square,
        formulas=("x**2", "x * x", "exp(2 * log(x))"),
        names=("square", "sqr"),
        domains=(Domain(hole=0.25),),
        teaches="the derivative of a**2 is 2 * a",
    ),
    Op(
        name="cbrt",
        signature="unary",
        forward=np.cbrt,
        formulas=("x**(1/3)", "exp(log(x) / 3)"),
        inverse="v**3",
        names=("cbrt",),
        # Of a negative number x**(1/3), which is how many engines have it, is not real.
        domains=(Domain(low=0.25),),
        kinks="x = 0",
        teaches="the derivative of c = cbrt(a) is 1 / (3 * c**2)",
    ),
    Op(
        name="rsqrt",
        signature="unary",
        forward=_rsqrt,
        formulas=("x**(-1/2)", "1 / sqrt(x)", "sqrt(1 / x)", "exp(-log(x) / 2)"),
        inverse="v**(-2)",
        names=("rsqrt", "inv_sqrt"),
        domains=(Domain(low=0.25),),
        kinks="x <= 0",
        teaches="the derivative of r = 1 / sqrt(a) is -r**3 / 2",
    ),
    Op(
        name="reciprocal",
        signature="unary",
        forward=_reciprocal,
        formulas=("1 / x", "x**(-1)"),
        inverse="1 / v",
        names=("reciprocal", "Reciprocal"),
        domains=(Domain(hole=0.5),),
        kinks="x = 0",
        teaches="the derivative of 1 / a is -1 / a**2",
    ),
)
