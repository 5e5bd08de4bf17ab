"""The op table: every op that the suite knows, by name, in teaching order."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.arithmetic import ARITHMETIC
from gradcheck_suite.program.ops.functions import CHOICES, FUNCTIONS
from gradcheck_suite.program.ops.linear import LINEAR
from gradcheck_suite.program.ops.reductions import NORMALISATIONS, REDUCTIONS
from gradcheck_suite.program.ops.shaping import SHAPING

__all__ = ["OPS", "op_named"]

OPS: Final[Mapping[str, Op]] = MappingProxyType(
    {
        op.name: op
        for op in (
            *ARITHMETIC,
            *FUNCTIONS,
            *CHOICES,
            *LINEAR,
            *REDUCTIONS,
            *SHAPING,
            *NORMALISATIONS,
        )
    },
)


def op_named(name: str) -> Op:
    """Return the row of ``name``; ProgramError names the nearest rows when there is none."""
    if name in OPS:
        return OPS[name]
    from difflib import get_close_matches

    near = ", ".join(get_close_matches(name, OPS, n=3, cutoff=0.5)) or ", ".join(OPS)
    msg = f"got op {name!r}, expected one of the op table: {near}"
    raise ProgramError(msg)
