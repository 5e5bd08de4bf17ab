"""A leaf before its first gradient: none or zeros, and what an optimizer makes of either."""

import numpy as np
import pytest

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Flag
from gradcheck_suite.oracles.answer import FlagIs, Interval
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Attributes,
    Backward,
    Leaf,
    Observe,
    OptimizerStep,
    Program,
)
from gradcheck_suite.program.printing import lines

ONE = Leaf(Array((), (1.0,)))


def moved(choice: str, rule: str, settings: Attributes) -> float:
    """Return where a parameter at 1 is after a step without a gradient."""
    step = OptimizerStep(rule, (0,), (("lr", 0.5), *settings))
    program = Program((ONE, step, Observe("value", 0)))
    with np.errstate(all="ignore"):  # the processor's flags after ball arithmetic mean nothing
        answer = dict(answers(program, Dialect(unset_gradient=choice)))[2]
    assert isinstance(answer, Interval)
    return answer.middle[0]


@pytest.mark.parametrize(
    ("rule", "settings", "after"),
    [
        ("sgd", (("weight_decay", 0.5),), 0.75),
        ("sgd", (("momentum", 0.5),), 1.0),
        ("adamw", (("weight_decay", 0.5),), 0.75),
        ("adam", (), 1.0),
    ],
)
def test_zeros_are_a_gradient_and_none_is_not(rule: str, settings: Attributes, after: float):
    """Decay moves a parameter that has a gradient of zeros, and leaves one that has none."""
    assert moved("none", rule, settings) == 1.0
    assert moved("zeros", rule, settings) == after


@pytest.mark.parametrize(("choice", "before"), [("none", True), ("zeros", False)])
def test_the_flag_tells_before_and_after_a_backward(choice: str, before: bool):
    """A gradient is there after the first backward, and in some engines before it."""
    program = Program(
        (ONE, Observe("unset", 0), Apply("mul", (0, 0)), Backward(2), Observe("unset", 0))
    )
    found = dict(answers(program, Dialect(unset_gradient=choice)))
    assert found == {1: FlagIs(before), 4: FlagIs(value=False)}


@pytest.mark.parametrize(
    "name", ["reference", pytest.param("torch", marks=pytest.mark.needs_module("torch"))]
)
def test_engines_are_asked_and_the_question_is_printed(name: str):
    """The reference and torch have none before the first backward."""
    engine = known_engine(name)
    program = Program((ONE, Observe("unset", 0)))
    assert run(program, engine) == {1: Flag(value=True)}
    assert str(lines(program, engine.spelling)[-1]) == "a.grad is None"
