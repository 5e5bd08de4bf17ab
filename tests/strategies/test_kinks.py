"""Kinks and stability: every strategy draws the point that it is for."""

from math import inf

import pytest

from gradcheck_suite.program.instructions import Apply, Leaf
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.drawing import find_smallest
from gradcheck_suite.strategies.kinks import kinks
from gradcheck_suite.strategies.stability import stress
from gradcheck_suite.strategies.world import SCALARS, TENSORS

AT_ZERO = ("relu", "abs", "leaky_relu", "elu", "softplus", "sqrt", "cbrt", "pow")
OVERFLOWING = ("sigmoid", "tanh", "softplus", "silu", "elu", "softmax", "logsumexp")


def drawn(strategies, programs_of, n=40):
    """Return (numbers of each leaf, settings) of the last op, for programs of each strategy."""
    found = []
    for strategy in strategies:
        for program in programs_of(strategy, n):
            instructions = [i for _, i in program.numbered()]
            leaves = [i.array for i in instructions if isinstance(i, Leaf)]
            apply = [i for i in instructions if isinstance(i, Apply)][-1]
            found.append((leaves, OPS[apply.op].settings(apply.attrs)))
    return found


@pytest.mark.parametrize("name", AT_ZERO)
@pytest.mark.parametrize("world", [SCALARS, TENSORS], ids=lambda world: world.kind)
def test_one_element_is_zero_and_no_other(name, world, programs_of):
    """A kink stands among ordinary numbers."""
    for (x,), _ in drawn(kinks(OPS[name], world), programs_of):
        assert x.values.count(0.0) == 1


@pytest.mark.parametrize("name", ["clip", "hardtanh"])
def test_both_bounds_are_met_under_every_setting(name, programs_of):
    """Some element is at a bound; each bound of each setting is drawn."""
    op = OPS[name]
    met = set()
    for (x,), settings in drawn(kinks(op, TENSORS), programs_of):
        at = {(b, settings[b]) for b in op.bounds if settings[b] in x.values}
        assert at
        met |= at
    assert met >= {
        (b, op.settings(attrs)[b])
        for _, attrs in op.examples
        for b in op.bounds
        if op.settings(attrs)[b] is not None
    }


@pytest.mark.parametrize("name", ["max", "min", "max_with_indices", "max_pool2d"])
def test_extremes_are_shared(name, programs_of):
    """The extreme stands there twice, or every number has a copy."""
    for (x,), _ in drawn(kinks(OPS[name], TENSORS), programs_of):
        extreme = min(x.values) if name == "min" else max(x.values)
        assert x.values.count(extreme) == 2 or x.shape == (2, 1)


@pytest.mark.parametrize("name", ["maximum", "minimum", "logaddexp"])
def test_operands_are_equal(name, programs_of):
    """Every element ties with that of the other operand, or with itself."""
    for leaves, _ in drawn(kinks(OPS[name], TENSORS), programs_of):
        assert leaves[0] == leaves[-1]


@pytest.mark.parametrize(("name", "n_zeros"), [("prod", {1, 2}), ("cumprod", {1, 2})])
def test_products_have_one_zero_or_two(name, n_zeros, programs_of):
    """A second zero makes every derivative zero, also that of the first one."""
    cases = drawn(kinks(OPS[name], TENSORS), programs_of)
    assert {x.values.count(0.0) for (x,), _ in cases} == n_zeros


def test_norms_are_asked_at_the_kink_of_their_order(programs_of):
    """Zeros for the orders 1 and 2, two largest magnitudes for infinity."""
    for (x,), settings in drawn(kinks(OPS["norm"], TENSORS), programs_of):
        if settings["ord"] == inf:
            assert {5.0, -5.0} <= {*x.values}
        else:
            assert 0.0 in x.values


@pytest.mark.parametrize("name", OVERFLOWING)
def test_some_number_is_large(name, programs_of):
    """Most programs have a number that exp overflows at, or underflows."""
    cases = drawn(stress(OPS[name], TENSORS), programs_of)
    assert sum(max(map(abs, x.values)) >= 800 for (x,), _ in cases) > len(cases) / 2


@pytest.mark.parametrize("name", ["log1p", "expm1"])
def test_tiny_numbers_are_below_the_last_digit_of_one(name, programs_of):
    """1 + x is 1, in float64 too."""
    for (x,), _ in drawn(stress(OPS[name], TENSORS), programs_of):
        assert all(1 + v == 1 != v for v in x.values)


@pytest.mark.parametrize("name", ["relu", "maximum", "max", "norm", "std", "pow", "max_pool2d"])
def test_kinks_shrink_to_few_numbers(name):
    """What a student reads first is the kink alone."""
    for strategy in kinks(OPS[name], TENSORS):
        smallest = find_smallest(strategy, lambda _: True, seed=1, n_tries=50)
        leaves = [i for _, i in smallest.numbered() if isinstance(i, Leaf)]
        assert sum(len(leaf.array.values) for leaf in leaves) <= 4
