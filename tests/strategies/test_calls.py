"""Calls of one op: every form is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_suite.exams.build import draw_cases
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Constant, Leaf, Slice
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.strategies.calls import (
    Call,
    calls,
    gradient_program,
    gradient_programs,
    plain_number_programs,
    value_programs,
)
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.forms import broadcast_forms
from gradcheck_suite.strategies.numbers import grid
from gradcheck_suite.strategies.world import SCALARS, TENSORS

ONE = Array((), (1.0,))
REDUCTIONS = ("sum", "mean", "max", "min")


def calls_of(name, programs_of, n=150):
    """Return (operand arrays, attributes) of drawn gradient programs of an op."""
    op = OPS[name]
    found = []
    for program in programs_of(gradient_programs(op, calls(op, TENSORS)), n):
        named = dict(program.numbered())
        apply = next(i for i in named.values() if isinstance(i, Apply))
        found.append(([named[a].array for a in apply.args], op.settings(apply.attrs)))
    return found


@given(st.sampled_from(sorted(OPS)), st.data())
def test_operands_lie_in_their_domains(name, data):
    """Each operand has numbers of its own domain, or of a part of it."""
    op = OPS[name]
    call = data.draw(calls(op, TENSORS))
    floats = [a for a in call.operands if a.kind == "float"]
    for k, array in enumerate(floats):
        domain = op.domain(k)
        assert all(domain.low <= v <= domain.high for v in array.values)
        assert all(abs(v) >= domain.hole for v in array.values)
        assert not {*array.values} & {*domain.without}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_are_drawn_in_every_form(name, programs_of):
    """None, one axis, a negative axis and several axes, each with and without keepdims."""
    forms = set()
    for _, attrs in calls_of(name, programs_of):
        axis = attrs["axis"]
        sort = "axes" if isinstance(axis, tuple) else "none" if axis is None else "axis"
        sort = "negative" if sort == "axis" and axis < 0 else sort
        forms.add((sort, attrs["keepdims"]))
    assert forms == {(s, k) for s in ("none", "axis", "negative", "axes") for k in (True, False)}


def _sort(part):
    match part:
        case None:
            return "newaxis"
        case Array(kind="bool"):
            return "mask"
        case Array():
            return "array"
        case Slice(step=None):
            return "slice"
        case Slice(step=2):
            return "step"
        case Slice(step=-1):
            return "reverse"
        case int() if part < 0:
            return "negative"
        case _:
            return "int"


def test_every_part_of_an_index_is_drawn(programs_of):
    """Integers of both signs, slices, steps, reversals, new axes, arrays and masks."""
    parts = {_sort(p) for _, attrs in calls_of("getitem", programs_of) for p in attrs["index"]}
    expected = {"int", "negative", "slice", "step", "reverse", "newaxis", "array", "mask"}
    assert parts == expected


def test_index_arrays_repeat(programs_of):
    """Some arrays read one place twice, also once by a negative index: gradients must add up."""
    repeats = 0
    for (x,), attrs in calls_of("getitem", programs_of):
        for k, part in enumerate(p for p in attrs["index"] if p is not None):
            if isinstance(part, Array) and part.kind == "int":
                places = [v % x.shape[k] for v in part.values]
                repeats += len(set(places)) < len(places)
    assert repeats >= 10


def test_masks_are_neither_all_nor_nothing(programs_of):
    """Most masks pick some elements and leave others, and none is empty."""
    masks = [
        part.values
        for _, attrs in calls_of("getitem", programs_of, 300)
        for part in attrs["index"]
        if isinstance(part, Array) and part.kind == "bool"
    ]
    assert all(map(any, masks))
    assert sum(not all(m) for m in masks) > len(masks) / 2


def test_products_are_drawn_at_all_pairs_of_ranks(programs_of):
    """Vectors, matrices and stacks of matrices on either side."""
    ranks = {(x.rank, y.rank) for (x, y), _ in calls_of("matmul", programs_of)}
    assert {(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3), (4, 3)} <= ranks


def test_operands_are_broadcast_on_both_sides(programs_of):
    """Leading axes, extents of 1, scalars, and both at once: each on the left and on the right."""
    op = OPS["mul"]
    pairs = set()
    for program in programs_of(gradient_programs(op, st.one_of(*broadcast_forms(op))), 200):
        named = dict(program.numbered())
        apply = next(i for i in named.values() if isinstance(i, Apply))
        pairs.add(tuple(named[a].array.shape for a in apply.args))
    for wide, narrow in [
        ((2, 3), (3,)),
        ((2, 3), ()),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((2, 1), (1, 3)),
        ((2, 2, 3), (2, 1)),
    ]:
        assert {(wide, narrow), (narrow, wide)} <= pairs


def test_broadcast_forms_really_broadcast(programs_of):
    """The operands of a broadcast call never have the same shape."""
    op = OPS["where"]
    for program in programs_of(gradient_programs(op, st.one_of(*broadcast_forms(op))), 60):
        shapes = [i.array.shape for i in program.instructions if isinstance(i, Leaf)]
        assert shapes[0] != shapes[1]


def test_exponents(programs_of):
    """Whole, negative and broken exponents; a broken one never with a negative base."""
    found = calls_of("pow", programs_of)
    assert {attrs["exponent"] for _, attrs in found} == {2, 3, -1, 4, -2, 0.5, 1.5, -0.5}
    broken = [x for (x,), attrs in found if attrs["exponent"] % 1]
    assert broken
    assert all(v > 0 for x in broken for v in x.values)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_normalisations_run_along_every_axis(name, programs_of):
    """The last axis, another one, and both counted from the end."""
    forms = {
        (attrs["axis"] % x.rank == x.rank - 1, attrs["axis"] < 0)
        for (x,), attrs in calls_of(name, programs_of)
    }
    assert len(forms) == 4


def test_pieces_of_different_length_are_joined(programs_of):
    """Concatenated pieces differ in length, else a wrong cut would not show."""
    found = calls_of("concatenate", programs_of)
    differ = [len({a.shape for a in pieces}) > 1 for pieces, _ in found]
    assert sum(differ) > len(differ) / 2
    assert {attrs["axis"] for _, attrs in found} == {*range(-3, 3)}


def test_stacks_get_a_new_axis_anywhere(programs_of):
    """The new axis is first, last, or between."""
    places = {(xs[0].rank, attrs["axis"]) for xs, attrs in calls_of("stack", programs_of)}
    assert {(2, 0), (2, 1), (2, 2)} <= places


def test_permutations_that_are_not_their_own_inverse(programs_of):
    """A cyclic permutation shows a transpose that forgets to invert it."""
    axes = {attrs["axes"] for _, attrs in calls_of("transpose", programs_of)}
    assert {(1, 2, 0), (2, 0, 1), None} <= axes


def test_a_transpose_is_of_a_matrix_at_least(programs_of):
    """Who swaps the last two axes, as torch's mT and needle do, may refuse a vector."""
    assert {x.rank for (x,), _ in calls_of("transpose", programs_of)} == {2, 3}


