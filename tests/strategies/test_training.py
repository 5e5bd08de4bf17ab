"""Training runs."""

import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Leaf,
    Mode,
    Observe,
)
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.training import gradient_descent, training_step
from gradcheck_suite.strategies.world import SCALARS, TENSORS

WORLDS = pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda w: w.kind)


def parameters(program):
    """Return the indices of the leaves."""
    return [k for k, i in program.numbered() if isinstance(i, Leaf)]


def looks(program, what):
    """Return the values that are looked at, in order."""
    return [i.x for _, i in program.numbered() if isinstance(i, Observe) and i.what == what]


@WORLDS
def test_a_step_looks_at_every_parameter(world, programs_of):
    """The loss is a scalar, and each parameter's gradient is looked at."""
    for program in programs_of(training_step(world), 30):
        (loss,) = looks(program, "value")
        assert shapes(program)[loss] == ()
        assert looks(program, "grad") == parameters(program)


@WORLDS
def test_descent_takes_three_whole_steps(world, programs_of):
    """Each step has a backward, and assigns, clears and shows each parameter."""
    for program in programs_of(gradient_descent(world), 20):
        instructions = [i for _, i in program.numbered()]
        leaves = parameters(program)
        assert sum(isinstance(i, Backward) for i in instructions) == 3
        assert [i.x for i in instructions if isinstance(i, Assign)] == leaves * 3
        assert [i.x for i in instructions if isinstance(i, ClearGrad)] == leaves * 3
        seen = looks(program, "value")
        assert [x for x in seen if x in leaves] == leaves * 3
        assert len([x for x in seen if x not in leaves]) == 3


@WORLDS
def test_updates_run_with_and_without_no_grad(world, programs_of):
    """Half of the runs guard their update."""
    drawn = programs_of(gradient_descent(world), 40)
    guarded = [any(isinstance(i, Mode) for _, i in p.numbered()) for p in drawn]
    assert 0.25 <= sum(guarded) / len(guarded) <= 0.75


def test_models_are_of_every_sort(programs_of):
    """One layer and two, each activation, squares of both spellings, and classification."""
    ops, layers = set(), set()
    for program in programs_of(training_step(TENSORS), 80):
        ops |= {i.op for _, i in program.numbered() if isinstance(i, Apply)}
        layers.add(len(parameters(program)) // 2)
    assert {"tanh", "relu", "sigmoid", "pow", "mul", "log_softmax", "mean", "matmul"} <= ops
    assert layers == {1, 2}


@WORLDS
def test_parameters_move(world, programs_of):
    """A step changes some parameter in nearly every run, else the run would show nothing."""
    engine = known_engine("reference")
    moved = []
    for program in programs_of(gradient_descent(world), 30):
        leaves = parameters(program)
        outcomes = run(program, engine)
        shown = {
            k: outcomes[k].values.tolist()
            for k, i in program.numbered()
            if isinstance(i, Observe) and i.x in leaves and isinstance(outcomes[k], Number)
        }
        first, *_, last = [list(shown.values())[j :: len(leaves)] for j in range(len(leaves))]
        moved.append(first[0] != first[-1] or last[0] != last[-1])
    assert sum(moved) >= 27


@pytest.mark.parametrize("strategy_of", [training_step, gradient_descent])
def test_runs_shrink_to_a_linear_model(strategy_of):
    """The smallest model has one layer and no activation."""
    program = find_smallest(strategy_of(TENSORS), lambda _: True, seed=1, n_tries=50)
    ops = {i.op for _, i in program.numbered() if isinstance(i, Apply)}
    assert len(parameters(program)) == 2
    assert ops <= {"matmul", "add", "sub", "mul", "mean"}
