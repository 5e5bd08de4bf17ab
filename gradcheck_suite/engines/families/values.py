"""Candidates: how a leaf is made, and how its numbers and its gradient are read."""

from typing import Final

__all__ = [
    "FACTORIES",
    "FLAGS",
    "FORMS_OF_NUMBERS",
    "GRADIENTS",
    "VALUES",
]

# Names of the flag that asks for a gradient, as an argument and as an attribute.
FLAGS: Final = (
    "requires_grad",
    "require_grad",
    "requires_gradient",
    "req_grad",
    "needs_grad",
    "need_grad",
    "has_grad",
    "trainable",
    "track",
)

# Functions of a module, or class methods, that make a value where the class itself does not.
FACTORIES: Final = (
    "tensor",
    "as_tensor",
    "from_numpy",
    "of",
    "make",
    "create",
    "variable",
    "var",
    "value",
    "scalar",
    "array",
    "leaf",
    "from_list",
)

# What a constructor is handed, best first.
FORMS_OF_NUMBERS: Final = {
    "tensor": (
        *("data", "nested"),
        *("data.ravel().tolist(), data.shape", "data.shape, data.ravel().tolist()"),
    ),
    "scalar": ("number", "data", "nested"),
}

VALUES: Final = (
    "x.data",
    "x.value",
    "x.val",
    "x.array",
    "x.v",
    "x.numpy()",
    "x.to_numpy()",
    "x.item()",
    "x.tolist()",
    "x._data",
    "x.data()",
    "x.value()",
    "x.get_data()",
    "x.get_value()",
    "x.eval()",
    "float(x)",
)

GRADIENTS: Final = (
    "x.grad",
    "x.gradient",
    "x.derivative",
    "x.adjoint",
    "x.grad_value",
    "x.g",
    "x.dx",
    "x.dv",
    "x._grad",
    "x.grad()",
    "x.gradient()",
    "x.get_grad()",
    "x.derivative()",
    "x.adjoint()",
    "x.grad_data",
)
