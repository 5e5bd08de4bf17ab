from . import functional
from .tensor import Tensor

__all__ = ["Tensor", "functional"]
