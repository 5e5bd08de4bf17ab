"""Conventions: what an engine chose where right engines differ, and what a course fixes.

Without a choice fixed, any choice is right as long as every case follows it. A result that holds
says which one it was in its reason, ``second_backward: adds``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gradcheck_suite.engines.dialect import CONVENTIONS
from gradcheck_suite.records import PropertyResult, Verdict

__all__ = ["chosen", "hold_to"]


def chosen(results: Iterable[PropertyResult]) -> tuple[tuple[str, str], ...]:
    """Return (convention, choice) for each that was settled, in the order of the table."""
    found = {name: choice for result in results for name, choice in _choices(result)}
    return tuple((name, found[name]) for name in CONVENTIONS if name in found)


def hold_to(
    fixed: Mapping[str, str], results: Iterable[PropertyResult]
) -> tuple[PropertyResult, ...]:
    """Return the results with a failure where an engine chose otherwise than ``fixed`` says."""
    return tuple(_held(fixed, result) for result in results)


def _held(fixed: Mapping[str, str], result: PropertyResult) -> PropertyResult:
    for name, choice in _choices(result):
        if fixed.get(name, choice) != choice:
            reason = f"got the convention {name} = {choice}, expected {fixed[name]} in this course"
            return replace(result, verdict=Verdict.FAIL, reason=reason, n_failed=result.n_judged)
    return result


def _choices(result: PropertyResult) -> list[tuple[str, str]]:
    if result.verdict is not Verdict.PASS:
        return []
    pairs = re.findall(r"(\w+): (\w+)", result.reason)
    return [(name, choice) for name, choice in pairs if choice in CONVENTIONS.get(name, ())]
