"""Arrays inside a Program."""

import numpy as np
import pytest

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array


@pytest.mark.parametrize(
    "data",
    [
        np.array(1.5),
        np.array([[1.0, 2.0], [3.0, 4.0]]).T,
        np.array([[1, -2]]),
        np.array([True, False]),
        np.zeros((2, 0, 3)),
    ],
    ids=["scalar", "not contiguous", "int", "bool", "empty"],
)
def test_numpy_gives_back_what_was_frozen(data):
    """Shape, dtype and numbers survive, whatever the memory order."""
    again = Array.of(data).numpy()
    assert again.dtype == data.dtype
    assert again.shape == data.shape
    assert again.tolist() == data.tolist()


def test_numpy_is_fresh_and_writable():
    """What an engine does to its array does not reach the program."""
    array = Array((2,), (1.0, 2.0))
    array.numpy()[0] = 7.0
    assert array.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("shape", "values"),
    [((2,), (1.0,)), ((), ()), ((0,), (1.0,)), ((-1, -2), (1.0, 2.0))],
    ids=["too few", "scalar without a number", "too many", "negative extents"],
)
def test_values_must_fill_the_shape(shape, values):
    """Values that do not fill the shape are refused with both."""
    with pytest.raises(ProgramError, match=rf"got {len(values)} values for shape"):
        Array(shape, values)


def test_other_dtypes_are_refused_by_name():
    """Complex numbers are no part of the language."""
    with pytest.raises(ProgramError, match="got an array of dtype complex128, expected floats"):
        Array.of(np.array([1j]))


def test_kinds_differ():
    """Equal numbers of another kind are another array."""
    assert Array((1,), (1,), "int") != Array((1,), (1,), "float")


def test_rank_counts_axes():
    """The rank is the number of axes, not of elements."""
    assert [Array((), (1.0,)).rank, Array((1, 2), (1.0, 2.0)).rank] == [0, 2]


@pytest.mark.parametrize("kind", ["float", "int", "bool"])
@pytest.mark.parametrize("layout", ["transposed", "strided"])
def test_a_layout_is_a_view_of_the_same_numbers(layout, kind):
    """An array of another layout has the same numbers at the same places, and is not contiguous."""
    plain = Array((2, 3), (1, 0, 1, 1, 1, 0), kind)
    view = Array((2, 3), (1, 0, 1, 1, 1, 0), kind, layout).numpy()
    assert not view.flags.c_contiguous
    assert view.dtype == plain.numpy().dtype
    assert view.tolist() == plain.numpy().tolist()


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "strided"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (0,), (0, 2), (2, 1, 3)], ids=str)
def test_every_shape_has_every_layout(shape, layout):
    """Rank 0 and arrays without elements have a layout in name alone."""
    values = tuple(range(int(np.prod(shape))))
    array = Array(shape, values, "int", layout).numpy()
    assert array.shape == shape
    assert tuple(array.ravel().tolist()) == values
