"""Reductions that are not linear: products, spread, length, and the logarithm of a sum."""

from math import inf, prod
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.ops.reductions import axis_form, largest

__all__ = ["STATISTICS", "deviation", "n_reduced"]

_Array: TypeAlias = npt.NDArray[Any]
_Axis: TypeAlias = int | tuple[int, ...] | None


def n_reduced(x: _Array, axis: _Axis) -> int:
    """Return how many elements are reduced to one."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return prod(x.shape[a] for a in axes)


def signs(x: _Array) -> _Array:
    """Return 1 or -1 for each element."""
    return np.where(x > 0, 1.0, -1.0)


def _product(x: _Array, axis: _Axis, keepdims: bool) -> _Array:
    return np.asarray(np.prod(x, axis=axis, keepdims=keepdims))


def _product_by_logarithms(x: _Array, axis: _Axis, keepdims: bool) -> _Array:
    """Differentiate to the product over the element, which is how most engines have it."""
    logarithms = np.sum(np.log(x * signs(x)), axis=axis, keepdims=keepdims)
    return np.asarray(np.exp(logarithms) * np.prod(signs(x), axis=axis, keepdims=keepdims))


def deviation(x: _Array, axis: _Axis) -> _Array:
    """Return the distance of each element to the mean along ``axis``."""
    return np.asarray(x - np.sum(x, axis=axis, keepdims=True) / n_reduced(x, axis))


def _variance(x: _Array, axis: _Axis, ddof: int = 0, keepdims: bool = False) -> _Array:
    """Return the mean of the squared deviations, with ``n - ddof`` as divisor."""
    d = deviation(x, axis)
    total = np.sum(d * d, axis=axis, keepdims=keepdims)
    return np.asarray(total / (n_reduced(x, axis) - ddof))


def _variance_of_squares(x: _Array, axis: _Axis, ddof: int = 0, keepdims: bool = False) -> _Array:
    """Return the mean of the squares less the square of the mean: with fewer digits, but right."""
    n = n_reduced(x, axis)
    mean = np.sum(x, axis=axis, keepdims=keepdims) / n
    spread = np.sum(x * x, axis=axis, keepdims=keepdims) / n - mean * mean
    return np.asarray(spread * (n / (n - ddof)) if ddof else spread)


def _deviation_root(x: _Array, axis: _Axis, ddof: int, keepdims: bool) -> _Array:
    return np.asarray(np.sqrt(_variance(x, axis, ddof, keepdims)))


def _deviation_root_of_squares(x: _Array, axis: _Axis, ddof: int, keepdims: bool) -> _Array:
    return np.asarray(np.sqrt(_variance_of_squares(x, axis, ddof, keepdims)))


def _norm(x: _Array, ord: float, axis: _Axis, keepdims: bool) -> _Array:  # noqa: A002 - NumPy's name
    if ord == 2:  # noqa: PLR2004 - the order itself
        return np.asarray(np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)))
    reduced = np.sum if ord == 1 else np.max
    return np.asarray(reduced(np.abs(x), axis=axis, keepdims=keepdims))


def _norm_by_powers(x: _Array, ord: float, axis: _Axis, keepdims: bool) -> _Array:  # noqa: A002 - NumPy's name
    if ord == 2:  # noqa: PLR2004 - the order itself
        return np.asarray(np.sqrt(np.sum(np.abs(x) ** 2, axis=axis, keepdims=keepdims)))
    return _norm(x * signs(x), ord, axis, keepdims)


def _norm_form(shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Name the order where it is not 2, then axis and keepdims."""
    order = attrs["ord"]
    own = [] if order == 2 else [f"ord_{order}"]  # noqa: PLR2004 - the usual order
    return "+".join([*own, *filter(None, [axis_form(shapes, attrs)])])


def _log_sum_exp(x: _Array, axis: _Axis, keepdims: bool) -> _Array:
    return np.asarray(np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)))


def _log_sum_exp_shifted(x: _Array, axis: _Axis, keepdims: bool) -> _Array:
    shift = largest(x, axis)
    total = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=keepdims))
    return np.asarray(total + (shift if keepdims else shift.reshape(np.shape(total))))


_AXES: Final[tuple[tuple[str, Attribute], ...]] = (("axis", None), ("keepdims", False))
_SPREAD: Final[tuple[tuple[str, Attribute], ...]] = (
    ("axis", None),
    ("ddof", 0),
    ("keepdims", False),
)
_SPREAD_FORMS: Final = given("axis", "ddof", "keepdims", ddof=0, keepdims=False)
_SPREAD_CALLS: Final = calls_with((2, 3), axis=(0, 1, (0, 1)), ddof=(1,), keepdims=(True,))
_GENTLE: Final = (Domain(-3.0, 3.0, hole=0.25),)

STATISTICS: Final = (
    Op(
        name="prod",
        signature="reduction",
        forward=_product,
        array_formulas=(_product, _product_by_logarithms),
        names=("prod", "product", "reduce_prod"),
        attributes=_AXES,
        domains=(Domain(-2.0, 2.0, hole=0.25),),
        variant=axis_form,
        teaches="the derivative of a product with respect to one factor is the product of the "
        "other factors",
    ),
    Op(
        name="var",
        signature="array",
        operands=("x",),
        forward=_variance,
        array_formulas=(_variance, _variance_of_squares),
        names=("var", "variance"),
        attributes=_SPREAD,
        domains=_GENTLE,
        variant=_SPREAD_FORMS,
        examples=_SPREAD_CALLS,
        teaches="the derivative of the variance with respect to a is 2 * (a - mean) / (n - ddof): "
        "what flows through the mean adds up to zero",
    ),
    Op(
        name="std",
        signature="array",
        operands=("x",),
        forward=_deviation_root,
        array_formulas=(_deviation_root, _deviation_root_of_squares),
        names=("std", "standard_deviation"),
        attributes=_SPREAD,
        domains=(Domain(hole=1.0),),  # far apart: what is left of the squares is not small
        variant=_SPREAD_FORMS,
        examples=_SPREAD_CALLS,
        kinks="all elements are equal",
        teaches="the derivative of the standard deviation s with respect to a is "
        "(a - mean) / ((n - ddof) * s)",
    ),
    Op(
        name="norm",
        signature="array",
        operands=("x",),
        forward=_norm,
        array_formulas=(_norm, _norm_by_powers),
        names=("norm", "vector_norm"),
        attributes=(("ord", 2), *_AXES),
        domains=_GENTLE,
        variant=_norm_form,
        examples=calls_with((2, 3), ord=(1, inf), axis=(0, 1, (0, 1)), keepdims=(True,)),
        kinks="all elements are 0 (order 2), one is (order 1), or two share the largest magnitude "
        "(order infinity)",
        teaches="the gradient of the length of a vector is the vector divided by its length",
    ),
    Op(
        name="logsumexp",
        signature="reduction",
        forward=_log_sum_exp_shifted,
        array_formulas=(_log_sum_exp, _log_sum_exp_shifted),
        names=("logsumexp", "log_sum_exp", "LogSumExp"),
        attributes=_AXES,
        domains=(Domain(-3.0, 3.0),),
        variant=axis_form,
        teaches="the gradient of logsumexp is softmax",
    ),
)
