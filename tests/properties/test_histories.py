"""Histories: right engines agree on them, wrong ones are caught, and few steps are left."""

from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import reference
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.dialect import UNLESS_FIXED, Dialect
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
from gradcheck_suite.strategies.drawing import draw, find_smallest, n_steps
from gradcheck_suite.strategies.histories import RULES, palette_of, step_by, steps_by
from gradcheck_suite.strategies.history import History
from gradcheck_suite.strategies.world import SCALARS, TENSORS
from tests.properties import test_killers as killers
from tests.properties.history_mutations import HISTORY
from tests.properties.mutations import Mutation, module

HISTORIES = [entry.id for entry in CATALOGUE.values() if entry.theme == "histories"]


def engine_with(mutation: Mutation) -> SpelledEngine:
    """Return the reference under the templates of a mutation."""
    return killers.engine_with(mutation.fields, mutation.ops)


def fails_on(name: str, mutation: Mutation, patch: pytest.MonkeyPatch) -> bool:
    """Tell whether a property, judged alone, fails a mutated reference."""
    killers.exam_of(name)  # the jury sits before the reference is mutated
    with patch.context() as patched, np.errstate(all="ignore"):
        mutation.patch(patched)
        result = killers.result_of(name, engine_with(mutation))
    reference.set_grad_enabled(True)
    return result.verdict.is_bad


@pytest.fixture(autouse=True)
def _recording():
    """Leave the reference recording, whatever an engine under test did."""
    yield
    reference.set_grad_enabled(True)


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda world: world.kind)
def test_a_history_can_be_answered(name: str, world: Any):
    """Half of all histories at least have a certified answer, and each has looks."""
    for drawn in CATALOGUE[name].draws(world):
        cases = [case_of(CATALOGUE[name], p) for p in draw(drawn, 30, 5, lambda _: True)]
        assert sum(case is None for case in cases) <= len(cases) / 2
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
    for name in HISTORIES:
        for drawn in CATALOGUE[name].draws(SCALARS):
            draw(drawn, 10, 5, lambda _: True)
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
def test_no_other_property_catches_it(name: str, monkeypatch: pytest.MonkeyPatch):
    """All other structure that might see the killer of a history passes."""
    assert [other for other in OTHERS if fails_on(other, HISTORY[name], monkeypatch)] == []


@pytest.mark.parametrize("fault", OTHERS)
def test_a_single_fault_is_told_once(fault: str, monkeypatch: pytest.MonkeyPatch):
    """Where a history fails too, something that it comes after has failed before it."""
    mutation = killers.STRUCTURAL[fault]
    for name in HISTORIES:
        if fails_on(name, mutation, monkeypatch):
            first = sorted(CATALOGUE[name].after, key=lambda other: other != fault)
            assert any(fails_on(other, mutation, monkeypatch) for other in first), name


def test_a_history_is_blocked_by_what_failed_before(monkeypatch: pytest.MonkeyPatch):
    """Gradients of results that stay are told where it is simplest, and only there."""
    names = ["two_losses", "history[lifetime]"]
    exam = build(names, seed=3, n_cases=8)
    killers.keep_stale(monkeypatch)
    told = examine(exam, InProcess(known_engine("reference")), with_findings=False)
    assert [result.verdict for result in told] == [Verdict.FAIL, Verdict.BLOCKED]


def _forget_to_retain(patch: pytest.MonkeyPatch) -> None:
    original = module("tensor").backpropagate
    patch.setattr(
        module("tensor"),
        "backpropagate",
        lambda seeds, **_: original(seeds, retain_graph=False),
    )


def _trust_what_was_saved(patch: pytest.MonkeyPatch) -> None:
    from reference.tensor import wrap

    patch.setattr(
        module("saved").Saved,
        "unpack",
        lambda saved: wrap(saved._array, saved._link(), saved._version),
    )


# A single fault, the history that has the steps for it, and how many of them are left at most.
FAULTS: dict[str, tuple[str, Mutation]] = {
    "gradients of results stay": ("history[lifetime]", Mutation(patch=killers.keep_stale)),
    "a leaf's gradient is overwritten": (
        "history[lifetime]",
        Mutation(patch=killers.overwrite_leaf),
    ),
    "a second share is overwritten": (
        "history[lifetime]",
        Mutation(patch=killers.overwrite_shares),
    ),
    "retain_graph is ignored": ("history[lifetime]", Mutation(patch=_forget_to_retain)),
    "clearing clears nothing": ("history[lifetime]", Mutation({"clear": "None"})),
    "detach keeps the graph": ("history[modes]", Mutation({"detach": "x"})),
    "an exception leaves no_grad on": (
        "history[modes]",
        Mutation(patch=killers.forget_after_an_exception),
    ),
    "a block switches recording on": (
        "history[modes]",
        Mutation(patch=killers.record_nothing_inside),
    ),
    "an update is lost": ("history[flags]", Mutation({"assign": "None"})),
    "versions are not checked": ("history[in_place]", Mutation(patch=_trust_what_was_saved)),
    "retain_grad does nothing": ("history[hooks]", Mutation({"retain_grad": "None"})),
    "a hook is never removed": ("history[hooks]", Mutation({"unhook": "None"})),
    "gradients carry no graph": (
        "history[higher_order]",
        Mutation({"backward": "x.backward(reference.Tensor(cotangent), retain_graph=True)"}),
    ),
}


def shrunk(name: str, mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> Program | None:
    """Return the smallest scalar history that was found to fail on a mutated reference."""
    entry = CATALOGUE[name]
    engine = engine_with(mutation)
    fixed = dict(UNLESS_FIXED)

    def fails(program: Program) -> bool:
        case = case_of(entry, program)
        if case is None:
            return False
        with monkeypatch.context() as patched:
            mutation.patch(patched)
            outcomes = run(program, engine)
        reference.set_grad_enabled(True)
        sheets = [sheet for sheet in case.sheets if fixed.items() <= dict(sheet.choices).items()]
        return not judge(sheets, outcomes, strict_shape=False).right

    return find_smallest(st.one_of(*entry.draws(SCALARS)), fails, seed=1, n_tries=300)


def test_histories_shrink_to_the_steps_that_matter(monkeypatch: pytest.MonkeyPatch):
    """A single fault is left with four ops at most, and with five steps at the median."""
    left = {
        fault: shrunk(name, mutation, monkeypatch) for fault, (name, mutation) in FAULTS.items()
    }
    assert None not in left.values()
    n_ops = {
        fault: sum(isinstance(i, (Apply, InPlace)) for i in flatten(program.instructions))
        for fault, program in left.items()
    }
    assert {fault: n for fault, n in n_ops.items() if n > 4} == {}
    assert median(n_steps(program) for program in left.values()) <= 5
