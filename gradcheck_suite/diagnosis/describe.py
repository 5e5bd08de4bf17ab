"""Describe an engine in one line, from how it is spelled."""

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS

__all__ = ["describe"]

_ASPECTS = {
    "detach": "detach",
    "no_grad": "no_grad",
    "requires_grad": "requires_grad",
    "create_graph": "higher order",
}


def describe(spelling: Spelling) -> str:
    """Return for example ``scalars, 9 ops`` or ``tensors, 32 ops, detach, no_grad``."""
    ops = {key.partition(".")[0] for key, _ in spelling.ops} & OPS.keys()
    can = capabilities_of(spelling)
    parts = [f"{spelling.kind}s", f"{len(ops)} ops", *(w for k, w in _ASPECTS.items() if k in can)]
    return ", ".join(parts)
