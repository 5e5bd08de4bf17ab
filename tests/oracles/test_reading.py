"""Readings: the set of subgradients at a kink, formulas that are finite, digits of tiny numbers."""

from math import inf, sqrt

import pytest

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.reading import current, readings
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.builder import Builder

ULP = 2.0**-52


def array(values):
    """Return an array of rank 0 or 1."""
    return Array((len(values),), values) if isinstance(values, tuple) else Array((), (values,))


def asked_for(asked, op, *operands, value=False, cotangent=None, **attrs):
    """Return the intervals of one call's gradients, or of its value."""
    b = Builder()
    xs = [b.leaf(array(v)) for v in operands]
    y = b.apply(op, *xs, **attrs)
    if value:
        b.observe("value", y)
    else:
        b.backward(y, cotangent and array(cotangent))
        b.observe("grad", *xs)
    return [answer for _, answer in answers(b.program(), Dialect(), asked)]


def ends(interval, k=0):
    """Return the lowest and the highest number that are right for an element, in float64."""
    return [interval.middle[k] - interval.half64[k], interval.middle[k] + interval.half64[k]]


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "sets"),
    [
        ("relu", (0.0,), {}, [[(0, 1)]]),
        ("abs", (0.0,), {}, [[(-1, 1)]]),
        ("leaky_relu", (0.0,), {"negative_slope": 0.25}, [[(0.25, 1)]]),
        ("elu", (0.0,), {"alpha": 1.5}, [[(1, 1.5)]]),
        ("elu", (0.0,), {"alpha": 1.0}, [[(1, 1)]]),
        ("clip", (-1.0,), {"low": -1.0, "high": 1.0}, [[(0, 1)]]),
        ("hardtanh", (1.0,), {}, [[(0, 1)]]),
        ("maximum", (1.0, 1.0), {}, [[(0, 1)], [(0, 1)]]),
        ("minimum", (1.0, 2.0), {}, [[(1, 1)], [(0, 0)]]),
        ("max", ((3.0, 3.0, 1.0, 3.0),), {}, [[(0, 1), (0, 1), (0, 0), (0, 1)]]),
        ("norm", ((0.0, 0.0),), {}, [[(-1, 1), (-1, 1)]]),
        ("norm", ((0.0, 2.0),), {"ord": 1}, [[(-1, 1), (1, 1)]]),
        ("norm", ((2.0, -2.0, 1.0),), {"ord": inf}, [[(0, 1), (-1, 0), (0, 0)]]),
        ("norm", ((0.0, 0.0),), {"ord": inf}, [[(-1, 1), (-1, 1)]]),
    ],
)
def test_at_a_kink_the_answer_is_the_set_of_subgradients(op, operands, attrs, sets):
    """Each element may be what it is on either side, and anything between."""
    for found, expected in zip(asked_for("kinks", op, *operands, **attrs), sets, strict=True):
        for k, (low, high) in enumerate(expected):
            assert ends(found, k) == pytest.approx([low, high], abs=1e-11)


@pytest.mark.parametrize("ddof", [0, 1])
def test_at_a_constant_the_gradient_of_std_lies_in_its_ball(ddof):
    """The subgradients are the images of the unit ball: sqrt((n - 1) / n / (n - ddof)) far out."""
    (found,) = asked_for("kinks", "std", (0.0,) * 4, ddof=ddof)
    radius = sqrt(3 / 4 / (4 - ddof))
    assert all(ends(found, k) == pytest.approx([-radius, radius], rel=1e-9) for k in range(4))


def test_a_negative_cotangent_turns_the_set_round():
    """The set is that of the subgradients times the cotangent."""
    (found,) = asked_for("kinks", "relu", 0.0, cotangent=-2.0)
    assert ends(found) == pytest.approx([-2.0, 0.0], abs=1e-15)


def test_one_value_on_both_sides_of_a_tie_has_a_derivative():
    """However a tie of a value with itself is split, the shares add up to the cotangent."""
    b = Builder()
    x = b.leaf(array(1.0))
    b.backward(b.apply("maximum", x, x))
    b.observe("grad", x)
    ((_, found),) = answers(b.program(), Dialect(), "kinks")
    assert (found.middle, found.half64) == ((1.0,), (0.0,))


def test_a_tie_is_refused_where_nobody_asks_for_it():
    """A plain answer does not guess."""
    with pytest.raises(UndecidableError, match="within rounding of a tie"):
        asked_for("plain", "relu", 0.0)


def test_a_kink_without_a_leaf_to_move_is_refused():
    """There is no point beside one that has no leaf with a gradient."""
    b = Builder()
    b.observe("value", b.apply("relu", b.constant(array(0.0))))
    with pytest.raises(UndecidableError):
        answers(b.program(), Dialect(), "kinks")


