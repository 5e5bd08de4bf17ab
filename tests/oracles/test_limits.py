"""Answers at the limits: infinities and NaN by IEEE 754, and every other element as it was."""

from math import inf, nan
from typing import Any

import pytest

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.answer import Interval, hull, mixture
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Constant, Leaf, Observe, Program

ANY = "not finite"
OR = "or not finite"


def vector(*numbers: float) -> Array:
    """Return an array of rank 1."""
    return Array((len(numbers),), numbers)


def readable(answer: Any) -> list[Any]:
    """Return midpoints, with a word for what is loose."""
    words: list[Any] = list(answer.middle)
    for k in answer.loose:
        words[k] = ANY if answer.middle[k] == inf else (answer.middle[k], OR)
    return words


def seen(*instructions: Any) -> list[Any]:
    """Return what must be seen, one entry an observation."""
    return [readable(answer) for _, answer in answers(Program(instructions), Dialect(), "limits")]


def at(op: str, *numbers: Array, cotangent: Array, **attrs: Any) -> tuple[Any, ...]:
    """Return a program of one call that looks at its value and the gradient of each operand."""
    n = len(numbers)
    operands = tuple(range(n))
    looks = (Observe("grad", k) for k in operands)
    call = (Apply(op, operands, tuple(attrs.items())), Observe("value", n), Backward(n, cotangent))
    return (*map(Leaf, numbers), *call, *looks)


