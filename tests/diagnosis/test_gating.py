"""Gating: broken ops cost themselves alone, and leave enough to judge the structure by."""

from collections.abc import Callable
from itertools import combinations
from random import Random

import pytest

from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict
from gradcheck_suite.strategies.world import BINARY, UNARY

Results = dict[str, PropertyResult]
OPS = BINARY + UNARY  # every op of a session
RIGHT = dict(known_engine("reference").spelling.ops)
WRONG = {name: f"({RIGHT[name]}) + (x - x.detach()) * 0.5" for name in OPS}
WRONG["mul"] = "swapped(x, y)"
STRUCTURE = {
    "whole expressions",
    "sharing and accumulation",
    "gradient arrays",
    "graph lifetime",
    "leaves and flags",
    "detach, no_grad",
}
SESSIONS = [entry.id for entry in CATALOGUE.values() if entry.theme in STRUCTURE]
SAMPLE = Random(2024).sample(sorted(combinations(OPS, 3)), 12)  # noqa: S311 - the same in each run
BROKEN = [
    ("tanh",),
    ("mul",),
    ("add", "exp"),
    ("mul", "tanh"),
    *dict.fromkeys((*combinations(BINARY, 3), *SAMPLE)),
]


@pytest.mark.parametrize("broken", BROKEN, ids="-".join)
def test_structure_is_judged_whatever_three_ops_are_broken(
    broken, make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Each broken op fails by itself, and every structural property still passes."""
    engine = make_engine({name: WRONG[name] for name in broken})
    gradients = [f"gradient[{name}]" for name in ("sum", *OPS)]
    found = verdicts_of(engine, *gradients, *SESSIONS, with_findings=False)
    failed = {name for name, result in found.items() if result.verdict.is_bad}
    assert failed == {f"gradient[{name}]" for name in broken}
    assert {found[name].verdict for name in SESSIONS} == {Verdict.PASS}
