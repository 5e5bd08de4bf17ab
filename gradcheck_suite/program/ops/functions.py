"""Functions of one argument, element by element; and the choices, which have kinks."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.op import Domain, Op

__all__ = ["CHOICES", "FUNCTIONS", "choose", "logistic"]


def logistic(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return 1 / (1 + exp(-x))."""
    e = np.exp(-np.abs(x))  # never overflows
    return np.asarray(np.where(x >= 0, 1.0, e) / (1.0 + e))


def choose(condition: Any, x: Any, y: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - arrays
    """Return an array of elements of x where the condition holds, and of y elsewhere."""
    return np.asarray(np.where(condition, x, y))


def _magnitude(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return choose(x > 0, x, -x)


FUNCTIONS: Final = (
    Op(
        name="exp",
        signature="unary",
        forward=np.exp,
        formulas=("exp(x)",),
        inverse="log(v)",
        names=("exp",),
        domains=(Domain(-3.0, 3.0),),
        teaches="the derivative of exp(a) is exp(a) itself",
    ),
    Op(
        name="log",
        signature="unary",
        forward=np.log,
        formulas=("log(x)",),
        names=("log", "ln"),
        domains=(Domain(low=0.25),),
        kinks="x <= 0",
        teaches="the derivative of log(a) is 1 / a",
    ),
    Op(
        name="sqrt",
        signature="unary",
        forward=np.sqrt,
        formulas=("sqrt(x)", "x**(1/2)", "exp(log(x) / 2)"),
        inverse="v**2",
        names=("sqrt",),
        domains=(Domain(low=0.25),),
        kinks="x <= 0",
        teaches="the derivative of sqrt(a) is 1 / (2 * sqrt(a))",
    ),
    Op(
        name="sin",
        signature="unary",
        forward=np.sin,
        formulas=("sin(x)",),
        names=("sin",),
        teaches="the derivative of sin(a) is cos(a)",
    ),
    Op(
        name="cos",
        signature="unary",
        forward=np.cos,
        formulas=("cos(x)",),
        names=("cos",),
        teaches="the derivative of cos(a) is -sin(a)",
    ),
    Op(
        name="tanh",
        signature="unary",
        forward=np.tanh,
        formulas=(
            "tanh(x)",
            "(exp(2*x) - 1) / (exp(2*x) + 1)",
            "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
            "(1 - exp(-2*x)) / (1 + exp(-2*x))",
            "2 / (1 + exp(-2*x)) - 1",
        ),
        inverse="atanh(v)",
        names=("tanh", "Tanh"),
        domains=(Domain(-2.0, 2.0),),
        teaches="the derivative of tanh(a) is 1 - tanh(a)**2",
    ),
    Op(
        name="sigmoid",
        signature="unary",
        forward=logistic,
        formulas=(
            "1 / (1 + exp(-x))",
            "exp(x) / (1 + exp(x))",
            "(1 + tanh(x / 2)) / 2",
        ),
        inverse="log(v / (1 - v))",
        names=("sigmoid", "Sigmoid", "logistic"),
        teaches="the derivative of s = sigmoid(a) is s * (1 - s)",
    ),
)

CHOICES: Final = (
    Op(
        name="relu",
        signature="unary",
        forward=lambda x: choose(x > 0, x, 0.0),
        names=("relu", "ReLU", "Relu"),
        kinks="x = 0",
        teaches="the derivative of relu(a) is 1 where a > 0, and 0 where a < 0",
    ),
    Op(
        name="abs",
        signature="unary",
        forward=_magnitude,
        # The root of the square has x / |x| for its derivative, which is not exact in floats.
        array_formulas=(_magnitude, lambda x: np.sqrt(x * x)),
        names=("abs", "absolute"),
        operators=("abs(x)",),
        kinks="x = 0",
        teaches="the derivative of abs(a) is the sign of a",
    ),
    Op(
        name="maximum",
        signature="binary",
        forward=lambda x, y: choose(x > y, x, y),
        names=("maximum", "max"),
        kinks="x = y",
        teaches="maximum(a, b) passes its cotangent on to the larger operand alone",
    ),
    Op(
        name="minimum",
        signature="binary",
        forward=lambda x, y: choose(x > y, y, x),
        names=("minimum", "min"),
        kinks="x = y",
        teaches="minimum(a, b) passes its cotangent on to the smaller operand alone",
    ),
)
