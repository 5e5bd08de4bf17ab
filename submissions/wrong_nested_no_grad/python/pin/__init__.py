from . import ops
from .autograd import Tensor, no_grad

__all__ = ["Tensor", "no_grad", "ops"]
