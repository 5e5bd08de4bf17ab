"""Every strategy of the floor, by a readable name."""

from functools import partial
from itertools import product

import pytest
from hypothesis import strategies as st

from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.training import TRAINING
from gradcheck_suite.strategies import deep
from gradcheck_suite.strategies.calls import (
    calls,
    gradient_programs,
    plain_number_programs,
    value_programs,
)
from gradcheck_suite.strategies.drawing import draw
from gradcheck_suite.strategies.forms import broadcast_forms
from gradcheck_suite.strategies.world import SCALARS, TENSORS
from tests.strategies.all_sessions import SESSIONS


def _by_name():
    found = {}
    for world in (SCALARS, TENSORS):
        for name, strategy in SESSIONS.items():
            found[f"{name}-{world.kind}"] = strategy(world)
        for entry in TRAINING:
            for k, strategy in enumerate(entry.draws(world)):
                found[f"{entry.id}-{world.kind}-{k}"] = strategy
        for name in deep.__all__:
            for k, strategy in enumerate(getattr(deep, name)(world)):
                found[f"{name}-{world.kind}-{k}"] = strategy
        for op in OPS.values():
            if op.is_elementwise or world is TENSORS:
                found[f"value-{op.name}-{world.kind}"] = value_programs(calls(op, world))
                of_gradient = gradient_programs(op, calls(op, world))
                found[f"gradient-{op.name}-{world.kind}"] = of_gradient
            if op.signature == "binary" and op.operators:
                for left, whole in product((False, True), repeat=2):
                    drawn = plain_number_programs(op, world, left=left, whole=whole)
                    found[f"plain-{op.name}-{world.kind}-{left}-{whole}"] = drawn
    for op in OPS.values():
        if op.signature in {"binary", "where"}:
            found[f"broadcast-{op.name}"] = gradient_programs(op, st.one_of(*broadcast_forms(op)))
    return found


STRATEGIES = _by_name()


@pytest.fixture(scope="session")
def programs_of():
    """Return a function that draws programs of a strategy: the same ones in every run."""
    return partial(draw, seed=1, keep=lambda _: True)


@pytest.fixture(scope="module", params=STRATEGIES)
def some_programs(request, programs_of):
    """Return programs of each strategy of the suite in turn, drawn once for all tests of a file."""
    return programs_of(STRATEGIES[request.param], 25)
