"""JAX, from 0.4.30 on, in float64 and on the CPU: ``grad(f)(x)`` over ``jax.numpy``."""

from typing import Final

from gradcheck_suite.engines.everything import (
    BROADCASTING,
    NUMBERS,
    PLAIN_NUMBERS,
    RANKS,
    every_form,
)
from gradcheck_suite.program.spelling import Spelling

__all__ = ["JAX"]

_CUSTOM: Final = (
    """@jax.custom_vjp
def cube(x):
    return x * x * x
""",
    "cube.defvjp(lambda x: (x * x * x, x), lambda x, gradient: (gradient * 3 * x * x,))",
    """@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def scale(x, factor):
    return x * factor
""",
    """scale.defvjp(
    lambda x, factor: (x * factor, None), lambda factor, _, gradient: (gradient * factor,)
)
""",
    """@jax.custom_vjp
def broken(x):
    return x * 1.0
""",
    """def broken_rule(_, gradient):
    raise ArithmeticError("on purpose")
""",
    "broken.defvjp(lambda x: (x * 1.0, None), broken_rule)",
)

# What has no function of its own is written as the documentation of jax.numpy has it.
_CONV: Final = (
    "jax.lax.conv_general_dilated(x, weight, (stride,) * {n}, [(padding, padding)] * {n})"
)
_WINDOW: Final = (
    "jax.lax.reduce_window(x, {start}, {op}, (1, 1, kernel, kernel), "
    "(1, 1, stride or kernel, stride or kernel), 'VALID')"
)
_REDUCED: Final = "{{'mean': jnp.mean, 'sum': jnp.sum, 'none': lambda loss: loss}}[reduction]({})"
_PICKED: Final = "{}[jnp.arange(len(target)), target]"
_NORM: Final = (
    "(x - jnp.mean(x, axis={axes}, keepdims=True)) "
    "* jax.lax.rsqrt(jnp.var(x, axis={axes}, keepdims=True) + eps) * {weight} + {bias}"
)
_ALONG: Final = (
    "tuple(indices if k == axis else i for k, i in enumerate(np.indices(indices.shape)))"
)
_LAST: Final = "tuple(range(-weight.ndim, 0))"
_BATCH: Final = "(0, *range(2, x.ndim))"
_CHANNELS: Final = "{}.reshape(-1, *[1] * (x.ndim - 2))"

