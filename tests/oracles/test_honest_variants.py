"""Right engines compute in many ways, and each of them lies inside of the certified intervals."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge
from tests.oracles.array_variants import ARRAYS, MOVES
from tests.oracles.elementwise_variants import ELEMENTWISE

Array = Any


def keep(x: Array, axis: Any) -> tuple[int, ...]:
    """Return the shape of ``x`` with extent 1 along the reduced axes."""
    return np.sum(x, axis=axis, keepdims=True).shape


def count(x: Array, axis: Any) -> int:
    """Return how many elements each sum of a reduction has."""
    return x.size // max(np.sum(x, axis=axis).size, 1)


def extreme_by_mask(g: Array, v: Array, x: Array, *, axis: Any, keepdims: bool) -> Array:
    """Share among the elements that equal the extreme."""
    mask = (x == v.reshape(keep(x, axis))).astype(x.dtype)
    return g.reshape(keep(x, axis)) * mask / mask.sum(axis=axis, keepdims=True)


def softmax(x: Array, *, axis: int) -> Array:
    """Shift by the maximum, exponentiate, divide by the sum."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_by_product(x: Array, *, axis: int) -> Array:
    """Multiply by the reciprocal of the sum, unshifted."""
    e = np.exp(x)
    return e * (1 / e.sum(axis=axis, keepdims=True))


def softmax_by_logsumexp(x: Array, *, axis: int) -> Array:
    """Exponentiate the logarithm of softmax."""
    return np.exp(log_softmax(x, axis=axis))


def by_jacobian(g: Array, v: Array, x: Array, *, axis: int) -> Array:
    """Multiply by the full matrix diag(s) - s s^T."""
    s, c = np.moveaxis(v, axis, -1), np.moveaxis(g, axis, -1)
    outer = s[..., :, None] * s[..., None, :]
    jacobian = s[..., :, None] * np.eye(s.shape[-1], dtype=s.dtype) - outer
    return np.moveaxis((jacobian @ c[..., None])[..., 0], -1, axis)


def log_softmax(x: Array, *, axis: int) -> Array:
    """Subtract the logarithm of the sum of exponentials."""
    top = x.max(axis=axis, keepdims=True)
    return x - (top + np.log(np.exp(x - top).sum(axis=axis, keepdims=True)))


def log_softmax_vjp(g: Array, v: Array, x: Array, *, axis: int) -> Array:
    """Take softmax from the output."""
    return g - np.exp(v) * g.sum(axis=axis, keepdims=True)


def log_softmax_vjp_by_softmax(g: Array, v: Array, x: Array, *, axis: int) -> Array:
    """Compute softmax anew."""
    return g - softmax(x, axis=axis) * g.sum(axis=axis, keepdims=True)


def as_matrices(x: Array, y: Array, g: Array) -> tuple[Array, Array, Array]:
    """Give vectors their missing axis, and the cotangent its matrix shape."""
    a = x[None, :] if x.ndim == 1 else x
    b = y[:, None] if y.ndim == 1 else y
    return a, b, g.reshape(np.matmul(a, b).shape)


def matmul_by_broadcasting(x: Array, y: Array) -> Array:
    """Multiply all pairs and sum over the inner axis."""
    a, b, _ = as_matrices(x, y, np.matmul(x, y))
    return (a[..., :, :, None] * b[..., None, :, :]).sum(axis=-2).reshape(np.matmul(x, y).shape)


def fit(share: Array, x: Array) -> Array:
    """Sum a share over the batch axes that its operand does not have."""
    while share.ndim > max(x.ndim, 2):
        share = share.sum(axis=0)
    if x.ndim > 2:
        for axis in range(x.ndim - 2):
            if x.shape[axis] == 1 and share.shape[axis] != 1:
                share = share.sum(axis=axis, keepdims=True)
    return share.reshape(x.shape)


def left_by_einsum(g: Array, v: Array, x: Array, y: Array) -> Array:
    """Contract the cotangent with the right operand."""
    _, b, c = as_matrices(x, y, g)
    return fit(np.einsum("...ik,...jk->...ij", c, b), x)


def right_by_einsum(g: Array, v: Array, x: Array, y: Array) -> Array:
    """Contract the left operand with the cotangent."""
    a, _, c = as_matrices(x, y, g)
    return fit(np.einsum("...ji,...jk->...ik", a, c), y)


def left_by_broadcasting(g: Array, v: Array, x: Array, y: Array) -> Array:
    """Multiply all pairs and sum over the columns."""
    _, b, c = as_matrices(x, y, g)
    return fit((c[..., :, None, :] * b[..., None, :, :]).sum(axis=-1), x)


