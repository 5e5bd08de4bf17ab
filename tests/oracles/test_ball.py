"""Balls hold what honest floating-point evaluations give, in either precision and any order."""

from collections.abc import Callable
from math import fsum
from typing import Any

import numpy as np
import pytest
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.ball import Ball
from gradcheck_suite.oracles.rounding import FLOAT32, FLOAT64, ULPS, Precision

PRECISIONS = {"float64": FLOAT64, "float32": FLOAT32}
LEAVES = st.integers(-32, 32).filter(bool).map(lambda k: k / 8)
NUMPY = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}  # its names where they differ
FUNCTIONS = ("exp", "sin", "cos", "tanh", "log", "sqrt", "tan", "sinh", "cosh", *NUMPY)


def sums(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw an operation on drawn expressions; shrinks to a sum of two."""
    return st.one_of(
        st.tuples(st.just("sum"), st.lists(children, min_size=2, max_size=6)),
        st.tuples(st.sampled_from(("mul", "div", "sub")), st.tuples(children, children)),
        st.tuples(st.sampled_from(FUNCTIONS), st.tuples(children)),
    )


TREES = st.recursive(LEAVES, sums, max_leaves=12)


def left_to_right(terms: list[Any]) -> Any:
    """Add one term after the other."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def pairwise(terms: list[Any]) -> Any:
    """Add the sums of the two halves."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return pairwise(terms[:half]) + pairwise(terms[half:])


ORDERS: dict[str, Callable[[list[Any]], Any]] = {
    "left-to-right": left_to_right,
    "right-to-left": lambda terms: left_to_right(terms[::-1]),
    "pairwise": pairwise,
    "by-size": lambda terms: left_to_right(sorted(terms, key=abs)),
}


def in_numpy(tree: Any, dtype: Any, order: Callable[[list[Any]], Any]) -> Any:
    """Evaluate an expression in one precision, its sums in one order."""
    if isinstance(tree, float):
        return dtype(tree)
    name, parts = tree
    values = [in_numpy(part, dtype, order) for part in parts]
    match name:
        case "sum":
            return order(values)
        case "mul":
            return values[0] * values[1]
        case "div":
            return values[0] / values[1]
        case "sub":
            return values[0] - values[1]
        case _:
            return getattr(np, NUMPY.get(name, name))(values[0])


def in_balls(tree: Any, precision: Precision) -> Ball:
    """Enclose an expression."""
    if isinstance(tree, float):
        return Ball(arb(tree), precision)
    name, parts = tree
    values = [in_balls(part, precision) for part in parts]
    match name:
        case "sum":
            return left_to_right(values)
        case "mul":
            return values[0] * values[1]
        case "div":
            return values[0] / values[1]
        case "sub":
            return values[0] - values[1]
        case _:
            return values[0].apply(name)


def enclosure(tree: Any, precision: Precision) -> Ball:
    """Enclose an expression; one that cannot be enclosed is no example."""
    try:
        ball = in_balls(tree, precision)
    except UndecidableError:
        assume(False)
    assume(ball.value.is_finite())
    return ball


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", PRECISIONS)
@given(tree=TREES)
def test_every_honest_evaluation_lies_inside(name: str, order: str, tree: Any):
    """A random expression, its sums added in some order, comes out inside of its ball."""
    ball = enclosure(tree, PRECISIONS[name])
    with np.errstate(all="ignore"):
        value = float(in_numpy(tree, np.dtype(name).type, ORDERS[order]))
    assert ball.value.contains(arb(value))


@pytest.mark.parametrize("name", PRECISIONS)
@given(
    terms=st.lists(st.integers(-(2**20), 2**20).map(lambda k: k / 64), min_size=1, max_size=12),
    third=st.floats(1e-6, 1e-3),
    shuffle=st.randoms(use_true_random=False),
)
def test_a_sum_that_cancels_holds_every_order(
    name: str, terms: list[float], third: float, shuffle: Any
):
    """Terms that cancel to almost nothing lie inside in whatever order they are added."""
    dtype = np.dtype(name).type
    every = [float(dtype(v)) for v in (*terms, third, *(-v for v in terms))]
    ball = left_to_right([Ball(arb(v), PRECISIONS[name]) for v in every])
    shuffle.shuffle(every)
    value = float(left_to_right([dtype(v) for v in every]))
    assert ball.value.contains(arb(value))
    assert ball.value.contains(arb(fsum(every)))


def test_nested_sums_count_their_terms_once():
    """A sum of sums is one sum of all terms."""
    a, b, c, d = (Ball(arb(v), FLOAT64) for v in (1.0, 2.0, -3.0, 0.5))
    nested, flat = (a + b) + (c + d), ((a + b) + c) + d
    assert nested.n_terms == flat.n_terms == 4
    assert str(nested.value) == str(flat.value)


@pytest.mark.parametrize("name", ["mul", "div", "exp", "tanh", "pow"])
def test_a_sloppy_evaluation_falls_outside(name: str):
    """A relative error of 1e-12 is outside of a single operation's ball in float64."""
    x, y = Ball(arb(1.375), FLOAT64), Ball(arb(0.625), FLOAT64)
    ball = {
        "mul": lambda: x * y,
        "div": lambda: x / y,
        "exp": lambda: x.apply("exp"),
        "tanh": lambda: x.apply("tanh"),
        "pow": lambda: x**y,
    }[name]()
    middle = float(ball.value.mid())
    assert ball.value.contains(arb(middle))
    assert not ball.value.contains(arb(middle * (1 + 1e-12)))


@pytest.mark.parametrize("name", PRECISIONS)
@pytest.mark.parametrize("operation", ["mul", "div", "erf", *FUNCTIONS])
def test_an_operation_widens_by_its_entry(operation: str, name: str):
    """The half-width of one operation on exact numbers is its bound times the value."""
    precision = PRECISIONS[name]
    x = Ball(arb(0.75), precision)
    ball = {"mul": lambda: x * x, "div": lambda: x / x}.get(operation, lambda: x.apply(operation))()
    relative = float(ball.value.rad()) / abs(float(ball.value.mid()))
    assert relative == pytest.approx(ULPS[operation] * precision.ulp, rel=1e-6)


@pytest.mark.parametrize(
    "move",
    [lambda x: -x, lambda x: x.rational(-5, 16), lambda x: x.rational(3, 8)],
    ids=["neg", "-5/16", "3/8"],
)
def test_an_exact_move_does_not_widen(move: Callable[[Ball], Ball]):
    """Signs and dyadic literals do not round."""
    assert float(move(Ball(arb(1.1), FLOAT64)).value.rad()) == 0


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_rational_holds_its_rounded_literal(name: str):
    """1/3 as an engine writes it is inside, and the ball is not exact."""
    ball = Ball(arb(1), PRECISIONS[name]).rational(1, 3)
    assert ball.value.contains(arb(float(np.dtype(name).type(1) / np.dtype(name).type(3))))
    assert float(ball.value.rad()) > 0


def test_a_literal_is_exact_where_its_format_holds_it():
    """0.1 is a number of float64; float32 has to round it, and 0.125 it has not."""
    assert float(Ball.literal(0.1, FLOAT64).value.rad()) == 0
    assert float(Ball.literal(0.125, FLOAT32).value.rad()) == 0
    assert Ball.literal(0.1, FLOAT32).value.contains(arb(float(np.float32(0.1))))


def test_a_result_that_overflows_is_undecidable():
    """exp(100) is more than float32 can hold, and an ordinary number in float64."""
    with pytest.raises(UndecidableError, match="more than float32 can hold"):
        Ball(arb(100), FLOAT32).apply("exp")
    assert Ball(arb(100), FLOAT64).apply("exp").value.is_finite()


def test_a_result_that_underflows_may_be_zero_or_subnormal():
    """exp(-100) is subnormal in float32: an engine may keep it or flush it to zero."""
    ball = Ball(arb(-100), FLOAT32).apply("exp")
    assert ball.value.contains(arb(0))
    assert ball.value.contains(arb(float(np.exp(np.float32(-100)))))
    assert float(ball.value.rad()) < 2e-38


@pytest.mark.parametrize("name", PRECISIONS)
@given(x=LEAVES, y=LEAVES)
def test_an_angle_of_a_point_lies_inside(name: str, x: float, y: float):
    """The function of two arguments has the ordinate first, in all four quadrants."""
    dtype = np.dtype(name).type
    ball = Ball(arb(y), PRECISIONS[name]).apply("atan2", Ball(arb(x), PRECISIONS[name]))
    assert ball.value.contains(arb(float(np.arctan2(dtype(y), dtype(x)))))
