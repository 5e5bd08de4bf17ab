"""Variance, standard deviation and norms."""

import math

from reference.errors import OperandError
from reference.operators import Axis, op
from reference.rules.reductions import reduced_axes
from reference.rules.selection import where
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["norm", "std", "var"]


def _root(x: Tensor) -> Tensor:
    """Return the square root, with derivative 0 at 0, where a length or a spread has a minimum."""
    flat = x.data == 0
    return where(flat, 0.0, where(flat, 1.0, x).sqrt())


@op
def var(x: Operand, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Return the variance over ``axis``: None (all axes), an int or a tuple.

    The squares' sum is divided by their number less ``ddof``; without degrees of freedom the
    result is NaN or infinite.
    """
    x = as_tensor(x)
    n_elements = math.prod(x.shape[a] for a in reduced_axes(axis, x.ndim))
    deviation = x - x.mean(axis, keepdims=True)
    return (deviation * deviation).sum(axis, keepdims) / max(n_elements - ddof, 0)


@op
def std(x: Operand, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Return the root of the variance over ``axis``; where that is 0, so is the derivative."""
    return _root(var(x, axis, ddof, keepdims))


@op
def norm(
    x: Operand,
    ord: float = 2,  # noqa: A002 - NumPy's name
    axis: Axis = None,
    keepdims: bool = False,
) -> Tensor:
    """Return the norm of the vectors along ``axis``; None takes all elements as one vector.

    The order is 1 (sum of magnitudes), 2 (Euclid's) or infinity (largest magnitude). At zero the
    derivative is 0; elements that tie for the largest share it evenly.

    Raises:
        OperandError: Another order is asked for.
    """
    x = as_tensor(x)
    if ord == 1:
        return x.abs().sum(axis, keepdims)
    if ord == 2:  # noqa: PLR2004 - the order itself
        return _root((x * x).sum(axis, keepdims))
    if ord == math.inf:
        return x.abs().max(axis, keepdims)
    message = f"norm: the order is 1, 2 or infinity, but got {ord}"
    raise OperandError(message)
