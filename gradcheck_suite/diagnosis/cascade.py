"""Cascades: of failures that have one root, the simplest is told, and the others stand under it.

Verdicts and points stay what they are: a property that fails by itself costs its own points, as
far as it was not blocked. What is grouped is what a reader is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcheck_suite.bugs.broadcast import way_of
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import Finding, PropertyResult, Verdict

__all__ = ["with_roots"]


def with_roots(results: Sequence[PropertyResult]) -> tuple[PropertyResult, ...]:
    """Return ``results``, in the order in which they were judged, each with the root it has.

    A failure has that of an earlier one with the same mistake or, where neither mistake is known,
    at the same place; what is blocked, that of what blocks it.
    """
    roots: list[PropertyResult] = []
    root_of: dict[str, str] = {}
    for result in results:
        if not result.verdict.is_bad:
            continue
        root = next((r for r in roots if _have_one_root(r, result)), None)
        if root is None:
            roots.append(result)
        else:
            root_of[result.property] = root.property
    return tuple(replace(r, root=_root(r, root_of)) for r in results)


def _root(result: PropertyResult, root_of: Mapping[str, str]) -> str:
    if result.verdict is Verdict.BLOCKED:
        return root_of.get(result.root, result.root)
    return root_of.get(result.property, "")


def _have_one_root(first: PropertyResult, other: PropertyResult) -> bool:
    one, two = first.finding, other.finding
    if one is None or two is None:
        return False
    bugs = [_mistakes(one), _mistakes(two)]
    if all(bugs):
        return bool(bugs[0] & bugs[1])
    return _is_one_place(one, two, other)


def _mistakes(finding: Finding) -> set[str]:
    """Return what names the mistake of a finding, whichever op it shows in if ops share it."""
    mistake = finding.mistake
    named = (mistake.bugs or mistake.sentences) if mistake else ()
    return {way_of(name) or name for name in named}


def _is_one_place(one: Finding, two: Finding, other: PropertyResult) -> bool:
    """Tell whether two faults are at one place, as far as the first can be the reason for both.

    What is about an op was judged by itself: it relies on nothing that the first could have spoilt.
    """
    if CATALOGUE[other.property].op:
        return False
    same_op = bool(one.fault.op) and one.fault.op == two.fault.op
    same_claim = bool(one.fault.claim) and one.fault.claim == two.fault.claim
    return same_op or same_claim
