"""Losses: how far predictions are from their targets, which are constants."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.calling import calls_with
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Forward, Op
from gradcheck_suite.program.ops.reductions import (
    log_of_softmax,
    log_softmax,
    log_softmax_plain,
)

__all__ = ["LOSSES"]

_Array: TypeAlias = npt.NDArray[Any]


def _reduced(losses: _Array, reduction: str) -> _Array:
    if reduction == "none":
        return losses
    total = np.sum(losses)
    return np.asarray(total / losses.size if reduction == "mean" else total)


def _reduced_by_products(losses: _Array, reduction: str) -> _Array:
    """Multiply every loss by 1 / n before they are summed."""
    return (
        _reduced(losses * (1 / losses.size), "sum")
        if reduction == "mean"
        else (_reduced(losses, reduction))
    )


def _mse(x: _Array, target: _Array, reduction: str) -> _Array:
    return _reduced((x - target) * (x - target), reduction)


def _mse_by_powers(x: _Array, target: _Array, reduction: str) -> _Array:
    return _reduced_by_products((x - target) ** 2, reduction)


def _picked(x: _Array, target: Array) -> _Array:
    """Return minus the number of the right class of each sample: (N, C), (N,) -> (N,)."""
    classes = target.numpy().astype(int)
    if len(classes) != len(x):
        msg = f"got {len(classes)} targets for {len(x)} predictions"
        raise ValueError(msg)
    return np.asarray(-x[np.arange(len(x)), classes])


def _nll(x: _Array, target: Array, reduction: str) -> _Array:
    return _reduced(_picked(x, target), reduction)


def _nll_by_products(x: _Array, target: Array, reduction: str) -> _Array:
    return _reduced_by_products(_picked(x, target), reduction)


def _cross_entropy_of(logarithm: Forward) -> Forward:
    """Return the loss of the right classes' logarithms, as one of the formulas has them."""

    def loss(x: _Array, target: Array, reduction: str) -> _Array:
        return _nll(logarithm(x, -1), target, reduction)

    return loss


_CROSS_ENTROPIES: Final = tuple(
    map(_cross_entropy_of, (log_softmax_plain, log_softmax, log_of_softmax))
)


def _softplus(x: _Array) -> _Array:
    """Return log(1 + exp(x)) without overflow."""
    return np.asarray(np.where(x > 0, x, 0.0) + np.log(1.0 + np.exp(-np.abs(x))))


def _bce(x: _Array, target: _Array, reduction: str) -> _Array:
    return _reduced(_softplus(x) - x * target, reduction)


def _bce_of_softplus(x: _Array, target: _Array, reduction: str) -> _Array:
    return _reduced(target * _softplus(-x) + (1.0 - target) * _softplus(x), reduction)


def _bce_of_sigmoid(x: _Array, target: _Array, reduction: str) -> _Array:
    """Take the logarithms of the probability and of its complement."""
    p = 1.0 / (1.0 + np.exp(-x))
    return _reduced_by_products(-(target * np.log(p) + (1.0 - target) * np.log(1.0 - p)), reduction)


def _reduction_form(_shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Name the reduction where it is not the mean."""
    return "" if attrs["reduction"] == "mean" else str(attrs["reduction"])


_REDUCTION: Final[tuple[tuple[str, Attribute], ...]] = (("reduction", "mean"),)
_CLASSES: Final[tuple[tuple[str, Attribute], ...]] = (
    ("target", Array((1,), (0,), "int")),
    *_REDUCTION,
)
_CLASS_CALLS: Final = calls_with(
    (3, 4),
    always=(("target", Array((3,), (2, 0, 2), "int")),),
    reduction=("sum", "none"),
)

LOSSES: Final = (
    Op(
        name="mse_loss",
        signature="array",
        operands=("x", "target"),
        constants=frozenset({"target"}),
        forward=_mse,
        array_formulas=(_mse, _mse_by_powers),
        names=("mse_loss", "mse", "MSELoss", "mean_squared_error"),
        attributes=_REDUCTION,
        variant=_reduction_form,
        examples=calls_with((2, 3), (2, 3), reduction=("sum", "none")),
        teaches="the derivative of the mean of (a - t)**2 is 2 * (a - t) / n",
    ),
    Op(
        name="nll_loss",
        signature="array",
        operands=("x",),
        forward=_nll,
        array_formulas=(_nll, _nll_by_products),
        names=("nll_loss", "nll", "NLLLoss"),
        attributes=_CLASSES,
        variant=_reduction_form,
        examples=_CLASS_CALLS,
        teaches="the gradient of nll_loss is -1 / n at the right class of each of the n samples, "
        "and zero elsewhere",
    ),
    Op(
        name="cross_entropy",
        signature="array",
        operands=("x",),
        forward=_CROSS_ENTROPIES[1],
        array_formulas=_CROSS_ENTROPIES,
        names=("cross_entropy", "cross_entropy_loss", "CrossEntropyLoss"),
        attributes=_CLASSES,
        domains=(Domain(-3.0, 3.0),),
        variant=_reduction_form,
        examples=_CLASS_CALLS,
        teaches="the gradient of cross_entropy is (softmax(a) - onehot(target)) / n",
    ),
    Op(
        name="binary_cross_entropy_with_logits",
        signature="array",
        operands=("x", "target"),
        constants=frozenset({"target"}),
        forward=_bce,
        array_formulas=(_bce, _bce_of_softplus, _bce_of_sigmoid),
        names=(
            "binary_cross_entropy_with_logits",
            "bce_with_logits",
            "BCEWithLogitsLoss",
            "sigmoid_binary_cross_entropy",
        ),
        attributes=_REDUCTION,
        domains=(Domain(-3.0, 3.0), Domain(0.125, 1.0)),
        variant=_reduction_form,
        examples=calls_with((2, 3), (2, 3), reduction=("sum", "none")),
        teaches="the derivative of the binary cross entropy is (sigmoid(a) - t) / n",
    ),
)
