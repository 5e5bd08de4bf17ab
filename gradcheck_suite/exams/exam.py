"""The exam: cases by property, each a Program with its certified answers, and how it was made."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_suite.oracles.answer import Sheet
from gradcheck_suite.program.instructions import Program

__all__ = ["Case", "Exam"]


@dataclass(frozen=True, slots=True)
class Case:
    """One Program, what it needs, and its answers under each choice of conventions."""

    program: Program
    sheets: tuple[Sheet, ...]
    needs: frozenset[str]
    relies_on: frozenset[str]
    agreed: tuple[str, ...] = ()
    """The witnesses that fell inside, in the exam's order; the others could not be asked."""


@dataclass(frozen=True, slots=True)
class Exam:
    """The cases of each property, smallest first, and how they were made."""

    cases: Mapping[str, tuple[Case, ...]]
    seed: int
    n_cases: int
    witnesses: tuple[str, ...]
    """Who was asked about every case: ``reference float64``, ``torch float32``, ..."""
    versions: tuple[tuple[str, str], ...] = ()
    """What drew the programs, computed the answers and was asked, by name."""

    @property
    def n_programs(self) -> int:
        """Return the number of cases in all."""
        return sum(map(len, self.cases.values()))
