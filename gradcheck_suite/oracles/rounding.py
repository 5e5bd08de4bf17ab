"""The rounding model: how far one elementary operation of an honest engine may be off.

Bounds are relative, in units in the last place (1 ulp is taken as 2**-52 of the value in float64
and 2**-23 in float32, the largest that it can be).
"""

from dataclasses import dataclass
from typing import Final

__all__ = ["FLOAT32", "FLOAT64", "ULPS", "Precision"]

ULPS: Final = {
    # IEEE 754-2019, 5.4.1: correctly rounded, half a unit. One unit leaves room for a gradient
    # that is multiplied out on each path before the paths are summed.
    "add": 1,
    "mul": 1,
    "sqrt": 1,
    # Many engines have no division: a / b is a * b**-1, in every formula with a quotient. That is
    # the bound of pow below, and a product.
    "div": 5,
    # NumPy's vector loops promise at most 4 ulp (numpy/_core/src/umath, notes on ULP errors);
    # glibc's manual, "Errors in Math Functions", has 1.
    "exp": 4,
    "log": 4,
    "sin": 4,
    "cos": 4,
    # glibc's manual has 2 for tanh; the widest in use, Intel SVML's, 4; 6 has a margin.
    "tanh": 6,
    # NumPy holds its vector loops (Intel SVML in AVX-512) to these in float32, and to 1 or 2 in
    # float64: numpy/_core/tests/data/umath-validation-set-*.csv has tan 4, arcsin 4, arccos 3,
    # arctan 3, sinh 2, cosh 3, log1p 2, expm1 3; log2, log10, cbrt are no wider than their
    # formulas.
    # glibc's manual, "Errors in Math Functions", has 1 or 2 for each.
    "tan": 4,
    "log1p": 4,
    "expm1": 4,
    "asin": 4,
    "acos": 4,
    "atan": 4,
    "sinh": 4,
    "cosh": 4,
    # glibc's manual has 1 for both; SVML's _la variants, which NumPy and torch call, 4.
    "erf": 4,
    "atan2": 4,
    # pi, sqrt(2), log(2): half a unit as a literal, and where an engine computes them at run
    # time, the bound of exp, log and pow above.
    "constant": 4,
    "atanh": 6,
    # glibc 1, SVML 4, and repeated multiplication for the small exponents that courses write: 4.
    "pow": 4,
}


@dataclass(frozen=True, slots=True)
class Precision:
    """A floating-point format, as far as the oracle needs it."""

    name: str
    ulp: float
    """The largest relative distance of neighbours: 2**-52 or 2**-23."""
    tiny: float
    """Below this magnitude relative bounds no longer hold (subnormal numbers)."""
    huge: float
    """Above this magnitude results overflow."""


FLOAT64: Final = Precision("float64", 2.0**-52, 2.0**-1022, 2.0**1023)
FLOAT32: Final = Precision("float32", 2.0**-23, 2.0**-126, 2.0**127)
