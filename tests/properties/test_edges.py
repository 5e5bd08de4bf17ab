"""Kinks: right engines choose as they like among the subgradients."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any, Final

import pytest

import reference
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import Verdict
from tests.properties.test_killers import exam_of, result_of


def flat_at_bounds(x: Any, low: float = -inf, high: float = inf) -> Any:
    """Clip with the derivative 0 at a bound."""
    return reference.hardtanh(x, low, high)


def sideways(x: Any, order: float, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the norm; at zero its derivative is that of the first component."""
    norm = x.norm(ord=order, axis=axis, keepdims=keepdims)
    if order != 2 or keepdims or isinstance(axis, tuple):
        return norm
    first = x.reshape((-1,))[0] if axis is None else x[(slice(None),) * (axis % x.ndim) + (0,)]
    return reference.where(norm.data == 0, first, norm)


def engine_with(ops: Mapping[str, str]) -> SpelledEngine:
    """Return the reference with other templates of some ops."""
    known = known_engine("reference")
    texts = tuple((dict(known.spelling.ops) | dict(ops)).items())
    names = {"flat_at_bounds": flat_at_bounds, "sideways": sideways}
    return SpelledEngine(replace(known.spelling, ops=texts), {**known.namespace, **names})


CHOICES: Final = {
    "relu: 1": ("relu", "reference.where(x >= 0, x, 0.0)"),
    "relu: 1/2": ("relu", "reference.maximum(x, 0.0)"),
    "abs: 1": ("abs", "reference.where(x >= 0, x, -x)"),
    "abs: -1": ("abs", "reference.where(x > 0, x, -x)"),
    "leaky_relu: 1": ("leaky_relu", "reference.where(x >= 0, x, negative_slope * x)"),
    "elu: 1": ("elu", "reference.where(x >= 0, x, reference.elu(x, alpha))"),
    "hardtanh: 1": ("hardtanh", "x.clip(min_val, max_val)"),
    "clip: 0": ("clip", "flat_at_bounds(x, low=low, high=high)"),
    "maximum: left": ("maximum", "reference.where(x >= y, x, y)"),
    "maximum: right": ("maximum", "reference.where(x > y, x, y)"),
    "minimum: left": ("minimum", "reference.where(x <= y, x, y)"),
    "max_with_indices: shared": ("max_with_indices", "x.max(axis=axis, keepdims=keepdims)"),
    "norm: sideways": ("norm", "sideways(x, ord, axis=axis, keepdims=keepdims)"),
}
"""What right engines choose at kinks, besides the reference's own choice."""


@pytest.mark.parametrize(("op", "text"), CHOICES.values(), ids=CHOICES)
def test_every_subgradient_is_right(op: str, text: str):
    """Another choice at the kink is no fault, there or elsewhere."""
    engine = engine_with({op: text})
    verdicts = {what: result_of(f"{what}[{op}]", engine).verdict for what in ("gradient", "kinks")}
    assert verdicts == {"gradient": Verdict.PASS, "kinks": Verdict.PASS}


def test_the_first_of_a_tie_may_have_it_all():
    """One of the largest elements gets all of the cotangent, or each of them a share."""
    first = "reference.max_with_indices(x, axis)[0] if axis is not None else x.max()"
    engine = engine_with({"max.axis": first})
    assert result_of("kinks[max]", engine).verdict is Verdict.PASS


DTYPES: Final = ("float64", "float32")
EDGES: Final = [name for name in CATALOGUE if name.startswith(("kinks[", "stable["))]


@pytest.mark.needs_module("torch")
@pytest.mark.parametrize("name", EDGES)
def test_all_witnesses_saw_every_case(name: str):
    """The reference and torch compute every program of an edge, in both precisions."""
    witnesses = {f"{who} {dtype}" for who in ("reference", "torch") for dtype in DTYPES}
    assert all(witnesses <= {*case.agreed} for case in exam_of(name).cases[name])


@pytest.mark.parametrize("name", EDGES)
def test_what_is_told_names_the_op(name: str):
    """The title says which op it is about; the lesson is of whole sentences."""
    entry = CATALOGUE[name]
    assert entry.lesson.endswith(".")
    assert entry.op in entry.title
