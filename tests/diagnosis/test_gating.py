"""Gating: broken ops cost themselves alone, and leave enough to judge the structure by."""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import combinations
from random import Random

import pytest

from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.features import ops_used
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import Verdict
from gradcheck_suite.strategies.world import BINARY, UNARY

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


@cache
def right_outcomes(program: Program) -> Outcomes:
    """Return what the reference does, once for all engines that do the same."""
    return run(program, known_engine("reference"))


class BrokenIn(InProcess):
    """The reference with some ops broken: programs without them are run by none but itself."""

    def __init__(self, engine: SpelledEngine, ops: Iterable[str]) -> None:
        """Wrap ``engine``."""
        super().__init__(engine)
        self._ops = frozenset(ops)

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program, or look up what comes of it."""
        is_touched = bool(ops_used(program) & self._ops)
        return super().run(program) if is_touched else right_outcomes(program)


@pytest.mark.parametrize("broken", BROKEN, ids="-".join)
def test_structure_is_judged_whatever_three_ops_are_broken(
    broken, make_engine: Callable[..., SpelledEngine], make_exam: Callable[..., Exam]
):
    """Each broken op fails by itself, and every structural property still passes."""
    engine = make_engine({name: WRONG[name] for name in broken})
    gradients = [f"gradient[{name}]" for name in ("sum", *OPS)]
    exam = make_exam(*gradients, *SESSIONS)
    results = examine(exam, BrokenIn(engine, broken), with_findings=False)
    found = {result.property: result for result in results}
    failed = {name for name, result in found.items() if result.verdict.is_bad}
    assert failed == {f"gradient[{name}]" for name in broken}
    assert {found[name].verdict for name in SESSIONS} == {Verdict.PASS}
