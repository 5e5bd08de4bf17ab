"""Readable numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.numbers import (
    arrays,
    cotangents,
    grid,
    shapes_of_rank,
    some_shape,
)

DOMAINS = sorted({d for op in OPS.values() for d in op.domains}, key=repr)


def smallest(strategy, wanted=lambda _: True):
    """Return what a strategy shrinks to."""
    return find_smallest(strategy, wanted, seed=1, n_tries=200)


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_the_grid_lies_in_its_domain(domain):
    """Numbers keep to the ends and out of the hole, and none is zero."""
    for v in grid(domain):
        assert domain.low <= v <= domain.high
        assert abs(v) >= domain.hole
        assert v


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_the_grid_is_exact_in_single_precision(domain):
    """No engine loses a point for rounding an input."""
    assert all(float(np.float32(v)) == v for v in grid(domain))


def test_the_grid_is_complete():
    """All eighths are there, signs and both ends included."""
    assert sorted(grid(Domain(-0.25, 0.5))) == [-0.25, -0.125, 0.125, 0.25, 0.375, 0.5]


def test_the_simplest_numbers_come_first():
    """Whole numbers before halves before quarters, and positive ones before negative ones."""
    expected = (1.0, 2.0, -1.0, -2.0, 0.5, 1.5, -0.5, -1.5, 0.25)
    assert grid(Domain(-2.0, 2.0))[:9] == expected


@given(st.sampled_from(DOMAINS), st.data())
def test_arrays_fill_their_shape_from_the_grid(domain, data):
    """Arrays have the asked shape, and numbers of the domain alone."""
    shape = data.draw(shapes_of_rank(0, 1, 2, 3))
    array = data.draw(arrays(shape, domain))
    assert array.shape == shape
    assert set(array.values) <= set(grid(domain))


@given(shapes_of_rank(1, 2, 3).flatmap(cotangents))
def test_cotangents_have_no_equal_elements(array):
    """A cotangent of equal numbers would hide a permuted gradient; one of zeros, everything."""
    assert len(set(array.values)) == len(array.values)
    assert all(array.values)


def test_cotangents_are_signed(programs_of):
    """Both signs occur."""
    drawn = programs_of(st.builds(lambda a: a, cotangents((3,))).map(_as_program), 50)
    values = {v > 0 for p in drawn for v in p.instructions[0].array.values}
    assert values == {True, False}


def _as_program(array):
    from gradcheck_suite.program.instructions import Leaf, Program

    return Program((Leaf(array),))


def test_arrays_shrink_to_one_two_three():
    """The smallest array counts."""
    assert smallest(arrays((2, 2), Domain())).values == (1.0, 2.0, 3.0, 4.0)


def test_a_small_domain_repeats_its_numbers():
    """Where there are not enough numbers, an array is drawn all the same."""
    assert len(smallest(arrays((3, 3), Domain(0.0, 0.5))).values) == 9


@pytest.mark.parametrize(("rank", "shape"), [(0, ()), (1, (2,)), (2, (2, 3)), (3, (2, 3, 2))])
def test_shapes_shrink_to_unequal_extents(rank, shape):
    """The first shape of each rank has no equal neighbours, which would hide a transposition."""
    assert smallest(shapes_of_rank(rank)) == shape


@given(shapes_of_rank(1, 3))
def test_shapes_have_the_asked_ranks(shape):
    """Ranks that were not asked for do not come."""
    assert len(shape) in {1, 3}


@given(some_shape("scalar"))
def test_scalar_worlds_have_scalars_alone(shape):
    """A scalar engine is never shown an array."""
    assert shape == ()


def test_tensor_worlds_have_scalars_too():
    """A tensor program is drawn from rank 0 to 3, and shrinks to a scalar."""
    assert smallest(some_shape("tensor")) == ()
    assert [len(smallest(some_shape("tensor"), lambda s, n=n: len(s) == n)) for n in range(4)] == [
        0,
        1,
        2,
        3,
    ]