def test_broadcast_to_starts_from_every_rank(programs_of):
    """Scalars, missing leading axes, and extents of 1 inside."""
    found = {(x.rank, len(attrs["shape"])) for (x,), attrs in calls_of("broadcast_to", programs_of)}
    assert {(0, 2), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3)} <= found


def test_both_sides_of_a_condition_are_picked(programs_of):
    """Most conditions of an array pick from both operands."""
    found = [c.values for (c, *_), _ in calls_of("where", programs_of) if len(c.values) > 2]
    assert sum(len(set(v)) == 2 for v in found) > len(found) / 2


def test_reshape_infers_and_splits(programs_of):
    """Targets with -1 occur, and such of every rank from 1 to 3."""
    shapes = [attrs["shape"] for _, attrs in calls_of("reshape", programs_of)]
    assert any(-1 in s for s in shapes)
    assert {len(s) for s in shapes} == {1, 2, 3}


def test_result_shape():
    """A call knows the shape of what it gives."""
    call = Call("sum", (Array((2, 3), (1.0,) * 6),), (("axis", 0),))
    assert call.result_shape == (3,)


def test_a_gradient_program_looks_at_what_is_tracked():
    """Operands that are not tracked are constants, and are not looked at."""
    call = Call("mul", (ONE, ONE))
    program = gradient_program(call, ONE, (False, True))
    assert [type(i).__name__ for i in program.instructions] == [
        "Constant",
        "Leaf",
        "Apply",
        "Backward",
        "Observe",
    ]
    assert program.instructions[-1].x == 1
    assert program.instructions[-2] == Backward(2, ONE)


