"""A row of the textbook: one computation of a note, and what the note says comes out."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import Final, TypeAlias

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Look, Observe, Program
from gradcheck_suite.strategies.builder import Builder

__all__ = ["NO_NUMBER", "Claim", "Page", "Row", "Version", "agrees"]

NO_NUMBER: Final = ("no number",)
"""What stands for the note's claim where it describes a computation and prints nothing."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What must be seen at one instruction, as the note prints it."""

    index: int
    what: str
    """What is looked at, in the note's own names: ``x.grad``."""
    true: tuple[str, ...]
    """The numbers in C order, with as many digits as the note has; ``True``; ``raises``."""
    printed: tuple[str, ...] = ()
    """What the note prints instead, where it is wrong."""


@dataclass(frozen=True, slots=True)
class Version:
    """A computation in certain ops, with the claims about what is looked at in it."""

    program: Program
    claims: tuple[Claim, ...]


class Page(Builder):
    """A program in the making, with the claims about what is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: list[Claim] = []

    def claim(
        self,
        look: Look,
        x: int,
        what: str,
        *true: float | str,
        printed: tuple[float | str, ...] = (),
    ) -> None:
        """Look at ``x``, and say what comes and what the note has there."""
        index = self.add(Observe(look, x))
        self.claims.append(Claim(index, what, tuple(map(str, true)), tuple(map(str, printed))))

    def raises(self, index: int, what: str) -> None:
        """Say that the instruction at ``index`` has to raise, where the note writes a value."""
        self.claims.append(Claim(index, what, ("raises",), ("a value",)))

    def number(self, value: float) -> int:
        """Append a leaf of rank 0."""
        return self.leaf(Array((), (float(value),)))

    def vector(self, *values: float) -> int:
        """Append a leaf of rank 1."""
        return self.leaf(Array((len(values),), tuple(map(float, values))))

    def fixed(self, value: float) -> int:
        """Append a number that needs no gradient."""
        return self.constant(Array((), (float(value),)))

    def squared(self, x: int) -> int:
        """Append ``x ** 2``."""
        return self.apply("pow", x, exponent=2)

    def step(self, parameter: int, rate: int, *, guarded: bool = True) -> None:
        """Take a step of plain gradient descent, ``guarded`` by no_grad, and clear the gradient."""
        with self.mode("no_grad") if guarded else nullcontext():
            moved = self.apply("sub", parameter, self.apply("mul", self.grad_of(parameter), rate))
        self.assign(parameter, moved)
        self.clear(parameter)


Write: TypeAlias = Callable[[Page], None]


@dataclass(frozen=True)
class Row:
    """One computation."""

    note: str
    name: str
    """Short, for ids: ``middle node``."""
    says: str
    """What the note computes, in a line."""
    writes: tuple[Write, ...]
    """Write the computation down in other ops; an engine is asked for the first it can run."""
    correction: str = ""
    """What the note has wrong, and what is true."""
    conventions: tuple[str, ...] = ()
    finite: bool = True
    """Whether every number is: others are what IEEE 754 makes of them."""
    on_numbers: bool = False
    """Whether it needs no arrays, so that a scalar engine can run it."""
    certified: bool = True
    """Whether the numbers can be enclosed; in a long run the digits that the note prints count."""

    @property
    def id(self) -> str:
        """Return the name of its property."""
        return f"textbook[{self.note} {self.name}]"

    @cached_property
    def versions(self) -> tuple[Version, ...]:
        """Return the programs, with their claims."""
        return tuple(_written(write) for write in self.writes)


def _written(write: Write) -> Version:
    page = Page()
    write(page)
    return Version(page.program(), tuple(page.claims))


def agrees(text: str, found: float) -> bool:
    """Tell whether a number is what the note prints, to the digits that it prints."""
    if text == "nan":
        return isnan(found)
    decimals = len(text.partition(".")[2])
    return abs(found - float(text)) <= 0.5 * 10.0**-decimals * (1 + 1e-6)
