"""Outcomes: what an engine did at the instructions of a Program where something could be seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

__all__ = ["Flag", "Lost", "Nothing", "Number", "Outcome", "Outcomes", "Raised"]


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """An array (float64 whatever the engine's own precision) and the engine's own dtype name."""

    values: npt.NDArray[Any]
    dtype: str


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
