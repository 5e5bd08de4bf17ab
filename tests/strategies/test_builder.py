"""The builder writes instructions down."""

import pytest

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Leaf,
    Mode,
    Observe,
    Program,
    RetainGrad,
    SetRequiresGrad,
)
from gradcheck_suite.strategies.builder import Builder

ONE = Array((), (1.0,))


def test_every_method_writes_its_instruction():
    """Each method appends the instruction of its name, with all that it was given."""
    b = Builder()
    b.leaf(ONE, requires_grad=False)
    b.constant(ONE, plain=True)
    b.apply("sum", 0, keepdims=True, axis=None)
    b.detach(2)
    b.grad_of(0)
    b.backward(2, ONE, retain=True)
    b.clear(0)
    b.retain_grad(2)
    b.set_requires_grad(0, flag=False)
    b.assign(0, 2)
    b.observe("grad", 0, 2)
    assert b.program() == Program(
        (
            Leaf(ONE, requires_grad=False),
            Constant(ONE, plain=True),
            Apply("sum", (0,), (("axis", None), ("keepdims", True))),
            Detach(2),
            GradOf(0),
            Backward(2, ONE, retain_graph=True),
            ClearGrad(0),
            RetainGrad(2),
            SetRequiresGrad(0, flag=False),
            Assign(0, 2),
            Observe("grad", 0),
            Observe("grad", 2),
        ),
    )


def test_indices_are_those_of_the_program():
    """What the methods return names the instruction in reading order, through modes and back."""
    b = Builder()
    x = b.leaf(ONE)
    with b.mode("no_grad", raises=True):
        with b.mode("enable_grad", decorator=True):
            y = b.apply("exp", x)
        z = b.apply("neg", y)
    w = b.apply("mul", y, z)
    program = b.program()
    named = dict(program.numbered())
    assert [x, y, z, w] == [0, 3, 4, 5]
    assert named[w] == Apply("mul", (y, z))
    assert named[1] == Mode("no_grad", (named[2], named[z]), raises=True)
    assert named[2] == Mode("enable_grad", (named[y],), decorator=True)


def test_a_mode_must_be_closed():
    """A program is not handed out while a block is open."""
    b = Builder()
    with b.mode("no_grad"), pytest.raises(AssertionError, match="a mode is still open"):
        b.program()
