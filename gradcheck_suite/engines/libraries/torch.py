"""PyTorch, from 2.4 on."""

from typing import Final

from gradcheck_suite.engines.everything import BROADCASTING, FORMS, PLAIN_NUMBERS, RANKS
from gradcheck_suite.program.spelling import Spelling

__all__ = ["TORCH"]

# No slice of torch may have a negative step.
_NO_FORM: Final = frozenset(
    form for form in FORMS if form.startswith("op:getitem") and "reverse" in form
)

TORCH: Final = Spelling(
    name="torch",
    imports=("import numpy as np", "import torch"),
    leaf="torch.tensor(data, requires_grad=requires_grad)",
    constant="torch.tensor(data)",
    value="x.detach().numpy()",
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
    assign="with torch.no_grad(): x.copy_(y)",
    ops=(
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
    ),
    in_place=(
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
    ),
    optimizers=(
        (
            "sgd",
            "torch.optim.SGD(parameters, lr=lr, momentum=momentum, weight_decay=weight_decay)",
        ),
    ),
    can=(RANKS | BROADCASTING | PLAIN_NUMBERS | FORMS | {"decorator"}) - _NO_FORM,
)
