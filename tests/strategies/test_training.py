"""Training runs, written out by hand and with the submission's optimizers."""

from itertools import pairwise

import pytest

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Leaf,
    Mode,
    Observe,
    OptimizerStep,
)
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.models import sorts
from gradcheck_suite.strategies.optimizers import strata
from gradcheck_suite.strategies.training import (
    decreasing_losses,
    gradient_descent,
    gradients_kept,
    mini_batches,
    momentum,
    training_step,
)
from gradcheck_suite.strategies.world import SCALARS, TENSORS, World

WORLDS = pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda w: w.kind)
RULES = pytest.mark.parametrize("rule", list(OPTIMIZERS))


def instructions(program):
    """Return the instructions in reading order."""
    return [i for _, i in program.numbered()]


def parameters(program):
    """Return the indices of the leaves."""
    return [k for k, i in program.numbered() if isinstance(i, Leaf)]


def looks(program, what):
    """Return the values that are looked at, in order."""
    return [i.x for i in instructions(program) if isinstance(i, Observe) and i.what == what]


@pytest.fixture
def drawn(programs_of):
    """Return a function that draws programs of a strategy for each sort of model of a world."""

    def of(strategy, world, n, **more):
        found = [s for s in sorts(world) if s.curvature or not more.get("convex")]
        return [p for sort in found for p in programs_of(strategy(sort), n)]

    return of


@WORLDS
def test_a_step_looks_at_every_parameter(world, drawn):
    """The loss is a scalar, and each parameter's gradient is looked at."""
    for program in drawn(training_step, world, 4):
        (loss,) = looks(program, "value")
        assert shapes(program)[loss] == ()
        assert looks(program, "grad") == parameters(program)


@WORLDS
@pytest.mark.parametrize("by_hand", [gradient_descent, momentum])
def test_descent_takes_three_whole_steps(world, by_hand, drawn):
    """Each step has a backward, and assigns, clears and shows each parameter."""
    for program in drawn(by_hand, world, 3):
        found = instructions(program)
        leaves = parameters(program)
        assert sum(isinstance(i, Backward) for i in found) == 3
        assert [i.x for i in found if isinstance(i, Assign)] == leaves * 3
        assert [i.x for i in found if isinstance(i, ClearGrad)] == leaves * 3
        assert [x for x in looks(program, "value") if x in leaves] == leaves * 3


@WORLDS
def test_updates_run_with_and_without_no_grad(world, drawn):
    """Half of the runs guard their update."""
    guarded = [
        any(isinstance(i, Mode) for i in instructions(p)) for p in drawn(gradient_descent, world, 8)
    ]
    assert 0.25 <= sum(guarded) / len(guarded) <= 0.75


def test_models_are_of_every_sort(drawn):
    """One layer and two, each activation, squares, logistic losses and cross entropies."""
    ops = {
        i.op for p in drawn(training_step, TENSORS, 1) for i in instructions(p) if hasattr(i, "op")
    }
    assert {"tanh", "relu", "sigmoid", "pow", "mul", "log", "mean", "matmul"} <= ops
    assert {"log_softmax", "cross_entropy", "binary_cross_entropy_with_logits"} <= ops
    ops = {
        i.op for p in drawn(training_step, SCALARS, 1) for i in instructions(p) if hasattr(i, "op")
    }
    assert ops == {"mul", "add", "sub", "pow", "tanh", "relu", "sigmoid", "log", "neg"}


@WORLDS
def test_a_sort_uses_the_ops_that_it_names(world, programs_of):
    """What a model needs is what its program uses: a world without an op has no run of it."""
    for sort in sorts(world):
        for program in programs_of(training_step(sort), 4):
            used = {i.op for i in instructions(program) if isinstance(i, Apply)}
            assert used <= {*sort.ops}


def test_a_world_of_few_ops_has_runs():
    """Products, sums and differences are enough; without a product there is no model."""
    assert len(sorts(World("scalar", ("mul", "add", "sub")))) == 1
    assert not sorts(World("scalar", ("add", "tanh")))


@pytest.mark.parametrize("picks", ["constants", "getitem"])
def test_an_epoch_sees_every_sample_at_most_once(picks, programs_of):
    """Batches of two, in any order; the last is single, or dropped."""
    linear = sorts(TENSORS)[0]
    n_steps, shuffled = set(), set()
    for program in programs_of(mini_batches(linear, picks), 30):
        n_steps.add(sum(isinstance(i, Backward) for i in instructions(program)))
        shuffled.add("op:getitem.array" in needs(program))
        features = [
            i.array.values[k : k + 2]
            for i in instructions(program)
            if isinstance(i, Constant) and i.array.shape in {(5, 2), (2, 2), (1, 2)}
            for k in range(0, len(i.array.values), 2)
        ]
        assert len(features) in {4, 5}
    assert n_steps == {2, 3}
    assert shuffled == ({True, False} if picks == "getitem" else {False})


