"""Conventions: what an engine chose where right engines differ, as its results tell."""

from collections.abc import Iterable

from gradcheck_suite.engines.dialect import CONVENTIONS
from gradcheck_suite.records import PropertyResult

__all__ = ["chosen"]


def chosen(results: Iterable[PropertyResult]) -> tuple[tuple[str, str], ...]:
    """Return (convention, choice) for each that was settled, in the order of the table.

    A convention that several choices fit is not settled: nothing was seen that tells them apart.
    """
    seen = [frozenset(pairs) for r in results for pairs in zip(*r.choices, strict=True)]
    found = dict(pair for pairs in seen if len(pairs) == 1 for pair in pairs)
    return tuple((name, found[name]) for name in CONVENTIONS if name in found)