_OPS: Final = (
    ("custom_cube", "cube(x)"),
    ("custom_scale", "scale(x, factor)"),
    ("custom_broken", "broken(x)"),
    ("argmax", "jnp.argmax(x)"),
    ("greater", "x > y"),
    ("add", "x + y"),
    ("sub", "x - y"),
    ("mul", "x * y"),
    ("div", "x / y"),
    ("neg", "-x"),
    ("pow", "x ** exponent"),
    ("power", "x ** y"),
    ("exp", "jnp.exp(x)"),
    ("log", "jnp.log(x)"),
    ("sqrt", "jnp.sqrt(x)"),
    ("sin", "jnp.sin(x)"),
    ("cos", "jnp.cos(x)"),
    ("tanh", "jnp.tanh(x)"),
    ("sigmoid", "jax.nn.sigmoid(x)"),
    ("relu", "jax.nn.relu(x)"),
    ("abs", "jnp.abs(x)"),
    ("maximum", "jnp.maximum(x, y)"),
    ("minimum", "jnp.minimum(x, y)"),
    ("tan", "jnp.tan(x)"),
    ("arcsin", "jnp.arcsin(x)"),
    ("arccos", "jnp.arccos(x)"),
    ("arctan", "jnp.arctan(x)"),
    ("sinh", "jnp.sinh(x)"),
    ("cosh", "jnp.cosh(x)"),
    ("atan2", "jnp.arctan2(x, y)"),
    ("hypot", "jnp.hypot(x, y)"),
    ("log1p", "jnp.log1p(x)"),
    ("expm1", "jnp.expm1(x)"),
    ("log2", "jnp.log2(x)"),
    ("log10", "jnp.log10(x)"),
    ("erf", "jax.lax.erf(x)"),
    ("softplus", "jax.nn.softplus(x)"),
    ("logaddexp", "jnp.logaddexp(x, y)"),
    ("square", "jnp.square(x)"),
    ("cbrt", "jnp.cbrt(x)"),
    ("rsqrt", "jax.lax.rsqrt(x)"),
    ("reciprocal", "jnp.reciprocal(x)"),
    ("silu", "jax.nn.silu(x)"),
    ("gelu", "jax.nn.gelu(x, approximate=approximate == 'tanh')"),
    ("elu", "jax.nn.elu(x, alpha)"),
    ("leaky_relu", "jax.nn.leaky_relu(x, negative_slope)"),
    ("hardtanh", "jax.nn.hard_tanh(x)"),
    ("clip", "jnp.clip(x, min=low, max=high)"),
    ("sign", "jnp.sign(x)"),
    ("floor", "jnp.floor(x)"),
    ("matmul", "x @ y"),
    ("sum", "jnp.sum(x, axis=axis, keepdims=keepdims)"),
    ("mean", "jnp.mean(x, axis=axis, keepdims=keepdims)"),
    ("max", "jnp.max(x, axis=axis, keepdims=keepdims)"),
    ("min", "jnp.min(x, axis=axis, keepdims=keepdims)"),
    ("reshape", "jnp.reshape(x, shape)"),
    ("transpose", "jnp.transpose(x, axes)"),
    ("broadcast_to", "jnp.broadcast_to(x, shape)"),
    ("getitem", "x[index]"),
    ("concatenate", "jnp.concatenate(xs, axis=axis)"),
    ("stack", "jnp.stack(xs, axis=axis)"),
    ("where", "jnp.where(condition, x, y)"),
    ("softmax", "jax.nn.softmax(x, axis=axis)"),
    ("log_softmax", "jax.nn.log_softmax(x, axis=axis)"),
    ("prod", "jnp.prod(x, axis=axis, keepdims=keepdims)"),
    ("var", "jnp.var(x, axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("std", "jnp.std(x, axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("norm", "jnp.linalg.vector_norm(x, ord=ord, axis=axis, keepdims=keepdims)"),
    ("logsumexp", "jax.nn.logsumexp(x, axis=axis, keepdims=keepdims)"),
    ("cumsum", "jnp.cumsum(x, axis=axis)"),
    ("cumprod", "jnp.cumprod(x, axis=axis)"),
    ("flip", "jnp.flip(x, axis=axis)"),
    ("roll", "jnp.roll(x, shift, axis=axis)"),
    ("tile", "jnp.tile(x, reps)"),
    ("repeat", "jnp.repeat(x, repeats, axis=axis)"),
    ("pad", "jnp.pad(x, pad_width, constant_values=fill)"),
    ("squeeze", "jnp.squeeze(x, axis=axis)"),
    ("unsqueeze", "jnp.expand_dims(x, axis)"),
    ("swapaxes", "jnp.swapaxes(x, axis1, axis2)"),
    ("split", "jnp.split(x, sections, axis=axis)[part]"),
    ("max_with_indices", "jax.lax.top_k(jnp.moveaxis(x, axis, -1), 1)[0][..., 0]"),
    (
        "max_with_indices.keepdims",
        "jnp.moveaxis(jax.lax.top_k(jnp.moveaxis(x, axis, -1), 1)[0], -1, axis)",
    ),
    ("take", "jnp.take(x, indices, axis=axis)"),
    ("gather", "jnp.take_along_axis(x, indices, axis=axis)"),
    ("scatter_add", f"x.at[{_ALONG}].add(y[tuple(map(slice, indices.shape))])"),
    ("embedding", "x[indices]"),
    ("outer", "jnp.outer(x, y)"),
    ("dot", "jnp.dot(x, y)"),
    ("trace", "jnp.trace(x)"),
    ("tril", "jnp.tril(x, offset)"),
    ("triu", "jnp.triu(x, offset)"),
    ("diagonal", "jnp.diagonal(x, offset)"),
    ("linear", "x @ weight.T + bias"),
    ("einsum", "jnp.einsum(subscripts, x, y)"),
    ("det", "jnp.linalg.det(x)"),
    ("inv", "jnp.linalg.inv(x)"),
    ("solve", "jnp.linalg.solve(x, y)"),
    ("conv1d", _CONV.format(n=1)),
    ("conv2d", _CONV.format(n=2)),
    ("max_pool2d", _WINDOW.format(start="-jnp.inf", op="jax.lax.max")),
    ("avg_pool2d", _WINDOW.format(start="0.0", op="jax.lax.add") + " / kernel ** 2"),
    ("mse_loss", _REDUCED.format("jnp.square(x - target)")),
    ("nll_loss", _REDUCED.format(f"-{_PICKED.format('x')}")),
    ("cross_entropy", _REDUCED.format(f"-{_PICKED.format('jax.nn.log_softmax(x)')}")),
    (
        "binary_cross_entropy_with_logits",
        _REDUCED.format("jax.nn.softplus(x) - x * target"),
    ),
    ("layer_norm", _NORM.format(axes=_LAST, weight="weight", bias="bias")),
    (
        "batch_norm",
        _NORM.format(axes=_BATCH, weight=_CHANNELS.format("weight"), bias=_CHANNELS.format("bias")),
    ),
)

# Its hard tanh has bounds of its own.
_NO_FORMS: Final = frozenset(form for form in every_form(_OPS) if form.startswith("op:hardtanh."))

JAX: Final = Spelling(
    name="jax",
    imports=(
        "import functools",
        "import numpy as np",
        "import jax",
        "import jax.numpy as jnp",
        'jax.config.update("jax_enable_x64", True)',
        *_CUSTOM,
    ),
    leaf="jnp.asarray(data)",
    constant="jnp.asarray(data)",
    value="np.asarray(x)",
    detach="jax.lax.stop_gradient(x)",
    gradient="jax.grad(f, argnum)(*primals)",
    push_forward="jax.jvp(f, primals, tangents)[1]",
    ops=_OPS,
    can=(RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | every_form(_OPS) | {"create_graph"})
    - _NO_FORMS,
)
