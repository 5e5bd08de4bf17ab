"""Running sums and products.

A product's derivative by one factor is the product of the others. Dividing by the factor would
fail at zeros; instead both products are a recurrence, whose derivative is a recurrence again.
"""

import math
from typing import Any

import numpy as np

from reference.axes import nonnegative
from reference.operators import Axis, op
from reference.primitive import Primitive, linear, primitive
from reference.rules.reductions import kept, reduced_axes
from reference.rules.shaping import concatenate, flip
from reference.tensor import Array, Tensor, as_tensor, wrap, zeros

__all__ = ["cumprod", "cumsum", "prod", "recurrence"]


def _cumsum(x: Array, axis: int) -> Any:
    """Return the sums of all elements up to each one along ``axis``."""
    return np.cumsum(x, axis)


cumsum: Primitive = linear(
    "cumsum", _cumsum, x=lambda g, axis: flip(cumsum(flip(g, axis), axis), axis)
)


def _recurrence(a: Array, b: Array, axis: int) -> Any:
    """Return h with h[0] = b[0] and h[j] = a[j] * h[j - 1] + b[j] along ``axis``."""
    factors, h = np.moveaxis(a, axis, 0), np.moveaxis(b.copy(), axis, 0)
    for j in range(1, len(h)):
        h[j] += factors[j] * h[j - 1]
    return np.moveaxis(h, 0, axis)


def _delayed(x: Tensor, axis: int) -> Tensor:
    """Return x one place later along ``axis``, zeros in the first place."""
    earlier = x[(slice(None),) * axis + (slice(None, -1),)]
    first = zeros(kept(x.shape, axis), x.dtype)
    return concatenate([first, earlier], axis)


def _pull_b(g: Tensor, a: Tensor, axis: int) -> Tensor:
    """Return what each b[j] owes to all later results: q[j] = g[j] + a[j + 1] * q[j + 1]."""
    return flip(recurrence(_delayed(flip(a, axis), axis), flip(g, axis), axis), axis)


def _pull_a(g: Tensor, a: Tensor, ans: Tensor, axis: int) -> Tensor:
    return _pull_b(g, a, axis) * _delayed(ans, axis)


def _push_a(t: Tensor, a: Tensor, ans: Tensor, axis: int) -> Tensor:
    return recurrence(a, t * _delayed(ans, axis), axis)


def _push_b(t: Tensor, a: Tensor, axis: int) -> Tensor:
    return recurrence(a, t, axis)


recurrence: Primitive = primitive(
    "recurrence",
    _recurrence,
    vjps={"a": _pull_a, "b": _pull_b},
    jvps={"a": _push_a, "b": _push_b},
)


def _products(x: Tensor, axis: int) -> Tensor:
    """Return the products of the first 0, 1, ..., n elements along ``axis``."""
    one = wrap(np.ones(kept(x.shape, axis), x.dtype))
    return recurrence(
        concatenate([one, x], axis), concatenate([one, zeros(x.shape, x.dtype)], axis), axis
    )


@op
def cumprod(x: Any, axis: int) -> Tensor:
    """Return the products of all elements up to each one along ``axis``."""
    x = as_tensor(x)
    axis = nonnegative(axis, x.ndim)
    return _products(x, axis)[(slice(None),) * axis + (slice(1, None),)]


@op
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the product over ``axis``: None (all axes), an int or a tuple; 1 of no elements."""
    x = as_tensor(x)
    axes = reduced_axes(axis, x.ndim)
    rest = [a for a in range(x.ndim) if a not in axes]
    n_factors = math.prod(x.shape[a] for a in axes)
    lengths = tuple(x.shape[a] for a in rest)
    factors = x.transpose((*axes, *rest)).reshape((n_factors, *lengths))
    product = _products(factors, 0)[-1]
    return product.reshape(kept(x.shape, axes)) if keepdims else product