POLES: dict[str, tuple[tuple[Any, ...], list[Any]]] = {
    "log(0)": (
        at("log", vector(0, 1, -1), cotangent=vector(2, 3, 4)),
        [[-inf, 0.0, ANY], [inf, 3.0, -4.0]],
    ),
    "x / 0": (
        at("div", vector(1, -1, 6), vector(0, 0, 2), cotangent=vector(1, 1, 1)),
        [[inf, -inf, 3.0], [inf, inf, 0.5], [-inf, inf, -1.5]],
    ),
    "0 / 0": (
        at("div", vector(0, 1), vector(0, 1), cotangent=vector(-1, 1)),
        [[ANY, 1.0], [-inf, 1.0], [ANY, -1.0]],
    ),
    "0 ** -2": (
        at("pow", vector(0, 2), cotangent=vector(1, 4), exponent=-2),
        [[inf, 0.25], [-inf, -1.0]],
    ),
    "exp(-inf)": (
        at("exp", vector(-inf, 0), cotangent=vector(1, 1)),
        [[0.0, 1.0], [0.0, 1.0]],
    ),
    "sum of a row": (
        (
            Leaf(vector(0, 2)), Apply("log", (0,)), Apply("sum", (1,)),
            Observe("value", 2), Backward(2), Observe("grad", 0),
        ),
        [[-inf], [inf, 0.5]],
    ),
    "0 * inf": (
        (
            Leaf(vector(0, 1)), Apply("log", (0,)), Apply("exp", (1,)),
            Observe("value", 2), Backward(2, vector(1, 1)), Observe("grad", 0),
        ),
        [[0.0, 1.0], [ANY, 1.0]],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("instructions", "wanted"), POLES.values(), ids=POLES)
def test_a_pole_is_as_ieee_754_has_it(instructions: tuple[Any, ...], wanted: list[Any]):
    """Infinities are exact, what is NaN is not finite, and the elements beside are numbers."""
    assert seen(*instructions) == wanted


def masked(condition: Array, inner: tuple[Any, ...]) -> list[Any]:
    """Return the gradient of ``where(condition, sqrt(x), 0)``, ``inner`` made before."""
    made = (Leaf(vector(-1, 0, 4)), Constant(condition), Constant(vector(1, 1, 0)), *inner)
    n = len(made)
    root = (Apply("sqrt", (n - 1 if inner else 0,)), Apply("where", (1, n, 2)))
    return seen(*made, *root, Observe("value", n + 1), Backward(n + 1, vector(1, 1, 1)),
                Observe("grad", 0))  # fmt: skip


KEPT = Array((3,), (False, False, True), "bool")


def test_what_where_leaves_out_may_be_not_finite():
    """Engines that multiply 0 by the infinite derivative have NaN there, the others 0."""
    assert masked(KEPT, ()) == [[1.0, 1.0, 2.0], [(0.0, OR), (0.0, OR), 0.25]]


def test_a_guard_leaves_nothing_to_be_not_finite():
    """With a harmless number put there before, the gradient is 0 in every engine."""
    guard = (Apply("where", (1, 0, 2)),)
    assert masked(KEPT, guard) == [[1.0, 1.0, 2.0], [0.0, 0.0, 0.25]]


@pytest.mark.parametrize(
    "instructions",
    [
        (Leaf(vector(0, 1)), Apply("log", (0,)), Observe("value", 1)),
        (Leaf(vector(inf)), Observe("value", 0)),
        (Leaf(vector(nan)), Observe("value", 0)),
    ],
    ids=["a pole", "an infinity", "NaN"],
)
def test_what_is_not_finite_is_undecidable_unless_asked_for(instructions: tuple[Any, ...]):
    """In every other property such a program is not graded with."""
    with pytest.raises(UndecidableError):
        answers(Program(instructions), Dialect())


@pytest.mark.parametrize(
    "instructions",
    [
        (Leaf(vector(0.1, 0.2)), Apply("tanh", (0,)), Apply("sub", (1, 1)), Apply("log", (2,)),
         Observe("value", 3)),
        (Leaf(vector(2.0**-80)), Apply("exp", (0,)), Apply("sub", (1, 1)), Observe("value", 2)),
        (Leaf(vector(2.0**-80)), Apply("tanh", (0,)), Observe("value", 1)),
        (Leaf(vector(2.0**-100)), Apply("mul", (0, 0)), Observe("value", 1)),
        (Leaf(vector(2.0**100)), Apply("mul", (0, 0)), Observe("value", 1)),
    ],
    ids=["whether at a pole", "cancelled", "tiny by cancelling", "below float32", "above float32"],
)  # fmt: skip
def test_what_rounding_decides_is_undecidable_at_the_limits_too(instructions: tuple[Any, ...]):
    """A number without digits is not asked for, however small it is."""
    with pytest.raises(UndecidableError):
        answers(Program(instructions), Dialect(), "limits")


def test_a_tiny_number_has_the_digits_of_any_other():
    """The half-width of 2**-80 is some units of its own last place."""
    program = Program(
        (Leaf(vector(3 * 2.0**-40)), Apply("mul", (0, 0)), Observe("value", 1)),
    )
    ((_, answer),) = answers(program, Dialect(), "limits")
    assert isinstance(answer, Interval)
    assert answer.middle == (9 * 2.0**-80,)
    assert 0 < answer.half64[0] < 1e-15 * answer.middle[0]
    assert 0 < answer.half32[0] < 1e-6 * answer.middle[0]


def one(middle: float, half: float, *, loose: bool = False) -> Interval:
    """Return an interval of one element."""
    return Interval((), (middle,), (half,), (2 * half,), (0,) if loose else ())


ZERO_OR = one(0.0, 0.0, loose=True)
UNITED: dict[str, tuple[list[Interval], Interval, Interval]] = {
    "the same infinity": ([one(inf, 0), one(inf, 0)], one(inf, 0), one(inf, 0)),
    "two infinities": (
        [one(-inf, 0), one(inf, 0)],
        one(inf, 0, loose=True),
        one(inf, 0, loose=True),
    ),
    "infinite or NaN": (
        [one(inf, 0), one(inf, 0, loose=True)],
        one(inf, 0, loose=True),
        one(inf, 0, loose=True),
    ),
    "finite or not": ([one(-inf, 0), one(0, 0)], ZERO_OR, ZERO_OR),
    "loose in one": ([one(0, 0), one(0, 0, loose=True)], ZERO_OR, ZERO_OR),
    "finite": ([one(2, 0.25), one(2, 0.5)], one(2, 0.5), one(2, 0.75)),
}


@pytest.mark.parametrize(("parts", "hulled", "mixed"), UNITED.values(), ids=UNITED)
def test_what_is_finite_in_one_way_alone_is_loose(
    parts: list[Interval], hulled: Interval, mixed: Interval
):
    """Of ways that differ, the finite ones give the interval, the others leave it open."""
    assert hull(parts) == hull(parts[::-1]) == hulled
    assert mixture(parts) == mixture(parts[::-1]) == mixed


def test_a_hull_reaches_from_end_to_end():
    """The interval around two numbers holds both, with their half-widths."""
    found = hull([one(1, 0.25), one(3, 0.5)])
    assert found.middle == (2.0,)
    assert 1.5 <= found.half64[0] < 1.5 + 1e-14
    assert found.loose == ()


def test_an_array_without_elements_has_an_interval_of_its_shape():
    """Nothing is in it, and its shape is asked for."""
    empty = Array((0, 3), ())
    program = Program((Leaf(empty), Apply("exp", (0,)), Backward(1, empty), Observe("grad", 0)))
    assert answers(program, Dialect()) == ((3, Interval((0, 3), (), (), ())),)
