"""What a program needs, and what it relies on."""

import pytest

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.libraries.reference import REFERENCE
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs, op_key, ops_used, relies_on
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    InPlace,
    Leaf,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
)

S = Leaf(Array((), (2.0,)))
V = Leaf(Array((3,), (1.0, 2.0, 3.0)))
SQUARE = Apply("mul", (0, 0))
ONE = Array((), (1.0,))
CONDITION = Constant(Array((3,), (True, False, True), "bool"))
BARE = Constant(ONE, plain=True)

NEEDS = {
    "a leaf": ((S,), {"rank:0"}),
    "a frozen leaf": ((Leaf(ONE, requires_grad=False),), {"rank:0", "frozen_leaf"}),
    "a constant is no frozen leaf": ((Constant(ONE),), {"rank:0"}),
    "an op": ((S, SQUARE, Backward(1)), {"rank:0", "op:mul"}),
    "ranks of results": (
        (V, Apply("sum", (0,), (("axis", 0), ("keepdims", False)))),
        {"rank:0", "rank:1", "op:sum.axis"},
    ),
    "broadcasting": ((S, V, Apply("add", (0, 1))), {"rank:0", "rank:1", "op:add", "broadcast:add"}),
    "matmul never broadcasts": ((V, V, Apply("matmul", (0, 1))), {"rank:0", "rank:1"}
        | {"op:matmul.vector@vector"}),
    "a bare number": ((V, BARE, Apply("sub", (1, 0))), {"rank:1", "op:sub", "plain:sub.left"}),
    "a condition has no rank": (
        (S, CONDITION, Apply("where", (1, 0, 0))),
        {"rank:0", "rank:1", "op:where", "broadcast:where"},
    ),
    "a cotangent": ((V, Backward(0, V.array)), {"rank:1", "cotangent"}),
    "a retained graph": ((S, Backward(0, retain_graph=True)), {"rank:0", "again"}),
    "a graph of the gradient": ((S, Backward(0, create_graph=True)), {"rank:0", "create_graph"}),
    "a mode": ((S, Mode("no_grad", (SQUARE,))), {"rank:0", "op:mul", "no_grad"}),
    "a decorator": ((Mode("enable_grad", (), decorator=True),), {"enable_grad", "decorator"}),
    "an update": ((S, InPlace("add", 0, (0,))), {"rank:0", "in_place:add"}),
    "an optimizer": ((S, OptimizerStep("adam", (0,))), {"rank:0", "optimizer:adam"}),
    "its zero_grad": (
        (S, OptimizerClear("adam", (0,), (("lr", 0.5),))),
        {"rank:0", "optimizer:adam", "optimizer_clear"},
    ),
    "numbers are looked at for nothing": ((S, Observe("value", 0), Observe("grad", 0)), {"rank:0"}),
    "is_leaf": ((S, Observe("is_leaf", 0)), {"rank:0", "is_leaf"}),
    "requires_grad": ((S, Observe("requires_grad", 0)), {"rank:0", "requires_grad"}),
    "has_graph": ((S, Observe("has_graph", 0)), {"rank:0", "has_graph"}),
    "detach": ((S, Detach(0)), {"rank:0", "detach"}),
    "a gradient as a value": ((S, GradOf(0)), {"rank:0", "grad_of", "stored_gradients"}),
    "a gradient to differentiate": (
        (S, Backward(0, create_graph=True), GradOf(0), ClearGrad(0), Backward(2)),
        {"rank:0", "create_graph", "grad_of", "clear"},
    ),
    "clearing": ((S, ClearGrad(0)), {"rank:0", "clear", "stored_gradients"}),
    "accumulation": ((S, Backward(0), Backward(0)), {"rank:0", "stored_gradients"}),
    "the gradient of a result": (
        (S, SQUARE, Backward(1), Observe("grad", 1)),
        {"rank:0", "op:mul", "stored_gradients"},
    ),
    "a backward from what is no number": (
        (S, Apply("greater", (0, 0)), Backward(1)),
        {"rank:0", "op:greater", "stored_gradients"},
    ),
    "retain_grad": ((S, RetainGrad(0)), {"rank:0", "retain_grad"}),
    "a cotangent afterwards": (
        (S, Backward(0, ONE), Observe("cotangent", 1)),
        {"rank:0", "cotangent", "cotangent_array"},
    ),
    "no elements": (
        (Leaf(Array((0, 3), ())), Apply("exp", (0,))),
        {"rank:2", "op:exp", "empty_arrays"},
    ),
    "a flag": ((S, SetRequiresGrad(0, flag=False)), {"rank:0", "set_requires_grad"}),
    "assignment": ((S, Assign(0, 0)), {"rank:0", "assign"}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), NEEDS.values(), ids=NEEDS)
