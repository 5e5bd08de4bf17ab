"""Primitives: formulas that agree, partials by SymPy, and hulls that hold every accepted form."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.ball import Ball
from gradcheck_suite.oracles.primitive import ARGUMENTS, Primitive, primitive_of
from gradcheck_suite.oracles.rounding import FLOAT32, FLOAT64
from gradcheck_suite.program.table import OPS

SMOOTH = [op.name for op in OPS.values() if op.formulas]
PRECISIONS = {"float64": FLOAT64, "float32": FLOAT32}
N_POINTS = 150
# SymPy writes exp(2 log x) as x**2 and gives sqrt one form: these are evaluated as they stand.
WRITTEN = {
    "pow": ("np.exp(dtype(2) * np.log(x))",),
    "sqrt": ("np.exp(np.log(x) / dtype(2))", "x ** dtype(0.5)"),
}
# NumPy's names where they are not SymPy's.
NUMPY = {
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "erf": lambda x: type(x)(math.erf(x)),
}


def points(op: str, name: str) -> list[tuple[float, ...]]:
    """Return points of the op's domain that float32 holds, the same in every run."""
    row = OPS[op]
    rng = np.random.default_rng(sum(map(ord, op)))
    columns = []
    for k in range(len(row.arguments)):
        domain = row.domain(k)
        low = max(domain.low, domain.hole) if name == "positive" else domain.low
        found = rng.uniform(low, domain.high, 4 * N_POINTS).astype(np.float32)
        columns.append(found[np.abs(found) >= domain.hole][:N_POINTS].astype(float))
    return list(zip(*columns, strict=True))


def numpy_of(expression: Any, dtype: Any) -> Callable[..., Any]:
    """Return a formula as a function on NumPy scalars of one precision, as it is written."""

    def value(e: Any, env: dict[Any, Any]) -> Any:
        if e.is_Symbol:
            return env[e.name]
        if e.is_Number:
            return dtype(e.p) / dtype(e.q) if e.is_Rational else dtype(float(e))
        if e.is_NumberSymbol:
            return dtype(float(e))
        args = [value(a, env) for a in e.args]
        if e.is_Add or e.is_Mul:
            total = args[0]
            for arg in args[1:]:
                total = total + arg if e.is_Add else total * arg
            return total
        if e.is_Pow:
            return args[0] ** args[1]
        name = type(e).__name__
        return (NUMPY.get(name) or getattr(np, name))(*args)

    assert isinstance(expression, sympy.Expr)
    return lambda **env: value(expression, env)


def holds(op: str, name: str, pick: Callable[[Primitive], Primitive]) -> float:
    """Return the largest distance of a formula or form from the middle, in half-widths."""
    dtype, precision = np.dtype(name).type, PRECISIONS[name]
    base = primitive_of(OPS[op], OPS[op].attributes)
    primitive = pick(base)
    forms = [numpy_of(f, dtype) for f in (*primitive.formulas, *primitive.value_forms)]
    value = numpy_of(base.formulas[0], dtype)
    largest = 0.0
    for point in points(op, "positive"):
        balls = [Ball(arb(v), precision) for v in point]
        known = base.evaluate(balls, None)
        ball = primitive.evaluate(balls, known).value
        env = {s.name: dtype(v) for s, v in zip(ARGUMENTS, point, strict=False)}
        env["v"] = value(**env)
        for form in forms:
            off = abs(arb(float(form(**env))) - ball.mid())
            largest = max(largest, float((off / ball.rad()).mid()) if ball.rad() else float(off))
    return largest


@pytest.mark.parametrize("name", PRECISIONS)
@pytest.mark.parametrize("op", SMOOTH)
def test_every_formula_lies_in_the_hull(op: str, name: str):
    """Each accepted formula, evaluated in NumPy over the domain, is inside of the value's hull."""
    assert 0 <= holds(op, name, lambda p: p) < 1


@pytest.mark.parametrize("name", PRECISIONS)
@pytest.mark.parametrize(
    ("op", "k"), [(op, k) for op in SMOOTH for k in range(len(OPS[op].arguments))]
)
def test_every_derivative_lies_in_the_hull(op: str, k: int, name: str):
    """Each formula's derivative, and the forms in the output, are inside of the partial's hull."""
    assert 0 <= holds(op, name, lambda p: p.partial(k)) < 1


@pytest.mark.parametrize(
    ("op", "form"),
    [
        ("tanh", lambda x, v: 1 - v * v),
        ("sigmoid", lambda x, v: v * (1 - v)),
        ("exp", lambda x, v: v),
        ("sqrt", lambda x, v: 1 / (2 * v)),
        ("pow", lambda x, v: 2 * v / x),
        ("tan", lambda x, v: 1 + v * v),
        ("expm1", lambda x, v: v + 1),
        ("softplus", lambda x, v: 1 - np.exp(-v)),
        ("rsqrt", lambda x, v: -v * v * v / 2),
        ("reciprocal", lambda x, v: -v * v),
        ("cbrt", lambda x, v: 1 / (3 * v * v)),
    ],
)
@pytest.mark.parametrize("name", PRECISIONS)
def test_a_derivative_in_terms_of_the_output_lies_in_the_hull(
    op: str, form: Callable[..., Any], name: str
):
    """What engines compute from the output, by whichever formula they have it, is inside."""
    dtype, precision = np.dtype(name).type, PRECISIONS[name]
    base = primitive_of(OPS[op], OPS[op].attributes)
    texts = [(text, {"np": np, "dtype": dtype}) for text in WRITTEN.get(op, ())]
    values = [numpy_of(f, dtype) for f in base.formulas]
    values += [lambda x, t=t, names=names: eval(t, names, {"x": x}) for t, names in texts]  # noqa: S307
    for (point,) in points(op, "positive"):
        balls = [Ball(arb(point), precision)]
        ball = base.partial(0).evaluate(balls, base.evaluate(balls, None))
        for value in values:
            seen = form(dtype(point), value(x=dtype(point)))
            assert ball.value.contains(arb(float(seen)))


