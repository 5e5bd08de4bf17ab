"""Programs at the limits: what each strategy promises is in what it draws."""

from math import inf

import numpy as np
import pytest

from gradcheck_suite.program.instructions import Apply, Backward, Constant, Leaf
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies import limits
from gradcheck_suite.strategies.world import SCALARS, TENSORS


def rows(table):
    """Return the rows of a table as parameters, by the names of their ops."""
    return pytest.mark.parametrize("row", table, ids=[str(row) for row in table])


def arrays_of(program):
    """Return every array that a program hands to the engine."""
    made = [i for _, i in program.numbered()]
    found = [i.array for i in made if isinstance(i, (Leaf, Constant))]
    return found + [i.cotangent for i in made if isinstance(i, Backward) and i.cotangent]


@rows(limits.WITHOUT_ELEMENTS)
def test_something_is_without_elements(row, programs_of):
    """An operand or the result has an axis of extent 0."""
    for program in programs_of(limits.without_elements(row), 5):
        assert any(0 in shape for shape in shapes(program).values())


@rows(limits.OF_RANK_4)
def test_something_is_of_rank_4(row, programs_of):
    """An operand or the result has four axes, and nothing more than 24 elements."""
    for program in programs_of(limits.of_rank_4(row), 5):
        found = [*shapes(program).values()]
        assert 4 in map(len, found)
        assert max(int(np.prod(shape)) for shape in found) <= 24


@rows(limits.NON_CONTIGUOUS)
def test_every_array_is_a_view(row, programs_of):
    """Operands and cotangent are contiguous by chance alone: where an axis has extent 1."""
    for program in programs_of(limits.non_contiguous(row), 5):
        found = arrays_of(program)
        assert len(found) > 1
        assert all(a.layout != "contiguous" for a in found if a.shape)


def in_worlds(table):
    """Return the rows with each world that has their ops."""
    return [
        pytest.param(row, world, id=f"{row}-{world.kind}")
        for row in table
        for world in (SCALARS, TENSORS)
        if world is TENSORS or OPS[row[0][0]].is_elementwise
    ]


@pytest.mark.parametrize(("row", "world"), in_worlds(limits.MAGNITUDES))
def test_magnitudes_are_far_from_one_and_exact_in_float32(row, world, programs_of):
    """Every operand is beyond a billion or below a billionth, and float32 has it as it is."""
    for program in programs_of(limits.magnitudes(row, world), 20):
        values = [v for _, i in program.numbered() if isinstance(i, Leaf) for v in i.array.values]
        assert all(abs(v) > 2.0**25 or abs(v) < 2.0**-25 for v in values)
        assert all(float(np.float32(v)) == v for v in values)


@rows(limits.POLES)
def test_a_pole_stands_among_other_numbers(row, programs_of):
    """One element is at a pole of the op, the others are not, and some are summed up."""
    programs = programs_of(limits.poles(row), 30)
    for program in programs:
        operands = [i.array.values for _, i in program.numbered() if isinstance(i, Leaf)]
        at_pole = [all(v in row[1][k] for k, v in enumerate(vs)) for vs in zip(*operands)]  # noqa: B905 - of one length
        assert any(at_pole)
        assert len(at_pole) > 1
    ops = {i.op for program in programs for _, i in program.numbered() if isinstance(i, Apply)}
    assert ops == {row[0], "sum"}


@rows(limits.INFINITE)
def test_one_input_is_minus_infinity(row, programs_of):
    """A mask of minus infinity leaves at least one number."""
    for program in programs_of(limits.infinite_inputs(row), 20):
        values = arrays_of(program)[0].values
        assert values.count(-inf) == 1 < len(values)


@pytest.mark.parametrize("guarded", [False, True])
@rows(limits.MASKED)
def test_a_mask_leaves_out_what_has_no_number(row, guarded, programs_of):
    """Some elements are kept, some left out, and those alone are outside of the domain."""
    for program in programs_of(limits.masked(row, guarded=guarded), 20):
        numbers, condition = (a.values for a in arrays_of(program)[:2])
        assert set(condition) == {True, False}
        assert [v > 0 for v in numbers] == [*condition]
        wheres = [i for _, i in program.numbered() if isinstance(i, Apply) and i.op == "where"]
        assert len(wheres) == 1 + guarded


def test_negative_bases_have_whole_exponents(programs_of):
    """Every base is negative, and the exponent asks for a gradient where it is to be tracked."""
    for tracked in (False, True):
        for program in programs_of(limits.negative_bases(tracked=tracked), 20):
            bases, exponents = arrays_of(program)[:2]
            assert max(bases.values) < 0
            assert all(v.is_integer() for v in exponents.values)
            assert isinstance(program.instructions[1], Leaf if tracked else Constant)
