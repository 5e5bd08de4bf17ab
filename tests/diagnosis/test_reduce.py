"""Reducing: a case that failed is taken apart while it fails in the same way, and stays fair."""

from collections.abc import Callable

import numpy as np
import pytest

from gradcheck_suite.diagnosis.fair import is_fair, traits
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.reduce import measure, reductions
from gradcheck_suite.diagnosis.shrink import smallest_failure
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge


def case(name: str, *instructions: object) -> Case:
    """Return the case of a Program, which can be decided."""
    found = case_of(CATALOGUE[name], Program(instructions))  # type: ignore[arg-type]
    assert found is not None
    return found


def reduced(name: str, start: Case, engine: SpelledEngine) -> Program:
    """Return the smallest failure that is found from ``start``."""
    subject = InProcess(engine)
    judgement = judge(start.sheets, run(start.program, engine), strict_shape=False)
    assert not judgement.right
    reach = Reach(subject.spelling, subject.capabilities)
    found, after = smallest_failure(CATALOGUE[name], start, judgement, subject, reach)
    assert not after.right
    return found.program


def test_a_fault_at_one_number_keeps_that_number(make_engine: Callable[..., SpelledEngine]):
    """What is wrong below -3 alone, which drawing anew would seldom meet, is left with -4."""
    text = "reference.sin(x) + (x - x.detach()) * (x.data < -3)"
    leaf = Leaf(Array((2, 2), (1.5, 0.25, -3.5, 2.0)))
    cotangent = Array((2, 2), (1.0, -2.0, 3.0, -1.0))
    looks = (Apply("sin", (0,)), Backward(1, cotangent), Observe("grad", 0))
    start = case("gradient[sin]", leaf, *looks)
    (smallest, *_) = reduced("gradient[sin]", start, make_engine({"sin": text})).instructions
    assert smallest == Leaf(Array((), (-4.0,)))


def test_a_fault_at_one_rank_keeps_that_rank(make_engine: Callable[..., SpelledEngine]):
    """What is wrong for arrays of rank 3 alone is left with one number, of rank 3."""
    text = "reference.exp(x) * (1 + (x.ndim == 3))"
    leaf = Leaf(Array((2, 1, 2), (1.5, 0.25, -3.5, 2.0)))
    start = case("value[exp]", leaf, Apply("exp", (0,)), Observe("value", 1))
    (smallest, *_) = reduced("value[exp]", start, make_engine({"exp": text})).instructions
    assert smallest == Leaf(Array((1, 1, 1), (1.0,)))


def test_ops_that_are_not_needed_go(make_engine: Callable[..., SpelledEngine]):
    """Of an expression that is wrong where a value is used twice, the two uses are left."""

    def once(x: object, y: object) -> object:
        return x.detach() * y if x is y else x * y  # type: ignore[attr-defined, operator]

    leaf = Leaf(Array((), (0.5,)))
    ops = (Apply("sin", (0,)), Apply("mul", (1, 1)), Apply("cos", (2,)), Apply("add", (3, 1)))
    start = case("expressions", leaf, *ops, Backward(4), Observe("grad", 0))
    engine = make_engine({"mul": "once(x, y)"}, {"once": once})
    one = Leaf(Array((), (1.0,)))
    expected = Program((one, Apply("mul", (0, 0)), Backward(1), Observe("grad", 0)))
    assert reduced("expressions", start, engine) == expected


def test_one_element_is_taken_beside_arrays_that_have_none():
    """An array without elements stays what it is, and what is beside it still gets smaller."""
    none, two = Leaf(Array((1, 0), ())), Leaf(Array((2, 1), (3.0, 5.0)))
    program = Program((none, two, Apply("sum", (0,)), Apply("sum", (1,)), Apply("add", (2, 3))))
    kept = [p.instructions[:2] for p in reductions(program, 4) if p and none in p.instructions]
    assert (none, Leaf(Array((), (5.0,)))) in kept


A, B = Leaf(Array((), (1.0,))), Leaf(Array((), (2.0,)))
PRODUCT = (A, B, Apply("mul", (0, 1)))


@pytest.mark.parametrize(
    ("instructions", "fair"),
    [
        ((*PRODUCT, Backward(2), Observe("grad", 0)), True),
        ((A, Apply("mul", (0, 0)), Backward(1), Observe("grad", 0)), False),
        ((A, Backward(0), Observe("grad", 0)), False),
        ((*PRODUCT, Backward(2), Observe("grad", 2)), False),
        ((*PRODUCT, Observe("is_leaf", 0)), False),
    ],
    ids=["fewer looks", "one operand twice", "a leaf as root", "a result's gradient", "a flag"],
)
def test_a_smaller_case_asks_for_nothing_new(instructions: tuple[object, ...], fair: bool):
    """Sharing, roots that are leaves, means and conventions may go, and never come in."""
    entry = CATALOGUE["expressions"]
    old = traits(entry, case("expressions", *PRODUCT, Backward(2), *map(grad, (0, 1))))
    new = case("expressions", *instructions)
    with np.errstate(all="ignore"):
        assert (old.hold(new) and is_fair(entry, new, old)) is fair


def grad(x: int) -> Observe:
    """Return a look at a gradient."""
    return Observe("grad", x)


def test_a_plain_number_measures_less():
    """Of two programs alike the one with 1 for its number is smaller than that with 0.625."""
    one, other = (Program((Leaf(Array((), (v,))),)) for v in (1.0, 0.625))
    assert measure(one) < measure(other)


def test_one_element_is_tried_first():
    """Whatever else is tried takes less time on it, of which there is so much for each failure."""
    leaf = Leaf(Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)))
    program = Program((leaf, Apply("mul", (0, 0)), Apply("neg", (1,)), Observe("value", 2)))
    first = next(reductions(program, 3))
    assert first is not None
    assert first.instructions == (Leaf(Array((), (1.0,))), *program.instructions[1:])
