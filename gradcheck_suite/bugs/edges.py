"""Bugs of numbers that are huge, tiny, not finite or not there; of forms that overflow.

At ordinary points all of these are right.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from gradcheck_suite.bugs.bending import bent, on_operands, replaced, unlisted
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place
from reference import ops
from reference.primitive import primitive

__all__ = ["EDGES"]


def _reduced(losses: Any, reduction: str) -> Any:
    return losses if reduction == "none" else getattr(losses, reduction)()


def _softmax(x: Any, axis: Any) -> Any:
    powers = ops.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


def _in_two_logarithms(x: Any, target: Any, reduction: str = "mean") -> Any:
    right = ops.sigmoid(x)
    return _reduced(-(target * ops.log(right) + (1 - target) * ops.log(1 - right)), reduction)


def _as(op: str, other: Callable[..., Any]) -> Patch:
    return replaced(op, lambda _: other)


_UNSTABLE: Final[tuple[tuple[str, str, Callable[..., Any]], ...]] = (
    ("sigmoid", "1 / (1 + exp(-x))", lambda x: 1 / (1 + ops.exp(-x))),
    (
        "tanh",
        "(exp(2 x) - 1) / (exp(2 x) + 1)",
        lambda x: (ops.exp(2 * x) - 1) / (ops.exp(2 * x) + 1),
    ),
    ("softplus", "log(1 + exp(x))", lambda x: ops.log(1 + ops.exp(x))),
    ("silu", "x / (1 + exp(-x))", lambda x: x / (1 + ops.exp(-x))),
    (
        "elu",
        "a choice with exp(x) - 1 on both sides",
        lambda x, alpha=1.0: ops.where(x > 0, x, alpha * (ops.exp(x) - 1)),
    ),
    ("logaddexp", "log(exp(x) + exp(y))", lambda x, y: ops.log(ops.exp(x) + ops.exp(y))),
    ("softmax", "exp(x) / sum(exp(x)), without taking the largest off", _softmax),
    ("log_softmax", "the logarithm of softmax", lambda x, axis: ops.log(_softmax(x, axis))),
    (
        "logsumexp",
        "log(sum(exp(x))), without taking the largest off",
        lambda x, axis=None, keepdims=False: ops.log(ops.exp(x).sum(axis=axis, keepdims=keepdims)),
    ),
    (
        "cross_entropy",
        "the logarithm of softmax",
        lambda x, target, reduction="mean": ops.nll_loss(
            ops.log(_softmax(x, -1)), target, reduction=reduction
        ),
    ),
    (
        "binary_cross_entropy_with_logits",
        "the logarithms of sigmoid(x) and of 1 - sigmoid(x)",
        _in_two_logarithms,
    ),
    ("log1p", "log(1 + x), which loses the digits of a small x", lambda x: ops.log(1 + x)),
    ("expm1", "exp(x) - 1, which loses the digits of a small x", lambda x: ops.exp(x) - 1),
)


def _kept(x: Any) -> Any:
    return x.copy()


_with_logarithm = unlisted(
    primitive(
        "with_logarithm",
        _kept,
        vjps={"x": lambda g, x: g + 0 * x.detach().log()},
        jvps={"x": lambda t: t},
    )
)


def _times_mask(condition: Any, x: Any, y: Any) -> Any:
    return x * np.where(condition, 1, 0) + y * (1 - np.asarray(condition))


def _shifted_by_smallest(x: Any, axis: Any) -> Any:
    # As a constant: what flowed back through it would round off small gradients, too.
    return ops.softmax(x - x.detach().min(axis=axis, keepdims=True), axis=axis)


def _with_smallest_off(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    smallest = x.data.min(axis, keepdims=True)
    total = ops.log(ops.exp(x - smallest).sum(axis, keepdims=True)) + smallest
    return total if keepdims else ops.sum(total, axis)


def _first_of_all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return ops.sum(x, axis, keepdims) + 0 * x[(0,) * x.ndim]


def _if_rank_4(x: Any) -> Any:
    return bent(x, factor=1.5) if x.ndim == 4 else x  # noqa: PLR2004 - the rank itself


def _dense_at_least(patches: Patches) -> None:
    _as("log", lambda x: ops.log(ops.maximum(x, 1e-300)))(patches)


_EDGES: Final[tuple[tuple[str, str, str, str, Patch], ...]] = (
    (
        "sum",
        "zero_size",
        "sum of an array without elements looks for a first one",
        "zero_size",
        _as("sum", _first_of_all),
    ),
    (
        "tanh",
        "rank_4",
        "the gradient of tanh is wrong for arrays of rank 4 alone",
        "rank_4",
        on_operands("tanh", _if_rank_4),
    ),
    (
        "sqrt",
        "eps_inside",
        "sqrt adds 1e-24 under the root, to be safe, and is wrong for tiny numbers",
        "magnitudes",
        _as("sqrt", lambda x: ops.sqrt(x + 1e-24)),
    ),
    (
        "log",
        "floor_inside",
        "log takes at least 1e-300 for x, and is finite at 0",
        "ieee_values",
        _dense_at_least,
    ),
    (
        "softmax",
        "smallest_off",
        "softmax takes the smallest off, and not the largest: minus infinity gives NaN",
        "infinite_inputs",
        _as("softmax", _shifted_by_smallest),
    ),
    (
        "logsumexp",
        "smallest_off",
        "logsumexp takes the smallest off, and not the largest: at minus infinity it is NaN",
        "infinite_inputs",
        _as("logsumexp", _with_smallest_off),
    ),
    (
        "where",
        "times_mask",
        "where multiplies by a mask: a NaN or infinity that was not chosen comes through",
        "masked_nan",
        _as("where", _times_mask),
    ),
    (
        "power",
        "log_of_negative",
        "x**y takes log(x) also where y is a constant: a negative x gets NaN",
        "negative_base",
        on_operands("power", _with_logarithm, 0),
    ),
)

EDGES: Final = (
    *(
        Bug(
            f"{op}.unstable",
            f"{op} is computed as {form}" + (", which overflows" if "digits" not in form else ""),
            "numerical stability",
            (f"stable[{op}]",),
            Place(op),
            _as(op, other),
        )
        for op, form, other in _UNSTABLE
    ),
    *(
        Bug(f"{op}.{name}", sentence, "edges", (killer,), Place(op), patch)
        for op, name, sentence, killer, patch in _EDGES
    ),
)
