"""What may be wrong with one op: its bugs in the catalogue, and what goes wrong with other ops.

The catalogue has each kind of fault on a few ops: enough to measure an exam by. Whoever looks for
the fault of an engine wants all of them on the op in question.
"""

from collections.abc import Iterator
from functools import cache

from gradcheck_suite.bugs.arguments import arguments_on
from gradcheck_suite.bugs.broadcast import broadcast_on
from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.kinds import kinds_on
from gradcheck_suite.program.table import OPS

__all__ = ["likely_on"]


@cache
def likely_on(op: str) -> tuple[Bug, ...]:
    """Return the bugs of ``op``, those of the catalogue first; '' stands for faults of structure.

    Right variants are left out, and so are bugs of other engines than the reference.
    """
    known = [bug for bug in BUGS.values() if bug.place.op == op]
    found = {bug.id: bug for bug in known}
    for bug in _transferred(op) if op in OPS else ():
        found.setdefault(bug.id, bug)
    return tuple(b for b in found.values() if b.base == "reference" and not b.equivalent)


def _transferred(op: str) -> Iterator[Bug]:
    row = OPS[op]
    yield from kinds_on(op)
    if row.signature in {"binary", "where"}:
        yield from broadcast_on(op)
    if len(row.arguments) > 1:
        for position, argument in enumerate(row.arguments):
            if argument not in row.constants and argument != "condition":
                yield from arguments_on(op, argument, position)
