"""The certified answers to whole programs, beside answers computed by hand."""

from typing import Any

import numpy as np
import pytest

from gradcheck_suite.engines.dialect import PRESETS, Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.answer import Answer, FlagIs, Interval, MustRaise, ZeroOrNothing
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.oracles.symbolic import closed_gradients, evaluate, is_small
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Detach,
    GradOf,
    InPlace,
    Leaf,
    Meanwhile,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
)

TORCH, MICROGRAD = PRESETS["torch"], PRESETS["micrograd"]
RAISES, NONE = "raises", None


def number(value: float) -> Leaf:
    """Return a leaf of one number."""
    return Leaf(Array((), (float(value),)))


def frozen(value: float) -> Leaf:
    """Return a leaf that needs no gradient."""
    return Leaf(Array((), (float(value),)), requires_grad=False)


def readable(answer: Answer) -> Any:
    """Return an answer as a plain number, list, flag or word."""
    match answer:
        case Interval(middle=middle):
            return list(middle) if len(middle) > 1 else middle[0]
        case ZeroOrNothing():
            return NONE
        case FlagIs(value):
            return value
        case MustRaise():
            return RAISES


def seen(dialect: Dialect, *instructions: Any) -> dict[int, Any]:
    """Return what must be seen, by index."""
    found = answers(Program(instructions), dialect)
    return {index: readable(answer) for index, answer in found}


SQUARE = (number(3), Apply("mul", (0, 0)))
PRODUCT = (number(2), number(3), Apply("mul", (0, 1)))
MID = Array((), (2.0,))