@WORLDS
def test_a_forgotten_zeroing_leaves_out_some_clears(world, drawn):
    """Some step clears less than the others."""
    for program in drawn(gradients_kept, world, 3):
        n_clears = sum(isinstance(i, ClearGrad) for i in instructions(program))
        assert n_clears < 3 * len(parameters(program))


@WORLDS
def test_certified_losses_go_down(world, drawn):
    """What theory says of a convex loss and a small step holds for the oracle's own numbers."""
    n_decided = 0
    for program in drawn(decreasing_losses, world, 12, convex=True):
        try:
            found = dict(answers(program, Dialect()))
        except UndecidableError:
            continue
        losses = [
            found[k]
            for k, i in program.numbered()
            if isinstance(i, Observe) and i.x not in parameters(program)
        ]
        ends = [
            (loss.middle[0] - loss.half64[0], loss.middle[0] + loss.half64[0]) for loss in losses
        ]
        assert len(ends) == 4
        assert all(low > high for (low, _), (_, high) in pairwise(ends))
        n_decided += 1
    assert n_decided >= 24


@WORLDS
def test_parameters_move(world, drawn):
    """A step changes some parameter in nearly every run, else the run would show nothing."""
    engine = known_engine("reference")
    moved = []
    for program in drawn(gradient_descent, world, 3):
        leaves = parameters(program)
        outcomes = run(program, engine)
        shown = [
            outcomes[k].values.tolist()
            for k, i in program.numbered()
            if isinstance(i, Observe) and i.x in leaves
        ]
        moved.append(shown[: len(leaves)] != shown[-len(leaves) :])
    assert sum(moved) >= 0.9 * len(moved)


@pytest.mark.parametrize("run_of", [training_step, gradient_descent])
def test_runs_of_one_sort_shrink_to_small_numbers(run_of):
    """The smallest linear model has the numbers 1, 1/2, 3/2 and their negatives."""
    program = find_smallest(run_of(sorts(TENSORS)[0]), lambda _: True, seed=1, n_tries=50)
    values = {abs(v) for i in instructions(program) if isinstance(i, Leaf) for v in i.array.values}
    assert len(parameters(program)) == 2
    assert values <= {1.0, 0.5, 1.5}


def steps(program):
    """Return the optimizer's steps."""
    return [i for i in instructions(program) if isinstance(i, OptimizerStep)]


@RULES
@WORLDS
def test_a_run_has_one_optimizer(rule, world, programs_of):
    """Three to five steps of one rule under one set of settings, over all parameters."""
    for stratum in strata(rule, world):
        for program in programs_of(stratum, 3):
            found = steps(program)
            assert 3 <= len(found) <= 5
            assert len(set(found)) == 1
            assert found[0].rule == rule
            assert list(found[0].parameters) == parameters(program)


@RULES
def test_each_setting_is_asked_for(rule, programs_of):
    """None is forgotten, and the defaults alone are a stratum too."""
    given = [
        dict(steps(program)[0].settings).keys() - {"lr"}
        for stratum in strata(rule, TENSORS)
        for program in programs_of(stratum, 1)
    ]
    assert set().union(*given) == set(dict(OPTIMIZERS[rule].settings))
    assert set() in given


@RULES
def test_a_broken_op_does_not_hide_an_optimizer(rule, programs_of):
    """Each set of settings has runs with products, and runs without."""
    found = {}
    for stratum in strata(rule, TENSORS):
        for program in programs_of(stratum, 4):
            names = frozenset(dict(steps(program)[0].settings))
            ops = {i.op for i in instructions(program) if isinstance(i, Apply)}
            found.setdefault(names, set()).add("mul" in ops)
    assert set(map(frozenset, found.values())) == {frozenset({True, False})}


@RULES
def test_a_parameter_may_be_without_a_gradient_at_first(rule, programs_of):
    """Its own convention is looked at, and it gets one later, or none at all under Adam's rules."""
    idle = [
        program
        for stratum in strata(rule, TENSORS)
        for program in programs_of(stratum, 2)
        if looks(program, "unset")
    ]
    assert idle
    for program in idle:
        (x,) = looks(program, "unset")
        cleared = [i.x for i in instructions(program) if isinstance(i, ClearGrad)]
        n_expected = range(1) if rule in {"adam", "adamw"} else range(1, len(steps(program)))
        assert cleared.count(x) in n_expected


@RULES
def test_most_runs_of_an_optimizer_are_decided(rule, programs_of):
    """In float32 too, few digits are lost: nine in ten of the runs can be graded with."""
    drawn = [p for stratum in strata(rule, SCALARS) for p in programs_of(stratum, 3)]
    n_decided = 0
    for program in drawn:
        try:
            answers(program, Dialect())
        except UndecidableError:
            continue
        n_decided += 1
    assert n_decided >= 0.9 * len(drawn)


def test_an_optimizer_looks_at_gradients_after_its_step(programs_of):
    """A step that writes into a gradient is seen."""
    (stratum, *_) = CATALOGUE["optimizer[sgd]"].draws(TENSORS)
    for program in programs_of(stratum, 5):
        assert looks(program, "grad") == parameters(program) * len(steps(program))
