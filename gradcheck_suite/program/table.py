"""The op table: every op that the suite knows, by name, in teaching order."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.activations import ACTIVATIONS
from gradcheck_suite.program.ops.arithmetic import ARITHMETIC
from gradcheck_suite.program.ops.arranging import ARRANGING
from gradcheck_suite.program.ops.cumulative import CUMULATIVE
from gradcheck_suite.program.ops.exponentials import EXPONENTIALS
from gradcheck_suite.program.ops.functions import CHOICES, FUNCTIONS
from gradcheck_suite.program.ops.linear import LINEAR
from gradcheck_suite.program.ops.losses import LOSSES
from gradcheck_suite.program.ops.matrices import MATRICES
from gradcheck_suite.program.ops.normalisation import STANDARDISATIONS
from gradcheck_suite.program.ops.picking import PICKING
from gradcheck_suite.program.ops.powers import POWERS
from gradcheck_suite.program.ops.reductions import NORMALISATIONS, REDUCTIONS
from gradcheck_suite.program.ops.shaping import SHAPING
from gradcheck_suite.program.ops.solving import SOLVING
from gradcheck_suite.program.ops.special import SPECIAL
from gradcheck_suite.program.ops.statistics import STATISTICS
from gradcheck_suite.program.ops.trigonometry import TRIGONOMETRY
from gradcheck_suite.program.ops.windows import WINDOWS

__all__ = ["OPS", "op_named"]

OPS: Final[Mapping[str, Op]] = MappingProxyType(
    {
        op.name: op
        for op in (
            *ARITHMETIC,
            *FUNCTIONS,
            *CHOICES,
            *TRIGONOMETRY,
            *EXPONENTIALS,
            *POWERS,
            *ACTIVATIONS,
            *LINEAR,
            *REDUCTIONS,
            *SHAPING,
            *NORMALISATIONS,
            *STATISTICS,
            *CUMULATIVE,
            *ARRANGING,
            *PICKING,
            *MATRICES,
            *SOLVING,
            *WINDOWS,
            *LOSSES,
            *STANDARDISATIONS,
        )
    },
)


_SPECIAL: Final = {op.name: op for op in SPECIAL}


def op_named(name: str) -> Op:
    """Return the row of ``name``; ProgramError names the nearest rows when there is none."""
    if name in OPS:
        return OPS[name]
    if name in _SPECIAL:
        return _SPECIAL[name]
    from difflib import get_close_matches

    near = ", ".join(get_close_matches(name, OPS, n=3, cutoff=0.5)) or ", ".join(OPS)
    msg = f"got op {name!r}, expected one of the op table: {near}"
    raise ProgramError(msg)
