"""Whole expressions: long, of every sort of op, decidable, and shrinking to one op."""

import pytest

from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Program, flatten
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.strategies.drawing import draw, find_smallest
from gradcheck_suite.strategies.expression import WORDS, op_of
from gradcheck_suite.strategies.expressions import expressions, linear_in_cotangent
from gradcheck_suite.strategies.world import FAMILIES, SCALARS, TENSORS, World

WORLDS = pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda world: world.kind)
N = 24


def applied(program: Program) -> list[Apply]:
    """Return the ops of a program."""
    return [i for i in flatten(program.instructions) if isinstance(i, Apply)]


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Program]]:
    """Return expressions of all strata, by world."""
    entry = CATALOGUE["expressions"]
    return {
        world.kind: [p for s in entry.draws(world) for p in draw(s, N, 5, lambda _: True)]
        for world in (SCALARS, TENSORS)
    }


@WORLDS
def test_expressions_are_long(world: World, drawn: dict[str, list[Program]]):
    """Between one op and thirty, and more than eight of them in half of all."""
    sizes = [len(applied(p)) for p in drawn[world.kind]]
    assert min(sizes) == 1
    assert 25 <= max(sizes) <= 31
    assert sum(n > 8 for n in sizes) > len(sizes) / 2


@WORLDS
def test_most_ops_are_on_the_way_to_the_root(world: World, drawn: dict[str, list[Program]]):
    """Two thirds of what is computed has a part in the result."""
    n_all = n_reached = 0
    for program in drawn[world.kind]:
        made = dict(program.numbered())
        stack = [i.x for i in made.values() if isinstance(i, Backward)]
        seen: set[int] = set()
        while stack:
            x = stack.pop()
            if x not in seen and isinstance(made[x], Apply):
                seen.add(x)
                stack += made[x].args
        n_all += len(applied(program))
        n_reached += len(seen)
    assert n_reached >= n_all * 2 / 3


@WORLDS
def test_expressions_can_be_answered(world: World, drawn: dict[str, list[Program]]):
    """Two thirds of them have a certified answer."""
    entry = CATALOGUE["expressions"]
    cases = [case_of(entry, p) for p in drawn[world.kind][::3]]
    assert sum(case is not None for case in cases) >= len(cases) * 2 / 3


def test_every_word_is_written(drawn: dict[str, list[Program]]):
    """Each op of the table stands in some expression, on operands of one shape and of several."""
    found = {i.op for programs in drawn.values() for p in programs for i in applied(p)}
    assert found == {op_of(word) for word in WORDS} - {"log_softmax"}


def test_operands_are_stretched(drawn: dict[str, list[Program]]):
    """In a sixth of the expressions on arrays a product or a sum broadcasts."""
    n = 0
    for program in drawn["tensor"]:
        known = shapes(program)
        pairs = [[known[a] for a in i.args] for i in applied(program) if i.op in {"mul", "add"}]
        n += any(len(set(pair)) > 1 for pair in pairs)
    assert n > len(drawn["tensor"]) / 6


@pytest.mark.parametrize("name", ["expressions", "linear_in_cotangent", "zero_cotangent"])
def test_scalar_worlds_have_scalars_alone(name: str):
    """No array, and no op of arrays, is drawn for an engine of scalars."""
    strata = CATALOGUE[name].draws(SCALARS)
    for program in (p for s in strata for p in draw(s, N, 5, lambda _: True)):
        assert set(shapes(program).values()) == {()}


def test_an_expression_shrinks_to_the_op_that_is_wrong():
    """A product of matrices is left with what makes an array, and a first operator."""
    program = find_smallest(
        expressions(TENSORS, FAMILIES[-1]),
        lambda p: any(i.op == "matmul" for i in applied(p)),
        seed=5,
        n_tries=200,
    )
    assert [i.op for i in applied(program)] == ["mul", "mul", "matmul"]


def test_any_program_shrinks_to_one_product():
    """The smallest expression is 1 * 1."""
    program = find_smallest(expressions(TENSORS), lambda _: True, seed=5, n_tries=50)
    leaves = [i.array.values for i in program.instructions if isinstance(i, Leaf)]
    assert ([i.op for i in applied(program)], leaves) == (["mul"], [(1.0,), (1.0,)])


def test_the_last_cotangent_is_a_sum():
    """c, with a zero in it where it is long enough; d; and c + 2 d."""
    for program in draw(linear_in_cotangent(TENSORS), N, 5, lambda _: True):
        c, d, both = (i.cotangent.values for i in program.instructions if isinstance(i, Backward))
        assert both == tuple(x + 2 * y for x, y in zip(c, d, strict=True))
        assert (0.0 in c) == (len(c) > 1)
        assert max(map(abs, d)) >= 32
