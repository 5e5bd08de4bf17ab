"""PyTorch, from 2.4 on."""

from typing import Final

from gradcheck_suite.engines.everything import BROADCASTING, FORMS, NUMBERS, PLAIN_NUMBERS, RANKS
from gradcheck_suite.engines.families.customs import CUSTOM_OPS, custom_functions
from gradcheck_suite.program.spelling import Spelling

__all__ = ["TORCH"]

# No slice of torch may have a negative step.
_NO_FORM: Final = frozenset(
    form for form in FORMS if form.startswith("op:getitem") and "reverse" in form
)
# Its product runs over one axis alone: those to be reduced are made one.
_PROD_OF_AXES: Final = (
    "x.movedim(axis, tuple(range(len(axis)))).flatten(0, len(axis) - 1).prod(dim=0)"
)
_KEPT: Final = "[1 if {k, k - x.ndim} & {*axis} else n for k, n in enumerate(x.shape)]"

TORCH: Final = Spelling(
    name="torch",
    imports=("import numpy as np", "import torch", *custom_functions("torch.autograd.Function")),
    leaf="torch.tensor(data, requires_grad=requires_grad)",
    constant="torch.tensor(data)",
    value="x.numpy(force=True)",
    grad="x.grad",
    grad_of="x.grad.clone()",
    backward="x.backward(torch.tensor(cotangent), retain_graph=retain_graph, "
    "create_graph=create_graph)",
    clear="x.grad = None",
    detach="x.detach()",
    no_grad="torch.no_grad()",
    enable_grad="torch.enable_grad()",
    requires_grad="x.requires_grad",
    is_leaf="x.is_leaf",
    has_graph="x.grad_fn is not None",
    set_requires_grad="x.requires_grad = flag",
    retain_grad="x.retain_grad()",
    hook="x.register_hook(hook)",
    unhook="x.remove()",
    push_forward="torch.func.jvp(f, tuple(primals), tuple(tangents))[1]",
    assign="with torch.no_grad(): x.copy_(y)",
    ops=(
        *CUSTOM_OPS,
        ("argmax", "torch.argmax(x)"),
        ("greater", "x > y"),
        ("add", "x + y"),
        ("sub", "x - y"),
        ("mul", "x * y"),
        ("div", "x / y"),
        ("neg", "-x"),
        ("pow", "x ** exponent"),
        ("power", "x ** y"),
        ("exp", "torch.exp(x)"),
        ("log", "torch.log(x)"),
        ("sqrt", "torch.sqrt(x)"),
        ("sin", "torch.sin(x)"),
        ("cos", "torch.cos(x)"),
        ("tanh", "torch.tanh(x)"),
        ("sigmoid", "torch.sigmoid(x)"),
        ("relu", "torch.relu(x)"),
        ("abs", "torch.abs(x)"),
        ("maximum", "torch.maximum(x, y)"),
        ("minimum", "torch.minimum(x, y)"),
        ("tan", "torch.tan(x)"),
        ("arcsin", "torch.arcsin(x)"),
        ("arccos", "torch.arccos(x)"),
        ("arctan", "torch.arctan(x)"),
        ("sinh", "torch.sinh(x)"),
        ("cosh", "torch.cosh(x)"),
        ("atan2", "torch.atan2(x, y)"),
        ("hypot", "torch.hypot(x, y)"),
        ("log1p", "torch.log1p(x)"),
        ("expm1", "torch.expm1(x)"),
        ("log2", "torch.log2(x)"),
        ("log10", "torch.log10(x)"),
        ("erf", "torch.erf(x)"),
        ("softplus", "torch.nn.functional.softplus(x)"),
        ("logaddexp", "torch.logaddexp(x, y)"),
        ("square", "torch.square(x)"),
        ("cbrt", "x ** (1 / 3)"),
        ("rsqrt", "torch.rsqrt(x)"),
        ("reciprocal", "torch.reciprocal(x)"),
        ("silu", "torch.nn.functional.silu(x)"),
        ("gelu", "torch.nn.functional.gelu(x, approximate=approximate)"),
        ("elu", "torch.nn.functional.elu(x, alpha)"),
        ("leaky_relu", "torch.nn.functional.leaky_relu(x, negative_slope)"),
        ("hardtanh", "torch.nn.functional.hardtanh(x, min_val, max_val)"),
        ("clip", "torch.clip(x, min=low, max=high)"),
        ("sign", "torch.sign(x)"),
        ("floor", "torch.floor(x)"),
        ("matmul", "x @ y"),
        ("sum", "x.sum(dim=axis, keepdim=keepdims)"),
        ("sum.keepdims", "x.sum(dim=tuple(range(x.ndim)), keepdim=True)"),
        ("mean", "x.mean(dim=axis, keepdim=keepdims)"),
        ("mean.keepdims", "x.mean(dim=tuple(range(x.ndim)), keepdim=True)"),
        ("max", "x.amax(dim=axis, keepdim=keepdims)"),
        ("max.keepdims", "x.amax(dim=tuple(range(x.ndim)), keepdim=True)"),
        ("min", "x.amin(dim=axis, keepdim=keepdims)"),
        ("min.keepdims", "x.amin(dim=tuple(range(x.ndim)), keepdim=True)"),
        ("reshape", "x.reshape(shape)"),
        ("transpose", "x.permute(tuple(reversed(range(x.ndim))))"),
        ("transpose.axes", "x.permute(axes)"),
        ("broadcast_to", "torch.broadcast_to(x, shape)"),
        ("getitem", "x[index]"),
        ("concatenate", "torch.cat(xs, dim=axis)"),
        ("stack", "torch.stack(xs, dim=axis)"),
        ("where", "torch.where(torch.tensor(condition), x, y)"),
        ("softmax", "torch.softmax(x, dim=axis)"),
        ("log_softmax", "torch.log_softmax(x, dim=axis)"),
        ("prod", "x.prod(dim=axis, keepdim=keepdims)"),
        ("prod.keepdims", "x.prod().reshape((1,) * x.ndim)"),
        ("prod.axes", _PROD_OF_AXES),
        ("prod.axes+keepdims", f"{_PROD_OF_AXES}.reshape({_KEPT})"),
        ("var", "x.var(dim=axis, correction=ddof, keepdim=keepdims)"),
        ("std", "x.std(dim=axis, correction=ddof, keepdim=keepdims)"),
        ("norm", "torch.linalg.vector_norm(x, ord=ord, dim=axis, keepdim=keepdims)"),
        ("logsumexp", "torch.logsumexp(x, tuple(range(x.ndim)), keepdim=keepdims)"),
        ("logsumexp.axis", "torch.logsumexp(x, axis)"),
        ("logsumexp.axes", "torch.logsumexp(x, axis)"),
        ("logsumexp.axis+keepdims", "torch.logsumexp(x, axis, keepdim=True)"),
        ("logsumexp.axes+keepdims", "torch.logsumexp(x, axis, keepdim=True)"),
        ("cumsum", "torch.cumsum(x, axis)"),
        ("cumprod", "torch.cumprod(x, axis)"),
        ("flip", "torch.flip(x, tuple(range(x.ndim)))"),
        ("flip.axis", "torch.flip(x, (axis,))"),
        ("flip.axes", "torch.flip(x, axis)"),
        ("roll", "torch.roll(x, shift, axis)"),
        ("tile", "torch.tile(x, reps)"),
        ("repeat", "torch.repeat_interleave(x, repeats, dim=axis)"),
        ("pad", "torch.nn.functional.pad(x, sum(reversed(pad_width), ()), value=fill)"),
        ("squeeze", "x.squeeze(dim=axis)"),
        ("unsqueeze", "x.unsqueeze(axis)"),
        ("swapaxes", "x.swapaxes(axis1, axis2)"),
        ("split", "torch.tensor_split(x, sections, dim=axis)[part]"),
        ("max_with_indices", "torch.max(x, axis, keepdim=keepdims)[0]"),
        ("take", "torch.take(x, torch.tensor(indices))"),
        ("take.axis", "torch.index_select(x, axis, torch.tensor(indices))"),
        ("gather", "torch.gather(x, axis, torch.tensor(indices))"),
        ("scatter_add", "torch.scatter_add(x, axis, torch.tensor(indices), y)"),
        ("embedding", "torch.nn.functional.embedding(torch.tensor(indices), x)"),
        ("outer", "torch.outer(x, y)"),
        ("dot", "torch.dot(x, y)"),
        ("trace", "torch.trace(x)"),
        ("tril", "torch.tril(x, offset)"),
        ("triu", "torch.triu(x, offset)"),
        ("diagonal", "torch.diagonal(x, offset)"),
        ("linear", "torch.nn.functional.linear(x, weight, bias)"),
        ("einsum", "torch.einsum(subscripts, x, y)"),
        ("det", "torch.linalg.det(x)"),
        ("inv", "torch.linalg.inv(x)"),
        ("solve", "torch.linalg.solve(x, y)"),
        ("conv1d", "torch.nn.functional.conv1d(x, weight, stride=stride, padding=padding)"),
        ("conv2d", "torch.nn.functional.conv2d(x, weight, stride=stride, padding=padding)"),
        ("max_pool2d", "torch.nn.functional.max_pool2d(x, kernel, stride=stride)"),
        ("avg_pool2d", "torch.nn.functional.avg_pool2d(x, kernel, stride=stride)"),
        ("mse_loss", "torch.nn.functional.mse_loss(x, target, reduction=reduction)"),
        (
            "nll_loss",
            "torch.nn.functional.nll_loss(x, torch.tensor(target), reduction=reduction)",
        ),
        (
            "cross_entropy",
            "torch.nn.functional.cross_entropy(x, torch.tensor(target), reduction=reduction)",
        ),
        (
            "binary_cross_entropy_with_logits",
            "torch.nn.functional.binary_cross_entropy_with_logits(x, target, reduction=reduction)",
        ),
        (
            "layer_norm",
            "torch.nn.functional.layer_norm(x, tuple(weight.shape), weight, bias, eps=eps)",
        ),
        (
            "batch_norm",
            "torch.nn.functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)",
        ),
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
                "torch.optim.SGD(parameters, lr=lr, momentum=momentum, dampening=dampening, "
                "weight_decay=weight_decay, nesterov=nesterov)"
            ),
        ),
        (
            "adam",
            "torch.optim.Adam(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)",
        ),
        (
            "adamw",
            "torch.optim.AdamW(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)",
        ),
        (
            "rmsprop",
            (
                "torch.optim.RMSprop(parameters, lr=lr, alpha=alpha, eps=eps, "
                "weight_decay=weight_decay, momentum=momentum, centered=centered)"
            ),
        ),
        (
            "adagrad",
            (
                "torch.optim.Adagrad(parameters, lr=lr, lr_decay=lr_decay, "
                "weight_decay=weight_decay, "
                "initial_accumulator_value=initial_accumulator_value, eps=eps)"
            ),
        ),
    ),
    can=(RANKS | NUMBERS | BROADCASTING | PLAIN_NUMBERS | FORMS | {"decorator"}) - _NO_FORM,
)
