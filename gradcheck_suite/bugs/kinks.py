"""Bugs at one sort of point: kinks, ties, zeros beside which a rule divides.

At ordinary points all of these are right.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bending import grafted, replaced
from gradcheck_suite.bugs.bug import Bug, Patch, Place
from reference import ops

__all__ = ["KINKS"]

Array = Any
Tensor = Any


def ruled(forward: Callable[..., Array], *rules: Callable[..., Array]) -> Callable[..., Any]:
    """Return an op on arrays with a rule for each operand: (cotangent, result, *operands)."""

    class Ruled(reference.Function):
        """Compute with NumPy, by the book."""

        @staticmethod
        def forward(ctx: Any, *xs: Any, **settings: Any) -> Any:
            """Keep operands and result."""
            ctx.xs = [np.array(x.data) for x in xs]
            ctx.result = forward(*ctx.xs, **settings)
            return reference.Tensor(ctx.result)

        @staticmethod
        def backward(ctx: Any, cotangent: Any) -> Any:
            """Apply the rules."""
            with np.errstate(all="ignore"):
                found = [rule(cotangent.data, ctx.result, *ctx.xs) for rule in rules]
            several = tuple(map(reference.Tensor, found))
            return several if len(several) > 1 else several[0]

    return Ruled.apply


def _power_by_quotient(x: Any, exponent: float) -> Any:
    return ruled(lambda x: x**exponent, lambda g, v, x: g * exponent * v / x)(x)


_power_by_logarithm = ruled(
    np.power, lambda g, v, x, y: g * y * x ** (y - 1), lambda g, v, x, y: g * v * np.log(x)
)
_angle_of_quotient = ruled(
    np.arctan2,
    lambda g, v, y, x: g / x / (1 + (y / x) ** 2),
    lambda g, v, y, x: -g * y / x / x / (1 + (y / x) ** 2),
)


def _product_by_quotient(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    def rule(g: Array, _v: Array, x: Array) -> Array:
        kept = np.prod(x, axis=axis, keepdims=True)
        return g.reshape(kept.shape) * kept / x

    return ruled(lambda x: np.prod(x, axis=axis, keepdims=keepdims), rule)(x)


def _products_by_quotients(x: Any, axis: int) -> Any:
    def rule(g: Array, v: Array, x: Array) -> Array:
        return np.flip(np.cumsum(np.flip(g * v, axis), axis), axis) / x

    return ruled(lambda x: np.cumprod(x, axis), rule)(x)


def _bare_norm(x: Any, order: float, axis: Any = None, keepdims: bool = False) -> Any:
    if order == 2:  # noqa: PLR2004 - the order itself
        return reference.sqrt((x * x).sum(axis=axis, keepdims=keepdims))
    return ops.norm(x, order, axis=axis, keepdims=keepdims)


def _guarded(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a root whose derivative at 0 is said to be 0."""

    def root(x: Any) -> Any:
        zero = x.data == 0
        return reference.where(zero, 0.0, function(reference.where(zero, 1.0, x)))

    return root


