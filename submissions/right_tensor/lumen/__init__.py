"""A small tensor library with reverse-mode differentiation, on NumPy."""

from .functional import concatenate, maximum, minimum, stack, where
from .modes import enable_grad, is_grad_enabled, no_grad
from .tensor import Tensor

__all__ = [
    "Tensor",
    "concatenate",
    "enable_grad",
    "is_grad_enabled",
    "maximum",
    "minimum",
    "no_grad",
    "stack",
    "where",
]