def right_by_broadcasting(g: Array, v: Array, x: Array, y: Array) -> Array:
    """Multiply all pairs and sum over the rows."""
    a, _, c = as_matrices(x, y, g)
    return fit((a[..., :, :, None] * c[..., :, None, :]).sum(axis=-3), y)


def power_of(x: Array, *, exponent: float) -> Array:
    """Square by a product, take other powers by the library."""
    return x * x if exponent == 2 else np.power(x, x.dtype.type(exponent))


def exp_log(x: Array, *, exponent: float) -> Array:
    """Through the logarithm, with the sign mended for negative bases as some engines do."""
    sign = np.where((x < 0) & (exponent % 2 == 1), -1, 1).astype(x.dtype)
    return sign * np.exp(exponent * np.log(np.abs(x)))


def spread(g: Array, x: Array, axis: Any) -> Array:
    """Repeat a cotangent over the axes that were reduced."""
    return np.broadcast_to(g.reshape(keep(x, axis)), x.shape)


# op -> name -> a template over the reference's own ops (which differentiate it), or the functions
# that compute the value and the gradient of each operand.
VARIANTS: dict[str, dict[str, Any]] = {
    **ELEMENTWISE,
    **ARRAYS,
    "add": {
        "buffers": (
            np.add,
            lambda g, v, x, y: np.zeros_like(g) + g,
            lambda g, v, x, y: g * np.ones_like(g),
        ),
    },
    "sub": {
        "plus-negative": "x + -y",
        "plus-minus-one-times": "x + -1 * y",
        "functions": (np.subtract, lambda g, v, x, y: g, lambda g, v, x, y: g * -1),
    },
    "mul": {
        "functions": (np.multiply, lambda g, v, x, y: y * g, lambda g, v, x, y: x * g),
    },
    "div": {
        "power": "x * y ** -1",
        "reciprocal": "x * (1 / y)",
        "float-power": (
            lambda x, y: x * y ** np.asarray(-1.0, y.dtype),
            lambda g, v, x, y: g * y ** np.asarray(-1.0, y.dtype),
            lambda g, v, x, y: g * (-x * y ** np.asarray(-2.0, y.dtype)),
        ),
        "by-output": (
            np.divide,
            lambda g, v, x, y: g / y,
            lambda g, v, x, y: -g * v / y,
        ),
        "by-square": (
            np.divide,
            lambda g, v, x, y: g * (1 / y),
            lambda g, v, x, y: -(g * x) / (y * y),
        ),
    },
    "neg": {"times-minus-one": "x * -1", "zero-minus": "0 - x"},
    "pow": {
        "square-by-product": (
            power_of,
            lambda g, v, x, exponent: g * exponent * power_of(x, exponent=exponent - 1),
        ),
        "by-output": (
            power_of,
            lambda g, v, x, exponent: g * exponent * v / x,
        ),
        "through-log": (
            exp_log,
            lambda g, v, x, exponent: g * v * exponent / x,
        ),
        "through-log-twice": (
            exp_log,
            lambda g, v, x, exponent: g * exponent * exp_log(x, exponent=exponent) * (1 / x),
        ),
    },
    "power": {
        "through-log": "reference.exp(y * reference.log(x))",
        "by-output": (
            np.power,
            lambda g, v, x, y: g * y * v / x,
            lambda g, v, x, y: g * (v * np.log(x)),
        ),
        "anew": (
            np.power,
            lambda g, v, x, y: g * (y * x ** (y - 1)),
            lambda g, v, x, y: g * np.log(x) * x**y,
        ),
    },
    "exp": {
        "anew": (np.exp, lambda g, v, x: g * np.exp(x)),
    },
    "log": {
        "times-reciprocal": (np.log, lambda g, v, x: g * (1 / x)),
        "times-power": (np.log, lambda g, v, x: g * x ** np.asarray(-1.0, x.dtype)),
    },
    "sqrt": {
        "power": "x ** 0.5",
        "through-log": "reference.exp(0.5 * reference.log(x))",
        "minus-half": (
            np.sqrt,
            lambda g, v, x: g * 0.5 * x ** np.asarray(-0.5, x.dtype),
        ),
        "half-over-output": (np.sqrt, lambda g, v, x: g * (0.5 / v)),
    },
    "sin": {"shifted": (np.sin, lambda g, v, x: np.cos(x) * g)},
    "cos": {"negative": (np.cos, lambda g, v, x: -(np.sin(x) * g))},
    "tanh": {
        "double-angle": "(reference.exp(2 * x) - 1) / (reference.exp(2 * x) + 1)",
        "two-exponentials": "(reference.exp(x) - reference.exp(-x))"
        " / (reference.exp(x) + reference.exp(-x))",
        "minus-double-angle": "(1 - reference.exp(-2 * x)) / (1 + reference.exp(-2 * x))",
        "through-sigmoid": "2 * reference.sigmoid(2 * x) - 1",
        "one-over-one-plus": "2 / (1 + reference.exp(-2 * x)) - 1",
        "no-division": "(reference.exp(2 * x) - 1) * (reference.exp(2 * x) + 1) ** -1",
        "by-output": (np.tanh, lambda g, v, x: g * (1 - v**2)),
        "factored": (np.tanh, lambda g, v, x: g * (1 - v) * (1 + v)),
        "anew": (np.tanh, lambda g, v, x: g - g * np.tanh(x) ** 2),
        "by-cosh": (np.tanh, lambda g, v, x: g / np.cosh(x) ** 2),
        "double-angle-by-output": (
            lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1),
            lambda g, v, x: (1 - v * v) * g,
        ),
    },
    "sigmoid": {
        "one-over-one-plus": "1 / (1 + reference.exp(-x))",
        "exponential-over": "reference.exp(x) / (1 + reference.exp(x))",
        "through-tanh": "(1 + reference.tanh(x / 2)) / 2",
        "through-tanh-half": "0.5 * reference.tanh(0.5 * x) + 0.5",
        "no-division": "(1 + reference.exp(-x)) ** -1",
        "by-output": (
            lambda x: 1 / (1 + np.exp(-x)),
            lambda g, v, x: g * v * (1 - v),
        ),
        "expanded": (
            lambda x: 1 / (1 + np.exp(-x)),
            lambda g, v, x: g * (v - v * v),
        ),
        "two-sided": (
            lambda x: np.where(x >= 0, 1 / (1 + np.exp(-x)), 1 - 1 / (1 + np.exp(x))),
            lambda g, v, x: g * (v * (1 - v)),
        ),
    },
    "relu": {
        "mask": (lambda x: x * (x > 0), lambda g, v, x: (x > 0) * g),
        "by-output": (lambda x: np.maximum(x, 0), lambda g, v, x: g * (v > 0)),
        "half-sum": "(x + abs(x)) / 2",
        "maximum": "reference.maximum(x, 0.0)",
    },
    "abs": {
        "sign": (np.abs, lambda g, v, x: g * np.sign(x)),
        "quotient": (np.abs, lambda g, v, x: g * (x / v)),
        "where": (np.abs, lambda g, v, x: np.where(x < 0, -g, g)),
    },
    "maximum": {
        "where": (
            lambda x, y: np.where(x > y, x, y),
            lambda g, v, x, y: np.where(x > y, g, 0),
            lambda g, v, x, y: np.where(x > y, 0, g),
        ),
        "masks": (
            np.maximum,
            lambda g, v, x, y: g * (x >= y),
            lambda g, v, x, y: g * (x <= y),
        ),
    },
    "minimum": {
        "negative-maximum": "-reference.maximum(-x, -y)",
    },
    "matmul": {
        "einsum": (np.matmul, left_by_einsum, right_by_einsum),
        "broadcasting": (matmul_by_broadcasting, left_by_broadcasting, right_by_broadcasting),
    },
    "sum": {
        "ones": (
            lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
            lambda g, v, x, axis, keepdims: np.ones_like(x) * g.reshape(keep(x, axis)),
        ),
        "backwards": (
            lambda x, axis, keepdims: (
                np.sum(np.flip(x), axis=axis, keepdims=keepdims)
                if axis is None
                else np.sum(x, axis=axis, keepdims=keepdims)
            ),
            lambda g, v, x, axis, keepdims: spread(g, x, axis),
        ),
    },
    "mean": {
        "times-reciprocal": (
            lambda x, axis, keepdims: (
                np.sum(x, axis=axis, keepdims=keepdims) * (np.asarray(1, x.dtype) / count(x, axis))
            ),
            lambda g, v, x, axis, keepdims: (
                spread(g, x, axis) * (np.asarray(1, x.dtype) / count(x, axis))
            ),
        ),
        "numpy": (
            lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
            lambda g, v, x, axis, keepdims: spread(g, x, axis) / count(x, axis),
        ),
        "sum-of-quotients": (
            lambda x, axis, keepdims: np.sum(x / count(x, axis), axis=axis, keepdims=keepdims),
            lambda g, v, x, axis, keepdims: spread(g / count(x, axis), x, axis),
        ),
    },
    "max": {
        "mask-over-count": (
            lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
            extreme_by_mask,
        ),
    },
    "min": {
        "mask-over-count": (
            lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
            extreme_by_mask,
        ),
        "negative-max": "-(-x).max(axis=axis, keepdims=keepdims)",
    },
    "softmax": {
        "unshifted": "reference.exp(x) / reference.exp(x).sum(axis=axis, keepdims=True)",
        "no-division": "reference.exp(x) * reference.exp(x).sum(axis=axis, keepdims=True) ** -1",
        "through-log-softmax": "reference.exp(reference.log_softmax(x, axis=axis))",
        "jacobian": (softmax, by_jacobian),
        "unshifted-jacobian": (softmax_by_product, by_jacobian),
        "logsumexp": (
            softmax_by_logsumexp,
            lambda g, v, x, axis: v * g - v * (v * g).sum(axis=axis, keepdims=True),
        ),
    },
    "log_softmax": {
        "log-of-softmax": "reference.log(reference.softmax(x, axis=axis))",
        "log-of-unshifted": "reference.log(reference.exp(x)"
        " / reference.exp(x).sum(axis=axis, keepdims=True))",
        "unshifted": "x - reference.log(reference.exp(x).sum(axis=axis, keepdims=True))",
        "by-output": (log_softmax, log_softmax_vjp),
        "by-softmax": (log_softmax, log_softmax_vjp_by_softmax),
    },
}
PAIRS = [(op, name) for op, named in VARIANTS.items() for name in named]
PRECISIONS = ("float64", "float32")
N_CASES = 12


