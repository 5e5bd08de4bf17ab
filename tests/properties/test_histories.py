"""Histories: right engines agree on them, wrong ones are caught, and few steps are left."""

from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gradcheck_suite.bugs.bug import Bug, module
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.shrink import smallest_failure
from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.oracles.answer import Sheet
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.instructions import Apply, InPlace, Program, flatten
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge
from gradcheck_suite.records import Verdict
from gradcheck_suite.strategies.drawing import draw, n_steps
from gradcheck_suite.strategies.histories import RULES, _steps_in, palette_of, step_by, steps_by
from gradcheck_suite.strategies.history import History
from gradcheck_suite.strategies.world import SCALARS, TENSORS
from tests.properties import test_killers as killers

HISTORIES = [entry.id for entry in CATALOGUE.values() if entry.theme == "histories"]


def fails_on(name: str, bug: Bug) -> bool:
    """Tell whether a property, judged alone, fails a bug."""
    return killers.verdict_on(name, bug).is_bad


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda world: world.kind)
def test_a_history_can_be_answered(name: str, world: Any):
    """Two thirds of all histories at least have a certified answer, and each has looks."""
    for drawn in CATALOGUE[name].draws(world):
        cases = [case_of(CATALOGUE[name], p) for p in draw(drawn, 30, 5, lambda _: True)]
        assert sum(case is None for case in cases) <= len(cases) / 3
        assert all(case.sheets[0].answers for case in cases if case)


def test_every_rule_is_taken(monkeypatch: pytest.MonkeyPatch):
    """Each row of the table writes a step in some history of some property."""
    taken = set()

    def noted(name: str) -> Any:
        def write(*values: Any, **drawn: Any) -> None:
            taken.add(name)
            RULES[name].write(*values, **drawn)

        return write

    noting = {name: replace(row, write=noted(name)) for name, row in RULES.items()}
    monkeypatch.setattr("gradcheck_suite.strategies.histories.RULES", noting)
    _steps_in.cache_clear()  # those that were made before note nothing
    for name in HISTORIES:
        for drawn in CATALOGUE[name].draws(SCALARS):
            draw(drawn, 10, 5, lambda _: True)
    _steps_in.cache_clear()
    assert taken == set(RULES)


@pytest.mark.parametrize("name", HISTORIES)
def test_what_comes_first_exists(name: str):
    """The ids that a history waits for are of the catalogue, and are judged before it."""
    entry = CATALOGUE[name]
    assert all(CATALOGUE[first].level < entry.level for first in entry.after)


# Step by step: the reference is the model.

PALETTE = palette_of(SCALARS, (), functions=True)
MODEL = known_engine("reference")


def holds(program: Program, engine: SpelledEngine) -> bool | None:
    """Tell whether an engine gives the certified answers; None where there are none."""
    try:
        with np.errstate(all="ignore"):
            sheet = Sheet((), answers(program, Dialect()))
    except UndecidableError:
        return None
    return judge([sheet], run(program, engine), strict_shape=True).right


class SideBySide(RuleBasedStateMachine):
    """One step after the other: what torch shows, the reference has shown, and the oracle says."""

    @initialize(number=PALETTE["number"])
    def start(self, number: Any) -> None:
        """Begin with one leaf."""
        self.history = History()
        self.history.leaf(number)

    @invariant()
    def engines_agree(self) -> None:
        """Look at all that can be looked at, and compare."""
        if not hasattr(self, "history"):
            return
        program = self.history.b.program()
        seen, shown = run(program, MODEL), run(program, known_engine("torch"))
        assert seen.keys() == shown.keys()
        for index, outcome in seen.items():
            assert type(outcome) is type(shown[index]), (index, program)
            if isinstance(outcome, Number):
                assert np.allclose(outcome.values, shown[index].values, rtol=1e-6), program
        assert holds(program, MODEL) is not False, program


def rule_of(name: str) -> Any:
    """Return the machine's rule for a row of the table; bodies of blocks hold steps of all rows."""
    inside = [other for other in RULES if RULES[other].inside]
    bodies = {**PALETTE, "body": steps_by(inside, PALETTE, 1, 3)}
    return rule(step=step_by(name, bodies))(lambda self, step: self.history.take(step))