@pytest.mark.parametrize(
    ("op", "k"), [(op, k) for op in SMOOTH for k in range(len(OPS[op].arguments))]
)
def test_a_partial_is_the_derivative_of_the_op(op: str, k: int):
    """The enclosure holds a derivative that mpmath takes of the first formula."""
    row = OPS[op]
    mpmath.mp.dps = 60
    arguments = ARGUMENTS[: len(row.arguments)]
    formula = sympy.lambdify(arguments, primitive_of(row, row.attributes).formulas[0], "mpmath")
    order = tuple(int(j == k) for j in range(len(arguments)))
    partial = primitive_of(row, row.attributes).partial(k)
    for point in points(op, "positive")[:10]:
        balls = [Ball(arb(v), FLOAT64) for v in point]
        base = primitive_of(row, row.attributes).evaluate(balls, None)
        exact = mpmath.diff(formula, tuple(map(mpmath.mpf, point)), order)
        ball = partial.evaluate(balls, base).value
        assert (ball + arb(0, 1e-20)).contains(arb(mpmath.nstr(exact, 25)))


def test_a_second_derivative_comes_from_the_same_mechanism():
    """The second derivative of tanh is -2 tanh (1 - tanh**2), by formula and in the output."""
    base = primitive_of(OPS["tanh"], ())
    balls = [Ball(arb(0.5), FLOAT64)]
    second = base.partial(0).partial(0).evaluate(balls, base.evaluate(balls, None))
    t = np.tanh(0.5)
    assert second.value.contains(arb(-2 * t * (1 - t * t)))


@pytest.mark.parametrize(
    ("op", "k", "constant"),
    [("add", 0, 1), ("sub", 1, -1), ("neg", 0, -1), ("mul", 0, None), ("exp", 0, None)],
)
def test_a_constant_partial_is_known_as_one(op: str, k: int, constant: int | None):
    """A factor of 1 or -1 is a move and must not round."""
    assert primitive_of(OPS[op], ()).partial(k).constant == constant


def test_a_formula_that_does_not_exist_at_a_point_is_left_out():
    """exp(2 log x) is NaN for a negative x: x**2 alone gives the enclosure there."""
    square = primitive_of(OPS["pow"], (("exponent", 2),))
    ball = square.evaluate([Ball(arb(-1.5), FLOAT64)], None)
    assert ball.value.contains(arb(2.25))
    assert ball.value.is_finite()


def test_a_formula_that_overflows_makes_the_point_undecidable():
    """tanh(60) is 1, but the accepted e^2x overflows float32: not a case to grade with."""
    with pytest.raises(UndecidableError):
        primitive_of(OPS["tanh"], ()).evaluate([Ball(arb(60), FLOAT32)], None)


@pytest.mark.parametrize(
    ("op", "k", "form"),
    [
        ("exp", 0, "v"),
        ("tanh", 0, "1 - v**2"),
        ("sigmoid", 0, "v * (1 - v)"),
        ("sqrt", 0, "1 / (2 * v)"),
        ("pow", 0, "2 * v / x"),
        ("power", 0, "v * y / x"),
        ("power", 1, "v * log(x)"),
        ("tan", 0, "1 + v**2"),
        ("expm1", 0, "1 + v"),
        ("softplus", 0, "1 - exp(-v)"),
        ("square", 0, "2 * v / x"),
        ("rsqrt", 0, "-v**3 / 2"),
        ("reciprocal", 0, "-v**2"),
        ("cbrt", 0, "1 / (3 * v**2)"),
        ("hypot", 0, "v * x / (x**2 + y**2)"),
    ],
)
def test_a_partial_has_a_form_in_the_output(op: str, k: int, form: str):
    """What the derivative is in terms of the output comes from SymPy, and is in the hull."""
    (found,) = primitive_of(OPS[op], OPS[op].attributes).partial(k).value_forms
    names = {s.name: s for s in found.free_symbols} | {s.name: s for s in ARGUMENTS}
    assert sympy.simplify(found - sympy.sympify(form, locals=names)) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pi", math.pi),
        ("sqrt(2)", math.sqrt(2)),
        ("1 / log(2)", 1 / math.log(2)),
        ("sqrt(2 / pi)", math.sqrt(2 / math.pi)),
    ],
)
def test_a_constant_is_known_far_better_than_it_is_rounded(text: str, value: float):
    """An irrational factor costs what an engine's own rounding does, its digits nothing."""
    formula = sympy.sympify(f"({text}) * x", locals={"x": ARGUMENTS[0]}, evaluate=False)
    ball = Primitive([formula], 1).evaluate([Ball(arb(1), FLOAT64)], None).value
    exact = arb(str(sympy.sympify(text).evalf(50)))
    assert ball.contains(arb(value))
    assert abs(ball.mid() - exact) < arb(2) ** -70
    assert float(ball.rad()) < 16 * FLOAT64.ulp * value


def test_gelu_has_formulas_of_its_own_for_tanh():
    """The approximation differs from the exact form by far more than rounding."""
    x = Ball(arb(1.5), FLOAT64)
    exact, rough = (
        primitive_of(OPS["gelu"], (("approximate", name),)).evaluate([x], None).value
        for name in ("none", "tanh")
    )
    assert 1e-5 < abs(float(exact.mid()) - float(rough.mid())) < 1e-3
    assert not exact.overlaps(rough)
