"""Angles and hyperbolas, beyond the sine and cosine of ``functions.py``."""

from typing import Final

import numpy as np

from gradcheck_suite.program.op import Domain, Op

__all__ = ["TRIGONOMETRY"]

# Off the axes: at the origin there is no angle, and no derivative of the distance.
_PLANE: Final = (Domain(hole=0.25),)

TRIGONOMETRY: Final = (
    Op(
        name="tan",
        signature="unary",
        forward=np.tan,
        formulas=("tan(x)", "sin(x) / cos(x)"),
        inverse="atan(v)",
        names=("tan",),
        domains=(Domain(-1.25, 1.25),),
        kinks="x = pi / 2",
        teaches="the derivative of tan(a) is 1 + tan(a)**2",
    ),
    Op(
        name="arcsin",
        signature="unary",
        forward=np.arcsin,
        formulas=("asin(x)",),
        names=("arcsin", "asin"),
        domains=(Domain(-0.875, 0.875),),
        kinks="abs(x) >= 1",
        teaches="the derivative of arcsin(a) is 1 / sqrt(1 - a**2)",
    ),
    Op(
        name="arccos",
        signature="unary",
        forward=np.arccos,
        formulas=("acos(x)",),
        names=("arccos", "acos"),
        domains=(Domain(-0.875, 0.875),),
        kinks="abs(x) >= 1",
        teaches="the derivative of arccos(a) is -1 / sqrt(1 - a**2)",
    ),
    Op(
        name="arctan",
        signature="unary",
        forward=np.arctan,
        formulas=("atan(x)",),
        names=("arctan", "atan"),
        teaches="the derivative of arctan(a) is 1 / (1 + a**2)",
    ),
    Op(
        name="sinh",
        signature="unary",
        forward=np.sinh,
        formulas=("sinh(x)", "(exp(x) - exp(-x)) / 2"),
        names=("sinh",),
        domains=(Domain(-3.0, 3.0, hole=0.25),),
        teaches="the derivative of sinh(a) is cosh(a)",
    ),
    Op(
        name="cosh",
        signature="unary",
        forward=np.cosh,
        formulas=("cosh(x)", "(exp(x) + exp(-x)) / 2"),
        names=("cosh",),
        domains=(Domain(-3.0, 3.0, hole=0.25),),
        teaches="the derivative of cosh(a) is sinh(a), without a minus",
    ),
    Op(
        name="atan2",
        signature="binary",
        forward=np.arctan2,
        formulas=("atan2(x, y)",),  # the ordinate comes first, as in every language
        names=("atan2", "arctan2"),
        domains=_PLANE,
        kinks="both operands are 0",
        teaches="the derivative of atan2(a, b) is b / (a**2 + b**2) with respect to a, "
        "and -a / (a**2 + b**2) with respect to b",
    ),
    Op(
        name="hypot",
        signature="binary",
        forward=np.hypot,
        formulas=("sqrt(x**2 + y**2)",),
        names=("hypot",),
        domains=_PLANE,
        kinks="both operands are 0",
        teaches="the derivative of h = hypot(a, b) is a / h with respect to a, "
        "and b / h with respect to b",
    ),
)
