"""A readable autograd on NumPy, with torch's semantics. README.md is the order to read it in.

>>> import reference as ref
>>> x = ref.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from reference import data, nn, ops, optim
from reference.errors import (
    AutogradError,
    DtypeError,
    FormatError,
    GraphFreedError,
    LeafError,
    MissingRuleError,
    ModifiedInPlaceError,
    NoGradientError,
    OperandError,
    SettingError,
    ShapeError,
)
from reference.forward import jvp
from reference.function import Context, Function
from reference.functional import grad, vjp
from reference.modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from reference.ops import *  # noqa: F403 - every operation, listed in reference.ops.__all__
from reference.tensor import Tensor, tensor

__all__ = [  # noqa: PLE0604 - the star adds the operations' names
    "AutogradError",
    "Context",
    "DtypeError",
    "FormatError",
    "Function",
    "GraphFreedError",
    "LeafError",
    "MissingRuleError",
    "ModifiedInPlaceError",
    "NoGradientError",
    "OperandError",
    "SettingError",
    "ShapeError",
    "Tensor",
    "data",
    "enable_grad",
    "grad",
    "is_grad_enabled",
    "jvp",
    "nn",
    "no_grad",
    "ops",
    "optim",
    "set_grad_enabled",
    "tensor",
    "vjp",
    *ops.__all__,
]
