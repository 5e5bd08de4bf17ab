"""Operators: two arrays, broadcast against each other, and powers."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.op import Domain, Op

__all__ = ["ARITHMETIC"]


def _pow(x: npt.NDArray[Any], exponent: float) -> npt.NDArray[Any]:
    return np.asarray(np.power(x, exponent))


ARITHMETIC: Final = (
    Op(
        name="add",
        signature="binary",
        forward=np.add,
        formulas=("x + y",),
        names=("add", "plus"),
        operators=("x + y",),
        teaches="a + b passes its cotangent on to both operands",
    ),
    Op(
        name="sub",
        signature="binary",
        forward=np.subtract,
        formulas=("x - y",),
        names=("sub", "subtract", "minus"),
        operators=("x - y",),
        teaches="a - b passes its cotangent on to a, and its negative to b",
    ),
    Op(
        name="mul",
        signature="binary",
        forward=np.multiply,
        formulas=("x * y",),
        names=("mul", "multiply", "times"),
        operators=("x * y",),
        teaches="the derivative of a * b is b with respect to a, and a with respect to b",
    ),
    Op(
        name="div",
        signature="binary",
        forward=np.divide,
        formulas=("x / y", "x * y**(-1)"),
        names=("div", "divide", "truediv"),
        operators=("x / y",),
        domains=(Domain(), Domain(hole=0.5)),
        kinks="y = 0",
        teaches="the derivative of a / b is 1 / b with respect to a, and -a / b**2 to b",
    ),
    Op(
        name="neg",
        signature="unary",
        forward=np.negative,
        formulas=("-x",),
        names=("neg", "negative"),
        operators=("-x",),
        teaches="the derivative of -a is -1",
    ),
    Op(
        name="pow",
        signature="unary",
        forward=_pow,
        formulas=("x**exponent", "exp(exponent * log(x))"),
        attributes=(("exponent", 2),),
        names=("pow", "power"),
        operators=("x ** exponent",),
        domains=(Domain(hole=0.25),),
        kinks="x = 0",
        teaches="the derivative of a**n is n * a**(n - 1)",
    ),
    Op(
        name="power",
        signature="binary",
        forward=np.power,
        formulas=("x**y", "exp(y * log(x))"),
        names=("pow", "power"),
        operators=("x ** y",),
        domains=(Domain(low=0.25), Domain(low=-2.5, high=2.5)),
        kinks="x <= 0",
        teaches="the derivative of a**b is b * a**(b - 1) with respect to a, "
        "and a**b * log(a) with respect to b",
    ),
)