def test_every_element_of_every_tracked_leaf_is_moved_either_way():
    """Constants and leaves without a gradient stay where they are."""
    b = Builder()
    x, y = b.leaf(array((1.0, 2.0))), b.leaf(array((1.0, 2.0)), requires_grad=False)
    b.observe("value", b.apply("maximum", x, y))
    nudges = [reading.nudge for reading in readings(b.program(), "kinks")]
    assert [(n.leaf, n.element, n.step > 0) for n in nudges] == [
        (x, 0, True),
        (x, 0, False),
        (x, 1, True),
        (x, 1, False),
    ]


@pytest.mark.parametrize(
    ("op", "operands", "attrs", "numbers"),
    [
        ("pow", (0.0,), {"exponent": 1}, [(1,)]),
        ("pow", (0.0,), {"exponent": 2}, [(0,)]),
        ("pow", (0.0,), {"exponent": 3}, [(0,)]),
        ("pow", (0.0,), {"exponent": 1.5}, [(0,)]),
        ("power", (0.0, 1.0), {}, [(1,), (0,)]),
        ("power", (0.0, 2.5), {}, [(0,), (0,)]),
        ("prod", ((0.0, 2.0, 3.0),), {}, [(6, 0, 0)]),
        ("prod", ((0.0, 0.0, 3.0),), {}, [(0, 0, 0)]),
        ("var", ((2.5, 2.5, 2.5, 2.5),), {}, [(0, 0, 0, 0)]),
        ("softplus", (0.0,), {}, [(0.5,)]),
        ("logaddexp", (2.0, 2.0), {}, [(0.5,), (0.5,)]),
        ("atan2", (0.0, 2.0), {}, [(0.5,), (0,)]),
        ("atan2", (-2.0, 0.0), {}, [(0,), (0.5,)]),
    ],
)
def test_where_only_some_formulas_are_finite_the_derivative_is_a_number(
    op, operands, attrs, numbers
):
    """What divides by zero is left out, and what is left agrees with the limit."""
    for found, expected in zip(asked_for("finite", op, *operands, **attrs), numbers, strict=True):
        assert found.middle == pytest.approx(expected, abs=1e-15)
        assert max(found.half64) < 1e-13


def test_running_products_of_zero_have_ordinary_derivatives():
    """The factor that is 0 has the products of all others."""
    (found,) = asked_for("finite", "cumprod", (2.0, 0.0, 3.0), cotangent=(1.0, 2.0, 3.0))
    assert found.middle == pytest.approx((1.0, 2 * 2 + 3 * 2 * 3, 0.0), rel=1e-15)


def test_a_derivative_without_a_finite_limit_is_refused():
    """The slope of a root at 0 is no number."""
    with pytest.raises(UndecidableError, match=r"the limit at .* is oo"):
        asked_for("finite", "sqrt", 0.0)


@pytest.mark.parametrize("op", ["log1p", "expm1"])
def test_digits_of_a_tiny_number_are_asked_for_precisely(op):
    """Around 0 both are the number itself, to a few units of its own last place."""
    tiny = 3 * 2.0**-60
    (found,) = asked_for("precise", op, tiny, value=True)
    assert found.middle == pytest.approx((tiny,), rel=1e-15)
    assert max(found.half64) < 8 * ULP * tiny


@pytest.mark.parametrize("op", ["log1p", "expm1"])
def test_at_a_tiny_number_either_formula_is_right_where_nobody_asks_for_digits(op):
    """log(1 + x) and exp(x) - 1 are accepted as they are, and they are 0 there."""
    (found,) = asked_for("plain", op, 3 * 2.0**-60, value=True)
    low, high = ends(found)
    assert low <= 0 <= high


@pytest.mark.parametrize("op", ["sigmoid", "tanh", "softplus", "silu", "elu"])
@pytest.mark.parametrize("x", [1000.0, -1000.0])
def test_a_plain_answer_is_refused_where_a_finite_one_is_given(op, x):
    """Formulas that overflow are ways that an engine may go, unless a stable one is asked for."""
    (found,) = asked_for("finite", op, x, value=True)
    limits = {"sigmoid": (1, 0), "tanh": (1, -1), "elu": (x, -1)}.get(op, (x, 0))
    assert found.middle[0] == pytest.approx(limits[x < 0], abs=1e-12)
    if op != "elu":  # its one formula never overflows
        with pytest.raises(UndecidableError):
            asked_for("plain", op, x, value=True)


def test_a_reading_ends_with_its_question():
    """Whatever was asked before, the next answer is a plain one."""
    asked_for("kinks", "relu", 0.0)
    assert current() == readings(Builder().program(), "plain")[0]
