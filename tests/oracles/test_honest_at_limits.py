"""Right engines that compute in other ways are right at the limits too."""

from collections.abc import Callable
from functools import cache

import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.program.features import ops_used
from gradcheck_suite.properties.catalogue import select
from gradcheck_suite.properties.judging import judge
from tests.oracles.test_honest_variants import PAIRS, PRECISIONS, VARIANTS

# The logarithm of a negative base is NaN: such an engine has not what the property asks for.
_NOT_ASKED = {("power", "through-log"): "negative_base"}


@cache
def cases() -> dict[str, tuple[Case, ...]]:
    """Return the cases of every edge."""
    return dict(build(select("edges"), seed=7, n_cases=30).cases)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("op", "name"), PAIRS, ids=[f"{op}-{name}" for op, name in PAIRS])
def test_an_honest_way_to_compute_an_op_passes_every_edge(
    op: str, name: str, dtype: str, make_engine: Callable[..., SpelledEngine]
):
    """Without elements, at rank 4, huge, tiny, as a view, at a pole or beside it."""
    engine = make_engine({op: VARIANTS[op][name]}, dtype)
    wrong = [
        edge
        for edge, asked in cases().items()
        for case in asked
        if op in ops_used(case.program) and edge != _NOT_ASKED.get((op, name))
        if not judge(case.sheets, run(case.program, engine), strict_shape=True).right
    ]
    assert wrong == []
