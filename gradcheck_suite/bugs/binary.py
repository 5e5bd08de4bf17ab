"""Bugs: a wrong derivative rule of one elementwise op of two operands, as it is often written.

A row is the op, the argument, a name for the fault, a sentence, and the rule that stands in place
of the right one: the cotangent ``t`` times a wrong partial derivative.
"""

from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bending import Function, bent_rule, swapped_rules
from gradcheck_suite.bugs.bug import Bug, Place
from reference.rules.selection import where

__all__ = ["BINARY"]

THEME: Final = "derivative rules"

# Of one of two operands: the op, the argument, ...
_BINARY: Final[tuple[tuple[str, str, str, str, Callable[..., Any]], ...]] = (
    ("add", "y", "minus", "x + y gives y the gradient of x - y", lambda t: -t),
    ("sub", "y", "plus", "x - y gives y the gradient of x + y: the minus is missing", lambda t: t),
    (
        "mul",
        "x",
        "own_operand",
        "x * y gives x the gradient x, and should give it y",
        lambda t, x: t * x,
    ),
    ("mul", "y", "identity", "x * y passes y its gradient on, without the factor x", lambda t: t),
    ("div", "x", "as_mul", "x / y gives x the gradient y, as x * y does", lambda t, y: t * y),
    (
        "div",
        "y",
        "square_missing",
        "x / y gives y the gradient -x / y: the square is missing",
        lambda t, x, y: -t * (x / y),
    ),
    (
        "div",
        "y",
        "minus_missing",
        "x / y gives y the gradient x / y**2: the minus is missing",
        lambda t, x, y: t * ((x / y) / y),
    ),
    (
        "power",
        "y",
        "log_missing",
        "x**y gives y the gradient x**y: the factor log(x) is missing",
        lambda t, ans: t * ans,
    ),
    (
        "power",
        "x",
        "factor_missing",
        "x**y gives x the gradient x**(y - 1): the factor y is missing",
        lambda t, x, y: t * x ** (y - 1),
    ),
    (
        "maximum",
        "x",
        "always",
        "maximum gives x the whole gradient, also where y is larger",
        lambda t: t,
    ),
    (
        "maximum",
        "y",
        "as_minimum",
        "maximum gives y its gradient where y is the smaller one",
        lambda t, x, y: where(y < x, t, 0.0),
    ),
    (
        "minimum",
        "y",
        "always",
        "minimum gives y the whole gradient, also where x is smaller",
        lambda t: t,
    ),
    (
        "minimum",
        "x",
        "as_maximum",
        "minimum gives x its gradient where x is the larger one",
        lambda t, x, y: where(x > y, t, 0.0),
    ),
    (
        "atan2",
        "x",
        "minus_missing",
        "atan2(y, x) gives x a gradient of the wrong sign",
        lambda t, y, x: t * (y / (x * x + y * y)),
    ),
    (
        "atan2",
        "y",
        "square_missing",
        "atan2(y, x) divides by the radius, and should by its square",
        lambda t, y, x: t * x / (x * x + y * y).sqrt(),
    ),
    (
        "hypot",
        "x",
        "not_divided",
        "hypot(x, y) gives x the gradient x: it is not divided by the result",
        lambda t, x: t * x,
    ),
    (
        "hypot",
        "y",
        "square_kept",
        "hypot(x, y) gives y the gradient (y / r)**2",
        lambda t, y, ans: t * (y / ans) * (y / ans),
    ),
    (
        "logaddexp",
        "x",
        "reflected",
        "logaddexp(x, y) gives x the share of y, sigmoid(y - x)",
        lambda t, x, y: t * (y - x).sigmoid(),
    ),
    (
        "logaddexp",
        "y",
        "alone",
        "logaddexp(x, y) gives y the gradient sigmoid(y), whatever x is",
        lambda t, y: t * y.sigmoid(),
    ),
    (
        "where",
        "x",
        "unmasked",
        "where gives x the gradient everywhere, also where y was chosen",
        lambda t: t,
    ),
    (
        "where",
        "y",
        "mask_not_inverted",
        "where gives y the gradient where x was chosen",
        lambda t, condition: where(condition, t, 0.0),
    ),
)

# The reference calls the first operand of atan2 y, as mathematics does; the table calls it x.
_ORDINATE_FIRST: Final = {"x": "y", "y": "x"}
_SWAPPED: Final = ("sub", "div", "power", "maximum", "hypot", "where")
"""Ops whose two operands may be mixed up in the backward; add gives both the same."""


def _binary(op: str, argument: str, name: str, sentence: str, rule: Function) -> Bug:
    patch = bent_rule(op, **{argument: rule})
    place = Place(op, _ORDINATE_FIRST[argument] if op == "atan2" else argument)
    return Bug(f"{op}.{argument}_{name}", sentence, THEME, (f"gradient[{op}]",), place, patch)


def _swapped(op: str) -> Bug:
    sentence = f"{op} gives each of its two operands the gradient of the other one"
    place = Place(op)
    return Bug(f"{op}.swapped", sentence, THEME, (f"gradient[{op}]",), place, swapped_rules(op))


BINARY: Final = (*(_binary(*row) for row in _BINARY), *map(_swapped, _SWAPPED))
