"""mygrad, from 2.3 on: tensors over NumPy that are changed in place, and views of them."""

from typing import Final

from gradcheck_suite.engines.everything import (
    BROADCASTING,
    NUMBERS,
    PLAIN_NUMBERS,
    RANKS,
    every_form,
)
from gradcheck_suite.program.spelling import Spelling

__all__ = ["MYGRAD"]

_OPS: Final = (
    ("add", "x + y"),
    ("sub", "x - y"),
    ("mul", "x * y"),
    ("div", "x / y"),
    ("neg", "-x"),
    ("pow", "x ** exponent"),
    ("power", "x ** y"),
    ("exp", "mg.exp(x)"),
    ("log", "mg.log(x)"),
    ("sqrt", "mg.sqrt(x)"),
    ("sin", "mg.sin(x)"),
    ("cos", "mg.cos(x)"),
    ("tanh", "mg.tanh(x)"),
    ("sigmoid", "mygrad.nnet.activations.sigmoid(x)"),
    ("relu", "mygrad.nnet.activations.relu(x)"),
    ("abs", "mg.abs(x)"),
    ("maximum", "mg.maximum(x, y)"),
    ("minimum", "mg.minimum(x, y)"),
    ("tan", "mg.tan(x)"),
    ("arcsin", "mg.arcsin(x)"),
    ("arccos", "mg.arccos(x)"),
    ("arctan", "mg.arctan(x)"),
    ("sinh", "mg.sinh(x)"),
    ("cosh", "mg.cosh(x)"),
    ("atan2", "mg.arctan2(x, y)"),
    ("log1p", "mg.log1p(x)"),
    ("expm1", "mg.expm1(x)"),
    ("log2", "mg.log2(x)"),
    ("log10", "mg.log10(x)"),
    ("logaddexp", "mg.logaddexp(x, y)"),
    ("square", "mg.square(x)"),
    ("cbrt", "mg.cbrt(x)"),
    ("reciprocal", "mg.reciprocal(x)"),
    ("elu", "mygrad.nnet.activations.elu(x, alpha)"),
    ("leaky_relu", "mygrad.nnet.activations.leaky_relu(x, negative_slope)"),
    (
        "hardtanh",
        "mygrad.nnet.activations.hard_tanh(x, lower_bound=min_val, upper_bound=max_val)",
    ),
    ("clip", "mg.clip(x, *[low, high])"),
    ("matmul", "x @ y"),
    ("sum", "x.sum(axis=axis, keepdims=keepdims)"),
    ("mean", "x.mean(axis=axis, keepdims=keepdims)"),
    ("max", "x.max(axis=axis, keepdims=keepdims)"),
    ("min", "x.min(axis=axis, keepdims=keepdims)"),
    ("reshape", "x.reshape(shape)"),
    ("transpose", "x.T"),
    ("transpose.axes", "x.transpose(axes)"),
    ("broadcast_to", "mg.broadcast_to(x, shape)"),
    ("getitem", "x[index]"),
    ("concatenate", "mg.concatenate(xs, axis=axis)"),
    ("stack", "mg.stack(xs, axis=axis)"),
    ("where", "mg.where(condition, x, y)"),
    ("softmax", "mygrad.nnet.activations.softmax(x, axis=axis)"),
    ("log_softmax", "mygrad.nnet.activations.logsoftmax(x, axis=axis)"),
    ("prod", "x.prod(axis=axis, keepdims=keepdims)"),
    ("var", "x.var(axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("std", "x.std(axis=axis, ddof=ddof, keepdims=keepdims)"),
    ("norm", "mg.linalg.norm(mg.ravel(x), ord=ord)"),
    ("norm.axis", "mg.linalg.norm(x, ord=ord, axis=axis)"),
    ("norm.axis+keepdims", "mg.linalg.norm(x, ord=ord, axis=axis, keepdims=True)"),
    ("norm.ord_1", "mg.linalg.norm(mg.ravel(x), ord=ord)"),
    ("norm.ord_1+axis", "mg.linalg.norm(x, ord=ord, axis=axis)"),
    ("norm.ord_1+axis+keepdims", "mg.linalg.norm(x, ord=ord, axis=axis, keepdims=True)"),
    ("cumsum", "x.cumsum(axis=axis)"),
    ("cumprod", "x.cumprod(axis=axis)"),
    ("roll", "mg.roll(x, shift, axis=axis)"),
    ("repeat", "mg.repeat(x, repeats, axis=axis)"),
    ("squeeze", "mg.squeeze(x, axis=axis)"),
    ("unsqueeze", "mg.expand_dims(x, axis)"),
    ("swapaxes", "mg.swapaxes(x, axis1, axis2)"),
    ("embedding", "x[indices]"),
    ("linear", "x @ weight.T + bias"),
    ("einsum", "mg.einsum(subscripts, x, y)"),
    ("conv1d", "mygrad.nnet.layers.conv_nd(x, weight, stride=stride, padding=padding)"),
    ("conv2d", "mygrad.nnet.layers.conv_nd(x, weight, stride=stride, padding=padding)"),
    (
        "max_pool2d",
        (
            "mygrad.nnet.layers.max_pool(fitting(x, kernel, stride or kernel), "
            "(kernel, kernel), stride or kernel)"
        ),
    ),
    ("nll_loss", "mygrad.nnet.losses.negative_log_likelihood(x, target)"),
    ("cross_entropy", "mygrad.nnet.losses.softmax_crossentropy(x, target)"),
    (
        "batch_norm",
        "mygrad.nnet.layers.batchnorm(x, gamma=weight, beta=bias, eps=eps)",
    ),
)

# Windows have to fit, and what is left at the far ends is not used.
_FITTING: Final = """def fitting(x, kernel, stride):
    rows, columns = ((n - kernel) // stride * stride + kernel for n in x.shape[2:])
    return x[:, :, :rows, :columns]
"""

# The two losses are means; a norm has one axis, and no infinite order; kernels have to fit as well.
_NO_FORMS: Final = frozenset(
    form
    for form in every_form(_OPS)
    if form.startswith(("op:nll_loss.", "op:cross_entropy.", "op:conv1d.s", "op:conv2d.s"))
    or (form.startswith("op:norm") and form.removeprefix("op:") not in dict(_OPS))
)

MYGRAD: Final = Spelling(
    name="mygrad",
    imports=(
        "import numpy as np",
        "import mygrad as mg",
        "import mygrad.nnet.activations",
        "import mygrad.nnet.layers",
        "import mygrad.nnet.losses",
        _FITTING,
    ),
    leaf="mg.tensor(data, constant=not requires_grad)",
    constant="mg.tensor(data, constant=True)",
    backward="x.backward(cotangent)",
    clear="x.null_grad()",
    detach="mg.tensor(x, constant=True)",
    no_grad="mg.no_autodiff",
    is_leaf="x.creator is None",
    has_graph="x.creator is not None",
    assign="x.data = data",
    ops=_OPS,
    in_place=(
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
        ("pow", "x **= exponent"),
        ("setitem", "x[index] = y"),
    ),
    can=(RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | every_form(_OPS) | {"decorator"})
    - _NO_FORMS,
)
