"""Vectors and matrices: products, parts, and a linear layer."""

import numpy as np

from reference.errors import OperandError
from reference.operators import op
from reference.rules.selection import where
from reference.tensor import Array, Operand, Tensor, as_tensor

__all__ = ["diagonal", "dot", "linear", "outer", "trace", "tril", "triu"]


def _require_rank(rank: int, name: str, *tensors: Tensor) -> None:
    """Raise OperandError, naming the operation, unless all tensors have ``rank`` axes."""
    if any(x.ndim != rank for x in tensors):
        kind = {1: "vectors", 2: "a matrix"}[rank]
        message = f"{name} needs {kind}, but got {', '.join(str(x.shape) for x in tensors)}"
        raise OperandError(message)


@op
def outer(x: Operand, y: Operand) -> Tensor:
    """Return the products of each element of a vector with each of another: (n,), (m,) -> (n, m).

    Raises OperandError if one is no vector.
    """
    x, y = as_tensor(x), as_tensor(y)
    _require_rank(1, "outer", x, y)
    return x.reshape((-1, 1)) * y


@op
def dot(x: Operand, y: Operand) -> Tensor:
    """Return the inner product of two vectors; raise OperandError if one is no vector."""
    x, y = as_tensor(x), as_tensor(y)
    _require_rank(1, "dot", x, y)
    return x @ y


@op
def diagonal(x: Operand, offset: int = 0) -> Tensor:
    """Return a diagonal of a matrix, ``offset`` places to the right of the main one."""
    x = as_tensor(x)
    _require_rank(2, "diagonal", x)
    rows, columns = np.nonzero(np.eye(x.shape[0], x.shape[1], offset, dtype=bool))
    return x[rows, columns]


@op
def trace(x: Operand) -> Tensor:
    """Return the sum of a matrix's diagonal."""
    return diagonal(x).sum()


def _below(x: Tensor, k: int, name: str) -> Array:
    """Return where the matrices of a stack are on or below the k-th diagonal."""
    if x.ndim < 2:  # noqa: PLR2004 - a matrix has 2 axes
        message = f"{name} needs matrices, but got {x.shape}"
        raise OperandError(message)
    below: Array = np.tri(x.shape[-2], x.shape[-1], k, dtype=bool)
    return below


@op
def tril(x: Operand, k: int = 0) -> Tensor:
    """Return the matrices' lower triangles up to the k-th diagonal, zeros above."""
    x = as_tensor(x)
    return where(_below(x, k, "tril"), x, 0)


@op
def triu(x: Operand, k: int = 0) -> Tensor:
    """Return the matrices' upper triangles from the k-th diagonal on, zeros below."""
    x = as_tensor(x)
    return where(_below(x, k - 1, "triu"), 0, x)


@op
def linear(x: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """Return x @ weight.T + bias: (..., n), (m, n), (m,) -> (..., m)."""
    product = as_tensor(x) @ as_tensor(weight).T
    return product if bias is None else product + bias
