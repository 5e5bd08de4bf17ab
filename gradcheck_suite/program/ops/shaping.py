"""Ops that only move elements: no arithmetic, and so no rounding."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Slice
from gradcheck_suite.program.op import Op

__all__ = ["SHAPING", "numpy_index", "python_attribute"]


def numpy_index(index: Attribute) -> Any:  # noqa: ANN401 - NumPy's own index type is open
    """Turn an index of a Program (a tuple of parts) into what ``array[...]`` takes."""
    parts = index if isinstance(index, tuple) else (index,)
    python = tuple(
        part.python()
        if isinstance(part, Slice)
        else part.numpy()
        if isinstance(part, Array)
        else part
        for part in parts
    )
    return python[0] if len(python) == 1 else python


def python_attribute(name: str, value: Attribute) -> Any:  # noqa: ANN401 - what an op takes
    """Turn an attribute of a Program into what NumPy, or an engine, is handed."""
    if name == "index":
        return numpy_index(value)
    return value.numpy() if isinstance(value, Array) else value


def _index_form(_shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Name the sorts of parts in an index: int, slice, step, reverse, mask, ..."""
    index = attrs["index"]
    return "+".join(sorted({_part(p) for p in (index if isinstance(index, tuple) else (index,))}))


def _part(part: Attribute) -> str:
    match part:
        case None:
            return "newaxis"
        case Slice(step=None):
            return "slice"
        case Slice(step=int(step)):
            return "step" if step > 0 else "reverse"
        case Array(kind="bool"):
            return "mask"
        case Array():
            return "array"
        case _:
            return "int"


def _axes_form(shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Tell a matrix from more axes: without ``axes``, engines reverse them or swap the last two."""
    if attrs["axes"] is not None:
        return "axes"
    return "" if len(shapes[0]) <= 2 else "reversed"  # noqa: PLR2004 - a matrix


def _joint_form(_shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Tell the first axis, which some engines have no argument for, from any other one."""
    return "" if attrs["axis"] == 0 else "axis"


def _transpose(x: npt.NDArray[Any], axes: tuple[int, ...] | None) -> npt.NDArray[Any]:
    return np.transpose(x, axes)


def _getitem(x: npt.NDArray[Any], index: Attribute) -> npt.NDArray[Any]:
    picked = np.empty((), dtype=x.dtype)
    found = x[numpy_index(index)]
    if isinstance(found, np.ndarray):
        return found
    picked[()] = found
    return picked


def _concatenate(*xs: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    return np.concatenate(xs, axis=axis)


def _stack(*xs: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    return np.stack(xs, axis=axis)


SHAPING: Final = (
    Op(
        name="reshape",
        signature="reshape",
        forward=lambda x, shape: np.reshape(x, shape),
        names=("reshape", "view"),
        attributes=(("shape", (-1,)),),
        teaches="reshape gives its cotangent back in the operand's shape",
    ),
    Op(
        name="transpose",
        signature="transpose",
        forward=_transpose,
        names=("transpose", "permute"),
        operators=("x.T",),
        attributes=(("axes", None),),
        variant=_axes_form,
        teaches="transpose gives its cotangent back through the inverse permutation of the axes",
    ),
    Op(
        name="broadcast_to",
        signature="broadcast_to",
        forward=lambda x, shape: np.broadcast_to(x, shape),
        names=("broadcast_to", "expand", "broadcast"),
        attributes=(("shape", ()),),
        teaches="broadcast_to sums its cotangent over the axes that it repeated",
    ),
    Op(
        name="getitem",
        signature="getitem",
        forward=_getitem,
        names=("getitem", "get_item", "slice"),
        operators=("x[index]",),
        attributes=(("index", (0,)),),
        variant=_index_form,
        teaches="indexing adds its cotangent up at the places it was read from, "
        "as often as each was read, and leaves zero elsewhere",
    ),
    Op(
        name="concatenate",
        signature="join",
        forward=_concatenate,
        names=("concatenate", "concat", "cat"),
        attributes=(("axis", 0),),
        variant=_joint_form,
        teaches="concatenate cuts its cotangent into the pieces that it joined",
    ),
    Op(
        name="stack",
        signature="join",
        forward=_stack,
        names=("stack",),
        attributes=(("axis", 0),),
        variant=_joint_form,
        teaches="stack gives each operand its own slice of the cotangent",
    ),
    Op(
        name="where",
        signature="where",
        forward=np.where,
        constants=frozenset({"condition"}),
        names=("where",),
        teaches="where gives its cotangent to the operand that was picked, and zero to the other",
    ),
)
