"""The world for which programs are drawn: what ranks there are and which ops may occur."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS

__all__ = ["BINARY", "FAMILIES", "SCALARS", "TENSORS", "UNARY", "World", "palettes"]

BINARY: Final = ("mul", "add", "sub", "div")
"""The operators of structural programs, the simplest first."""
UNARY: Final = ("tanh", "sin", "exp", "sigmoid", "cos", "neg", "relu", "abs", "log", "sqrt")
"""Their functions of one value."""

FAMILIES: Final[tuple[tuple[str, ...], ...]] = (
    ("matmul", "transpose"),
    ("sum", "mean"),
    ("reshape", "broadcast_to"),
    ("getitem", "concatenate"),
    ("max", "min", "maximum", "minimum", "pow"),
    ("softmax", "mean"),
    ("matmul", "sum", "mean", "max", "transpose", "reshape", "getitem", "concatenate", "stack"),
)
"""Ops of arrays that stand beside operators and functions in one expression."""


@dataclass(frozen=True, slots=True)
class World:
    """``scalar``: rank 0 alone, as in Value-like engines; ``tensor``: arrays of rank 0 to 3."""

    kind: Literal["scalar", "tensor"]
    ops: tuple[str, ...] = tuple(OPS)
    """The ops that structural programs may use, in the order of the table."""

    def having(self, names: Iterable[str]) -> tuple[Op, ...]:
        """Return those of ``names`` that may occur here."""
        return tuple(OPS[name] for name in names if name in self.ops)


SCALARS = World("scalar")
TENSORS = World("tensor")


def palettes(world: World) -> tuple[World, ...]:
    """Return the world with all ops of a session, then with one operator alone.

    Structure can so be judged by what is left, whatever three ops are broken.
    """
    ops = (BINARY + UNARY, *((name, *UNARY) for name in BINARY))
    return tuple(replace(world, ops=names) for names in ops)
