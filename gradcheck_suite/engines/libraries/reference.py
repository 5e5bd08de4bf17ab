"""The suite's own reference engine, ``reference``: torch's semantics on NumPy."""

from typing import Final

from gradcheck_suite.engines.everything import BROADCASTING, FORMS, NUMBERS, PLAIN_NUMBERS, RANKS
from gradcheck_suite.engines.families.customs import CUSTOM_OPS, custom_functions
from gradcheck_suite.program.spelling import Spelling

__all__ = ["REFERENCE"]

REFERENCE: Final = Spelling(
    name="reference",
    imports=(
        "import numpy as np",
        "import reference",
        "import reference.optim",
        *custom_functions("reference.Function"),
    ),
    leaf="reference.Tensor(data, requires_grad=requires_grad)",
    constant="reference.Tensor(data)",
    value="x.data",
    grad="x.grad",
    grad_of="x.grad",
    backward="x.backward(reference.Tensor(cotangent), retain_graph=retain_graph, "
    "create_graph=create_graph)",
    clear="x.zero_grad()",
    detach="x.detach()",
    no_grad="reference.no_grad()",
    enable_grad="reference.enable_grad()",
    requires_grad="x.requires_grad",
    is_leaf="x.is_leaf",
    has_graph="x.grad_fn is not None",
    set_requires_grad="x.requires_grad = flag",
    retain_grad="x.retain_grad()",
    hook="x.register_hook(hook)",
    unhook="x.remove()",
    push_forward="reference.jvp(f, primals, tangents)[1]",
    assign="with reference.no_grad(): x.copy_(y)",
    ops=(
        *CUSTOM_OPS,
        ("argmax", "x.argmax()"),
        ("greater", "x > y"),
        ("add", "x + y"),
        ("sub", "x - y"),
        ("mul", "x * y"),
        ("div", "x / y"),
        ("neg", "-x"),
        ("pow", "x ** exponent"),
        ("power", "x ** y"),
        ("exp", "reference.exp(x)"),
        ("log", "reference.log(x)"),
        ("sqrt", "reference.sqrt(x)"),
        ("sin", "reference.sin(x)"),
        ("cos", "reference.cos(x)"),
        ("tanh", "reference.tanh(x)"),
        ("sigmoid", "reference.sigmoid(x)"),
        ("relu", "reference.relu(x)"),
        ("abs", "abs(x)"),
        ("maximum", "reference.maximum(x, y)"),
        ("minimum", "reference.minimum(x, y)"),
        ("tan", "reference.tan(x)"),
        ("arcsin", "reference.arcsin(x)"),
        ("arccos", "reference.arccos(x)"),
        ("arctan", "reference.arctan(x)"),
        ("sinh", "reference.sinh(x)"),
        ("cosh", "reference.cosh(x)"),
        ("atan2", "reference.atan2(x, y)"),
        ("hypot", "reference.hypot(x, y)"),
        ("log1p", "reference.log1p(x)"),
        ("expm1", "reference.expm1(x)"),
        ("log2", "reference.log2(x)"),
        ("log10", "reference.log10(x)"),
        ("erf", "reference.erf(x)"),
        ("softplus", "reference.softplus(x)"),
        ("logaddexp", "reference.logaddexp(x, y)"),
        ("square", "reference.square(x)"),
        ("cbrt", "reference.cbrt(x)"),
        ("rsqrt", "reference.rsqrt(x)"),
        ("reciprocal", "reference.reciprocal(x)"),
        ("silu", "reference.silu(x)"),
        ("gelu", "reference.gelu(x, approximate)"),
        ("elu", "reference.elu(x, alpha)"),
        ("leaky_relu", "reference.leaky_relu(x, negative_slope)"),
        ("hardtanh", "reference.hardtanh(x, min_val, max_val)"),
        ("clip", "x.clip(min=low, max=high)"),
        ("sign", "reference.sign(x)"),
        ("floor", "reference.floor(x)"),
        ("matmul", "x @ y"),
        ("sum", "x.sum(axis=axis, keepdims=keepdims)"),
        ("mean", "x.mean(axis=axis, keepdims=keepdims)"),
        ("max", "x.max(axis=axis, keepdims=keepdims)"),
        ("min", "x.min(axis=axis, keepdims=keepdims)"),
        ("reshape", "x.reshape(shape)"),
        ("transpose", "x.transpose(axes)"),
        ("broadcast_to", "reference.broadcast_to(x, shape)"),
        ("getitem", "x[index]"),
        ("concatenate", "reference.concatenate(xs, axis=axis)"),
        ("stack", "reference.stack(xs, axis=axis)"),
        ("where", "reference.where(condition, x, y)"),
        ("softmax", "reference.softmax(x, axis=axis)"),
        ("log_softmax", "reference.log_softmax(x, axis=axis)"),
        ("prod", "x.prod(axis=axis, keepdims=keepdims)"),
        ("var", "x.var(axis=axis, ddof=ddof, keepdims=keepdims)"),
        ("std", "x.std(axis=axis, ddof=ddof, keepdims=keepdims)"),
        ("norm", "x.norm(ord=ord, axis=axis, keepdims=keepdims)"),
        ("logsumexp", "x.logsumexp(axis=axis, keepdims=keepdims)"),
        ("cumsum", "x.cumsum(axis=axis)"),
        ("cumprod", "x.cumprod(axis=axis)"),
        ("flip", "x.flip(axis=axis)"),
        ("roll", "x.roll(shift, axis=axis)"),
        ("tile", "reference.tile(x, reps)"),
        ("repeat", "x.repeat(repeats, axis=axis)"),
        ("pad", "reference.pad(x, pad_width, fill)"),
        ("squeeze", "x.squeeze(axis=axis)"),
        ("unsqueeze", "x.unsqueeze(axis)"),
        ("swapaxes", "x.swapaxes(axis1, axis2)"),
        ("split", "x.split(sections, axis=axis)[part]"),
        ("max_with_indices", "reference.max_with_indices(x, axis, keepdims=keepdims)[0]"),
        ("take", "x.take(indices, axis=axis)"),
        ("gather", "x.gather(axis, indices)"),
        ("scatter_add", "x.scatter_add(axis, indices, y)"),
        ("embedding", "reference.embedding(x, indices)"),
        ("outer", "reference.outer(x, y)"),
        ("dot", "reference.dot(x, y)"),
        ("trace", "x.trace()"),
        ("tril", "x.tril(offset)"),
        ("triu", "x.triu(offset)"),
        ("diagonal", "x.diagonal(offset)"),
        ("linear", "reference.linear(x, weight, bias)"),
        ("einsum", "reference.einsum(subscripts, x, y)"),
        ("det", "reference.det(x)"),
        ("inv", "reference.inv(x)"),
        ("solve", "reference.solve(x, y)"),
        ("conv1d", "reference.conv1d(x, weight, stride=stride, padding=padding)"),
        ("conv2d", "reference.conv2d(x, weight, stride=stride, padding=padding)"),
        ("max_pool2d", "reference.max_pool2d(x, kernel, stride=stride)"),
        ("avg_pool2d", "reference.avg_pool2d(x, kernel, stride=stride)"),
        ("mse_loss", "reference.mse_loss(x, target, reduction=reduction)"),
        ("nll_loss", "reference.nll_loss(x, target, reduction=reduction)"),
        ("cross_entropy", "reference.cross_entropy(x, target, reduction=reduction)"),
        (
            "binary_cross_entropy_with_logits",
            "reference.binary_cross_entropy_with_logits(x, target, reduction=reduction)",
        ),
        ("layer_norm", "reference.layer_norm(x, weight.shape, weight, bias, eps=eps)"),
        ("batch_norm", "reference.batch_norm(x, weight, bias, eps=eps)"),
    ),
    in_place=(
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
        ("pow", "x **= exponent"),
        ("setitem", "x[index] = y"),
    ),
    optimizer_clear="x.zero_grad()",
    optimizers=(
        (
            "sgd",
            (
                "reference.optim.SGD(parameters, lr=lr, momentum=momentum, dampening=dampening, "
                "weight_decay=weight_decay, nesterov=nesterov)"
            ),
        ),
        (
            "adam",
            (
                "reference.optim.Adam(parameters, lr=lr, betas=betas, eps=eps, "
                "weight_decay=weight_decay)"
            ),
        ),
        (
            "adamw",
            (
                "reference.optim.AdamW(parameters, lr=lr, betas=betas, eps=eps, "
                "weight_decay=weight_decay)"
            ),
        ),
        (
            "rmsprop",
            (
                "reference.optim.RMSprop(parameters, lr=lr, alpha=alpha, eps=eps, "
                "weight_decay=weight_decay, momentum=momentum, centered=centered)"
            ),
        ),
        (
            "adagrad",
            (
                "reference.optim.Adagrad(parameters, lr=lr, lr_decay=lr_decay, "
                "weight_decay=weight_decay, "
                "initial_accumulator_value=initial_accumulator_value, eps=eps)"
            ),
        ),
    ),
    can=RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | FORMS | {"decorator", "create_graph"},
)
