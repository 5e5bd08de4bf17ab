"""What instructions hand to an engine, made ready once for all engines and all runs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attributes
from gradcheck_suite.program.ops.shaping import python_attribute
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.program.table import op_named

__all__ = ["Call", "Numbers", "Sweep"]

_NUMBERS: Final = {"float": float, "int": int, "bool": bool}


@dataclass(slots=True, eq=False)  # to freeze it would take longer than most engines take to read it
class Numbers:
    """An array, for an engine to make a value of."""

    array: Callable[[], npt.NDArray[np.generic]]
    """Returns it as float64, int64 or bool; the engine may keep it, and change it."""
    number: float | None
    """Its only number; None where it has several, or none."""
    shape: Shape

    @classmethod
    def of(cls, array: Array) -> "Numbers":
        """Return the numbers of an array of a Program."""
        values = array.values
        number = _NUMBERS[array.kind](values[0]) if len(values) == 1 else None
        return cls(array.numpy, number, array.shape)

    @classmethod
    def given(cls, data: npt.NDArray[np.generic]) -> "Numbers":
        """Return the numbers of an array that is handed over as it is."""
        return cls(lambda: data, data.item() if data.size == 1 else None, data.shape)


@dataclass(frozen=True, slots=True)
class Call:
    """An op as it is called, whatever the numbers."""

    op: str
    names: tuple[str, ...]
    """The names of the operands, then those of the settings."""
    absent: tuple[bool, ...]
    """For each name whether it is None or False, and may be left out."""
    n_operands: int

    @classmethod
    def of(cls, op: str, attrs: Attributes) -> "tuple[Call, tuple[Any, ...]] | None":
        """Return how an op is called, and its settings as engines take them.

        None where that differs from run to run: an engine may keep and change an array among the
        settings, and a list of operands.
        """
        operands, is_joined = _signature(op)
        settings = op_named(op).settings(attrs)
        values = tuple([python_attribute(name, value) for name, value in settings.items()])
        if is_joined or any(map(_holds_array, values)):
            return None
        n = len(operands)
        absent = [value is None or value is False for value in values]
        return cls(op, (*operands, *settings), (*[False] * n, *absent), n), values


@cache
def _signature(op: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of an op's operands, and whether they are handed over as a list."""
    row = op_named(op)
    return row.arguments, row.signature == "join"


def _holds_array(value: object) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return any(isinstance(part, np.ndarray) for part in parts)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A backward as it is called, whatever the numbers."""

    is_seeded: bool
    """Whether a cotangent is given."""
    is_single: bool
    """Whether that is one number."""
    retain_graph: bool
    create_graph: bool
    is_own: bool = False
    """Whether the engine's own argument takes the cotangent, even if it makes no difference."""
