"""HIPS autograd, from 1.7 on: ``grad(f)(x)`` over NumPy."""

from typing import Final

from gradcheck_suite.engines.everything import (
    BROADCASTING,
    NUMBERS,
    PLAIN_NUMBERS,
    RANKS,
    every_form,
)
from gradcheck_suite.program.spelling import Spelling

__all__ = ["AUTOGRAD"]

_CUSTOM: Final = (
    """@autograd.extend.primitive
def cube(x):
    return x * x * x
""",
    "autograd.extend.defvjp(cube, lambda cubed, x: lambda gradient: gradient * 3 * x * x)",
    """@autograd.extend.primitive
def scale(x, factor):
    return x * factor
""",
    "autograd.extend.defvjp(scale, lambda scaled, x, factor: lambda gradient: gradient * factor)",
    """@autograd.extend.primitive
def broken(x):
    return x * 1.0
""",
    """def broken_rule(value, x):
    raise ArithmeticError("on purpose")
""",
    "autograd.extend.defvjp(broken, broken_rule)",
)

_OPS: Final = (
    ("custom_cube", "cube(x)"),
    ("custom_scale", "scale(x, factor)"),
    ("custom_broken", "broken(x)"),
    ("argmax", "np.argmax(x)"),
    ("greater", "x > y"),
    ("add", "x + y"),
    ("sub", "x - y"),
    ("mul", "x * y"),
    ("div", "x / y"),
    ("neg", "-x"),
    ("pow", "x ** exponent"),
    ("power", "x ** y"),
    ("exp", "np.exp(x)"),
    ("log", "np.log(x)"),
    ("sqrt", "np.sqrt(x)"),
    ("sin", "np.sin(x)"),
    ("cos", "np.cos(x)"),
    ("tanh", "np.tanh(x)"),
    ("sigmoid", "autograd.scipy.special.expit(x)"),
    ("relu", "np.maximum(x, 0.0)"),
    ("abs", "np.abs(x)"),
    ("maximum", "np.maximum(x, y)"),
    ("minimum", "np.minimum(x, y)"),
    ("tan", "np.tan(x)"),
    ("arcsin", "np.arcsin(x)"),
    ("arccos", "np.arccos(x)"),
    ("arctan", "np.arctan(x)"),
    ("sinh", "np.sinh(x)"),
    ("cosh", "np.cosh(x)"),
    ("atan2", "np.arctan2(x, y)"),
    ("hypot", "np.hypot(x, y)"),
    ("log1p", "np.log1p(x)"),
    ("expm1", "np.expm1(x)"),
    ("log2", "np.log2(x)"),
    ("log10", "np.log10(x)"),
    ("erf", "autograd.scipy.special.erf(x)"),
    ("softplus", "np.logaddexp(x, 0.0)"),
    ("logaddexp", "np.logaddexp(x, y)"),
    ("square", "np.square(x)"),
    ("reciprocal", "np.reciprocal(x)"),
    ("clip", "np.clip(x, -np.inf if low is None else low, np.inf if high is None else high)"),
    ("sign", "np.sign(x)"),
    ("floor", "np.floor(x)"),
    ("matmul", "x @ y"),
    ("sum", "np.sum(x, axis=axis, keepdims=keepdims)"),
    ("mean", "np.mean(x, axis=axis, keepdims=keepdims)"),
    ("max", "np.max(x, axis=axis, keepdims=keepdims)"),
    ("min", "np.min(x, axis=axis, keepdims=keepdims)"),
    ("reshape", "np.reshape(x, shape)"),
    ("transpose", "np.transpose(x, axes)"),
    ("broadcast_to", "np.broadcast_to(x, shape)"),
    ("getitem", "x[index]"),
    ("concatenate", "np.concatenate(xs, axis=axis)"),
    ("stack", "np.stack(xs, axis=axis)"),
    ("where", "np.where(condition, x, y)"),
    ("prod", "np.prod(x, axis=axis, keepdims=keepdims)"),
    ("var", "np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("std", "np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("norm", "np.linalg.norm(np.ravel(x), ord=ord)"),
    *(
        (f"norm.{order}{form}", f"np.linalg.norm(x, ord=ord, axis=axis, {more})")
        for order in ("", "ord_inf+")
        for form, more in (("axis", ""), ("axis+keepdims", "keepdims=True"))
    ),
    ("norm.ord_inf", "np.linalg.norm(np.ravel(x), ord=ord)"),
    (
        "logsumexp",
        "autograd.scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)",
    ),
    ("cumsum", "np.cumsum(x, axis=axis)"),
    ("roll", "np.roll(x, shift, axis=axis)"),
    ("tile", "np.tile(x, reps)"),
    ("repeat", "np.repeat(x, repeats, axis=axis)"),
    ("pad", "np.pad(x, pad_width, mode='constant', constant_values=fill)"),
    ("squeeze", "np.squeeze(x, axis=axis)"),
    ("unsqueeze", "np.expand_dims(x, axis)"),
    ("swapaxes", "np.swapaxes(x, axis1, axis2)"),
    ("split", "np.split(x, sections, axis=axis)[part]"),
    ("outer", "np.outer(x, y)"),
    ("dot", "np.dot(x, y)"),
    ("trace", "np.trace(x)"),
    ("tril", "np.tril(x, offset)"),
    ("triu", "np.triu(x, offset)"),
    ("diagonal", "np.diagonal(x, offset)"),
    ("linear", "np.dot(x, weight.T) + bias"),
    ("einsum", "np.einsum(subscripts, x, y)"),
    ("det", "np.linalg.det(x)"),
    ("inv", "np.linalg.inv(x)"),
    ("solve", "np.linalg.solve(x, y)"),
)

# Of several axes it takes the norm of a matrix, and for the order 1 it has no rule.
_NO_FORMS: Final = frozenset(
    form
    for form in every_form(_OPS)
    if form.startswith("op:norm") and form.removeprefix("op:") not in dict(_OPS)
)

AUTOGRAD: Final = Spelling(
    name="autograd",
    imports=(
        "import autograd",
        "import autograd.extend",
        "import autograd.numpy as np",
        "import autograd.scipy.special",
        *_CUSTOM,
    ),
    leaf="data",
    constant="data",
    value="x",
    detach="getattr(x, '_value', x)",
    gradient="autograd.grad(f, argnum)(*primals)",
    push_forward="autograd.make_jvp(f, tuple(range(len(primals))))(*primals)(tuple(tangents))[1]",
    ops=_OPS,
    can=(RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | every_form(_OPS) | {"create_graph"})
    - _NO_FORMS,
)
