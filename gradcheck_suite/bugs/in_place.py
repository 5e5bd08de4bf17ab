"""Bugs of what is changed in place, and of arrays that belong to two."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, module, spelled, structural
from reference.broadcasting import unbroadcast
from reference.row import Rule

__all__ = ["IN_PLACE"]

THEME: Final = "in place"


def aliased(result: Any, array: Any) -> Any:
    """Return a result on the very memory of its operand, which no gradient knows of."""
    result._data = array
    return result


def put(x: Any, index: Any, y: Any) -> None:
    """Write into the array: neither what is there now nor what was is told."""
    x.data[index] = np.asarray(y.data)


_UNGUARDED: Final = tuple(
    (op, f"with reference.no_grad(): {text}")
    for op, text in (
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
        ("pow", "x **= exponent"),
    )
)


def clipped(x: Any) -> Any:
    """Return relu(x), written into ``x`` as well."""
    result = reference.relu(x)
    np.maximum(x.data, 0, out=x.data)
    return result


def flat(x: Any) -> Any:
    """Return the gradient without the axes of size 1."""
    return None if x.grad is None else np.atleast_1d(np.squeeze(x.grad.data))


def coarse(x: Any) -> Any:
    """Return the gradient in float32."""
    return None if x.grad is None else x.grad.data.astype(np.float32)


def taken(cotangent: Any) -> Any:
    """Return a tensor of the cotangent, and use the array for something else."""
    result = reference.Tensor(cotangent.copy())
    cotangent += 1
    return result


def in_memory(data: Any) -> Any:
    """Return the numbers of an array in the order in which they lie in memory."""
    return np.ravel(data, order="K").reshape(np.shape(data))


def read_cotangents_in_memory(patch: Patches) -> None:
    """Take the numbers of a cotangent in the order in which they lie in memory."""
    original = reference.Tensor.backward

    def backward(x: Any, cotangent: Any = None, **flags: Any) -> None:
        """Put them in order by memory."""
        ordered = None if cotangent is None else reference.Tensor(in_memory(cotangent.data))
        original(x, ordered, **flags)

    patch.setattr(reference.Tensor, "backward", backward)


def _aliasing(op: str, text: str, array: str) -> Patch:
    """Return a patch by which results of op lie on the very memory of its operand."""
    return spelled(names={"aliased": aliased}, ops={op: f"aliased({text}, {array})"})


def take_cotangents(patches: Patches) -> None:
    """Use the array of the cotangent for something else."""
    flags = "retain_graph=retain_graph, create_graph=create_graph"
    patches.spell(names={"taken": taken}, backward=f"x.backward(taken(cotangent), {flags})")


def count_overwritten(patches: Patches) -> None:
    """INDEX-FILL-DUP: give a value that was overwritten at once its share too."""
    indexing = module("rules.indexing")
    row = indexing._write_row.row

    def pull(g: Any, in_shape: Any, index: Any) -> Any:
        return unbroadcast(indexing._read_row(g, index), in_shape)

    changed = replace(row, vjps={**row.vjps, "value": Rule.of(pull)})
    patches.setattr(indexing._write_row, "row", changed)


def setitem_keeps(patches: Patches) -> None:
    """Give the old values the gradient of what has overwritten them."""
    indexing = module("rules.indexing")
    row = indexing._write_row.row
    changed = replace(row, vjps={**row.vjps, "x": Rule.of(lambda g: g)})
    patches.setattr(indexing._write_row, "row", changed)


_bug: Final = structural(THEME)
_LEAF: Final = "reference.Tensor(in_memory(data), requires_grad=requires_grad)"
IN_PLACE: Final = (
    _bug(
        "in-place-unguarded",
        "in place",
        "x += 1 changes a leaf that needs a gradient, though its gradient belongs to the old value",
        "in_place_on_leaves",
        spelled(in_place=_UNGUARDED),
    ),
    _bug(
        "setitem-bare",
        "in place",
        "x[i] = y writes into the array, and the history does not know of it",
        "set_items",
        spelled(names={"put": put}, in_place=(("setitem", "put(x, index, y)"),)),
    ),
    _bug(
        "setitem-keeps",
        "in place",
        "after x[i] = y the old x gets the gradient of what has overwritten it",
        "set_items",
        setitem_keeps,
    ),
    _bug(
        "slices-alias",
        "in place",
        "a slice lies on the memory of what it was cut from, and a change of it goes unnoticed",
        "slices_changed leaf_slices_changed",
        _aliasing("getitem", "x[index]", "x.data[index]"),
    ),
    _bug(
        "reshape-aliases",
        "in place",
        "reshape gives a view of its operand's memory, and a change of it goes unnoticed",
        "reshape_changed",
        _aliasing("reshape", "x.reshape(shape)", "x.data.reshape(shape)"),
    ),
    _bug(
        "transpose-aliases",
        "in place",
        "transpose gives a view of its operand's memory, and a change of it goes unnoticed",
        "transpose_changed",
        _aliasing("transpose", "x.transpose(axes)", "x.data.transpose(axes)"),
    ),
    _bug(
        "inputs-changed",
        "aliasing",
        "relu works in place: its operand changes too",
        "inputs_unchanged",
        spelled(names={"clipped": clipped}, ops={"relu": "clipped(x)"}),
    ),
    _bug(
        "cotangent-changed",
        "aliasing",
        "backward uses the array of the gradient that it is given for something else",
        "cotangent_unchanged",
        take_cotangents,
    ),
    _bug(
        "gradient-flat",
        "shapes",
        "a gradient comes without the axes of length 1",
        "gradient_shapes",
        spelled(names={"flat": flat}, grad="flat(x)"),
    ),
    _bug(
        "gradient-float32",
        "dtype",
        "the gradients of an engine of float64 are kept in float32",
        "gradient_dtype",
        spelled(names={"coarse": coarse}, grad="coarse(x)"),
    ),
    _bug(
        "leaves-in-memory-order",
        "memory",
        "a leaf takes the numbers of an array in the order in which they lie in memory: a "
        "transposed one is read wrongly",
        "non_contiguous",
        spelled(names={"in_memory": in_memory}, leaf=_LEAF),
    ),
    _bug(
        "cotangent-in-memory-order",
        "memory",
        "backward takes the numbers of a cotangent in the order in which they lie in memory",
        "non_contiguous",
        read_cotangents_in_memory,
    ),
    Bug(
        "index-fill-dup",
        "a number that x[[0, 0]] = y puts into one place twice gets its gradient twice",
        THEME,
        (),
        Place(claim="in place"),
        count_overwritten,
        equivalent="what is put into one place twice is left open: torch's gradient counts it "
        "twice too, and no property names a place twice",
    ),
)
