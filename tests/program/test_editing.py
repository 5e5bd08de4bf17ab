"""Editing: a Program with instructions taken out stays one."""

import pytest

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.editing import with_arrays, with_instruction, without
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    ClearGrad,
    Leaf,
    Mode,
    Observe,
    Program,
)

ONE = Leaf(Array((), (1.0,)))
LOOK = Observe("grad", 0)
SIN = Apply("sin", (1,))
CHAIN = Program((ONE, Apply("sin", (0,)), Apply("cos", (1,)), Backward(2), LOOK))
NESTED = Program((ONE, Mode("no_grad", (Apply("sin", (0,)), ClearGrad(0))), Backward(0), LOOK))

EMPTY = Program((Mode("no_grad", ()), ONE, Mode("no_grad", (Mode("enable_grad", (SIN,)),))))


@pytest.mark.parametrize(
    ("program", "dropped", "stand_ins", "left"),
    [
        (CHAIN, {3}, {}, (ONE, Apply("sin", (0,)), Apply("cos", (1,)), LOOK)),
        (CHAIN, {1}, {}, (ONE, LOOK)),
        (CHAIN, {1}, {1: 0}, (ONE, Apply("cos", (0,)), Backward(1), LOOK)),
        (NESTED, {2}, {}, (ONE, Mode("no_grad", (ClearGrad(0),)), Backward(0), LOOK)),
        (NESTED, {2, 3}, {}, (ONE, Backward(0), LOOK)),
        (NESTED, {1}, {}, (ONE, Apply("sin", (0,)), ClearGrad(0), Backward(0), LOOK)),
        (EMPTY, {4}, {}, (Mode("no_grad", ()), ONE)),
        (
            EMPTY,
            {0},
            {},
            (ONE, Mode("no_grad", (Mode("enable_grad", (Apply("sin", (0,)),)),))),
        ),
    ],
    ids=[
        *("an effect", "with dependents", "bypassed", "inside a block", "a whole body", "a block"),
        *("all beside an empty block", "an empty block"),
    ],
)
def test_what_is_left_is_numbered_anew(program, dropped, stand_ins, left):
    """What depends on a dropped value goes too, unless another value stands in for it."""
    assert without(program, frozenset(dropped), stand_ins) == Program(left)


def test_every_array_is_changed():
    """Leaves and cotangents are changed alike, inside of blocks as well."""
    program = Program((Mode("no_grad", (ONE,)), Backward(1, Array((), (2.0,)))))
    changed = with_arrays(program, lambda array: Array(array.shape, (3.0,)))
    three = Array((), (3.0,))
    assert changed == Program((Mode("no_grad", (Leaf(three),)), Backward(1, three)))


def test_one_instruction_is_replaced():
    """The instruction with that index is another one, inside of a block as well."""
    assert with_instruction(NESTED, 3, ClearGrad(2)).instructions[1] == Mode(
        "no_grad", (Apply("sin", (0,)), ClearGrad(2))
    )
