"""Judging: an outcome beside an answer, and the words for it."""

from typing import Any

import numpy as np
import pytest

from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Outcome, Raised
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.oracles.answer import FlagIs, Interval, MustRaise, Sheet, ZeroOrNothing
from gradcheck_suite.properties.judging import Look, compare, judge, print_expected

ONE = Interval((), (0.1,), (1e-15,), (1e-8,))
PAIR = Interval((2,), (0.1, 0.2), (1e-15, 1e-15), (1e-8, 1e-8))
ZERO = Interval((), (0.0,), (0.0,), (0.0,))
INFINITE = Interval((2,), (np.inf, -np.inf), (0.0, 0.0), (0.0, 0.0))
# 0 or not finite; not finite; a number whatever comes of the others.
LOOSE = Interval((3,), (0.0, np.inf, 0.1), (0.0, 0.0, 1e-15), (0.0, 0.0, 1e-8), (0, 1))
ROUGH = float(np.float32(0.1))


def seen(values: Any, dtype: str = "float64") -> Number:
    """Return what an engine showed."""
    return Number.of(np.asarray(values, dtype=np.float64), dtype)


def look(answer: Any, outcome: Outcome | None, *, strict: bool = False) -> Look:
    """Judge one outcome."""
    return compare(3, answer, outcome, strict_shape=strict)


@pytest.mark.parametrize(
    ("answer", "outcome", "right"),
    [
        (ONE, seen(0.1), True),
        (ONE, seen(0.1 + 5e-16), True),
        (ONE, seen(0.1 + 2e-15), False),
        (ONE, seen(np.nan), False),
        (ONE, seen(np.inf), False),
        (ONE, seen(-1e300), False),
        (PAIR, seen([0.1, np.nan]), False),
        (PAIR, seen([0.1, 0.2 + 2e-15]), False),
        (PAIR, seen([0.2, 0.1]), False),
        (ONE, Nothing(), False),
        (ZERO, Nothing(), True),
        (ZeroOrNothing(()), Nothing(), True),
        (ZeroOrNothing(()), seen(0.0), True),
        (ZeroOrNothing(()), seen(1e-300), False),
        (ZeroOrNothing(()), seen(np.nan), False),
        (FlagIs(value=True), Flag(value=True), True),
        (FlagIs(value=True), Flag(value=False), False),
        (FlagIs(value=True), seen(1.0), False),
        (MustRaise(), Raised("RuntimeError", ""), True),
        (MustRaise(), None, False),
        (ONE, Raised("RuntimeError", ""), False),
        (None, Raised("RuntimeError", ""), False),
        (INFINITE, seen([np.inf, -np.inf]), True),
        (INFINITE, seen([-np.inf, -np.inf]), False),
        (INFINITE, seen([np.nan, -np.inf]), False),
        (INFINITE, seen([1e308, -np.inf]), False),
        (INFINITE, Nothing(), False),
        (LOOSE, seen([0.0, np.nan, 0.1]), True),
        (LOOSE, seen([np.nan, np.inf, 0.1]), True),
        (LOOSE, seen([-np.inf, -np.inf, 0.1]), True),
        (LOOSE, seen([1.0, np.nan, 0.1]), False),
        (LOOSE, seen([0.0, 1e300, 0.1]), False),
        (LOOSE, seen([0.0, np.nan, np.nan]), False),
        (LOOSE, seen([0.0, np.nan, 0.2]), False),
    ],
)
def test_an_outcome_is_right_inside_of_its_answer_alone(
    answer: Any, outcome: Outcome | None, right: bool
):
    """Numbers within the half-width, None for zero, flags, exceptions: nothing else is right."""
    assert look(answer, outcome).right is right


@pytest.mark.parametrize(
    ("shape", "seen_shape", "lenient", "strict"),
    [
        ((), (1,), True, False),
        ((2,), (2, 1), True, False),
        ((2, 1), (1, 2), True, False),
        ((2,), (2,), True, True),
        ((2, 3), (3, 2), False, False),
        ((6,), (2, 3), False, False),
        ((2,), (), False, False),
    ],
)
def test_axes_of_size_one_matter_only_to_a_strict_property(
    shape: tuple[int, ...], seen_shape: tuple[int, ...], lenient: bool, strict: bool
):
    """The value may come with axes of size 1 more or less; elements may not be arranged anew."""
    n = int(np.prod(shape))
    answer = Interval(shape, (1.0,) * n, (0.0,) * n, (0.0,) * n)
    outcome = seen(np.ones(seen_shape))
    assert look(answer, outcome).right is lenient
    assert look(answer, outcome, strict=True).right is strict


@pytest.mark.parametrize(
    ("outcome", "coarse"),
    [
        (seen(ROUGH, "float32"), True),
        (seen(ROUGH), True),
        (seen(0.1), False),
        (seen(0.1 + 4e-16), False),
    ],
    ids=["dtype", "digits", "float64", "float64-off"],
)
def test_float32_is_known_by_dtype_or_digits(outcome: Number, coarse: bool):
    """A number of float32 is judged by float32's half-width, in whatever container it comes."""
    found = look(ONE, outcome)
    assert (found.right, found.coarse) == (True, coarse)


@pytest.mark.parametrize("value", [0.0, 0.5, 1e300, np.nan, 0.1 + 1e-9])
def test_a_wrong_number_is_no_sign_of_float32(value: float):
    """What lies outside of float32's interval too, or has more digits, does not coarsen."""
    found = look(ONE, seen(value))
    assert (found.right, found.coarse) == (False, False)


