"""Ops that have properties of their own: without a derivative, in place, or defined by the user.

None of them is an op of the table that every engine is asked for; a program names them to ask for
what stands in their docstrings.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.ops.shaping import numpy_index

__all__ = ["SPECIAL"]


def _setitem(x: npt.NDArray[Any], value: npt.NDArray[Any], index: Attribute) -> npt.NDArray[Any]:
    """Return ``x`` after ``x[index] = value``."""
    changed = np.array(x)
    changed[numpy_index(index)] = value[()]  # an array of rank 0 would be stored as an object
    return changed


def _argmax(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(float(np.argmax(x)))


def _greater(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(np.greater(x, y), dtype=np.float64)


SPECIAL: Final = (
    Op(
        name="argmax",
        signature="array",
        forward=_argmax,
        names=("argmax",),
        operands=("x",),
        differentiable=False,
        teaches="the place of the maximum does not move with the numbers: it has no derivative",
    ),
    Op(
        name="greater",
        signature="array",
        forward=_greater,
        operators=("x > y",),
        operands=("x", "y"),
        differentiable=False,
        teaches="a comparison gives truth values: it has no derivative",
    ),
    Op(
        name="setitem",
        signature="array",
        forward=_setitem,
        operands=("x", "y"),
        attributes=(("index", ()),),
        teaches="what was overwritten gets no gradient any more, and what was put there gets it",
    ),
    Op(
        name="custom_cube",
        signature="unary",
        forward=lambda x: x * x * x,
        formulas=("x**3", "x*x*x"),
        domains=(Domain(-2.0, 2.0),),
        teaches="the rule that the user wrote is called with the cotangent and what was saved",
    ),
    Op(
        name="custom_scale",
        signature="unary",
        forward=lambda x, factor: x * factor,
        formulas=("x*factor",),
        attributes=(("factor", 2.0),),
        teaches="an input without a derivative gets None from the user's rule, the others theirs",
    ),
    Op(
        name="custom_broken",
        signature="unary",
        forward=lambda x: x * 1.0,
        formulas=("x",),
        breaks=True,
        teaches="an exception in the user's rule has to reach whoever called backward",
    ),
)
