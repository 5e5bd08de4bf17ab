"""Coverage: read off programs, and compared with all that there is."""

import pytest

from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.coverage import Coverage, OpCoverage, Use, uses
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Detach,
    Leaf,
    Mode,
    Observe,
    Program,
    SetRequiresGrad,
)

X = Leaf(Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))
ROW = Leaf(Array((3,), (1.0, 2.0, 3.0)))
ONE_ROW = Leaf(Array((1, 3), (1.0, 2.0, 3.0)))
ONE = Leaf(Array((1,), (2.0,)))
NUMBER = Leaf(Array((), (2.0,)))
ONES = Array((2, 3), (1.0,) * 6)


def use_of(program: Program, op: str, argument: str) -> Use:
    """Return the one use of an op's argument."""
    (found,) = [u for u in uses(program) if (u.op, u.argument) == (op, argument)]
    return found


def row_of(coverage: Coverage, op: str) -> OpCoverage:
    """Return what is covered of one op."""
    (found,) = [row for row in coverage.ops if row.op == op]
    return found


@pytest.mark.parametrize(
    ("leaf", "pattern"),
    [(X, ""), (NUMBER, "scalar"), (ROW, "leading"), (ONE_ROW, "ones"), (ONE, "leading+ones")],
    ids=["same", "scalar", "leading", "ones", "leading+ones"],
)
@pytest.mark.parametrize("left", [False, True], ids=["right", "left"])
def test_a_stretched_operand_is_seen_on_its_side(leaf: Leaf, pattern: str, left: bool):
    """The pattern belongs to the argument that was stretched, the other one has none."""
    args = (1, 0) if left else (0, 1)
    program = Program((X, leaf, Apply("mul", args), Backward(2, ONES), Observe("grad", 1)))
    stretched, other = ("x", "y") if left else ("y", "x")
    assert use_of(program, "mul", stretched).stretch == pattern
    assert use_of(program, "mul", other).stretch == ""


def test_an_argument_without_a_gradient_is_not_tracked():
    """A leaf that wants none is used, and brings no coverage of its gradient."""
    frozen = Leaf(NUMBER.array, requires_grad=False)
    program = Program((NUMBER, frozen, Apply("mul", (0, 1)), Backward(2), Observe("grad", 0)))
    assert use_of(program, "mul", "x").tracked
    assert not use_of(program, "mul", "y").tracked


@pytest.mark.parametrize(
    "program",
    [
        Program((NUMBER, Apply("tanh", (0,)), Observe("value", 1))),
        Program((NUMBER, Mode("no_grad", (Apply("tanh", (0,)),)), Backward(2))),
        Program((NUMBER, Detach(0), Apply("tanh", (1,)), Backward(2))),
        Program((NUMBER, SetRequiresGrad(0, flag=False), Apply("tanh", (0,)), Backward(2))),
        Program((NUMBER, Apply("tanh", (0,)), Apply("exp", (0,)), Backward(2))),
    ],
    ids=["value", "no-grad", "detached", "flag", "another-branch"],
)
def test_what_no_backward_reaches_is_not_tracked(program: Program):
    """Without a backward pass through it, a call is asked for its value alone."""
    assert not use_of(program, "tanh", "x").tracked


def test_what_follows_a_block_is_tracked_again():
    """A mode ends with its block."""
    block = Mode("no_grad", (Apply("exp", (0,)),))
    program = Program((NUMBER, block, Apply("tanh", (0,)), Backward(3)))
    assert use_of(program, "tanh", "x").tracked


@pytest.mark.parametrize(("n", "fan_out"), [(1, 1), (2, 2), (3, 3), (5, 3)])
def test_fan_out_counts_the_uses_of_a_value(n: int, fan_out: int):
    """A value that is used three times or more is one case."""
    calls = tuple(Apply("tanh", (0,)) for _ in range(n))
    (use,) = (
        uses(Program((NUMBER, *calls, Backward(1))))
        if n == 1
        else (u for u in uses(Program((NUMBER, *calls, Backward(1)))) if u.tracked)
    )
    assert use.fan_out == fan_out


def test_an_operand_twice_has_a_fan_out_of_two():
    """``a * a`` uses one value twice, on either side."""
    program = Program((NUMBER, Apply("mul", (0, 0)), Backward(1)))
    assert {(u.argument, u.fan_out) for u in uses(program)} == {("x", 2), ("y", 2)}


def test_form_and_rank_are_those_of_the_call():
    """A sum over an axis is another form than a sum of all."""
    program = Program((X, Apply("sum", (0,), (("axis", 1),)), Backward(1, Array.of([1.0, 2.0]))))
    use = use_of(program, "sum", "x")
    assert (use.form, use.rank) == ("axis", 2)


@pytest.fixture(scope="module")
def covered() -> Coverage:
    """Return the coverage of a few properties of single ops."""
    ids = ("value[sum]", "gradient[sum]", "gradient[mul]", "broadcasting[mul]", "gradient[getitem]")
    return Coverage.of(build(ids, seed=1, n_cases=16))


def test_every_form_that_is_drawn_is_counted(covered: Coverage):
    """An exam of sum has its six forms."""
    row = row_of(covered, "sum")
    assert row.n_forms == (6, 6)
    assert row.no_form == ()


def test_both_sides_of_broadcasting_are_there(covered: Coverage):
    """Each operand of a product is stretched in every way."""
    row = row_of(covered, "mul")
    assert {argument for argument, _ in row.stretches} == {"x", "y"}
    assert len(row.stretches) == row.n_stretches == 8
    assert row.no_stretch == ()


def test_what_is_not_there_is_told(covered: Coverage):
    """Combinations of indices that no strategy draws, fan-outs and ranks are gaps."""
    row = row_of(covered, "getitem")
    assert len(row.no_form) == row.n_forms[1] - row.n_forms[0] > 100
    assert row.no_fan_out == (2, 3)
    assert row_of(covered, "sum").no_rank == (0,)


def test_an_argument_that_never_gets_a_gradient_is_told(small: Exam):
    """Values alone leave the gradient of every argument open."""
    coverage = Coverage.of(Exam({"value[tanh]": small.cases["value[tanh]"]}, 0, 1, ()))
    assert row_of(coverage, "tanh").no_argument == ("x",)


def test_levels_are_those_of_the_properties(covered: Coverage):
    """A value is asked on level 0, a gradient on level 1, broadcasting on level 2."""
    assert row_of(covered, "sum").levels == (0, 1)
    assert row_of(covered, "mul").levels == (1, 2)


def test_an_op_without_a_program_is_still_listed(small: Exam):
    """A property for which nothing was drawn leaves its op with gaps, not unmentioned."""
    coverage = Coverage.of(Exam({"value[tanh]": ()}, 0, 1, ()))
    row = row_of(coverage, "tanh")
    assert (row.n_programs, row.no_rank) == (0, (0, 1, 2, 3))
