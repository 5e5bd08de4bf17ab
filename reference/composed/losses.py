"""How far predictions are from their targets."""

from typing import Literal, TypeAlias

import numpy as np

from reference.composed.picking import gather
from reference.errors import OperandError
from reference.operators import op
from reference.rules.exponentials import softplus
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["binary_cross_entropy_with_logits", "cross_entropy", "mse_loss", "nll_loss"]

Reduction: TypeAlias = Literal["mean", "sum", "none"]


def _reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    """Return the mean or the sum of all losses, or the losses themselves."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    message = f'the reduction is "mean", "sum" or "none", but got {reduction!r}'
    raise OperandError(message)


@op
def mse_loss(x: Operand, target: Operand, reduction: Reduction = "mean") -> Tensor:
    """Return the squared differences; both operands have gradients."""
    difference = as_tensor(x) - target
    return _reduced(difference * difference, reduction)


@op
def nll_loss(log_probabilities: Operand, target: Operand, reduction: Reduction = "mean") -> Tensor:
    """Return minus the logarithm of the probability that was given to the right class.

    Args:
        log_probabilities: For each class: (C,), (N, C) or (N, C, ...).
        target: The right classes, integers from 0 to C - 1: (), (N,) or (N, ...).
        reduction: "mean" or "sum" over all targets, or "none".

    Raises:
        OperandError: The shapes do not fit, or a target is no class.
    """
    x, classes = as_tensor(log_probabilities), as_tensor(target)
    axis = min(1, x.ndim - 1)  # the first axis only of a single prediction
    if not x.ndim or classes.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        message = f"targets of shape {classes.shape} do not fit predictions of shape {x.shape}"
        raise OperandError(message)
    n_classes = x.shape[axis]
    if np.any((classes.data < 0) | (classes.data >= n_classes)):  # negative ones count from the end
        message = f"targets are classes from 0 to {n_classes - 1}, but got {classes.data}"
        raise OperandError(message)
    kept = (*classes.shape[:axis], 1, *classes.shape[axis:])
    right = gather(x, axis, classes.reshape(kept))
    return _reduced(-right.reshape(classes.shape), reduction)


@op
def cross_entropy(logits: Operand, target: Operand, reduction: Reduction = "mean") -> Tensor:
    """Return ``nll_loss`` of the logits' log_softmax: (C,), (N, C) or (N, C, ...), and classes."""
    x = as_tensor(logits)
    return nll_loss(x.log_softmax(min(1, x.ndim - 1)), target, reduction)


@op
def binary_cross_entropy_with_logits(
    logits: Operand, target: Operand, reduction: Reduction = "mean"
) -> Tensor:
    """Return minus the logarithm of the probability sigmoid(logits), or of its complement.

    Targets are 1 or 0, or between; of any size are the logits: both logarithms are softplus, and
    neither sigmoid is formed, which rounds to 0 or 1.

    Raises OperandError if the shapes differ: predictions (N, 1) of targets (N,) are a mistake.
    """
    x, target = as_tensor(logits), as_tensor(target)
    if x.shape != target.shape:
        message = f"targets of shape {target.shape} do not fit logits of shape {x.shape}"
        raise OperandError(message)
    return _reduced(target * softplus(-x) + (1 - target) * softplus(x), reduction)
