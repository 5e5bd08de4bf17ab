"""Gating: broken ops cost themselves alone, and leave enough to judge the structure by."""

from collections.abc import Callable
from itertools import combinations

import pytest

from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict

Results = dict[str, PropertyResult]
WRONG = {
    "mul": "swapped(x, y)",
    "add": "(x + y) + (x - x.detach()) * 0.5",
    "sub": "(x - y) + (x - x.detach()) * 0.5",
    "div": "(x / y) + (x - x.detach()) * 0.5",
    "tanh": "x.tanh() + (x - x.detach()) * 0.01",
    "exp": "x.exp() + (x - x.detach()) * 0.5",
}
SESSIONS = [entry.id for entry in CATALOGUE.values() if not entry.op and entry.theme[0] != "t"]
BROKEN = [("tanh",), ("mul",), ("add", "exp"), ("mul", "tanh"), *combinations(WRONG, 3)]


@pytest.mark.parametrize("broken", BROKEN, ids="-".join)
def test_structure_is_judged_whatever_three_ops_are_broken(
    broken, make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Each broken op fails by itself, and every structural property still passes."""
    engine = make_engine({name: WRONG[name] for name in broken})
    gradients = [f"gradient[{name}]" for name in ("mul", "sum", "add", "sub", "div", *WRONG)]
    found = verdicts_of(engine, *dict.fromkeys(gradients), *SESSIONS)
    failed = {name for name, result in found.items() if result.verdict.is_bad}
    assert failed == {f"gradient[{name}]" for name in broken}
    assert {found[name].verdict for name in SESSIONS} == {Verdict.PASS}
