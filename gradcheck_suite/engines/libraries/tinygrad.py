"""tinygrad, from 0.13 on: lazy tensors, whose gradients are found when they are asked for."""

from typing import Final

from gradcheck_suite.engines.everything import (
    BROADCASTING,
    NUMBERS,
    PLAIN_NUMBERS,
    RANKS,
    every_form,
)
from gradcheck_suite.program.spelling import Spelling

__all__ = ["TINYGRAD"]

_REDUCED: Final = (
    "x.sum(axis=axis, keepdim=keepdims)",
    "x.mean(axis=axis, keepdim=keepdims)",
    "x.max(axis=axis, keepdim=keepdims)",
    "x.min(axis=axis, keepdim=keepdims)",
    "x.prod(axis=axis, keepdim=keepdims)",
)

_OPS: Final = (
    ("argmax", "x.argmax()"),
    ("greater", "x > y"),
    ("add", "x + y"),
    ("sub", "x - y"),
    ("mul", "x * y"),
    ("div", "x / y"),
    ("neg", "-x"),
    ("pow", "x ** exponent"),
    ("power", "x ** y"),
    *(
        (name, f"x.{name}()")
        for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "abs")
    ),
    ("maximum", "x.maximum(y)"),
    ("minimum", "x.minimum(y)"),
    ("tan", "x.tan()"),
    ("arcsin", "x.asin()"),
    ("arccos", "x.acos()"),
    ("arctan", "x.atan()"),
    *((name, f"x.{name}()") for name in ("sinh", "cosh", "log2", "log10", "erf", "softplus")),
    ("logaddexp", "x.logaddexp(y)"),
    *((name, f"x.{name}()") for name in ("square", "rsqrt", "reciprocal", "silu")),
    ("gelu", "x.gelu(approximate)"),
    ("elu", "x.elu(alpha)"),
    ("leaky_relu", "x.leaky_relu(negative_slope)"),
    ("hardtanh", "x.hardtanh(min_val, max_val)"),
    ("clip", "x.clip(low, high)"),
    ("sign", "x.sign()"),
    ("floor", "x.floor()"),
    ("matmul", "x @ y"),
    *zip(("sum", "mean", "max", "min", "prod"), _REDUCED, strict=True),
    ("logsumexp", "x.logsumexp(axis=axis, keepdim=keepdims)"),
    ("reshape", "x.reshape(shape)"),
    ("transpose", "x.permute(tuple(reversed(range(x.ndim))))"),
    ("transpose.axes", "x.permute(axes)"),
    ("broadcast_to", "x.expand(shape)"),
    ("getitem", "x[tensors(index)]"),
    ("concatenate", "Tensor.cat(*xs, dim=axis)"),
    ("stack", "Tensor.stack(*xs, dim=axis)"),
    ("where", "Tensor(condition).where(x, y)"),
    ("softmax", "x.softmax(axis=axis)"),
    ("log_softmax", "x.log_softmax(axis=axis)"),
    ("var", "x.var(axis=axis, keepdim=keepdims, correction=ddof)"),
    ("std", "x.std(axis=axis, keepdim=keepdims, correction=ddof)"),
    ("cumsum", "x.cumsum(axis=axis)"),
    ("cumprod", "x.cumprod(axis=axis)"),
    ("flip", "x.flip(tuple(range(x.ndim)))"),
    ("flip.axis", "x.flip(axis)"),
    ("flip.axes", "x.flip(axis)"),
    ("roll", "x.roll(shift, axis)"),
    ("tile", "x.repeat((1,) * (x.ndim - len(reps)) + reps)"),
    ("repeat", "x.repeat_interleave(repeats, dim=axis)"),
    ("pad", "x.pad(pad_width, value=fill)"),
    ("squeeze", "x.squeeze(axis)"),
    ("unsqueeze", "x.unsqueeze(axis)"),
    ("swapaxes", "x.transpose(axis1, axis2)"),
    ("gather", "x.gather(axis, Tensor(indices))"),
    ("scatter_add", "x.scatter_reduce(axis, Tensor(indices), y, 'sum')"),
    ("embedding", "x[Tensor(indices)]"),
    ("dot", "x.dot(y)"),
    ("tril", "x.tril(offset)"),
    ("triu", "x.triu(offset)"),
    ("linear", "x.linear(weight.transpose(), bias)"),
    ("einsum", "Tensor.einsum(subscripts, x, y)"),
    ("conv2d", "x.conv2d(weight, stride=stride, padding=padding)"),
    ("max_pool2d", "x.max_pool2d((kernel, kernel), stride=stride)"),
    ("avg_pool2d", "x.avg_pool2d((kernel, kernel), stride=stride)"),
    ("nll_loss", "x.nll_loss(Tensor(target), reduction=reduction)"),
    ("cross_entropy", "x.cross_entropy(Tensor(target), reduction=reduction)"),
    (
        "binary_cross_entropy_with_logits",
        "x.binary_crossentropy_logits(target, reduction=reduction)",
    ),
    ("layer_norm", "x.layernorm(axis=tuple(range(-weight.ndim, 0)), eps=eps) * weight + bias"),
)

_INDEX: Final = """def tensors(index):
    if isinstance(index, tuple):
        return tuple(map(tensors, index))
    return Tensor(index) if isinstance(index, np.ndarray) else index
"""

# One axis, or all of them; a mask of booleans has no gradient, since its result has no shape.
_NO_FORMS: Final = frozenset(
    form
    for form in every_form(_OPS)
    if form.startswith("op:logsumexp.axes") or (form.startswith("op:getitem.") and "mask" in form)
)

TINYGRAD: Final = Spelling(
    name="tinygrad",
    imports=("import numpy as np", "from tinygrad import Device, Tensor", _INDEX),
    # A tensor of rank 0 is a constant without a place, which has no gradient: it is given one.
    leaf="Tensor(data).clone(Device.DEFAULT)",
    constant="Tensor(data)",
    value="x.numpy()",
    grad_of="x.grad",
    backward="x.backward(Tensor(cotangent))",
    clear="x.grad = None",
    detach="x.detach()",
    assign="x.assign(y.detach())",
    ops=_OPS,
    can=(RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | every_form(_OPS) | {"create_graph"})
    - _NO_FORMS,
)
