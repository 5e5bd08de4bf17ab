"""Products of matrices, and what can be asked of a square one."""

from typing import Any

import numpy as np

from reference.broadcasting import unbroadcast
from reference.errors import OperandError
from reference.operators import op
from reference.primitive import Primitive, linear, primitive
from reference.tensor import Array, Tensor, as_tensor

__all__ = ["det", "inv", "matmul", "solve"]


def _flip(x: Tensor) -> Tensor:
    """Transpose the matrices of a stack."""
    axes = list(range(x.ndim))
    axes[-2:] = axes[:-3:-1]
    return x.transpose(axes)


# Stacks of matrices; the axes before the last two broadcast.
_matrices = linear(
    "matrix_product",
    np.matmul,
    x=lambda g, y, in_shape: unbroadcast(g @ _flip(y), in_shape),
    y=lambda g, x, in_shape: unbroadcast(_flip(x) @ g, in_shape),
)


@op
def matmul(x: Any, y: Any) -> Tensor:
    """Return the product of vectors, matrices or stacks of matrices, as ``np.matmul`` does.

    A vector on the left is a row, one on the right a column; their axis does not appear in the
    result. The axes before the last two broadcast.
    """
    x, y = as_tensor(x), as_tensor(y)
    if not x.ndim or not y.ndim:
        message = f"matmul needs vectors or matrices, but got {x.shape}, {y.shape}"
        raise OperandError(message)
    product = _matrices(
        x.reshape((1, -1)) if x.ndim == 1 else x, y.reshape((-1, 1)) if y.ndim == 1 else y
    )
    if x.ndim > 1 and y.ndim > 1:
        return product
    rows = product.shape[-2:-1] if x.ndim > 1 else ()
    columns = product.shape[-1:] if y.ndim > 1 else ()
    return product.reshape(product.shape[:-2] + rows + columns)


def _det(x: Array) -> Any:
    """Return the determinants of a stack of square matrices."""
    return np.linalg.det(x)


def _cofactors(x: Tensor) -> Tensor:
    """Return for each element the signed determinant of the matrix without its row and column.

    That is the derivative of the determinant, also of a singular matrix, and can be differentiated
    again: det(x) * inv(x).T is the same where the inverse exists, and cheaper.
    """
    n = x.shape[-1]
    places = np.arange(n)
    others = np.array([np.delete(places, place) for place in places], np.intp)
    others = others.reshape((n, max(n - 1, 0)))  # of no rows too
    minors = x[..., others[:, None, :, None], others[None, :, None, :]]
    is_odd = (places[:, None] + places) % 2 == 1
    return det(minors) * np.where(is_odd, -1, 1)


def _pull_det(g: Tensor, x: Tensor) -> Tensor:
    return g.reshape((*g.shape, 1, 1)) * _cofactors(x)


def _push_det(t: Tensor, x: Tensor) -> Tensor:
    return (t * _cofactors(x)).sum((-2, -1))


det: Primitive = primitive("det", _det, vjps={"x": _pull_det}, jvps={"x": _push_det})


def _inv(x: Array) -> Any:
    """Return the inverses of a stack of square matrices; a singular one is refused."""
    return np.linalg.inv(x)


# x @ inv(x) is constant: dx @ inv(x) + x @ dinv = 0.
inv = primitive(
    "inv",
    _inv,
    vjps={"x": lambda g, ans: -(_flip(ans) @ g @ _flip(ans))},
    jvps={"x": lambda t, ans: -(ans @ t @ ans)},
)


def _solve(a: Array, b: Array) -> Any:
    """Return x with a @ x = b, for stacks of matrices, whose first axes broadcast."""
    return np.linalg.solve(a, b)


def _pull_right(g: Tensor, a: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    return unbroadcast(_solve_row(_flip(a), g), in_shape)


def _pull_matrix(g: Tensor, a: Tensor, ans: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    return unbroadcast(-(_solve_row(_flip(a), g) @ _flip(ans)), in_shape)


_solve_row: Primitive = primitive(
    "solve_matrices",
    _solve,
    vjps={"a": _pull_matrix, "b": _pull_right},
    jvps={"a": lambda t, a, ans: -_solve_row(a, t @ ans), "b": lambda t, a: _solve_row(a, t)},
)


@op
def solve(a: Any, b: Any) -> Tensor:
    """Return x with a @ x = b.

    ``a`` is a square matrix or a stack of them; ``b`` is a vector, or a matrix or stack of them.

    Raises:
        OperandError: The shapes do not fit, or a matrix is singular.
    """
    a, b = as_tensor(a), as_tensor(b)
    if b.ndim != 1:
        return _solve_row(a, b)
    x = _solve_row(a, b.reshape((-1, 1)))
    return x.reshape(x.shape[:-1])
