"""Programs about arrays: every number at its place is one that can show what is asked."""

import numpy as np
import pytest

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import relies_on
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.drawing import draw
from gradcheck_suite.strategies.gradient_arrays import (
    PAIRING,
    PASSING,
    default_seeds,
    looks_after_backward,
    precise_gradients,
    precise_values,
    second_graphs,
    shaped_gradients,
    shared_in_one_graph,
)
from gradcheck_suite.strategies.world import SCALARS, TENSORS

SAMPLE = ("relu", "add", "softmax", "matmul", "concatenate", "where", "mse_loss", "sqrt")


def drawn(strategy, n=20):
    """Return some programs of a strategy: the same ones in every run."""
    with np.errstate(all="ignore"):
        programs = draw(strategy, n, 1, lambda _: True)
    assert programs
    for program in programs:
        shapes(program)
    return programs


def numbers_of(program):
    """Return the arrays of floats in a program: leaves, constants and cotangents."""
    found = []
    for _, i in program.numbered():
        array = i.cotangent if isinstance(i, Backward) else getattr(i, "array", None)
        if isinstance(array, Array) and array.kind == "float":
            found.append(array)
    return found


def in_float32(array):
    """Tell of each number whether float32 has it."""
    return [float(np.float32(v)) == v for v in array.values]


@pytest.mark.parametrize("op", SAMPLE)
def test_no_number_that_precision_is_asked_with_is_in_float32(op):
    """Neither a leaf nor a cotangent could have been rounded without a trace."""
    for strategy in (precise_values(OPS[op]), precise_gradients(OPS[op])):
        for program in drawn(strategy):
            for array in numbers_of(program):
                assert not any(in_float32(array)), array


@pytest.mark.parametrize("op", SAMPLE)
@pytest.mark.parametrize("what", ["value", "cotangent", "dtype", "grad"])
def test_other_looks_are_asked_with_numbers_that_float32_has(op, what):
    """Elsewhere no engine loses a point for rounding an input."""
    for program in drawn(looks_after_backward(OPS[op], what)):
        assert all(all(in_float32(array)) for array in numbers_of(program))
        assert {i.what for _, i in program.numbered() if isinstance(i, Observe)} == {what}


@pytest.mark.parametrize("op", ["relu", "softmax", "max"])
def test_a_mask_written_into_an_array_would_show(op):
    """Among the numbers of a leaf there are positive and negative ones."""
    for program in drawn(looks_after_backward(OPS[op], "value")):
        (leaf,) = [i for _, i in program.numbered() if isinstance(i, Leaf)]
        assert min(leaf.array.values) < 0 < max(leaf.array.values)


def test_shapes_that_are_easily_lost_are_drawn():
    """Scalars, (1,), (1, 3) and (3, 1) are among the leaves."""
    found = {i.array.shape for p in drawn(shaped_gradients(OPS["mul"])) for i in p.instructions[:1]}
    assert {(), (1,), (1, 3), (3, 1)} <= found


def test_a_backward_begins_with_the_engines_own_seed():
    """No cotangent is given to the backward of a sum."""
    for program in drawn(default_seeds("tanh")):
        (backward,) = [i for _, i in program.numbered() if isinstance(i, Backward)]
        assert backward.cotangent is None


@pytest.mark.parametrize("op", PAIRING)
@pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=["scalar", "tensor"])
def test_two_leaves_meet_and_one_is_used_again(op, world):
    """Only one op occurs, so that any three may be broken and some programs are left."""
    for strategy in (second_graphs(world, op, "", "arrays"), shared_in_one_graph(world, op)):
        for program in drawn(strategy):
            instructions = [i for _, i in program.numbered()]
            assert {i.op for i in instructions if isinstance(i, Apply)} == {op}
            assert sum(isinstance(i, Leaf) for i in instructions) == 2
            assert {"accumulation", "sharing"} & relies_on(program)
            assert "fan_out" not in relies_on(program)


@pytest.mark.parametrize("passing", PASSING)
def test_a_view_of_the_cotangent_comes_before_the_operator(passing):
    """The first of the two leaves goes through an op that hands on a view."""
    for program in drawn(second_graphs(TENSORS, "add", passing, "cotangent")):
        first = next(i for _, i in program.numbered() if isinstance(i, Apply))
        look = program.instructions[-1]
        assert (first.op, first.args) == (passing, (0,))
        assert isinstance(program.instructions[look.x], Backward)
