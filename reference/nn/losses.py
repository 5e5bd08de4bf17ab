"""Losses as modules: each is the function of ``composed/losses.py`` with a reduction fixed.

A reduction is "mean", "sum" or "none"; another one raises OperandError when the loss is called.
"""

from abc import ABC
from typing import final

from reference.composed.losses import (
    Reduction,
    binary_cross_entropy_with_logits,
    cross_entropy,
    mse_loss,
    nll_loss,
)
from reference.nn.module import Module
from reference.tensor import Operand, Tensor

__all__ = ["BCEWithLogitsLoss", "CrossEntropyLoss", "Loss", "MSELoss", "NLLLoss"]


class Loss(Module, ABC):
    """A loss, and what is made of the losses of all samples: their "mean", "sum", or "none"."""

    def __init__(self, reduction: Reduction = "mean") -> None:
        """Remember the reduction."""
        self.reduction: Reduction = reduction


@final
class MSELoss(Loss):
    """The squared differences of predictions and targets."""

    def forward(self, x: Operand, target: Operand) -> Tensor:
        """Return (x - target)**2, reduced."""
        return mse_loss(x, target, self.reduction)


@final
class CrossEntropyLoss(Loss):
    """Minus the log-probability of the right class, from logits (N, C, ...) or (C,)."""

    def forward(self, x: Operand, target: Operand) -> Tensor:
        """Return the loss of logits and of classes, integers (N, ...) or (), reduced."""
        return cross_entropy(x, target, self.reduction)


@final
class NLLLoss(Loss):
    """Minus the log-probability of the right class, from log-probabilities (N, C, ...) or (C,)."""

    def forward(self, x: Operand, target: Operand) -> Tensor:
        """Return the loss of log-probabilities and of classes, integers (N, ...) or (), reduced."""
        return nll_loss(x, target, self.reduction)


@final
class BCEWithLogitsLoss(Loss):
    """Minus the log-probability of yes-or-no answers, from logits of the targets' shape."""

    def forward(self, x: Operand, target: Operand) -> Tensor:
        """Return the loss of logits and of targets from 0 to 1, reduced."""
        return binary_cross_entropy_with_logits(x, target, self.reduction)