def test_a_non_scalar_always_has_a_cotangent(programs_of):
    """No program hangs on what an engine does without one."""
    op = OPS["exp"]
    for program in programs_of(gradient_programs(op, calls(op, TENSORS)), 60):
        leaf, backward = program.instructions[0], program.instructions[2]
        assert backward.cotangent is None or backward.cotangent.shape == leaf.array.shape
        assert backward.cotangent is not None or leaf.array.shape == ()


def test_each_operand_is_sometimes_a_constant(programs_of):
    """Engines must not ask a constant for a gradient, on either side."""
    op = OPS["sub"]
    drawn = programs_of(gradient_programs(op, calls(op, SCALARS)), 150)
    sorts = {tuple(isinstance(i, Leaf) for i in p.instructions[:2]) for p in drawn}
    assert sorts == {(True, True), (True, False), (False, True)}


@pytest.mark.parametrize("name", sorted(OPS))
def test_values_shrink_to_one_call(name):
    """The smallest program of an op makes operands of the simplest numbers, applies it, looks."""
    op = OPS[name]
    program = find_smallest(value_programs(calls(op, TENSORS)), lambda _: True, seed=1, n_tries=50)
    arrays = [i.array for i in program.instructions if isinstance(i, Leaf)]
    constants = [i for i in program.instructions if isinstance(i, Constant)]
    for k, array in enumerate(arrays):
        if name in {"det", "inv", "solve"}:
            continue  # drawn with a dominating diagonal
        kinks = {dict(op.attributes)[name] for name in op.bounds}
        simplest = [v for v in grid(op.domain(k)) if v not in kinks]
        assert list(array.values) == simplest[: len(array.values)]
    assert isinstance(program.instructions[-2], Apply)
    assert len(constants) == len(op.constants)
    assert len(program.instructions) == len(arrays) + len(constants) + 2


def test_gradients_shrink_to_no_cotangent():
    """The smallest gradient is that of a scalar, all operands tracked."""
    op = OPS["mul"]
    drawn = gradient_programs(op, calls(op, TENSORS))
    program = find_smallest(drawn, lambda _: True, seed=1, n_tries=50)
    assert program.instructions[:4] == (Leaf(ONE), Leaf(ONE), Apply("mul", (0, 1)), Backward(2))


def test_plain_numbers_shrink_to_one_and_one():
    """The smallest is ``x op 1`` at x = 1; with the number on the left ``1 op x``."""
    whole_one = Array((), (1,), "int")
    for left, args in ((False, (0, 1)), (True, (1, 0))):
        for number in (ONE, whole_one):
            whole = number is whole_one
            drawn = plain_number_programs(OPS["sub"], TENSORS, left=left, whole=whole)
            program = find_smallest(drawn, lambda _: True, seed=1, n_tries=50)
            expected = (Leaf(ONE), Constant(number, plain=True), Apply("sub", args))
            assert program.instructions[:3] == expected
            assert type(program.instructions[1].array.values[0]) is (int if whole else float)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_reduction_is_always_asked_along_each_end_and_in_between(name, keepdims):
    """At least two dimensions, counted from either end: one alone hides a lost axis."""
    cases = draw_cases(CATALOGUE[f"gradient[{name}]"], "tensor", seed=3, n_cases=1)
    applied = [
        (case.program.instructions[i.args[0]].array.shape, dict(i.attrs))
        for case in cases
        for i in case.program.instructions
        if isinstance(i, Apply) and i.op == name
    ]
    asked = {
        (len(shape), attrs["axis"])
        for shape, attrs in applied
        if attrs["keepdims"] is keepdims and isinstance(attrs["axis"], int)
    }
    places = {axis % rank for rank, axis in asked if rank > 1}
    assert any(axis < 0 for _, axis in asked)
    assert any(axis % rank == rank - 1 > 0 for rank, axis in asked)
    assert any(0 < axis % rank < rank - 1 for rank, axis in asked)
    assert 0 in places
