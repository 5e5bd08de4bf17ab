"""The rounding model: how far one elementary operation of an honest engine may be off.

Bounds are relative, in units in the last place (1 ulp is taken as 2**-52 of the value in float64
and 2**-23 in float32, the largest that it can be). Their sources:

glibc
    The maximal errors that its tests know of, the "Known Maximum Errors in Math Functions" of its
    manual: ``sysdeps/x86_64/fpu/libm-test-ulps``. The figures below are the larger one of float64
    and float32 under rounding to nearest, and behind a slash that of the vector variants
    (``_vlen*``, libmvec).
SVML
    Intel's vector library, which NumPy calls where there is AVX-512: "the maximum ULP error across
    all the implementations is 4 ULP" (numpy/numpy pull request 19478, which brought it in); for
    each function ``numpy/_core/tests/data/umath-validation-set-*.csv``.
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
    # glibc 1 / 1, 1 / 3, 1 / 2, 1 / 2; SVML 4.
    "exp": 4,
    "log": 4,
    "sin": 4,
    "cos": 4,
    # glibc 2 / 2; SVML 4; 6 has a margin.
    "tanh": 6,
    # glibc 1 / 2, 1 / 2, 1 / 1, 1 / 1, 1 / 2, 1 / 1, 2 / 2, 2 / 2; NumPy's tests have, in float32,
    # tan 4, log1p 2, expm1 3, arcsin 4, arccos 3, arctan 3, sinh 2, cosh 3.
    "tan": 4,
    "log1p": 4,
    "expm1": 4,
    "asin": 4,
    "acos": 4,
    "atan": 4,
    "sinh": 4,
    "cosh": 4,
    # glibc 1 / 2 and 2 / 3; SVML 4.
    "erf": 4,
    "atan2": 4,
    # pi, sqrt(2), log(2): half a unit as a literal, and where an engine computes them at run
    # time, the bound of exp, log and pow.
    "constant": 4,
    # glibc 2 / 2; SVML 4; a margin as for tanh.
    "atanh": 6,
    # glibc 1 / 3; SVML 4; repeated multiplication for the small exponents that courses write: 4.
    # cbrt (glibc 4 / 4), log2 and log10 (2 / 2) are no wider than their formulas.
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