def test_needs(body, expected):
    """A program needs what it uses and nothing else."""
    assert needs(Program(body)) == expected


def sound(op):
    """Return what a gradient relies on in one of its ops."""
    return f"value:{op}", f"gradient:{op}", f"inputs:{op}"


RELIES = {
    "a value": ((S, SQUARE, Observe("value", 1)), {"value:mul"}),
    "a gradient": ((S, S, Apply("mul", (0, 1)), Backward(2)), {*sound("mul")}),
    "an operand twice": ((S, SQUARE, Backward(1)), {*sound("mul"), "sharing"}),
    "a result twice": (
        (S, Apply("exp", (0,)), Apply("mul", (1, 1)), Backward(2)),
        {*sound("mul"), *sound("exp"), "sharing", "fan_out", "apart"},
    ),
    "a result used by two roots": (
        (S, Apply("exp", (0,)), Apply("neg", (1,)), Backward(1), Backward(2)),
        {*sound("exp"), *sound("neg"), "accumulation"},
    ),
    "sharing that no root reaches": (
        (S, S, SQUARE, Apply("exp", (1,)), Backward(3)),
        {*sound("mul"), *sound("exp")},
    ),
    "a constant twice": (
        (S, Constant(ONE), Apply("mul", (1, 1)), Apply("mul", (0, 2)), Backward(3)),
        {*sound("mul")},
    ),
    "modes and detach": (
        (S, Mode("no_grad", (Detach(0),), decorator=True)),
        {"no_grad", "decorator", "detach"},
    ),
    "flags are claims of their own": ((S, Observe("is_leaf", 0), GradOf(0)), set()),
    "clearing between two passes": (
        (S, Backward(0, retain_graph=True), ClearGrad(0), Backward(0)),
        {"again", "clear"},
    ),
    "broadcasting": ((S, V, Apply("add", (0, 1))), {"value:add", "broadcast:add"}),
    "a bare number": ((V, BARE, Apply("sub", (0, 1))), {"value:sub", "plain:sub.right"}),
    "two leaves, and one of them twice": (
        (S, S, Apply("mul", (0, 1)), Apply("mul", (2, 0)), Backward(3)),
        {*sound("mul"), "sharing", "apart"},
    ),
    "a look at a dtype": (
        (S, SQUARE, Observe("dtype", 0)),
        {"value:mul", "precision:mul"},
    ),
    "a look at a cotangent": ((S, Backward(0, ONE), Observe("cotangent", 1)), set()),
    "a look at a cotangent to whose leaf another one was added": (
        (S, Backward(0, ONE), Backward(0, ONE), Observe("cotangent", 1)),
        {"accumulation", "apart"},
    ),
}


@pytest.mark.parametrize(("body", "expected"), RELIES.values(), ids=RELIES)
def test_relies_on(body, expected):
    """A program relies on what simpler properties establish."""
    assert relies_on(Program(body)) == expected


def test_ops_inside_of_modes_are_used():
    """Ops are found in bodies, and where they run in place."""
    program = Program((S, Mode("no_grad", (SQUARE, InPlace("add", 0, (0,))))))
    assert ops_used(program) == {"mul", "add"}


def test_the_form_is_part_of_the_key():
    """A call is named by its op and, where there are several, its form."""
    assert op_key(Apply("sum", (0,), (("keepdims", True),)), ((2,),)) == "sum.keepdims"
    assert op_key(Apply("sum", (0,)), ((2,),)) == "sum"


def test_the_reference_meets_every_need(drawn):
    """The reference has everything that the suite's strategies ask for."""
    missing = {n for p in drawn for n in needs(p)} - capabilities_of(REFERENCE)
    assert not missing


@pytest.mark.needs_module("torch")
def test_torch_lacks_reversals_alone(drawn):
    """The only forms that torch has not are reversals, and products over several axes."""
    from gradcheck_suite.engines.libraries.torch import TORCH

    missing = {n for p in drawn for n in needs(p)} - capabilities_of(TORCH)
    assert missing
    assert {n for n in missing if "reverse" not in n} <= {"op:prod.axes", "op:prod.axes+keepdims"}
