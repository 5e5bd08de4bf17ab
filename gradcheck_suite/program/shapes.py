"""Shape inference: the shape of every value of a Program, by the ops' own forwards."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attributes,
    Backward,
    Constant,
    Detach,
    GradOf,
    Hook,
    InPlace,
    Instruction,
    Leaf,
    Meanwhile,
    Misapply,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    Thread,
    Unhook,
)
from gradcheck_suite.program.table import op_named

__all__ = ["Shape", "shape_of_result", "shapes"]

Shape = tuple[int, ...]


def shapes(program: Program) -> dict[int, Shape]:
    """Return the shape of every instruction that makes a value.

    Raises ProgramError where an index names no earlier value, that of an effect or a look
    included, or where shapes do not fit the op.
    """
    found: dict[int, Shape] = {}
    hooks: set[int] = set()
    handed: set[int] = set()
    for index, instruction in program.numbered():
        match instruction:
            case Hook():
                hooks.add(index)
            case Unhook(hook) if hook not in hooks:
                msg = f"instruction {index} takes away {hook}, which is no earlier hook"
                raise ProgramError(msg)
            case Backward(cotangent=Array()):
                handed.add(index)
            case Observe("cotangent", x):
                if x not in handed:
                    msg = f"instruction {index} looks at {x}, which is no earlier cotangent"
                    raise ProgramError(msg)
                continue
            case _:
                pass
        shape = _shape(index, instruction, found)
        if shape is not None:
            found[index] = shape
    return found


def shape_of_result(op: str, operands: tuple[Shape, ...], attrs: Attributes = ()) -> Shape:
    """Return the shape of ``op`` applied to arrays of the shapes ``operands``."""
    row = op_named(op)
    n_expected = len(row.arguments)
    if row.signature != "join" and len(operands) != n_expected:
        msg = f"got {len(operands)} operands for {op}, expected {n_expected}"
        raise ProgramError(msg)
    try:
        ones: list[npt.NDArray[Any]] = [np.ones(shape) for shape in operands]
        if row.signature == "where":
            ones[0] = ones[0] > 0
        with np.errstate(all="ignore"):  # a matrix of ones is singular; its shape is what counts
            return row.evaluate(*ones, attrs=attrs).shape
    except (ValueError, IndexError, TypeError) as error:
        msg = f"{op} does not apply to shapes {operands} with {dict(attrs)}: {error}"
        raise ProgramError(msg) from None


def _shape(index: int, instruction: Instruction, found: dict[int, Shape]) -> Shape | None:
    match instruction:
        case Leaf(array=Array(shape=shape)) | Constant(array=Array(shape=shape)):
            return shape
        case Apply(op, args, attrs):
            operands = tuple(_look_up(index, a, found) for a in args)
            return shape_of_result(op, operands, attrs)
        case InPlace(op, x, args, attrs):
            operands = tuple(_look_up(index, a, found) for a in (x, *args))
            return shape_of_result(op, operands, attrs)
        case Detach(x) | GradOf(x):
            return _look_up(index, x, found)
        case PushForward(x, leaves, tangents):
            for leaf, tangent in zip(leaves, tangents, strict=True):
                if _look_up(index, leaf, found) != tangent.shape:
                    msg = f"got a tangent of shape {tangent.shape} for {leaf} at {index}"
                    raise ProgramError(msg)
            return _look_up(index, x, found)
        case Mode() | Meanwhile() | Thread() | Unhook():
            return None
        case Assign(x, y):
            used: tuple[int, ...] = (x, y)
        case OptimizerStep(parameters=parameters) | OptimizerClear(parameters=parameters):
            used = parameters
        case Misapply(args=args):
            used = args
        case _:
            used = (instruction.x,)
    for x in used:
        _look_up(index, x, found)
    return None


def _look_up(index: int, x: int, found: dict[int, Shape]) -> Shape:
    if x not in found:
        msg = f"instruction {index} uses value {x}, which no earlier instruction makes"
        raise ProgramError(msg)
    return found[x]