@cache
def cases_about(op: str) -> tuple[Case, ...]:
    """Return the cases about the value and the gradient of one op.

    The variants here are given with their first derivative alone.
    """
    ids = [e.id for e in CATALOGUE.values() if e.op == op and e.code in {"G1", "G2", "G3", "G8"}]
    exam = build(ids, seed=7, n_cases=N_CASES)
    return tuple(case for cases in exam.cases.values() for case in cases)


@cache
def cases_of_structure() -> tuple[Case, ...]:
    """Return whole expressions and training runs."""
    exam = build(("expressions", "training_step", "gradient_descent"), seed=7, n_cases=N_CASES)
    return tuple(case for cases in exam.cases.values() for case in cases)


def farthest(engine: SpelledEngine, cases: tuple[Case, ...], *, coarse: bool) -> float:
    """Return the largest distance from a midpoint, in half-widths; infinite where a case fails."""
    largest = 0.0
    for case in cases:
        outcomes = run(case.program, engine)
        judgement = judge(case.sheets, outcomes, strict_shape=True, coarse=coarse)
        distances = [look.distance or 0.0 for look in judgement.looks]
        largest = max(largest, *distances, 0.0 if judgement.right else np.inf)
    return largest


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("op", "name"), PAIRS, ids=[f"{op}-{name}" for op, name in PAIRS])
def test_an_honest_way_to_compute_an_op_lies_inside_of_every_interval(
    op: str, name: str, dtype: str, make_engine: Callable[..., SpelledEngine]
):
    """Values and gradients of one op, computed in another honest way, pass every case about it."""
    engine = make_engine({op: VARIANTS[op][name]}, dtype)
    assert farthest(engine, cases_about(op), coarse=dtype == "float32") <= 1


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("k", range(4))
def test_an_engine_of_other_formulas_lies_inside_of_whole_programs(
    k: int, dtype: str, make_engine: Callable[..., SpelledEngine]
):
    """Expressions and training runs hold an engine in which every op takes another honest way."""
    ops = {op: list(named.values())[k % len(named)] for op, named in VARIANTS.items()}
    engine = make_engine(ops, dtype)
    assert farthest(engine, cases_of_structure(), coarse=dtype == "float32") <= 1


def test_every_op_that_rounds_has_a_variant():
    """No op that computes is left without another way: only moves of elements are."""
    moves = {"reshape", "transpose", "broadcast_to", "getitem", "concatenate", "stack", "where"}
    assert set(OPS) - moves - MOVES == set(VARIANTS)


@pytest.mark.parametrize("op", ["tanh", "softmax", "mean", "div"])
def test_a_slip_of_one_part_in_a_trillion_falls_outside(
    op: str, make_engine: Callable[..., SpelledEngine]
):
    """A relative error of 1e-12 in one op is no way to compute it."""
    known = dict(make_engine({}).spelling.ops)
    engine = make_engine({op: f"({known[op]}) * (1 + 1e-12)"})
    assert farthest(engine, cases_about(op), coarse=False) > 1
