"""Nonlinearities as modules, to stand in a ``Sequential``; none has parameters."""

from typing import final

from reference.nn.module import Module
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


@final
class ReLU(Module):
    """The positive part of each element; the derivative at 0 is 0."""

    def forward(self, x: Operand) -> Tensor:
        """Return max(x, 0)."""
        return as_tensor(x).relu()


@final
class Tanh(Module):
    """The hyperbolic tangent of each element."""

    def forward(self, x: Operand) -> Tensor:
        """Return tanh(x)."""
        return as_tensor(x).tanh()


@final
class Sigmoid(Module):
    """1 / (1 + exp(-x)) of each element."""

    def forward(self, x: Operand) -> Tensor:
        """Return sigmoid(x)."""
        return as_tensor(x).sigmoid()


@final
class Softmax(Module):
    """exp(x) / sum(exp(x)) along the axis ``dim``."""

    def __init__(self, dim: int) -> None:
        """Remember the axis."""
        self.dim = dim

    def forward(self, x: Operand) -> Tensor:
        """Return softmax(x)."""
        return as_tensor(x).softmax(self.dim)


@final
class LogSoftmax(Module):
    """log(softmax(x)) along the axis ``dim``, without overflow."""

    def __init__(self, dim: int) -> None:
        """Remember the axis."""
        self.dim = dim

    def forward(self, x: Operand) -> Tensor:
        """Return log(softmax(x))."""
        return as_tensor(x).log_softmax(self.dim)