def _one_to_each(sign: int) -> Callable[..., Any]:
    """Return max or min by which every element that ties gets the cotangent whole."""
    extreme = ops.max if sign > 0 else ops.min

    def function(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        extremes = (sign * x.data).max(axis=axis, keepdims=True) * sign
        value = extreme(x, axis=axis, keepdims=keepdims).detach()
        tied = (x - x.detach()) * (x.data == extremes)
        return value + tied.sum(axis=axis, keepdims=keepdims)

    return function


def _to_each_with_indices(x: Any, axis: int, keepdims: bool = False) -> Any:
    return _one_to_each(1)(x, axis, keepdims), None


def _more_at(where: Callable[..., Any], op: str, by: float = 3.0) -> Patch:
    """Return a patch by which the derivative is larger at some points of the first operand."""
    original = getattr(ops, op)

    def surrogate(x: Any, *more: Any, **named: Any) -> Any:
        mask = where(x.data, *[getattr(m, "data", m) for m in more], **named)
        return original(x, *more, **named) + by * ops.mul(x, mask.astype(float))

    return grafted(op, surrogate)


def _zero(x: Any, *_: Any) -> Any:
    return x == 0


def _bounds(x: Any, low: Any = -1.0, high: Any = 1.0) -> Any:
    return (x == low) | (x == high)


def _equal(x: Any, y: Any) -> Any:
    return np.broadcast_to(x == y, np.broadcast_shapes(np.shape(x), np.shape(y)))


def _pool_three_times(x: Any, kernel: Any, stride: Any = None) -> Any:
    """Return a pool whose gradient is three times as large where a window has a tie."""
    size = tuple(np.broadcast_to(kernel, 2).tolist())
    step = np.broadcast_to(kernel if stride is None else stride, 2).tolist()
    windows = np.lib.stride_tricks.sliding_window_view(x.data, size, axis=(2, 3))
    windows = windows[:, :, :: step[0], :: step[1]]
    largest = windows.max((-2, -1), keepdims=True)
    tied = (windows == largest).sum((-2, -1)) > 1
    return ops.mul(ops.max_pool2d(x, kernel, stride), np.where(tied, 3.0, 1.0))


def _reduced(losses: Any, reduction: str) -> Any:
    return losses if reduction == "none" else getattr(losses, reduction)()


def _kinky(x: Any) -> Any:
    """Return softplus as a maximum and a magnitude, each with a kink at 0."""
    return ops.relu(x) + ops.log1p(ops.exp(-ops.abs(x)))


def _std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    return ops.sqrt(ops.var(x, axis, ddof, keepdims))


def _var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    return _std(x, axis, ddof, keepdims) ** 2


def _as(op: str, other: Callable[..., Any]) -> Patch:
    return replaced(op, lambda _: other)


_KINKS: Final[tuple[tuple[str, str, str, Patch], ...]] = (
    ("relu", "kink", "relu has the derivative 3 at 0", _more_at(_zero, "relu")),
    ("leaky_relu", "kink", "leaky_relu has the derivative 3 at 0", _more_at(_zero, "leaky_relu")),
    ("elu", "kink", "elu has a derivative above 3 at 0", _more_at(_zero, "elu")),
    ("abs", "kink", "abs has the derivative 3 at 0", _more_at(_zero, "abs")),
    (
        "hardtanh",
        "kink",
        "hardtanh has the derivative 3 at its bounds",
        _more_at(_bounds, "hardtanh"),
    ),
    ("clip", "kink", "clip has the derivative 4 at its bounds", _more_at(_bounds, "clip")),
    (
        "maximum",
        "ties",
        "where both operands are equal, maximum gives one of them three times too much",
        _more_at(_equal, "maximum"),
    ),
    (
        "minimum",
        "ties",
        "where both operands are equal, minimum gives one of them three times too much",
        _more_at(_equal, "minimum"),
    ),
    (
        "max",
        "ties",
        "max gives every element that ties for the largest the whole gradient",
        _as("max", _one_to_each(1)),
    ),
    (
        "min",
        "ties",
        "min gives every element that ties for the smallest the whole gradient",
        _as("min", _one_to_each(-1)),
    ),
    (
        "max_with_indices",
        "ties",
        "of a maximum with its place, every element that ties gets the whole gradient",
        _as("max_with_indices", _to_each_with_indices),
    ),
    (
        "max_pool2d",
        "ties",
        "where a window's maximum is there twice, max_pool2d's gradient is three times too large",
        grafted("max_pool2d", _pool_three_times),
    ),
    (
        "norm",
        "at_zero",
        "the gradient of the norm at the zero vector is 0 / 0",
        _as("norm", _bare_norm),
    ),
    (
        "std",
        "at_constant",
        "the gradient of std, where all elements are equal, is 0 / 0",
        _as("std", _std),
    ),
    (
        "var",
        "at_constant",
        "var is the square of std, whose gradient is 0 / 0 where all elements are equal",
        _as("var", _var),
    ),
    (
        "pow",
        "at_zero",
        "x**n has the gradient n x**n / x, which is 0 / 0 at 0",
        _as("pow", _power_by_quotient),
    ),
    (
        "power",
        "at_zero",
        "x**y has the gradient x**y log(x) by y, which is NaN at 0",
        _as(
            "power",
            lambda x, y: _power_by_logarithm(reference.Tensor(x) if isinstance(x, float) else x, y),
        ),
    ),
    (
        "prod",
        "at_zero",
        "the gradient of prod is the product over the factor, which is 0 / 0 at a zero",
        _as("prod", _product_by_quotient),
    ),
    (
        "cumprod",
        "at_zero",
        "the gradient of cumprod divides by the factors, which is 0 / 0 at a zero",
        _as("cumprod", _products_by_quotients),
    ),
    (
        "atan2",
        "on_axes",
        "atan2 has the gradient of arctan(x / y), which divides by zero on an axis",
        _as("atan2", _angle_of_quotient),
    ),
    (
        "softplus",
        "at_zero",
        "softplus is put together of a maximum and a magnitude: its derivative at 0 is 0",
        _as("softplus", _kinky),
    ),
    (
        "logaddexp",
        "at_equal",
        "logaddexp is put together of a maximum and a magnitude, and is wrong where both are equal",
        _as("logaddexp", lambda x, y: y + _kinky(x - y)),
    ),
    (
        "binary_cross_entropy_with_logits",
        "at_zero",
        "the binary cross-entropy is put together of a maximum and a magnitude: it is wrong at 0",
        _as(
            "binary_cross_entropy_with_logits",
            lambda x, target, reduction="mean": _reduced(_kinky(x) - x * target, reduction),
        ),
    ),
    (
        "sqrt",
        "at_zero",
        "the derivative of sqrt at 0 is said to be 0, and is infinite",
        _as("sqrt", _guarded(ops.sqrt)),
    ),
    (
        "cbrt",
        "at_zero",
        "the derivative of cbrt at 0 is said to be 0, and is infinite",
        _as("cbrt", _guarded(ops.cbrt)),
    ),
)

KINKS: Final = tuple(
    Bug(f"{op}.{name}", sentence, "kinks", (f"kinks[{op}]",), Place(op), patch)
    for op, name, sentence, patch in _KINKS
)
