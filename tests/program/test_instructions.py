"""The numbering of instructions."""

from dataclasses import FrozenInstanceError

import pytest

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Mode, Program, Slice

LEAF = Leaf(Array((), (2.0,)))
SQUARE = Apply("mul", (0, 0))


def test_bodies_continue_the_count():
    """A Mode stands before what it holds, and what follows it is numbered after its body."""
    inner = Mode("enable_grad", (SQUARE,))
    outer = Mode("no_grad", (inner, SQUARE))
    program = Program((LEAF, outer, Backward(5)))
    assert list(program.numbered()) == [
        (0, LEAF),
        (1, outer),
        (2, inner),
        (3, SQUARE),
        (4, SQUARE),
        (5, Backward(5)),
    ]


def test_programs_are_values():
    """Programs made alike are equal and hash alike: they serve as keys."""
    made = [Program((LEAF, Mode("no_grad", (SQUARE,)))) for _ in range(2)]
    assert len(set(made)) == 1


def test_programs_are_frozen():
    """No one changes a program that others hold."""
    with pytest.raises(FrozenInstanceError):
        LEAF.requires_grad = False


@pytest.mark.parametrize("part", [Slice(), Slice(1, 4, 2), Slice(None, None, -1)], ids=str)
def test_slices_are_pythons(part):
    """A Slice picks what Python's slice of the same ends picks."""
    expected = list(range(6))[slice(part.start, part.stop, part.step)]
    assert list(range(6))[part.python()] == expected
