"""Bugs: a wrong derivative rule of one elementwise op of one operand, as it is often written.

A row is the op, a name for the fault, a sentence, and the rule that stands in place of the
right one: the cotangent ``t`` times a wrong partial derivative.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from gradcheck_suite.bugs.bending import Function, bent_rule
from gradcheck_suite.bugs.bug import Bug, Place
from reference.rules.selection import where

__all__ = ["UNARY"]

THEME: Final = "derivative rules"

_Row = tuple[str, str, str, Callable[..., Any]]


def _half(t: Any, x: Any) -> Any:
    """Let the cotangent through where the cotangent, and not x, is positive."""
    return where(t > 0, t, 0.0)


# Of one operand, x.
_UNARY: Final[tuple[_Row, ...]] = (
    ("neg", "identity", "-x passes its gradient on unchanged: the minus is forgotten", lambda t: t),
    (
        "exp",
        "as_power",
        "exp(x) is differentiated as if it were a power: x * exp(x - 1)",
        lambda t, x: t * (x * (x - 1).exp()),
    ),
    (
        "exp",
        "operand_saved",
        "exp saves its operand for the backward, and should save its result: x in place of exp(x)",
        lambda t, x: t * x,
    ),
    (
        "log",
        "as_log10",
        "log has the derivative of log10: 1 / (x ln 10)",
        lambda t, x: t / (x * np.log(10)),
    ),
    (
        "log",
        "magnitude",
        "log'(x) is computed as 1 / (x + 1e-3), to be safe from a division by zero",
        lambda t, x: t / (x + 1e-3),
    ),
    (
        "sqrt",
        "half_missing",
        "sqrt has the derivative 1 / sqrt(x): the factor 1/2 is missing",
        lambda t, ans: t / ans,
    ),
    (
        "sqrt",
        "operand_saved",
        "sqrt'(x) is computed as 1 / (2 x), from the operand in place of the root",
        lambda t, x: t / (2 * x),
    ),
    (
        "sin",
        "minus",
        "sin has the derivative -cos(x): the sign is wrong",
        lambda t, x: -t * x.cos(),
    ),
    (
        "cos",
        "minus_missing",
        "cos has the derivative sin(x): the minus is missing",
        lambda t, x: t * x.sin(),
    ),
    ("cos", "as_sin", "cos has the derivative of sin, cos(x)", lambda t, ans: t * ans),
    (
        "tanh",
        "one_missing",
        "tanh has the derivative tanh(x)**2: it is 1 minus that",
        lambda t, ans: t * ans * ans,
    ),
    (
        "tanh",
        "operand_saved",
        "tanh'(x) is computed as 1 - x**2, with the operand in place of tanh(x)",
        lambda t, x: t * (1 - x * x),
    ),
    (
        "tanh",
        "square_missing",
        "tanh'(x) is computed as 1 - tanh(x): the square is missing",
        lambda t, ans: t * (1 - ans),
    ),
    (
        "tanh",
        "as_sigmoid",
        "tanh has the derivative of sigmoid, y (1 - y)",
        lambda t, ans: t * ans * (1 - ans),
    ),
    (
        "sigmoid",
        "twice",
        "sigmoid is applied to its own result once more in the backward",
        lambda t, ans: t * ans.sigmoid() * (1 - ans.sigmoid()),
    ),
    (
        "sigmoid",
        "factor_missing",
        "sigmoid'(x) is computed as y: the factor 1 - y is missing",
        lambda t, ans: t * ans,
    ),
    (
        "sigmoid",
        "operand_saved",
        "sigmoid'(x) is computed as x (1 - x), with the operand in place of the result",
        lambda t, x: t * x * (1 - x),
    ),
    ("relu", "identity", "relu passes every gradient on, also where x is negative", lambda t: t),
    (
        "relu",
        "mask_of_cotangent",
        "relu's mask is made of the incoming gradient's sign, and not of x's",
        _half,
    ),
    (
        "relu",
        "times_result",
        "relu multiplies the gradient by its result, and not by 0 or 1",
        lambda t, ans: t * ans,
    ),
    (
        "abs",
        "identity",
        "abs passes every gradient on with a plus, also where x is negative",
        lambda t: t,
    ),
    (
        "tan",
        "square_missing",
        "tan'(x) is computed as 1 + tan(x): the square is missing",
        lambda t, ans: t * (1 + ans),
    ),
    (
        "arcsin",
        "root_missing",
        "arcsin'(x) is computed as 1 / (1 - x**2): the root is missing",
        lambda t, x: t / (1 - x * x),
    ),
    (
        "arccos",
        "as_arcsin",
        "arccos has the derivative of arcsin: the minus is missing",
        lambda t, x: t / (1 - x * x).sqrt(),
    ),
    (
        "arctan",
        "square_missing",
        "arctan'(x) is computed as 1 / (1 + x): the square is missing",
        lambda t, x: t / (1 + x),
    ),
    ("sinh", "as_sin", "sinh has the derivative of sin, cos(x)", lambda t, x: t * x.cos()),
    (
        "cosh",
        "minus",
        "cosh has the derivative -sinh(x), as cos has one with a minus",
        lambda t, x: -t * ((x.exp() - (-x).exp()) / 2),
    ),
    ("log1p", "as_log", "log1p has the derivative of log, 1 / x", lambda t, x: t / x),
    (
        "expm1",
        "one_missing",
        "expm1'(x) is computed as expm1(x), and is exp(x)",
        lambda t, ans: t * ans,
    ),
    (
        "log2",
        "constant_missing",
        "log2 has the derivative of log: the factor 1 / ln 2 is missing",
        lambda t, x: t / x,
    ),
    ("log10", "as_log2", "log10 has the derivative of log2", lambda t, x: t / (x * np.log(2))),
    (
        "erf",
        "constant_missing",
        "erf'(x) is computed as exp(-x**2): the factor 2 / sqrt(pi) is missing",
        lambda t, x: t * (-x * x).exp(),
    ),
    (
        "erf",
        "sign_in_exponent",
        "erf'(x) has exp(+x**2) where exp(-x**2) belongs",
        lambda t, x: t * (x * x).exp() * (2 / np.sqrt(np.pi)),
    ),
    (
        "softplus",
        "reflected",
        "softplus'(x) is computed as sigmoid(-x)",
        lambda t, x: t * (-x).sigmoid(),
    ),
    (
        "square",
        "two_missing",
        "square'(x) is computed as x: the factor 2 is missing",
        lambda t, x: t * x,
    ),
    (
        "cbrt",
        "square_missing",
        "cbrt'(x) is computed as 1 / (3 y): the square is missing",
        lambda t, ans: t / (3 * ans),
    ),
    (
        "rsqrt",
        "minus_missing",
        "rsqrt has the wrong sign: the minus is missing",
        lambda t, ans: t * (0.5 * ans * ans * ans),
    ),
    (
        "reciprocal",
        "minus_missing",
        "1 / x has the derivative 1 / x**2: the minus is missing",
        lambda t, ans: t * ans * ans,
    ),
    (
        "reciprocal",
        "square_missing",
        "1 / x has the derivative -1 / x: the square is missing",
        lambda t, ans: -t * ans,
    ),
    ("sign", "straight_through", "sign passes its gradient on, and is flat", lambda t: t),
    ("floor", "straight_through", "floor passes its gradient on, and is flat", lambda t: t),
    (
        "pow",
        "factor_missing",
        "x**n has the derivative x**(n - 1): the factor n is missing",
        lambda t, x, exponent: t * x ** (exponent - 1),
    ),
    (
        "pow",
        "negative_base",
        "the gradient of x**n is painted infinite where x is negative",
        lambda t, x, exponent: where(x <= 0, np.inf, t * (exponent * x ** (exponent - 1))),
    ),
    (
        "pow",
        "exponent_kept",
        "x**n has the derivative n * x**n: the exponent is not lowered by one",
        lambda t, ans, exponent: t * exponent * ans,
    ),
)


def _unary(op: str, name: str, sentence: str, rule: Function) -> Bug:
    place = Place(op, "x")
    return Bug(f"{op}.{name}", sentence, THEME, (f"gradient[{op}]",), place, bent_rule(op, x=rule))


UNARY: Final = tuple(_unary(*row) for row in _UNARY)
