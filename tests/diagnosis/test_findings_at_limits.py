"""Findings at the limits: their programs are shrunk, spelled and run like any other."""

import contextlib
import io
from collections.abc import Callable

import pytest

from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult

FLAG = "requires_grad=requires_grad"
# The property; what is wrong; what the listing has to show of the smallest program.
WRONG = {
    "ieee_values": (
        {"ops": {"log": "reference.log(reference.maximum(x, 1e-300))"}},
        ["np.array(0.0)", "expected -inf"],
    ),
    "infinite_inputs": (
        {"ops": {"softmax": "reference.softmax(x - x.min(axis=axis, keepdims=True), axis=axis)"}},
        ["float('-inf')", "# got [nan, nan], expected ["],
    ),
    "masked_nan": (
        {"ops": {"where": "x * np.where(condition, 1, 0) + y * (1 - condition)"}},
        ["np.array(False)", "got nan, expected -1.0"],
    ),
    "non_contiguous": (
        {"leaf": f"reference.Tensor(np.ravel(data, order='K').reshape(data.shape), {FLAG})"},
        ["]]).T, "],
    ),
    "magnitudes": (
        {"ops": {"sqrt": "reference.sqrt(x + 1e-24)"}},
        ["reference.sqrt(a + 1e-24)"],
    ),
    "rank_4": (
        {"ops": {"tanh": "reference.tanh(x) * (1 + (x.ndim == 4))"}},
        ["got [[[["],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_finding_at_the_limits_shows_what_is_wrong(
    name: str,
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., dict[str, PropertyResult]],
):
    """The listing has it in the engine's spelling, the snippet runs, and the place is said."""
    engine, shown = WRONG[name]
    found = verdicts_of(make_engine(**engine), name)[name].finding
    assert found is not None
    assert [text for text in shown if text not in found.listing] == []
    assert found.place.endswith(CATALOGUE[name].title) or found.place.startswith("the op ")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(found.snippet, {})  # noqa: S102 - a finding's snippet is there to be run
    wrong = next(look for look in found.comparisons if not look.right)
    assert f"  expected {wrong.expected}\n" in out.getvalue()


def test_a_call_that_raises_without_elements_is_shown(
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., dict[str, PropertyResult]],
):
    """A sum that begins with the first element has none to begin with."""
    first = "x.sum(axis=axis, keepdims=keepdims) + 0 * x[(0,) * x.ndim]"
    found = verdicts_of(make_engine({"sum": first}), "zero_size")["zero_size"].finding
    assert found is not None
    assert "np.zeros((0,), dtype=np.float64)" in found.listing
    assert any(look.actual.startswith("IndexError") for look in found.comparisons)
