"""Naive engines: right everywhere but at one sort of point, which one property asks for.

By property, how the reference is spelled instead; what the spellings name stands above.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import reference

Array = Any


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
            return (
                tuple(map(reference.Tensor, found))
                if len(found) > 1
                else (reference.Tensor(found[0]))
            )

    return Ruled.apply


def power_by_quotient(x: Any, exponent: float) -> Any:
    """POW-ZERO-BASE: the derivative is n * v / x."""
    return ruled(lambda x: x**exponent, lambda g, v, x: g * exponent * v / x)(x)


power_by_logarithm = ruled(
    np.power, lambda g, v, x, y: g * y * x ** (y - 1), lambda g, v, x, y: g * v * np.log(x)
)
angle_of_quotient = ruled(
    np.arctan2,
    lambda g, v, y, x: g / x / (1 + (y / x) ** 2),
    lambda g, v, y, x: -g * y / x / x / (1 + (y / x) ** 2),
)


def product_by_quotient(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """PROD-ZERO: the derivative is the product over the factor."""

    def rule(g: Array, _v: Array, x: Array) -> Array:
        kept = np.prod(x, axis=axis, keepdims=True)
        return g.reshape(kept.shape) * kept / x

    return ruled(lambda x: np.prod(x, axis=axis, keepdims=keepdims), rule)(x)


def products_by_quotients(x: Any, axis: int) -> Any:
    """CUMPROD-ZERO: the sum of all later products, over the factor."""

    def rule(g: Array, v: Array, x: Array) -> Array:
        return np.flip(np.cumsum(np.flip(g * v, axis), axis), axis) / x

    return ruled(lambda x: np.cumprod(x, axis), rule)(x)


def bare_norm(x: Any, order: float, axis: Any = None, keepdims: bool = False) -> Any:
    """NORM-AT-0: nothing is done against 0 / 0."""
    if order == 2:
        return reference.sqrt((x * x).sum(axis=axis, keepdims=keepdims))
    return x.norm(ord=order, axis=axis, keepdims=keepdims)


def guarded(x: Any, function: Callable[[Any], Any]) -> Any:
    """Return a root whose derivative at 0 is said to be 0."""
    zero = x.data == 0
    return reference.where(zero, 0.0, function(reference.where(zero, 1.0, x)))


def one_to_each(x: Any, sign: int, axis: Any = None, keepdims: bool = False) -> Any:
    """MAX-TIES: every element that equals the extreme gets the cotangent whole."""
    extremes = (sign * x.data).max(axis=axis, keepdims=True) * sign
    value = (x.max if sign > 0 else x.min)(axis=axis, keepdims=keepdims).detach()
    tied = (x - x.detach()) * (x.data == extremes)
    return value + tied.sum(axis=axis, keepdims=keepdims)


def reduced(losses: Any, reduction: str) -> Any:
    """Return the mean or the sum of the losses, or all of them."""
    return losses if reduction == "none" else getattr(losses, reduction)()


NAMES: Final = {
    f.__name__: f
    for f in (
        power_by_quotient,
        product_by_quotient,
        products_by_quotients,
        bare_norm,
        guarded,
        one_to_each,
        reduced,
    )
} | {"power_by_logarithm": power_by_logarithm, "angle_of_quotient": angle_of_quotient}

_SOFTMAX: Final = "reference.exp(x) / reference.exp(x).sum(axis={axis}, keepdims=True)"
_KINKY_SOFTPLUS: Final = "reference.relu(x) + reference.log1p(reference.exp(-abs(x)))"

NAIVE: Final = {
    "kinks[max]": "one_to_each(x, 1, axis=axis, keepdims=keepdims)",
    "kinks[min]": "one_to_each(x, -1, axis=axis, keepdims=keepdims)",
    "kinks[max_with_indices]": "one_to_each(x, 1, axis=axis, keepdims=keepdims)",
    "kinks[norm]": "bare_norm(x, ord, axis=axis, keepdims=keepdims)",
    "kinks[std]": "reference.sqrt(x.var(axis=axis, ddof=ddof, keepdims=keepdims))",
    "kinks[pow]": "power_by_quotient(x, exponent)",
    "kinks[power]": "power_by_logarithm(x, y)",
    "kinks[prod]": "product_by_quotient(x, axis=axis, keepdims=keepdims)",
    "kinks[cumprod]": "products_by_quotients(x, axis)",
    "kinks[var]": "reference.sqrt(x.var(axis=axis, ddof=ddof, keepdims=keepdims)) ** 2",
    "kinks[atan2]": "angle_of_quotient(x, y)",
    "kinks[softplus]": _KINKY_SOFTPLUS,
    "kinks[logaddexp]": f"y + (lambda x: {_KINKY_SOFTPLUS})(x - y)",
    "kinks[binary_cross_entropy_with_logits]": f"reduced({_KINKY_SOFTPLUS} - x * target, "
    "reduction)",
    "kinks[sqrt]": "guarded(x, reference.sqrt)",
    "kinks[cbrt]": "guarded(x, reference.cbrt)",
    "powers_at_zero": "endless_power(x, exponent)",
    "stable[sigmoid]": "1 / (1 + reference.exp(-x))",
    "stable[tanh]": "(reference.exp(2 * x) - 1) / (reference.exp(2 * x) + 1)",
    "stable[softplus]": "reference.log(1 + reference.exp(x))",
    "stable[silu]": "x / (1 + reference.exp(-x))",
    "stable[elu]": "reference.where(x > 0, x, alpha * (reference.exp(x) - 1))",
    "stable[logaddexp]": "reference.log(reference.exp(x) + reference.exp(y))",
    "stable[softmax]": _SOFTMAX.format(axis="axis"),
    "stable[log_softmax]": f"reference.log({_SOFTMAX.format(axis='axis')})",
    "stable[logsumexp]": "reference.log(reference.exp(x).sum(axis=axis, keepdims=keepdims))",
    "stable[cross_entropy]": f"reference.nll_loss(reference.log({_SOFTMAX.format(axis='-1')}), "
    "target, reduction=reduction)",
    "stable[binary_cross_entropy_with_logits]": "reduced(-(target * reference.log(x.sigmoid()) "
    "+ (1 - target) * reference.log(1 - x.sigmoid())), reduction)",
    "stable[log1p]": "reference.log(1 + x)",
    "stable[expm1]": "reference.exp(x) - 1",
}
"""Templates of the op that the property is about."""