# What happens, the dialect, the instructions, and what must be seen by index.
SESSIONS: dict[str, tuple[Dialect, tuple[Any, ...], dict[int, Any]]] = {
    "square": (TORCH, (*SQUARE, Backward(1), Observe("grad", 0)), {3: 6.0}),
    "cotangent": (TORCH, (*SQUARE, Backward(1, MID), Observe("grad", 0)), {3: 12.0}),
    "two graphs accumulate": (
        TORCH,
        (*SQUARE, Backward(1), Apply("mul", (0, 0)), Backward(3), Observe("grad", 0)),
        {5: 12.0},
    ),
    "clearing starts anew": (
        TORCH,
        (*SQUARE, Backward(1), ClearGrad(0), Apply("neg", (0,)), Backward(4), Observe("grad", 0)),
        {6: -1.0},
    ),
    "cleared is none": (TORCH, (*SQUARE, Backward(1), ClearGrad(0), Observe("grad", 0)), {4: NONE}),
    "diamond": (
        TORCH,
        (*SQUARE, Apply("add", (1, 0)), Apply("mul", (1, 2)), Backward(3), Observe("grad", 0)),
        {5: 4 * 27 + 3 * 9.0},
    ),
    "detach cuts one path": (
        TORCH,
        (number(3), Detach(0), Apply("mul", (0, 1)), Backward(2), Observe("grad", 0)),
        {4: 3.0},
    ),
    "retained graph adds": (
        TORCH,
        (*SQUARE, Backward(1, retain_graph=True), Backward(1), Observe("grad", 0)),
        {4: 12.0},
    ),
    "freed graph raises": (
        TORCH,
        (*SQUARE, Backward(1), Backward(1), Observe("grad", 0)),
        {3: RAISES, 4: 6.0},
    ),
    "kept graph adds": (
        MICROGRAD,
        (*SQUARE, Backward(1), Backward(1), Observe("grad", 0)),
        {4: 12.0},
    ),
    "result's gradient is dropped": (
        TORCH,
        (*SQUARE, Apply("neg", (1,)), Backward(2), Observe("grad", 1)),
        {4: NONE},
    ),
    "result's gradient is kept": (
        MICROGRAD,
        (*SQUARE, Apply("neg", (1,)), Backward(2), Observe("grad", 1)),
        {4: -1.0},
    ),
    "retain_grad keeps the sum": (
        TORCH,
        (*SQUARE, RetainGrad(1), Apply("mul", (1, 1)), Backward(3), Observe("grad", 1)),
        {5: 18.0},
    ),
    "no_grad makes constants": (
        TORCH,
        (
            number(3),
            Mode("no_grad", (Apply("mul", (0, 0)),)),
            Apply("mul", (0, 2)),
            Backward(3),
            Observe("grad", 0),
            Observe("requires_grad", 2),
        ),
        {5: 9.0, 6: False},
    ),
    "enable_grad inside of no_grad": (
        TORCH,
        (
            number(3),
            Mode("no_grad", (Mode("enable_grad", (Apply("mul", (0, 0)),)), Apply("neg", (0,)))),
            Observe("requires_grad", 3),
            Observe("requires_grad", 4),
        ),
        {5: True, 6: False},
    ),
    "the mode returns after an exception": (
        TORCH,
        (
            number(3),
            Mode("no_grad", (Apply("neg", (0,)),), raises=True),
            Apply("neg", (0,)),
            Observe("requires_grad", 3),
        ),
        {4: True},
    ),
    "a mode holds outside of a generator that waits in its block": (
        TORCH,
        (
            number(3),
            Mode(
                "no_grad",
                (Apply("neg", (0,)), Meanwhile((Apply("neg", (0,)),)), Apply("neg", (0,))),
            ),
            Apply("neg", (0,)),
            *(Observe("requires_grad", k) for k in (2, 4, 5, 6)),
        ),
        {7: False, 8: False, 9: False, 10: True},
    ),
    "a mode waits with the generator": (
        Dialect(suspended_generator="keeps"),
        (
            number(3),
            Mode(
                "no_grad",
                (Apply("neg", (0,)), Meanwhile((Apply("neg", (0,)),)), Apply("neg", (0,))),
            ),
            Apply("neg", (0,)),
            *(Observe("requires_grad", k) for k in (2, 4, 5, 6)),
        ),
        {7: False, 8: True, 9: False, 10: True},
    ),
    "what waits for nothing is run in the mode around it": (
        Dialect(suspended_generator="keeps"),
        (
            number(3),
            Meanwhile((Apply("neg", (0,)),)),
            Mode("no_grad", (Meanwhile((Apply("neg", (0,)),)),), decorator=True),
            Observe("requires_grad", 2),
            Observe("requires_grad", 5),
        ),
        {6: True, 7: False},
    ),
    "a backward of a constant raises": (
        TORCH,
        (frozen(3), Apply("neg", (0,)), Backward(1)),
        {2: RAISES},
    ),
    "a backward of a constant does nothing": (
        MICROGRAD,
        (frozen(3), Apply("neg", (0,)), Backward(1), Observe("grad", 0)),
        {3: NONE},
    ),
    "a non-scalar raises": (
        TORCH,
        (Leaf(Array((2,), (1.0, 2.0))), Apply("neg", (0,)), Backward(1)),
        {2: RAISES},
    ),
    "a non-scalar takes ones": (
        MICROGRAD,
        (Leaf(Array((2,), (1.0, 2.0))), Apply("mul", (0, 0)), Backward(1), Observe("grad", 0)),
        {3: [2.0, 4.0]},
    ),
    "second derivative": (
        TORCH,
        (
            number(2),
            Apply("pow", (0,), (("exponent", 3),)),
            Backward(1, create_graph=True),
            GradOf(0),
            ClearGrad(0),
            Backward(3),
            Observe("value", 3),
            Observe("grad", 0),
        ),
        {6: 12.0, 7: 12.0},
    ),
    "a gradient without graph is a constant": (
        TORCH,
        (*SQUARE, Backward(1), GradOf(0), Observe("requires_grad", 3), Backward(3)),
        {4: False, 5: RAISES},
    ),
    "a gradient that is not there raises": (
        TORCH,
        (number(3), GradOf(0), Apply("neg", (1,)), Observe("value", 2)),
        {1: RAISES},
    ),
    "assign keeps the leaf": (
        TORCH,
        (
            number(3),
            frozen(5),
            Assign(0, 1),
            Apply("mul", (0, 0)),
            Backward(3),
            Observe("grad", 0),
            Observe("is_leaf", 0),
        ),
        {5: 10.0, 6: True},
    ),
    "a flag set on a leaf holds from then on": (
        TORCH,
        (
            frozen(3),
            SetRequiresGrad(0, flag=True),
            Apply("mul", (0, 0)),
            Backward(2),
            Observe("grad", 0),
        ),
        {4: 6.0},
    ),
    "a flag unset on a result raises": (
        TORCH,
        (*SQUARE, SetRequiresGrad(1, flag=False)),
        {2: RAISES},
    ),
    "in place on a leaf raises": (
        TORCH,
        (number(3), InPlace("mul", 0, (0,)), Observe("value", 1)),
        {1: RAISES},
    ),
    "in place on a result": (
        TORCH,
        (*SQUARE, InPlace("mul", 1, (0,)), Backward(2), Observe("grad", 0)),
        {4: 27.0},
    ),
    "a frozen leaf has no gradient": (
        TORCH,
        (
            number(2),
            frozen(3),
            Apply("mul", (0, 1)),
            Backward(2),
            Observe("grad", 0),
            Observe("grad", 1),
        ),
        {4: 3.0, 5: NONE},
    ),
    "an unused leaf has none": (
        TORCH,
        (number(2), number(3), Apply("neg", (0,)), Backward(2), Observe("grad", 1)),
        {4: NONE},
    ),
    "a leaf as root": (TORCH, (number(2), Backward(0), Observe("grad", 0)), {2: 1.0}),
    "flags": (
        TORCH,
        (*SQUARE, Observe("is_leaf", 0), Observe("is_leaf", 1), Observe("has_graph", 1)),
        {2: True, 3: False, 4: True},
    ),
    "a step of sgd": (
        TORCH,
        (
            *SQUARE,
            Backward(1),
            OptimizerStep("sgd", (0,), (("lr", 0.5), ("momentum", 0.0), ("weight_decay", 0.0))),
            Observe("value", 0),
        ),
        {4: 0.0},
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_has_the_answer_computed_by_hand(name: str):
    """What must be seen is what autograd's semantics say, written out in the table."""
    dialect, instructions, expected = SESSIONS[name]
    assert seen(dialect, *instructions) == expected


@pytest.mark.needs_module("torch")
@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.25), (0.9, 0.1)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sgd_steps_as_torchs(momentum: float, decay: float, dtype: str):
    """Three steps of SGD with momentum and weight decay hold torch.optim.SGD's weights."""
    import torch

    settings = (("lr", 0.1), ("momentum", momentum), ("weight_decay", decay))
    program: list[Any] = [Leaf(Array((2,), (1.5, -0.75)))]
    looks = []
    for _ in range(3):
        program += [Apply("mul", (0, 0)), Apply("sum", (len(program),)), Backward(len(program) + 1)]
        program += [OptimizerStep("sgd", (0,), settings), ClearGrad(0), Observe("value", 0)]
        looks.append(len(program) - 1)
    found = dict(answers(Program(tuple(program)), TORCH))
    w = torch.tensor([1.5, -0.75], dtype=getattr(torch, dtype), requires_grad=True)
    optimizer = torch.optim.SGD([w], **dict(settings))
    for look in looks:
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        answer = found[look]
        half = answer.half64 if dtype == "float64" else answer.half32
        off = np.abs(w.detach().numpy().astype(float) - np.array(answer.middle))
        assert np.all(off <= np.array(half))


def rounds_to_zero(one: float = 1.0) -> tuple[Any, ...]:
    """Return sin(1) ** 2 + cos(1) ** 2 - 1, which is zero within rounding, as value 7."""
    squares = (Apply("sin", (0,)), Apply("cos", (0,)), Apply("mul", (2, 2)), Apply("mul", (3, 3)))
    return (number(1), frozen(one), *squares, Apply("add", (4, 5)), Apply("sub", (6, 1)))


UNDECIDABLE: dict[str, tuple[Any, ...]] = {
    "tie of maximum": (number(1), number(1), Apply("maximum", (0, 1)), Observe("value", 2)),
    "tie in max": (Leaf(Array((2,), (1.0, 1.0))), Apply("max", (0,)), Observe("value", 1)),
    "relu at zero": (number(0), Apply("relu", (0,)), Observe("value", 1)),
    "abs at zero": (number(0), Apply("abs", (0,)), Observe("value", 1)),
    "relu within rounding of zero": (*rounds_to_zero(), Apply("relu", (7,)), Observe("value", 8)),
    "relu within rounding of float32 alone": (
        *rounds_to_zero(1 - 2.0**-30),
        Apply("relu", (7,)),
        Observe("requires_grad", 8),
    ),
    "log of a negative": (number(-1), Apply("log", (0,)), Observe("value", 1)),
    "log of zero": (number(0), Apply("log", (0,)), Observe("value", 1)),
    "division by zero": (number(1), number(0), Apply("div", (0, 1)), Observe("value", 2)),
    "overflow of float32": (number(100), Apply("exp", (0,)), Observe("value", 1)),
}


@pytest.mark.parametrize("name", UNDECIDABLE)
def test_what_rounding_decides_is_undecidable(name: str):
    """A tie, a kink, a domain's edge or a number out of range is said and not guessed."""
    with pytest.raises(UndecidableError):
        answers(Program(UNDECIDABLE[name]), TORCH)


def test_noise_around_zero_has_an_absolute_width():
    """A value that cancels to zero is a case, with a half-width of some units of its terms."""
    ((_, answer),) = answers(Program((*rounds_to_zero(), Observe("value", 7))), TORCH)
    assert 1e-17 < answer.half64[0] < 1e-14


def test_every_mixture_of_array_formulas_is_held():
    """The half-width over several array formulas is their sum: softmax is wider than its first."""
    program = Program((Leaf(Array((2,), (1.0, 2.5))), Apply("softmax", (0,)), Observe("value", 1)))
    ((_, answer),) = answers(program, TORCH)
    exact = np.exp([1.0, 2.5]) / np.exp([1.0, 2.5]).sum()
    assert np.all(np.abs(exact - answer.middle) <= answer.half64)
    assert np.all(np.array(answer.half32) > np.array(answer.half64))


def test_a_closed_gradient_is_the_derivative_of_the_whole():
    """The product x * tanh(x) at 1/2 is derived whole by SymPy and evaluates to its 40 digits."""
    program = Program(
        (number(0.5), Apply("tanh", (0,)), Apply("mul", (0, 1)), Backward(2), Observe("grad", 0))
    )
    forms = closed_gradients(program)
    assert forms is not None
    assert str(forms[4][0][0]) == "a0*(1 - tanh(a0)**2) + tanh(a0)"
    assert evaluate(forms[4][0]).startswith("0.85534102374")


def test_a_session_of_two_backwards_has_no_closed_form():
    """Only one expression, propagated once, is derived whole."""
    program = Program((*SQUARE, Backward(1, retain_graph=True), Backward(1), Observe("grad", 0)))
    assert not is_small(program)
    assert closed_gradients(program) is None


def test_a_cotangent_stays_what_it_was():
    """Nothing that happens to gradients later changes the array that was handed over."""
    cotangent = Array((), (3.0,))
    body = (number(2), Backward(0, cotangent), Backward(0, cotangent), Observe("cotangent", 1))
    assert seen(TORCH, *body, Observe("grad", 0)) == {3: 3.0, 4: 6.0}


def test_a_gradient_has_the_dtype_of_its_leaf():
    """Whatever the precision, the two are the same."""
    assert seen(TORCH, number(2), Backward(0), Observe("dtype", 0)) == {2: True}
