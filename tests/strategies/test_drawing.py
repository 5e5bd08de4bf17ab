"""Drawing: the same programs on any machine."""

import os
import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.codec import encode
from gradcheck_suite.program.instructions import (
    Apply,
    Constant,
    Leaf,
    Mode,
    Observe,
    Program,
)
from gradcheck_suite.strategies.drawing import (
    EnoughError,
    draw,
    find_smallest,
    n_steps,
    seed_for,
    size,
)
from gradcheck_suite.strategies.expressions import expressions
from gradcheck_suite.strategies.world import TENSORS

SCRIPT = """
from hashlib import sha256
{extra}
from gradcheck_suite.program.codec import encode
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.strategies.drawing import draw, find_smallest
from gradcheck_suite.strategies.expressions import expressions
from gradcheck_suite.strategies.world import TENSORS
drawn = draw(expressions(TENSORS), 30, 5, lambda p: True)
found = find_smallest(expressions(TENSORS), lambda p: len(p.instructions) > 9, seed=5, n_tries=60)
print(sha256(b"".join(map(encode, (*drawn, found)))).hexdigest())
"""
EXTRA = """
import sys
sys.path.insert(0, {folder!r})
import local_constants
import reference, gradcheck_suite.exams.build, sympy
"""


def numbers(most=1000):
    """Return a strategy of programs of one whole number."""
    return st.integers(0, most).map(lambda k: Program((Leaf(Array((), (float(k),))),)))


def value(program):
    """Return the number of such a program."""
    return program.instructions[0].array.values[0]


@pytest.mark.parametrize(
    "changes",
    [{"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "77", "CI": "1"}, {"PYTHONHASHSEED": "0"}],
    ids=["hash seed", "CI", "more modules"],
)
def test_other_processes_draw_the_same(changes, tmp_path):
    """Neither the hash seed, nor CI, nor the code that is loaded changes what is drawn."""
    drawn = draw(expressions(TENSORS), 30, 5, lambda _: True)
    found = find_smallest(
        expressions(TENSORS), lambda p: len(p.instructions) > 9, seed=5, n_tries=60
    )
    here = sha256(b"".join(map(encode, (*drawn, found)))).hexdigest()
    constants = "\n".join(f"A{k} = {k + 1000003}; B{k} = {k}.140625" for k in range(50))
    (tmp_path / "local_constants.py").write_text(constants)
    extra = EXTRA.format(folder=str(tmp_path)) if changes["PYTHONHASHSEED"] == "0" else ""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(extra=extra)],
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == here


def test_another_seed_draws_others():
    """The seed decides."""
    drawn = [draw(numbers(), 20, seed, lambda _: True) for seed in (1, 2)]
    assert drawn[0] != drawn[1]


def test_programs_differ_and_come_smallest_first():
    """No program comes twice, and sizes ascend."""
    drawn = draw(expressions(TENSORS), 60, 3, lambda _: True)
    assert len(set(drawn)) == len(drawn) == 60
    assert list(map(size, drawn)) == sorted(map(size, drawn))


def test_only_what_is_kept_is_drawn():
    """What keep refuses does not come, and it is not asked again for what it kept."""
    asked = []

    def keep(program):
        asked.append(program)
        return value(program) % 2 == 0

    drawn = draw(numbers(), 30, 1, keep)
    assert len(drawn) == 30
    assert all(value(p) % 2 == 0 for p in drawn)
    kept = [p for p in asked if value(p) % 2 == 0]
    assert len(set(kept)) == len(kept)


def test_a_small_strategy_is_exhausted():
    """Where there are fewer programs, all of them come, and no error."""
    assert len(draw(numbers(4), 50, 1, lambda _: True)) == 5


def test_an_error_of_keep_is_passed_on():
    """A JuryError stops the build."""
    with pytest.raises(ZeroDivisionError):
        draw(numbers(), 5, 1, lambda _: 1 // 0)


def test_the_smallest_is_found():
    """Shrinking stops at the boundary."""
    found = find_smallest(numbers(), lambda p: value(p) > 17, seed=1, n_tries=200)
    assert value(found) == 18


def test_nothing_wanted_gives_none():
    """None says that no program was found."""
    assert find_smallest(numbers(), lambda _: False, seed=1, n_tries=50) is None


def test_wanted_is_asked_once_for_each_program():
    """An engine is not run twice on one program: it may be slow."""
    asked = []

    def wanted(program):
        asked.append(program)
        return value(program) > 5

    find_smallest(numbers(30), wanted, seed=1, n_tries=100)
    assert len(asked) == len(set(asked))


def test_seeds_depend_on_the_texts_alone():
    """The same parts give the same seed in every version; order and borders count."""
    assert seed_for(0, "gradient[mul]", "scalar") == seed_for("0", "gradient[mul]", "scalar")
    assert seed_for("a", "b") != seed_for("b", "a") != seed_for("ab")
    assert seed_for(0) == int.from_bytes(sha256(b"0").digest()[:8], "big")


def test_size_orders_by_instructions_then_elements_then_digits():
    """A longer program is larger, whatever its numbers."""
    one = Program((Leaf(Array((), (1.0,))),))
    digits = Program((Leaf(Array((), (1.125,))),))
    elements = Program((Leaf(Array((2,), (1.0, 2.0))),))
    longer = Program((Leaf(Array((), (1.0,))), Observe("value", 0)))
    assert size(one) < size(digits) < size(elements) < size(longer)


def test_steps_are_what_does_something():
    """Leaves, constants and looks are no steps; a mode and each of its ops are."""
    leaf = Leaf(Array((), (1.0,)))
    mode = Mode("no_grad", (Apply("exp", (0,)), Observe("value", 3)))
    assert n_steps(Program((leaf, Constant(leaf.array), mode))) == 2


def test_nothing_is_drawn_beyond_what_is_wanted():
    """Drawing ends with the last program that is kept, though more might have been drawn."""
    kept = []
    draw(numbers(), 5, 1, lambda program: kept.append(program) or True)
    assert len(kept) == 5


def test_whoever_takes_programs_may_end_the_drawing():
    """EnoughError ends the drawing, and what was kept until then is returned."""
    kept = []

    def keep(program):
        if len(kept) == 2:
            raise EnoughError
        kept.append(program)
        return True

    assert sorted(draw(numbers(), 5, 1, keep), key=size) == sorted(kept, key=size)
