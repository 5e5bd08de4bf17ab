"""Ops that turn, repeat, frame or cut an array: its elements in another arrangement."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Op

__all__ = ["ARRANGING"]

_Array: TypeAlias = npt.NDArray[Any]


def _pad(x: _Array, pad_width: tuple[tuple[int, int], ...], fill: float) -> _Array:
    return np.pad(x, pad_width, constant_values=fill)


def _split(x: _Array, sections: int | tuple[int, ...], axis: int, part: int) -> _Array:
    return np.split(x, sections, axis=axis)[part]


def _split_form(_shapes: tuple[tuple[int, ...], ...], attrs: dict[str, Attribute]) -> str:
    """Tell equal pieces from those between positions, and the first axis from any other one."""
    cuts = ["cuts"] if isinstance(attrs["sections"], tuple) else []
    return "+".join([*cuts, *(["axis"] if attrs["axis"] else [])])


ARRANGING: Final = (
    Op(
        name="flip",
        signature="array",
        operands=("x",),
        forward=lambda x, axis: np.flip(x, axis),
        names=("flip", "reverse"),
        attributes=(("axis", None),),
        variant=given("axis"),
        examples=calls_with((2, 3), axis=(0, 1, (0, 1))),
        teaches="flip turns its cotangent round along the same axes",
    ),
    Op(
        name="roll",
        signature="array",
        operands=("x",),
        forward=lambda x, shift, axis: np.roll(x, shift, axis),
        names=("roll",),
        attributes=(("shift", 1), ("axis", None)),
        variant=given("axis"),
        examples=(
            *calls_with((2, 3), always=(("shift", 2),), axis=(0, 1)),
            *calls_with((2, 3), always=(("shift", (1, -1)), ("axis", (0, 1)))),
        ),
        teaches="roll moves its cotangent back by the same number of places",
    ),
    Op(
        name="tile",
        signature="array",
        operands=("x",),
        forward=lambda x, reps: np.tile(x, reps),
        names=("tile", "repeat"),
        attributes=(("reps", (2,)),),
        examples=(
            *calls_with((2, 3), always=(("reps", (2, 1)),)),
            *calls_with((2, 3), always=(("reps", (2, 3)),)),
        ),
        teaches="tile adds its cotangent up over the copies",
    ),
    Op(
        name="repeat",
        signature="array",
        operands=("x",),
        forward=lambda x, repeats, axis: np.repeat(x, repeats, axis),
        names=("repeat", "repeat_interleave"),
        attributes=(("repeats", 2), ("axis", None)),
        variant=given("axis"),
        examples=calls_with((2, 3), always=(("repeats", 2),), axis=(0, 1)),
        teaches="repeat adds its cotangent up over the copies of each element",
    ),
    Op(
        name="pad",
        signature="array",
        operands=("x",),
        forward=_pad,
        names=("pad", "constant_pad"),
        attributes=(("pad_width", ((0, 0),)), ("fill", 0.0)),
        variant=given("fill", fill=0.0),
        examples=calls_with((2, 3), always=(("pad_width", ((1, 0), (2, 1))),), fill=(1.5,)),
        teaches="pad cuts the margin off its cotangent",
    ),
    Op(
        name="squeeze",
        signature="array",
        operands=("x",),
        forward=lambda x, axis: np.squeeze(x, axis),
        names=("squeeze",),
        attributes=(("axis", None),),
        variant=given("axis"),
        examples=calls_with((1, 3, 1), axis=(0, 2)),
        teaches="squeeze gives its cotangent back in the operand's shape",
    ),
    Op(
        name="unsqueeze",
        signature="array",
        operands=("x",),
        forward=lambda x, axis: np.expand_dims(x, axis),
        names=("unsqueeze", "expand_dims"),
        attributes=(("axis", 0),),
        examples=(
            *calls_with((2, 3), always=(("axis", 0),)),
            *calls_with((2, 3), always=(("axis", 1),)),
        ),
        teaches="unsqueeze gives its cotangent back without the new axis",
    ),
    Op(
        name="swapaxes",
        signature="array",
        operands=("x",),
        forward=lambda x, axis1, axis2: np.swapaxes(x, axis1, axis2),
        names=("swapaxes", "swap_axes", "transpose"),
        attributes=(("axis1", 0), ("axis2", 1)),
        examples=(
            *calls_with((2, 3), always=(("axis1", 0), ("axis2", 1))),
            *calls_with((2, 3, 4), always=(("axis1", 0), ("axis2", 2))),
        ),
        teaches="swapaxes exchanges the same two axes of its cotangent",
    ),
    Op(
        name="split",
        signature="array",
        operands=("x",),
        forward=_split,
        names=("split", "tensor_split"),
        attributes=(("sections", 2), ("axis", 0), ("part", 0)),
        variant=_split_form,
        examples=(
            *calls_with((4, 2), always=(("sections", 2), ("part", 1)), axis=(1,)),
            *calls_with((4, 3), always=(("sections", (1, 2)), ("part", 2)), axis=(1,)),
        ),
        piece="[part]",
        teaches="the gradient of one piece is zero in the places of the other pieces",
    ),
)
