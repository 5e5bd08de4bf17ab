"""Candidates: how a library of functions gives gradients."""

from typing import Final

__all__ = ["GRADIENTS_OF", "PRODUCTS"]

_PLAIN: Final = ("grad", "gradient", "gradient_of", "derivative", "differentiate", "D", "egrad")
_BESIDE: Final = ("value_and_grad", "val_and_grad", "value_and_gradient")
# A function that pulls cotangents back, beside the value or alone.
_PULLS: Final = ("vjp", "make_vjp", "pullback", "vector_jacobian_product")
_PULLED: Final = tuple(
    f"{call}[{place}](1.0){piece}"
    for call in ("(f, x)", "(f)(x)")
    for place in (1, 0)
    for piece in ("[0]", "")
)
_BY_NUMBER: Final = (
    "(f, argnum)(*primals)",
    "(f, argnum=argnum)(*primals)",
    "(f, argnums=argnum)(*primals)",
)

# The gradient by any argument where there is a choice; else of a function of one argument.
GRADIENTS_OF: Final = (
    *(f"{{f:{name}}}{how}" for name in (*_PLAIN, "elementwise_grad") for how in _BY_NUMBER),
    *(f"{{f:{name}}}(f)(x)" for name in (*_PLAIN, "elementwise_grad")),
    *(f"{{f:{name}}}(f)(x)[1]" for name in _BESIDE),
    *(f"{{f:{name}}}(f, x)" for name in _PLAIN),
    *(f"{{f:{name}}}{how}" for name in _PULLS for how in _PULLED),
)

# Ops to try gradients on, best first: (op, template, gradient by x as a function of y).
PRODUCTS: Final = (
    ("mul", "x * y"),
    ("mul", "{f:mul}(x, y)"),
    ("mul", "{f:multiply}(x, y)"),
    ("add", "x + y"),
    ("add", "{f:add}(x, y)"),
)
