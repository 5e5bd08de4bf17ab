"""Findings of training runs: cut to the first wrong step, with the parameter and the reason."""

from collections.abc import Callable
from typing import Any

import pytest

from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.diagnosis.wrong_rules import MISTAKES
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import Audience, build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.instructions import Assign, OptimizerStep
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.records import PropertyResult, Verdict
from tests.diagnosis.wrong_optimizers import (
    OTHER_FORMS,
    RIGHT,
    SGD,
    WRONG,
    Adam,
    Own,
    but,
    step_with_one_state,
)

Engines = Callable[..., SpelledEngine]
REASONS = tuple(mistake.reason for mistake in MISTAKES)
EXAMS: dict[str, Exam] = {}


def result_of(engine: SpelledEngine, name: str) -> PropertyResult:
    """Examine an engine in one property, on scalars: all parameters have one shape."""
    if name not in EXAMS:
        EXAMS[name] = build([name], seed=5, n_cases=2, audience=Audience(("scalar",)))
    (found,) = examine(EXAMS[name], InProcess(engine))
    return found


@pytest.fixture
def with_optimizer(make_engine: Engines) -> Callable[..., SpelledEngine]:
    """Return a function that gives the reference an optimizer of somebody's own."""

    def make(rule: str, optimizer: Callable[..., Own], dtype: str = "float64") -> SpelledEngine:
        keywords = ", ".join(f"{n}={n}" for n in ("lr", *dict(OPTIMIZERS[rule].settings)))
        line = f"Optimizer(parameters, {keywords})"
        names = {"Optimizer": optimizer}
        return make_engine(names=names, optimizers=((rule, line),), dtype=dtype)

    return make


def place(result: PropertyResult) -> tuple[str, str]:
    """Return where a run goes wrong, and why."""
    assert result.finding is not None, result
    where, _, why = result.finding.place.partition("; ")
    mistake = result.finding.mistake
    return where, mistake.sentences[0] if mistake else why


@pytest.mark.parametrize("rule", list(RIGHT))
def test_a_right_optimizer_passes(rule: str, with_optimizer: Any):
    """What is written in another form than the reference's, and is right, loses nothing."""
    result = result_of(with_optimizer(rule, RIGHT[rule]), f"optimizer[{rule}]")
    assert result.verdict is Verdict.PASS, result.reason


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", list(OTHER_FORMS))
def test_a_right_optimizer_may_have_another_form(name: str, dtype: str, with_optimizer: Any):
    """What is the same in exact arithmetic is inside of the intervals, in either precision."""
    rule, optimizer = OTHER_FORMS[name]
    result = result_of(with_optimizer(rule, optimizer, dtype), f"optimizer[{rule}]")
    assert result.verdict is Verdict.PASS, result.reason


@pytest.mark.parametrize("name", list(WRONG))
def test_the_mistake_is_named(name: str, with_optimizer: Any):
    """A wrong optimizer fails, and the reason is that for which it is wrong."""
    rule, optimizer, begins = WRONG[name]
    where, why = place(result_of(with_optimizer(rule, optimizer), f"optimizer[{rule}]"))
    assert why.startswith(begins)
    assert where.startswith("step ")


def test_a_shared_velocity_is_named(with_optimizer: Any):
    """Parameters of one shape can share a velocity by mistake."""
    engine = with_optimizer("sgd", but(SGD, step=step_with_one_state))
    result = result_of(engine, "optimizer[sgd]")
    assert place(result)[1] == "what is remembered of the steps before is shared by all parameters"


def test_a_reason_is_given_for_none_but_the_known_mistakes(with_optimizer: Any):
    """Of a rule that is wrong in a way of its own nothing is claimed."""
    wrong = but(SGD, move=lambda self, w, g, state: SGD.move(self, w, g, state) * 1.001)
    _, why = place(result_of(with_optimizer("sgd", wrong), "optimizer[sgd]"))
    assert not why.startswith(REASONS)
    assert why.endswith("SGD moves a parameter to a wrong place")


def test_two_mistakes_at_once_are_not_told_as_one(with_optimizer: Any):
    """A reason has to explain every number, and so do not both."""
    wrong = but(
        Adam,
        direction=lambda self, state, _a, b: Adam.direction(self, state, 1, b) * 1.5,
    )
    _, why = place(result_of(with_optimizer("adam", wrong), "optimizer[adam]"))
    assert not why.startswith(REASONS)


def test_a_run_is_cut_after_its_first_wrong_step(with_optimizer: Any):
    """What is only seen in the second step is shown in two, and the parameter is named."""
    rule, forgetful, _ = WRONG["forgetful"]
    finding = result_of(with_optimizer(rule, forgetful), f"optimizer[{rule}]").finding
    assert finding is not None
    steps = [i for i in finding.program.instructions if isinstance(i, OptimizerStep)]
    assert len(steps) == 2
    assert finding.place.startswith("step 2 is the first that is wrong, at a; ")
    assert [(c.what, c.right) for c in finding.comparisons] == [("a.data", False)]


@pytest.mark.parametrize(
    ("name", "fields", "begins"),
    [
        ("gradient_descent", {"clear": "None"}, "the gradients of the steps add up"),
        ("gradient_descent", {"assign": "None"}, "the parameters do not move"),
        ("mini_batches", {"clear": "None"}, "the gradients of the steps add up"),
        ("momentum", {"clear": "None"}, "the gradients of the steps add up"),
    ],
)
def test_a_fault_around_a_step_by_hand_is_named(
    name: str, fields: dict[str, str], begins: str, make_engine: Engines
):
    """Updates that the program writes itself go wrong by what is around them."""
    result = result_of(make_engine(**fields), name)
    assert place(result)[1].startswith(begins)
    assert result.finding is not None
    n_updates = sum(isinstance(i, Assign) for i in result.finding.program.instructions)
    assert n_updates <= 3 * 4


def test_a_broken_op_is_no_mistake_of_the_run(make_engine: Engines, wrong: dict[str, str]):
    """The op is blamed, and no reason is made up for the run."""
    engine = make_engine({"tanh": wrong["tanh"]})
    _, why = place(result_of(engine, "gradient_descent"))
    assert why == "the op tanh: its own rule is wrong at these values"
