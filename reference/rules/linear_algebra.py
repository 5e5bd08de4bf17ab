"""Matrix products."""

from typing import Any

import numpy as np

from reference.broadcasting import unbroadcast
from reference.errors import OperandError
from reference.operators import op
from reference.primitive import linear
from reference.tensor import Tensor, as_tensor

__all__ = ["matmul"]


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
