"""Programs for the tests of this floor: one drawn pool, and rare forms that nobody draws."""

from itertools import product

import numpy as np
import pytest
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    BackwardFrom,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Hook,
    InPlace,
    Leaf,
    Meanwhile,
    Misapply,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    RetainGrad,
    SetRequiresGrad,
    Slice,
    Thread,
    Unhook,
)
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.training import TRAINING
from gradcheck_suite.strategies.calls import (
    calls,
    gradient_programs,
    plain_number_programs,
    value_programs,
)
from gradcheck_suite.strategies.drawing import draw
from gradcheck_suite.strategies.forms import broadcast_forms
from gradcheck_suite.strategies.world import SCALARS, TENSORS
from tests.strategies.all_sessions import SESSIONS

ONE = Array((), (1.0,))
PAIR = Array((2,), (1.0, -2.0))


def _strategies():
    for world in (SCALARS, TENSORS):
        for op in OPS.values():
            if op.is_elementwise or world is TENSORS:
                yield value_programs(calls(op, world))
                yield gradient_programs(op, calls(op, world))
            if op.signature == "binary" and op.operators:
                for left, whole in product((False, True), repeat=2):
                    yield plain_number_programs(op, world, left=left, whole=whole)
        # A leaf of integers raises in most engines, and the rest of its program is not run.
        yield from (s(world) for name, s in SESSIONS.items() if name != "integer_leaves")
        for entry in TRAINING:
            yield from entry.draws(world)
    for name in ("add", "sub", "mul", "div", "power", "maximum", "minimum", "where"):
        yield gradient_programs(OPS[name], st.one_of(*broadcast_forms(OPS[name])))


@pytest.fixture(scope="session")
def drawn():
    """Return some programs of every strategy of the suite."""
    return tuple(p for s in _strategies() for p in draw(s, 6, 1, lambda _: True))


@pytest.fixture
def rare():
    """Return one program that has every instruction, most fields set, and modes in modes."""
    index = (0, -1, Slice(), Slice(1, None), Slice(None, None, -1), None)
    innermost = Apply("getitem", (0,), (("index", (*index, Array((2,), (0, 1), "int"))),))
    mask = Array((1, 2), (True, False), "bool")
    return Program(
        (
            Leaf(Array((2, 0, 3), ())),
            Leaf(Array((3,), (np.nan, np.inf, -np.inf)), requires_grad=False),
            Constant(Array((), (-0.0,)), plain=True),
            Constant(mask),
            Mode(
                "no_grad",
                (
                    Mode(
                        "enable_grad",
                        (Mode("no_grad", (innermost,), decorator=True, raises=True),),
                    ),
                    Mode("no_grad", ()),
                    Meanwhile((ClearGrad(1),)),
                ),
            ),
            Apply("sum", (1,), (("axis", None), ("keepdims", True))),
            Apply("getitem", (1,), (("index", mask),)),
            Apply("pow", (1,), (("exponent", 0.5),)),
            Detach(1),
            GradOf(1),
            Backward(1, PAIR, retain_graph=True, create_graph=True),
            Backward(1),
            BackwardFrom(1, PAIR),
            ClearGrad(1),
            RetainGrad(1),
            SetRequiresGrad(1, flag=False),
            InPlace("add", 1, (1,), (("name", "grüß"),)),
            Assign(1, 2**40),
            OptimizerStep("sgd", (1, 1), (("lr", 0.1), ("nesterov", True))),
            OptimizerClear("sgd", (1,), (("lr", 0.1),)),
            Observe("has_graph", 1),
            Misapply("add", (0, 1), (("axis", 1),)),
            Thread((Thread((ClearGrad(1),)),)),
            Hook(1, "square"),
            Unhook(30),
            PushForward(1, (1, 0), (PAIR, Array((), (2.0,)))),
        ),
    )
