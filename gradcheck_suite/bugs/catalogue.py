"""The catalogue: every bug by its id, in the order of the themes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gradcheck_suite.bugs.accumulation import ACCUMULATION
from gradcheck_suite.bugs.arguments import ARGUMENTS
from gradcheck_suite.bugs.arrays import ARRAYS
from gradcheck_suite.bugs.binary import BINARY
from gradcheck_suite.bugs.broadcast import BROADCAST
from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.edges import EDGES
from gradcheck_suite.bugs.equivalent import EQUIVALENT
from gradcheck_suite.bugs.higher import HIGHER
from gradcheck_suite.bugs.in_place import IN_PLACE
from gradcheck_suite.bugs.kinds import KINDS
from gradcheck_suite.bugs.kinks import KINKS
from gradcheck_suite.bugs.layers import LAYERS
from gradcheck_suite.bugs.lifetime import LIFETIME
from gradcheck_suite.bugs.modes import MODES
from gradcheck_suite.bugs.optimizers import OPTIMIZERS
from gradcheck_suite.bugs.reductions import REDUCTIONS
from gradcheck_suite.bugs.refusals import REFUSALS
from gradcheck_suite.bugs.roots import ROOTS
from gradcheck_suite.bugs.scalars import SCALARS
from gradcheck_suite.bugs.training import TRAINING
from gradcheck_suite.bugs.traversal import TRAVERSAL
from gradcheck_suite.bugs.unary import UNARY
from gradcheck_suite.bugs.values import VALUES
from gradcheck_suite.bugs.variants import VARIANTS

__all__ = ["BUGS"]

_ALL: Final = (
    *UNARY,
    *BINARY,
    *REDUCTIONS,
    *ARRAYS,
    *LAYERS,
    *VALUES,
    *KINKS,
    *EDGES,
    *KINDS,
    *ARGUMENTS,
    *BROADCAST,
    *TRAVERSAL,
    *ACCUMULATION,
    *ROOTS,
    *LIFETIME,
    *MODES,
    *REFUSALS,
    *IN_PLACE,
    *HIGHER,
    *OPTIMIZERS,
    *TRAINING,
    *SCALARS,
    *EQUIVALENT,
    *VARIANTS,
)

BUGS: Final[Mapping[str, Bug]] = MappingProxyType({bug.id: bug for bug in _ALL})
"""Every wrong engine, by id."""