def test_an_exact_zero_within_the_interval_is_no_sign_of_float32():
    """0.0 has few digits in any precision: right in float64, it tells nothing."""
    found = look(Interval((), (1e-17,), (1e-16,), (1e-8,)), seen(0.0))
    assert (found.right, found.coarse) == (True, False)


def test_integers_of_python_are_numbers():
    """A gradient that is the int 6 is right where 6 is."""
    assert look(Interval((), (6.0,), (0.0,), (0.0,)), unwrap(6)).right


def test_one_sheet_that_fits_is_enough():
    """Under conventions, the engine is right if one choice accepts everything."""
    adds = Sheet((("c", "adds"),), ((1, Interval((), (2.0,), (0.0,), (0.0,))),))
    raises = Sheet((("c", "raises"),), ((0, MustRaise()),))
    judgement = judge([raises, adds], {1: seen(2.0)}, strict_shape=False)
    assert judgement.right
    assert judgement.sheets == ((("c", "adds"),),)


def test_no_sheet_that_fits_shows_the_nearest():
    """Where every sheet refuses, the one with the fewest wrong looks is shown."""
    far = Sheet((("c", "far"),), ((0, FlagIs(value=True)), (1, FlagIs(value=True))))
    near = Sheet((("c", "near"),), ((0, FlagIs(value=False)), (1, FlagIs(value=True))))
    outcomes = {0: Flag(value=False), 1: Flag(value=False)}
    judgement = judge([far, near], outcomes, strict_shape=False)
    assert not judgement.right
    assert [item.right for item in judgement.looks] == [True, False]


def test_what_hangs_on_an_exception_is_told_once():
    """An observation that was not reached because something raised is no second fault."""
    sheet = Sheet((), ((2, ONE),))
    judgement = judge([sheet], {1: Raised("ValueError", "no")}, strict_shape=False)
    assert [item.index for item in judgement.looks] == [1]
    assert judgement.raised


def test_an_observation_that_is_missing_without_an_exception_is_wrong():
    """Silence is no answer."""
    judgement = judge([Sheet((), ((2, ONE),))], {}, strict_shape=False)
    assert not judgement.right
    assert judgement.looks[0].actual == "nothing"


def test_distance_is_in_half_widths():
    """Two half-widths from the midpoint is a distance of 2."""
    assert look(Interval((), (1.0,), (0.5,), (0.5,)), seen(2.0)).distance == 2


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (ONE, "0.1 +- 1e-15"),
        (PAIR, "[0.1, 0.2] +- 1e-15"),
        (ZERO, "0.0"),
        (ZeroOrNothing(()), "None, or zero"),
        (FlagIs(value=True), "True"),
        (MustRaise(), "an exception"),
        (None, "no exception"),
    ],
)
def test_an_answer_is_printed_with_its_half_width(answer: Any, text: str):
    """Expected numbers stand with ``+-`` and the half-width; the rest in words."""
    assert print_expected(answer) == text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Raised("ValueError", "no such axis"), "ValueError: no such axis"),
        (Raised("KeyError", ""), "KeyError"),
        (Nothing(), "None"),
        (seen([0.1, 0.3]), "[0.1, 0.3]"),
        (seen([[0.1, 0.3]]), "[[0.1, 0.3]] of shape (1, 2)"),
        (Flag(value=True), "True"),
    ],
)
def test_an_outcome_is_printed_as_it_came(outcome: Outcome, text: str):
    """What came is shown in Python's own words, with its shape where that is what is wrong."""
    assert look(PAIR, outcome, strict=True).actual == text


def test_a_float32_half_width_is_printed_for_float32():
    """The half-width in the message is the one that was judged by."""
    assert look(ONE, seen(ROUGH, "float32")).expected == "0.1 +- 1e-08"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (INFINITE, "[inf, -inf]"),
        (LOOSE, "[0.0 or not finite, not finite, 0.1] +- 1e-15"),
        (Interval((), (np.inf,), (0.0,), (0.0,), (0,)), "not finite"),
    ],
)
def test_what_may_be_not_finite_is_said(answer: Interval, words: str):
    """An infinity is a number that is expected; an element that may be NaN too has words for it."""
    assert print_expected(answer) == words


def test_the_distance_of_an_infinity_is_nothing_or_all():
    """An infinity is right at no distance, and wrong at an infinite one, with a NaN beside it."""
    assert look(INFINITE, seen([np.inf, -np.inf])).distance == 0
    assert look(INFINITE, seen([np.inf, 3.0])).distance == np.inf
    assert look(LOOSE, seen([np.nan, np.nan, 0.1])).distance == 0


def test_an_engine_of_float32_may_have_infinities():
    """The digits of the other elements tell that it computed in float32."""
    found = look(LOOSE, seen([np.nan, np.inf, ROUGH]))
    assert (found.right, found.coarse) == (True, True)
    assert not look(LOOSE, seen([np.nan, np.inf, 0.1 + 2e-15])).right


@pytest.mark.parametrize("outcome", [seen(ROUGH, "float32"), seen(ROUGH)], ids=["dtype", "digits"])
def test_float32_is_wrong_where_all_digits_are_asked_for(outcome: Number):
    """Neither the dtype nor the digits excuse it, unless the engine is known to be coarse."""
    fine = compare(3, ONE, outcome, strict_shape=False, fine=True)
    known = compare(3, ONE, outcome, strict_shape=False, fine=True, coarse=True)
    assert (fine.right, fine.coarse, known.right) == (False, False, True)
