"""Gradient arrays: a fault of dtype, precision or sharing is told once, under its own property."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import reference
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.properties.arrays import ARRAYS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict

Results = dict[str, PropertyResult]
OPS = ("mul", "sum", "add", "sub", "div", "tanh", "relu", "exp", "mean", "matmul", "softmax")
THEMES = (
    "whole expressions",
    "sharing and accumulation",
    "graph lifetime",
    "leaves and flags",
    "detach, no_grad",
    "training runs",
)
IDS = (
    *(f"{what}[{op}]" for what in ("value", "gradient") for op in OPS),
    *(e.id for e in ARRAYS),
    *(e.id for e in CATALOGUE.values() if e.theme in THEMES and not e.isolated),
)


class CoarseSum(reference.Function):
    """The sum of all elements, computed in float32 and kept as ``dtype``."""

    @staticmethod
    def forward(ctx: Any, x: Any, axis: Any, keepdims: Any, dtype: str) -> Any:
        """Add in float32."""
        ctx.shape, ctx.axis, ctx.kept = x.shape, axis, keepdims
        return x.data.astype(np.float32).sum(axis=axis, keepdims=keepdims).astype(dtype)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Hand the cotangent to every element."""
        g = cotangent.data
        if ctx.axis is not None and not ctx.kept:
            g = np.expand_dims(g, ctx.axis)
        return np.broadcast_to(g, ctx.shape).copy(), None, None, None


class Rounded(reference.Function):
    """The identity by way of float32, as often as it is differentiated."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Round the value."""
        return x.data.astype(np.float32).astype(x.data.dtype)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Round the cotangent."""
        return Rounded.apply(cotangent)


class RoundedBackward(reference.Function):
    """The identity, with a backward in float32."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Hand the value through."""
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Round the cotangent."""
        return Rounded.apply(cotangent)


def coarse_sum(x: Any, axis: Any = None, keepdims: Any = False, dtype: str = "float64") -> Any:
    """Return a sum of float32."""
    return CoarseSum.apply(x, axis, keepdims, dtype)


def as_dtype(x: Any, dtype: str) -> Any:
    """Return the gradient in another dtype."""
    return None if x.grad is None else x.grad.data.astype(dtype)


def clipped(x: Any) -> Any:
    """Return relu(x), written into ``x`` as well."""
    result = reference.relu(x)
    np.maximum(x.data, 0, out=x.data)
    return result


NAMES = {
    "coarse_sum": coarse_sum,
    "RoundedBackward": RoundedBackward,
    "as_dtype": as_dtype,
    "clipped": clipped,
}
SUM = "coarse_sum(x, axis=axis, keepdims=keepdims)"
ENGINES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a sum by way of float32": ({"sum": SUM}, {}, "precision"),
    "a sum that comes out as float32": (
        {"sum": "coarse_sum(x, axis=axis, keepdims=keepdims, dtype='float32')"},
        {},
        "precision",
    ),
    "a backward by way of float32": ({"tanh": "RoundedBackward.apply(x).tanh()"}, {}, "precision"),
    "gradients of float32 in an engine of float64": (
        {},
        {"grad": "as_dtype(x, 'float32')"},
        "gradient_dtype",
    ),
    "gradients of float64 in an engine of float32": (
        {},
        {"grad": "as_dtype(x, 'float64')", "dtype": "float32"},
        "gradient_dtype",
    ),
    "an engine of float32": ({}, {"dtype": "float32"}, ""),
    "relu in place": ({"relu": "clipped(x)"}, {}, "inputs_unchanged"),
}


@pytest.mark.parametrize(("ops", "fields", "broken"), ENGINES.values(), ids=ENGINES)
def test_a_fault_of_the_arrays_costs_its_own_property_alone(
    ops: dict[str, str],
    fields: dict[str, str],
    broken: str,
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """What fails is the one property; whatever else is judged passes."""
    found = verdicts_of(make_engine(ops, NAMES, **fields), *IDS, with_findings=False)
    assert [name for name, r in found.items() if r.verdict.is_bad] == [broken] * bool(broken)


def test_what_does_not_use_the_coarse_op_is_judged_by_all_its_digits(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """A sum in float32 does not hide that tanh is off by a relative 1e-9."""
    off = {"sum": SUM, "tanh": "x.tanh() + (x - x.detach()) * 1e-9"}
    found = verdicts_of(make_engine(off, NAMES), *IDS, with_findings=False)
    failed = {name for name, result in found.items() if result.verdict.is_bad}
    assert failed == {"gradient[tanh]", "precision"}


def test_a_coarse_op_is_named_and_its_smallest_program_shown(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """The finding is the sum of one number that float32 has not."""
    finding = verdicts_of(make_engine({"sum": SUM}, NAMES), *IDS)["precision"].finding
    assert finding is not None
    assert finding.place == "the op sum"
    assert finding.listing.splitlines()[1:] == [
        "b = coarse_sum(a)",
        "b.data  # got 0.9990000128746033, expected 0.999",
    ]


def test_arrays_that_are_shared_and_written_into_cost_one_property(
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
    monkeypatch: pytest.MonkeyPatch,
):
    """What else adds to a gradient that another leaf may hold is blocked, not failed."""

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            if owner.grad is None:
                owner.grad = cotangent
            else:
                owner.grad.data[...] += cotangent.data

        return accumulate

    verdicts_of(make_engine(), *IDS)  # the jury sits before the reference is changed
    monkeypatch.setattr(sys.modules["reference.tensor"], "_sink", sink)
    found = verdicts_of(make_engine(), *IDS, with_findings=False)
    assert [name for name, r in found.items() if r.verdict.is_bad] == ["gradients_apart"]
    assert found["cotangent_unchanged"].verdict is Verdict.PASS
    assert found["accumulation"].verdict is Verdict.PASS


def test_sharing_arrays_is_right_where_nobody_writes_into_them(
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
    monkeypatch: pytest.MonkeyPatch,
):
    """One array may be the gradient of several leaves, and the caller's cotangent as well."""

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            owner.grad = cotangent if owner.grad is None else owner.grad + cotangent

        return accumulate

    verdicts_of(make_engine(), *IDS)  # the jury sits before the reference is changed
    monkeypatch.setattr(sys.modules["reference.tensor"], "_sink", sink)
    found = verdicts_of(make_engine(), *IDS)
    assert {result.verdict for result in found.values()} == {Verdict.PASS}
