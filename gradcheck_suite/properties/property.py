"""A property: a named claim about engines, and the Programs that put it to the test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from gradcheck_suite.oracles.reading import Asked
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy  # a second of start-up, where it is used

__all__ = ["Draws", "Property", "Strata", "WorldKind"]

Strata: TypeAlias = "tuple[SearchStrategy[Program], ...]"
Draws: TypeAlias = "Callable[[World], Strata]"
WorldKind = Literal["scalar", "tensor"]


@dataclass(frozen=True, slots=True)
class Property:
    """One entry of the catalogue."""

    id: str
    """Stable, for points, gradebooks and test ids: ``gradient[tanh]``."""
    code: str
    """Where it stands in the list of behaviours that an engine can be held to: ``G1``."""
    theme: str
    title: str
    """What is wrong when it fails, in a line: ``tanh has a wrong derivative``."""
    lesson: str
    """One or two sentences that teach."""
    level: int
    """Judged from the lowest level up, so that a fault is told where it is simplest."""
    draws: Draws
    """Strategies of Programs for a World, one for each form of which an exam has to have some.

    Loads Hypothesis when called.
    """
    worlds: tuple[WorldKind, ...] = ("scalar", "tensor")
    op: str = ""
    """The op that it is about, if it is about one."""
    conventions: tuple[str, ...] = ()
    """Where right engines differ: any choice passes, if it is the same in every case."""
    establishes: tuple[str, ...] = ()
    """Features (see ``program.features.relies_on``) that are not sound when it fails; ``{op}``
    stands for the ops of the cases that failed."""
    strict_shape: bool = False
    """The gradient's shape is judged too, not its elements alone."""
    fine: bool = False
    """What is computed in float32 is wrong, where numbers are stored in float64."""
    asked: Asked = "plain"
    """How the oracle reads its Programs: at kinks the answer is the set of subgradients; for
    stability only formulas count that do not overflow."""
    needs: tuple[str, ...] = ()
    """What an engine must have beyond what its Programs show (see ``program.features.needs``)."""
    after: tuple[str, ...] = ()
    """Ids of properties that have to hold first: what they find is told there, not once more."""
    common: bool = False
    """It is about what all of its cases have in common: where some of them are right, what is wrong
    with the others is a fault of their ops, and told there."""
    few: bool = False
    """It is one of many: an exam has as few of its Programs as show every form."""
    isolated: bool = False
    """A wrong engine may keep a mode switched: its cases run last, in a worker of their own."""
