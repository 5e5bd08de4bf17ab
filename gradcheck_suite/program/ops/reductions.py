"""Reductions over axes, and the normalisations built on them."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op

__all__ = [
    "NORMALISATIONS",
    "REDUCTIONS",
    "axis_form",
    "largest",
    "last_form",
    "log_of_softmax",
    "log_softmax",
    "log_softmax_plain",
    "shifted",
]

_AXES: Final[tuple[tuple[str, Attribute], ...]] = (("axis", None), ("keepdims", False))
_Axis = int | tuple[int, ...] | None


def axis_form(_shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Name the calling form: which of axis, axes and keepdims are given."""
    axis = attrs["axis"]
    parts = [] if axis is None else ["axes" if isinstance(axis, tuple) else "axis"]
    return "+".join([*parts, *(["keepdims"] if attrs["keepdims"] else [])])


def last_form(shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Tell the last axis, which many engines have no argument for, from any other one."""
    return "" if attrs["axis"] in {-1, len(shapes[0]) - 1} else "axis"


def _mean(x: npt.NDArray[Any], axis: _Axis, keepdims: bool) -> npt.NDArray[Any]:
    total = np.asarray(np.sum(x, axis=axis, keepdims=keepdims))
    return np.asarray(total / (x.size // max(total.size, 1)))


def _mean_by_products(x: npt.NDArray[Any], axis: _Axis, keepdims: bool) -> npt.NDArray[Any]:
    """Multiply by 1 / n, a rounded value of its own, as some engines do."""
    total = np.asarray(np.sum(x, axis=axis, keepdims=keepdims))
    one = x.ravel()[:1] * 0 + 1
    return np.asarray(total * (one / (x.size // max(total.size, 1)))[0])


def largest(x: npt.NDArray[Any], axis: _Axis) -> npt.NDArray[Any]:
    """Return the maximum over ``axis`` as a constant, axis kept; ties do not matter to a shift."""
    top = np.asarray(np.max(x.astype(float), axis=axis, keepdims=True))
    if x.dtype != object:
        return top
    constants = np.empty(top.shape, dtype=object)
    for place in np.argwhere(x.astype(float) == top):
        constants[tuple(np.where(np.array(top.shape) == 1, 0, place))] = _cut(x[tuple(place)])
    return constants


def _cut(node: Any) -> Any:  # noqa: ANN401 - a scalar node of whoever calls
    return node.cut()


def shifted(x: npt.NDArray[Any], axis: _Axis) -> npt.NDArray[Any]:
    """Subtract the largest over ``axis`` from each: one subtraction, rounded once."""
    top = largest(x, axis)
    if x.dtype != object:
        return np.asarray(x - top)
    return np.asarray(np.frompyfunc(_subtract_constant, 2, 1)(x, top))


def _subtract_constant(node: Any, constant: Any) -> Any:  # noqa: ANN401 - scalar nodes
    return node.shifted(constant)


def _softmax(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    return _softmax_plain(shifted(x, axis), axis)


def _softmax_plain(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    e = np.exp(x)
    return np.asarray(e / np.sum(e, axis=axis, keepdims=True))


def log_softmax_plain(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Return the logarithm of softmax, unshifted."""
    return np.asarray(x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True)))


def log_softmax(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Return the logarithm of softmax, which does not overflow."""
    return log_softmax_plain(shifted(x, axis), axis)


def log_of_softmax(x: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Return the logarithm of what softmax gives."""
    return np.asarray(np.log(_softmax(x, axis)))


REDUCTIONS: Final = (
    Op(
        name="sum",
        signature="reduction",
        forward=np.sum,
        names=("sum", "reduce_sum"),
        attributes=_AXES,
        variant=axis_form,
        teaches="sum gives its cotangent to every element that was summed",
    ),
    Op(
        name="mean",
        signature="reduction",
        forward=_mean,
        array_formulas=(_mean, _mean_by_products),
        names=("mean", "reduce_mean"),
        attributes=_AXES,
        variant=axis_form,
        teaches="mean gives 1 / n of its cotangent to each of the n elements",
    ),
    Op(
        name="max",
        signature="reduction",
        forward=np.max,
        names=("max", "amax", "reduce_max"),
        attributes=_AXES,
        variant=axis_form,
        kinks="two elements share the maximum",
        teaches="max gives its cotangent to the largest element alone",
    ),
    Op(
        name="min",
        signature="reduction",
        forward=np.min,
        names=("min", "amin", "reduce_min"),
        attributes=_AXES,
        variant=axis_form,
        kinks="two elements share the minimum",
        teaches="min gives its cotangent to the smallest element alone",
    ),
)

NORMALISATIONS: Final = (
    Op(
        name="softmax",
        signature="normalisation",
        forward=_softmax,
        array_formulas=(_softmax_plain, _softmax),
        names=("softmax", "Softmax"),
        attributes=(("axis", -1),),
        variant=last_form,
        domains=(Domain(-3.0, 3.0),),
        teaches="with s = softmax(a) and cotangent g, the gradient is s * (g - sum(g * s))",
    ),
    Op(
        name="log_softmax",
        signature="normalisation",
        forward=log_softmax,
        array_formulas=(log_softmax_plain, log_softmax, log_of_softmax),
        names=("log_softmax", "logsoftmax", "LogSoftmax"),
        attributes=(("axis", -1),),
        variant=last_form,
        domains=(Domain(-3.0, 3.0),),
        teaches="with s = softmax(a) and cotangent g, the gradient is g - s * sum(g)",
    ),
)
