"""Literals: what is printed of an array is Python that makes the same array."""

from math import inf

import numpy as np
import pytest

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.literals import array_text

ARRAYS = {
    "scalar": Array((), (0.5,)),
    "matrix": Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)),
    "infinite": Array((2,), (inf, -inf)),
    "empty": Array((0, 3), ()),
    "transposed": Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), layout="transposed"),
    "transposed-cube": Array((1, 3, 2), tuple(map(float, range(6))), layout="transposed"),
    "strided": Array((2, 3), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0), layout="strided"),
    "strided-scalar": Array((), (2.0,), layout="strided"),
    "strided-empty": Array((2, 0), (), layout="strided"),
    "strided-bool": Array((3,), (True, False, True), "bool", "strided"),
}


def steps(array: np.ndarray) -> list[int]:
    """Return the strides in elements; without elements they mean nothing."""
    return [n // array.itemsize for n in array.strides] if array.size else []


@pytest.mark.parametrize("dtype", ["", "np.float32"])
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_the_text_of_an_array_makes_it_again(array: Array, dtype: str):
    """Shape, numbers and the order in memory are those of the array itself."""
    made = eval(array_text(array, dtype), {"np": np})  # noqa: S307 - our own text
    wanted = array.numpy()
    assert made.dtype == (np.float32 if dtype else wanted.dtype)
    assert made.shape == wanted.shape
    assert made.tolist() == wanted.tolist()
    assert steps(made) == steps(wanted)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("transposed", "np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]).T"),
        ("strided-bool", "np.array([True, False, True]).repeat(2, axis=-1)[..., ::2]"),
        ("infinite", "np.array([float('inf'), float('-inf')])"),
        ("empty", "np.zeros((0, 3), dtype=np.float64)"),
    ],
)
def test_a_view_is_written_as_one(name: str, text: str):
    """A reader sees how the array came to its layout."""
    assert array_text(ARRAYS[name]) == text
