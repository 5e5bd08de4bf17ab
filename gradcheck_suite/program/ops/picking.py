"""Elements picked by their positions, which are integers and have no gradient."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.op import Op

__all__ = ["PICKING", "along"]

_Array: TypeAlias = npt.NDArray[Any]
_FIRST: Final = Array((1,), (0,), "int")


def along(axis: int, positions: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    """Return the index that leaves each position in its place but along ``axis``."""
    grid: list[_Array] = list(np.indices(positions.shape))
    grid[axis] = positions
    return tuple(grid)


def _take(x: _Array, indices: Array, axis: int | None) -> _Array:
    return np.take(x, indices.numpy().astype(int), axis=axis)


def _gather(x: _Array, axis: int, indices: Array) -> _Array:
    return np.asarray(x[along(axis, indices.numpy())])


def _scatter_add(x: _Array, y: _Array, axis: int, indices: Array) -> _Array:
    positions = indices.numpy()
    result = x.copy()
    for here, *there in zip(
        np.ndindex(*positions.shape),
        *(part.ravel().tolist() for part in along(axis, positions)),
        strict=True,
    ):
        result[tuple(there)] = result[tuple(there)] + y[here]
    return result


def _maximum_along(x: _Array, axis: int, keepdims: bool) -> _Array:
    return np.asarray(np.max(x, axis=axis, keepdims=keepdims))


PICKING: Final = (
    Op(
        name="max_with_indices",
        signature="array",
        operands=("x",),
        forward=_maximum_along,
        names=("max_with_indices", "max"),
        attributes=(("axis", -1), ("keepdims", False)),
        variant=given("keepdims", keepdims=False),
        examples=(
            *calls_with((2, 3), always=(("axis", 0),), keepdims=(True,)),
            *calls_with((2, 3), always=(("axis", 1),), keepdims=(True,)),
        ),
        piece="[0]",
        kinks="two elements share the maximum",
        teaches="max gives its cotangent to the element at the index that it returns, "
        "and nothing to the others",
    ),
    Op(
        name="take",
        signature="array",
        operands=("x",),
        forward=_take,
        names=("take", "index_select"),
        attributes=(("indices", _FIRST), ("axis", None)),
        variant=given("axis"),
        examples=calls_with(
            (3, 4), always=(("indices", Array((3,), (2, 0, 2), "int")),), axis=(0, 1)
        ),
        teaches="take adds its cotangent up at the positions it was taken from, as often as each "
        "was taken",
    ),
    Op(
        name="gather",
        signature="array",
        operands=("x",),
        forward=_gather,
        names=("gather", "take_along_axis"),
        operators=("x.gather(axis, indices)",),
        attributes=(("axis", 0), ("indices", _FIRST)),
        examples=(
            *calls_with(
                (2, 3),
                always=(("axis", 1), ("indices", Array((2, 2), (2, 2, 0, 1), "int"))),
            ),
            *calls_with(
                (2, 3),
                always=(("axis", 0), ("indices", Array((1, 3), (1, 0, 1), "int"))),
            ),
        ),
        teaches="gather adds its cotangent up at the positions it was read from",
    ),
    Op(
        name="scatter_add",
        signature="array",
        operands=("x", "y"),
        forward=_scatter_add,
        names=("scatter_add", "index_add"),
        operators=("x.scatter_add(axis, indices, y)",),
        attributes=(("axis", 0), ("indices", _FIRST)),
        examples=calls_with(
            (2, 3),
            (2, 2),
            always=(("axis", 1), ("indices", Array((2, 2), (2, 2, 0, 1), "int"))),
        ),
        teaches="scatter_add passes its cotangent on to the first operand, and reads it at the "
        "positions for the other one",
    ),
    Op(
        name="embedding",
        signature="array",
        operands=("x",),
        forward=lambda x, indices: _take(x, indices, 0),
        names=("embedding", "embed", "Embedding"),
        attributes=(("indices", _FIRST),),
        examples=calls_with((3, 2), always=(("indices", Array((2, 2), (2, 0, 1, 2), "int")),)),
        teaches="each row of the table has the sum of the cotangents of all places it was read to",
    ),
)
