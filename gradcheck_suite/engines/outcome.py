"""Outcomes: what an engine did at the instructions of a Program where something could be seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.shapes import Shape

__all__ = ["Flag", "Lost", "Nothing", "Number", "Outcome", "Outcomes", "Raised"]


@dataclass(slots=True, eq=False)
class Number:
    """Numbers (float64 whatever the engine's own precision) and the engine's own dtype name.

    They are a list in C order: most are one number or a few, and an array of them would take longer
    to make than the engine took to compute them; so would a frozen dataclass.
    """

    numbers: list[float]
    shape: Shape
    dtype: str

    @classmethod
    def of(cls, array: npt.NDArray[Any], dtype: str) -> "Number":
        """Return the numbers of an array of floats."""
        return cls(array.ravel().tolist(), array.shape, dtype)

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Return the numbers as a fresh array."""
        return np.array(self.numbers, dtype=np.float64).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Flag:
    """A truth value: requires_grad, is_leaf, has_graph."""

    value: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """No gradient: the attribute is None or not there."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception: its type's name and its message, both cut to a readable length."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A whole Program without an answer: the process that ran it hung, died or broke the rules.

    ``infrastructure`` is the grader's own fault; every other kind is the submission's doing.
    """

    kind: Literal["timeout", "died", "protocol", "deadline", "infrastructure"]
    message: str


Outcome: TypeAlias = Number | Flag | Nothing | Raised
# By the index of the instruction: every Observe that was reached, and every instruction that raised
Outcomes: TypeAlias = Mapping[int, Outcome]
