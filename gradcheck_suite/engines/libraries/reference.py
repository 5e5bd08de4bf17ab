"""The suite's own reference engine, ``reference``: torch's semantics on NumPy."""

from typing import Final

from gradcheck_suite.engines.everything import BROADCASTING, FORMS, PLAIN_NUMBERS, RANKS
from gradcheck_suite.program.spelling import Spelling

__all__ = ["REFERENCE"]

REFERENCE: Final = Spelling(
    name="reference",
    imports=("import numpy as np", "import reference"),
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
    assign="with reference.no_grad(): x.copy_(y)",
    ops=(
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
    ),
    in_place=(
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
    ),
    can=RANKS | BROADCASTING | PLAIN_NUMBERS | FORMS | {"decorator", "create_graph"},
)
