"""The world for which programs are drawn: what ranks there are and which ops may occur."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS

__all__ = ["SCALARS", "TENSORS", "World"]


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
