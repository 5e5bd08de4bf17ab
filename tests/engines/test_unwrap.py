"""Numbers are taken by exact type, through whatever wraps them, and nothing else is."""

import array
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from gradcheck_suite.engines.unwrap import unwrap


class Holder:
    """Something with one attribute."""

    def __init__(self, name, inside):
        setattr(self, name, inside)


class Method:
    """Something with a method that gives numbers."""

    def numpy(self):
        """Give an array."""
        return np.array([1.0, 2.0])


class Endless:
    """Something that holds a fresh one of itself."""

    @property
    def data(self):
        """Give another one."""
        return Endless()


@pytest.mark.parametrize(
    ("found", "values", "dtype"),
    [
        (1.5, 1.5, "float64"),
        (2, 2.0, "int"),
        (np.float32(0.1), np.float32(0.1), "float32"),
        (np.int8(3), 3.0, "int8"),
        (np.arange(3), [0.0, 1.0, 2.0], "int64"),
        (np.ones((2, 1), np.float16), [[1.0], [1.0]], "float16"),
        ([[1, 2.0], [3, 4]], [[1.0, 2.0], [3.0, 4.0]], "int"),
        ((), [], "float64"),
        (array.array("d", [1.0, 2.0]), [1.0, 2.0], "float64"),
        (np.array([Holder("data", 1.0), Holder("data", 2.0)]), [1.0, 2.0], "float64"),
        ([Holder("value", 1.0), 2.0], [1.0, 2.0], "float64"),
        (Holder("data", 2.5), 2.5, "float64"),
        (Holder("val", Holder("_data", 2.5)), 2.5, "float64"),
        (Method(), [1.0, 2.0], "float64"),
        (math.nan, math.nan, "float64"),
        (math.inf, math.inf, "float64"),
    ],
)
def test_numbers(found, values, dtype):
    """Whatever holds real numbers gives them as float64, with the name of their own dtype."""
    number = unwrap(found)
    assert number.values.dtype == np.float64
    np.testing.assert_array_equal(number.values, values)
    assert number.dtype == dtype


@pytest.mark.parametrize(
    "found",
    [
        None,
        True,
        np.True_,
        "1.0",
        b"1",
        1j,
        Decimal(1),
        Fraction(1, 2),
        np.array(["1"]),
        np.array([1j]),
        np.array([True]),
        np.datetime64("2020-01-01"),
        {"data": 1.0},
        object(),
        Endless(),
        Holder("data", None),
        [1.0, None],
        [[1.0], [1.0, 2.0]],
    ],
    ids=lambda found: type(found).__name__,
)
def test_not_numbers(found):
    """What is no real number raises TypeError, though NumPy would make a float of it."""
    with pytest.raises(TypeError, match=r"^got .*, expected "):
        unwrap(found)


def test_result_is_a_copy():
    """What the engine does to its array later does not change the numbers that were read."""
    theirs = np.ones(2)
    number = unwrap(theirs)
    theirs[:] = 0
    assert number.values.tolist() == [1.0, 1.0]


def test_array_of_a_subclass():
    """Of a subclass of an array the numbers beneath are taken, whatever its methods say."""

    class Lying(np.ndarray):
        def item(self):
            return 2.0

        def __array__(self, *_):
            return np.zeros(1)

    assert unwrap(np.ones(1).view(Lying)).values.tolist() == [1.0]
