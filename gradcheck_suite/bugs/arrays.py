"""Bugs of ops that arrange or pick elements, and of products of matrices.

A row is the op, a name, a sentence, and either a rule (as for the elementwise ops) or a surrogate:
another function of the operands, whose gradient the op has, while its value is right.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from gradcheck_suite.bugs.bending import bent_rule, grafted, unlisted
from gradcheck_suite.bugs.bug import Bug, Patch, Place
from reference import ops
from reference.broadcasting import unbroadcast
from reference.primitive import linear
from reference.rules.indexing import scatter
from reference.tensor import zeros

__all__ = ["ARRAYS"]

THEME: Final = "ops on arrays"

Tensor = Any
_Row = tuple[str, str, str, Callable[..., Any]]


def _assigned(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros with x written at the index: of an element named twice the last one counts."""
    result = np.zeros(shape, x.dtype)
    result[index] = x
    return result


_assign = unlisted(linear("assign_at", _assigned, x=lambda g, index: g[index]))


def _read_assigning(x: Tensor, index: Any) -> Tensor:
    return _reading(x, index=index)


_reading = unlisted(
    linear(
        "reading",
        lambda x, index: np.array(x[index]),
        x=lambda g, in_shape, index: _assign(g, index, in_shape),
    )
)


def _in_columns(g: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    """Return g reshaped in the order of columns."""
    turned = g.transpose(None).reshape(in_shape[::-1])
    return turned.transpose(None)


def _along(x: Tensor, axis: int, indices: Any) -> Any:
    grid: list[Any] = list(np.indices(np.shape(indices), sparse=True))
    grid[axis] = np.asarray(indices)
    return tuple(grid)


def _rows(x: Tensor, indices: Any, axis: int | None = None) -> Tensor:
    if axis is None:
        x, axis = x.reshape((x.size,)), 0
    index = (slice(None),) * (axis % x.ndim) + (np.asarray(indices),)
    return _read_assigning(x, index)


def _repeated_once(x: Tensor, repeats: Any, axis: int | None = None) -> Tensor:
    shaped = x.reshape((x.size,)) if axis is None else x
    along = (axis or 0) % shaped.ndim
    where = np.repeat(np.arange(shaped.shape[along]), repeats)
    return _read_assigning(shaped, (slice(None),) * along + (where,))


def _tiled_once(x: Tensor, reps: Any) -> Tensor:
    numbers = np.tile(np.arange(x.size).reshape(x.shape), reps)
    return _read_assigning(x.reshape((x.size,)), (numbers,))


def _transposed(x: Tensor) -> Tensor:
    axes = list(range(x.ndim))
    axes[-2:] = axes[:-3:-1]
    return x.transpose(axes)


def _diagonal_zero(x: Tensor, offset: int = 0) -> Tensor:
    """Return the main diagonal's elements, as many as the asked-for one has."""
    rows, columns = np.nonzero(np.eye(x.shape[0], x.shape[1], offset, dtype=bool))
    return x[rows, np.clip(columns - offset, 0, x.shape[1] - 1)]


def _joined(tensors: Any, axis: int = 0) -> Tensor:
    """Return the tensors joined in the reverse order, where all are of one shape."""
    if len({x.shape for x in tensors}) != 1:
        return ops.concatenate([x * 2 for x in tensors], axis)
    return ops.concatenate(list(tensors)[::-1], axis)


def _inverse_turned(x: Tensor) -> Tensor:
    inverse = _transposed(ops.inv(x.detach()))
    return -(inverse @ x @ inverse)


def _untouched(x: Tensor, axis: int, indices: Any) -> Any:
    """Return 0 where something is added, and 1 elsewhere."""
    mask = np.ones(x.shape)
    mask[_along(x, axis % x.ndim, indices)] = 0.0
    return mask


def _first_parts(x: Tensor, sections: Any, axis: int) -> Any:
    """Return as much of the start of x as each part has."""
    before = (slice(None),) * (axis % x.ndim)
    parts = ops.split(x.detach(), sections, axis)
    return tuple(x[(*before, slice(part.shape[axis]))] for part in parts)


def _at_start(g: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    size = math.prod(in_shape)
    places = np.arange(g.size) % max(1, size)
    return scatter(g.reshape((g.size,)), (places,), (size,)).reshape(in_shape)


def _rolled_again(g: Tensor, shift: Any, axis: Any) -> Tensor:
    return ops.roll(g, shift, axis)


def _product(g: Tensor, y: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    fits = y.shape[-1] == y.shape[-2]
    return unbroadcast(g @ (y if fits else _transposed(y)), in_shape)


def _first_batch(g: Tensor, in_shape: tuple[int, ...]) -> Tensor:
    while g.ndim > len(in_shape):
        g = g[0]
    return g[tuple(slice(0, n) for n in in_shape)]


# The value is right, and the gradient that of another function.
_SURROGATES: Final[tuple[_Row, ...]] = (
    (
        "take",
        "assigned",
        "take overwrites the gradient of an index that comes twice, and should add",
        _rows,
    ),
    (
        "embedding",
        "assigned",
        "embedding overwrites the gradient of a row that comes twice, and should add",
        lambda x, indices: _rows(x, indices, 0),
    ),
    (
        "gather",
        "assigned",
        "gather overwrites the gradient of an index that comes twice, and should add",
        lambda x, axis, indices: _read_assigning(x, _along(x, axis % x.ndim, indices)),
    ),
    (
        "repeat",
        "last_copy",
        "repeat sends back the gradient of one copy of each element, and should their sum",
        _repeated_once,
    ),
    (
        "tile",
        "last_copy",
        "tile sends back the gradient of one copy of the whole, and should their sum",
        _tiled_once,
    ),
    (
        "scatter_add",
        "overwrites",
        "the gradient of x is cut where scatter_add has added something",
        lambda x, axis, indices, y: ops.scatter_add(
            x * _untouched(x, axis, indices), axis, indices, y
        ),
    ),
    (
        "trace",
        "all_ones",
        "trace sends its gradient to every element, and should to the diagonal",
        lambda x: x.sum(),
    ),
    (
        "tril",
        "unmasked",
        "tril sends its gradient to the elements above the diagonal too",
        lambda x, k=0: x,
    ),
    (
        "triu",
        "as_tril",
        "the gradient of triu is masked as that of tril",
        lambda x, k=0: ops.tril(x, k),
    ),
    (
        "diagonal",
        "offset_lost",
        "the gradient of a diagonal goes to the main one, whatever its offset is",
        _diagonal_zero,
    ),
    (
        "outer",
        "as_square",
        "outer(x, y) sends x the gradient of outer(x, x)",
        lambda x, y: ops.outer(x, y.detach()) * 1.5 + ops.outer(x.detach(), y),
    ),
    (
        "dot",
        "as_sum",
        "dot(x, y) sends ones to x, and should send y",
        lambda x, y: x.sum() + ops.dot(x.detach(), y),
    ),
    (
        "einsum",
        "factor_missing",
        "einsum's gradient by the first operand leaves out the second one",
        lambda subscripts, x, y: (
            ops.einsum(subscripts, x, zeros(y.shape, y.dtype) + 1.0)
            + ops.einsum(subscripts, x.detach(), y)
        ),
    ),
    (
        "det",
        "not_transposed",
        "the gradient of det is det(x) inv(x), and should have its transpose",
        lambda x: ops.det(x).detach() * (ops.inv(x.detach()) * x).sum((-2, -1)),
    ),
    ("inv", "not_transposed", "the gradient of inv leaves out both transposes", _inverse_turned),
    (
        "solve",
        "not_transposed",
        "the gradient of solve uses the matrix where its transpose belongs",
        lambda x, y: ops.solve(_transposed(x), y),
    ),
    (
        "concatenate",
        "reversed",
        "concatenate hands the pieces of its gradient out in the reverse order",
        _joined,
    ),
    (
        "concatenate",
        "reversed_from_the_end",
        "concatenate along an axis that is counted from the end hands its gradient out in reverse",
        lambda tensors, axis=0: (_joined if axis < 0 else ops.concatenate)(tensors, axis),
    ),
    (
        "split",
        "first_part",
        "each part of a split sends its gradient to the first part's place",
        lambda x, sections, axis=0: _first_parts(x, sections, axis),
    ),
)

# The rule of a row is another one.
_RULES: Final[tuple[_Row, ...]] = (
    (
        "reshape",
        "by_columns",
        "the gradient of reshape is read by columns, and written by rows",
        _in_columns,
    ),
    (
        "transpose",
        "not_inverted",
        "transpose permutes its gradient by the same axes once more, and should by their inverse",
        lambda g, axes: g.transpose(axes),
    ),
    (
        "broadcast_to",
        "averaged",
        "the gradient of broadcast_to is the mean over the copies",
        lambda g, in_shape, out_shape: (
            unbroadcast(g, in_shape) * (math.prod(in_shape) / max(1, math.prod(out_shape)))
        ),
    ),
    (
        "getitem",
        "assigned",
        "indexing overwrites the gradient of an index that comes twice, and should add",
        lambda g, in_shape, index: _assign(g, index, in_shape),
    ),
    (
        "getitem",
        "from_start",
        "the gradient of x[index] is put at the start of x",
        lambda g, in_shape, index: _at_start(g, in_shape),
    ),
    ("flip", "not_flipped", "flip passes its gradient on in the flipped order", lambda g: g),
    (
        "roll",
        "same_way",
        "roll moves its gradient the same way once more, and should move it back",
        _rolled_again,
    ),
    (
        "matmul",
        "not_transposed",
        "matmul's gradient by x has y where its transpose belongs, if the shapes allow it",
        _product,
    ),
    (
        "matmul",
        "first_batch",
        "an operand that matmul shares between batches gets the gradient of the first batch alone",
        lambda g, y, in_shape: _first_batch(g @ _transposed(y), in_shape),
    ),
    (
        "inv",
        "square_missing",
        "the gradient of inv multiplies by the inverse once, and should on both sides",
        lambda g, ans: -(_transposed(ans) @ g),
    ),
    (
        "det",
        "factor_missing",
        "the gradient of det is inv(x).T: the factor det(x) is missing",
        lambda g, x: g.reshape((*g.shape, 1, 1)) * _transposed(ops.inv(x)),
    ),
)


def _bug(op: str, name: str, sentence: str, patch: Patch) -> Bug:
    return Bug(f"{op}.{name}", sentence, THEME, (f"gradient[{op}]",), Place(op), patch)


ARRAYS: Final = (
    *(_bug(op, name, told, grafted(op, other)) for op, name, told, other in _SURROGATES),
    *(_bug(op, name, told, bent_rule(op, x=rule)) for op, name, told, rule in _RULES),
)