for _name in RULES:
    setattr(SideBySide, _name, rule_of(_name))
SideBySide.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.needs_module("torch")
@np.errstate(all="ignore")
def test_reference_and_torch_agree_step_by_step():
    """Whatever steps are taken, after each of them both have shown the same."""
    SideBySide.TestCase().runTest()


# Wrong engines.

THEMES = {
    "sharing and accumulation",
    "graph lifetime",
    "leaves and flags",
    "detach, no_grad",
    "hooks",
    "in place",
    "higher derivatives",
    "gradient arrays",
    "training runs",
}
COSTLY = {"deep_chains", "stacked_doublings", "released_graphs"}  # and far from any history
OTHERS = [e.id for e in CATALOGUE.values() if e.theme in THEMES and not e.op and e.id not in COSTLY]


@pytest.mark.parametrize("name", HISTORIES)
def test_no_other_property_catches_it(name: str):
    """All other structure that might see the killer of a history passes."""
    bug = killers.killers_of(name)[0]
    assert [other for other in OTHERS if fails_on(other, bug)] == []


@pytest.mark.parametrize("fault", OTHERS)
def test_a_single_fault_is_told_once(fault: str):
    """Where a history fails too, something that it comes after has failed before it."""
    bug = killers.killers_of(fault)[0]
    for name in HISTORIES:
        if fails_on(name, bug):
            first = sorted(CATALOGUE[name].after, key=lambda other: other != fault)
            assert any(fails_on(other, bug) for other in first), name


def test_a_history_is_blocked_by_what_failed_before():
    """Gradients of results that stay are told where it is simplest, and only there."""
    names = ["two_losses", "history[lifetime]"]
    exam = build(names, seed=3, n_cases=8)
    with BUGS["acc-intermediate"].engine() as engine:
        told = examine(exam, InProcess(engine), with_findings=False)
    assert [result.verdict for result in told] == [Verdict.FAIL, Verdict.BLOCKED]


# A single fault, and the history that has the steps for it.
FAULTS = {
    "acc-intermediate": "history[lifetime]",
    "acc-overwrite-leaf": "history[lifetime]",
    "acc-assign": "history[lifetime]",
    "retained-freed": "history[lifetime]",
    "clear-nothing": "history[lifetime]",
    "detach-shares": "history[modes]",
    "nograd-exc": "history[modes]",
    "nograd-nested": "history[modes]",
    "assign-ignored": "history[flags]",
    "saved-mutated": "history[in_place]",
    "retain-grad-ignored": "history[hooks]",
    "hooks-stay": "history[hooks]",
    "second-order-missing": "history[higher_order]",
}


class Restartable(InProcess):
    """A bent reference in this process, the mode of which a restart switches back."""

    def restart(self) -> None:
        """Switch recording on again."""
        module("modes")._SWITCH.enabled = True


def shrunk(name: str, bug: Bug) -> Program:
    """Return what is left of the first history of an exam that fails on a bug."""
    entry = CATALOGUE[name]
    cases = killers.exam_of(name).cases[name]
    with np.errstate(all="ignore"), bug.engine() as engine:
        subject = Restartable(engine)
        reach = Reach(subject.spelling, subject.capabilities)
        for case in cases:
            subject.restart()
            judgement = reach.judge(entry, case, subject.run(case.program))
            if not judgement.right:
                break
        return smallest_failure(entry, case, judgement, subject, reach)[0].program


def test_histories_shrink_to_the_steps_that_matter():
    """A single fault is left with two ops and six steps at most, three steps at the median."""
    left = {fault: shrunk(name, BUGS[fault]) for fault, name in FAULTS.items()}
    steps = {fault: n_steps(program) for fault, program in left.items()}
    ops = {
        fault: sum(isinstance(i, (Apply, InPlace)) for i in flatten(program.instructions))
        for fault, program in left.items()
    }
    assert {fault: n for fault, n in ops.items() if n > 2} == {}
    assert {fault: n for fault, n in steps.items() if n > 6} == {}
    assert median(steps.values()) <= 3
