"""Balls: enclosures of everything that an honest floating-point evaluation may come out as.

A ball of python-flint (``arb``: a 128-bit midpoint and a radius) that every elementary operation
widens by the bound of the rounding model. Sums need care. Engines add in any order (pairwise,
blocked, fused into a matrix product, as gradients happen to arrive), and with cancellation the
order decides the error. So a sum remembers its terms' exact total, the sum of their magnitudes and
their number, and flattens nested sums: any order of n - 1 additions is off by at most
``(n - 1) * ulp * sum(|terms|)`` (Higham, Accuracy and Stability of Numerical Algorithms, 4.2).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from flint import arb, ctx

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.rounding import FLOAT32, ULPS, Precision

__all__ = [
    "Ball",
    "acos",
    "asin",
    "atan",
    "atan2",
    "cos",
    "cosh",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]

ctx.prec = 128  # bits of the midpoint; twice what float64 products need, with room for cancellation

_ZERO: Final = arb(0)


@lru_cache(maxsize=256)
def _factor(ulp: float, n: int) -> arb:
    """Return the ball 1 +- n ulp."""
    return arb(1, n * ulp)


@lru_cache(maxsize=256)
def _exact(digits: str) -> arb:
    """Return the number that ``digits`` write, to the precision of a midpoint."""
    return arb(digits)


class Ball:
    """The enclosure of one number in one precision. Immutable."""

    __slots__ = ("_size", "_total", "_value", "n_terms", "precision")

    def __init__(self, value: arb, precision: Precision) -> None:
        self._value: arb | None = value
        self._total: arb = value
        self._size: arb | None = None
        self.n_terms = 1
        self.precision = precision

    @classmethod
    def literal(cls, number: float, precision: Precision) -> "Ball":
        """Return a number that is written into a program: rounded where float32 has to round it."""
        exact = cls(arb(number), precision)
        if precision is not FLOAT32 or float(np.float32(number)) == number:
            return exact
        return exact._rounded(exact.value, "mul")

    @property
    def value(self) -> arb:
        """The enclosure itself."""
        if self._value is None:
            slack = self.size * ((self.n_terms - 1) * ULPS["add"] * self.precision.ulp)
            self._value = self._total + arb(0, slack.upper())
        return self._value

    @property
    def size(self) -> arb:
        """The sum of the magnitudes of the terms of a sum; the magnitude of anything else."""
        if self._size is None:
            self._size = self._total.abs_upper()
        return self._size

    def __add__(self, other: "Ball | int") -> "Ball":
        right = self._lift(other)
        total = Ball(_ZERO, self.precision)
        total._value = None
        total._total = self._total + right._total
        total._size = self.size + right.size
        total.n_terms = self.n_terms + right.n_terms
        return total

    __radd__ = __add__

    def __neg__(self) -> "Ball":
        negative = Ball(-self._total, self.precision)
        negative._value = None if self.n_terms > 1 else negative._total
        negative._size = self._size
        negative.n_terms = self.n_terms
        return negative

    def __sub__(self, other: "Ball | int") -> "Ball":
        return self + (-self._lift(other))

    def __rsub__(self, other: int) -> "Ball":
        return self._lift(other) + (-self)

    def __mul__(self, other: "Ball | int") -> "Ball":
        return self._rounded(self.value * self._lift(other).value, "mul")

    __rmul__ = __mul__

    def __truediv__(self, other: "Ball | int") -> "Ball":
        return self._rounded(self.value / self._lift(other).value, "div")

    def __rtruediv__(self, other: int) -> "Ball":
        return self._rounded(self._lift(other).value / self.value, "div")

    def __pow__(self, exponent: "Ball | int") -> "Ball":
        power = exponent if isinstance(exponent, int) else exponent.value
        return self._rounded(self.value**power, "pow")

    def __rpow__(self, base: int) -> "Ball":
        return self._rounded(arb(base) ** self.value, "pow")

    def rational(self, numerator: int, denominator: int) -> "Ball":
        """Return the literal ``numerator / denominator``, rounded as an engine would round it."""
        exact = arb(numerator) / denominator
        if denominator & (denominator - 1) == 0:  # a power of two: nothing to round
            return Ball(exact, self.precision)
        return self._rounded(exact, "div")

    def minus(self, other: "Ball") -> "Ball":
        """Return a difference that is rounded once, whatever it is used in."""
        return self._rounded(self.value - other.value, "add")

    def constant(self, digits: str) -> "Ball":
        """Return an irrational constant, given by enough digits, as an engine has it."""
        return self._rounded(_exact(digits), "constant")

    def apply(self, name: str, *others: "Ball") -> "Ball":
        """Return the function ``name`` of arb, widened by its entry in the rounding model."""
        function = getattr(arb, name)
        return self._rounded(function(self.value, *(other.value for other in others)), name)

    def _lift(self, other: "Ball | int") -> "Ball":
        return other if isinstance(other, Ball) else Ball(arb(other), self.precision)

    def _rounded(self, exact: arb, operation: str) -> "Ball":
        widened = exact * _factor(self.precision.ulp, ULPS[operation])
        if abs(float(widened.mid())) <= self.precision.tiny and widened != 0:
            # Subnormal, or flushed to zero: off by no more than the smallest normal number.
            widened += arb(0, self.precision.tiny)
        result = Ball(widened, self.precision)
        result.check_range()
        return result

    def check_range(self) -> None:
        """Raise UndecidableError where an engine overflows.

        What is not finite at all passes: a formula that does not exist here is left out, and an
        answer that is not finite is refused as one.
        """
        value, precision = self.value, self.precision
        if value.is_finite() and not abs(value) < precision.huge:
            msg = f"a value near {value.mid()} is more than {precision.name} can hold"
            raise UndecidableError(msg)

    def __repr__(self) -> str:
        return f"Ball({self.value}, {self.precision.name})"


def exp(x: Ball) -> Ball:
    return x.apply("exp")


def log(x: Ball) -> Ball:
    return x.apply("log")


def expm1(x: Ball) -> Ball:
    return x.apply("expm1")


def log1p(x: Ball) -> Ball:
    return x.apply("log1p")


def sqrt(x: Ball) -> Ball:
    return x.apply("sqrt")


def sin(x: Ball) -> Ball:
    return x.apply("sin")


def cos(x: Ball) -> Ball:
    return x.apply("cos")


def tanh(x: Ball) -> Ball:
    return x.apply("tanh")


def tan(x: Ball) -> Ball:
    return x.apply("tan")


def asin(x: Ball) -> Ball:
    return x.apply("asin")


def acos(x: Ball) -> Ball:
    return x.apply("acos")


def atan(x: Ball) -> Ball:
    return x.apply("atan")


def sinh(x: Ball) -> Ball:
    return x.apply("sinh")


def cosh(x: Ball) -> Ball:
    return x.apply("cosh")


def erf(x: Ball) -> Ball:
    return x.apply("erf")


def atan2(y: Ball, x: Ball) -> Ball:
    return y.apply("atan2", x)
