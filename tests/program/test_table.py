"""The op table: every row beside formulas that are written down here once more."""

import math

import numpy as np
import pytest
import sympy

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Slice
from gradcheck_suite.program.table import OPS, op_named
from tests.program.array_calls import ARRAY_CALLS, ARRAY_VARIANTS

REQUIRED = [
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "pow",
    "power",
    "matmul",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sigmoid",
    "relu",
    "abs",
    "maximum",
    "minimum",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "atan2",
    "hypot",
    "log1p",
    "expm1",
    "log2",
    "log10",
    "erf",
    "softplus",
    "logaddexp",
    "square",
    "cbrt",
    "rsqrt",
    "reciprocal",
    "silu",
    "gelu",
    "elu",
    "leaky_relu",
    "hardtanh",
    "clip",
    "sign",
    "floor",
    "sum",
    "mean",
    "max",
    "min",
    "reshape",
    "transpose",
    "broadcast_to",
    "getitem",
    "concatenate",
    "stack",
    "where",
    "softmax",
    "log_softmax",
    "prod",
    "var",
    "std",
    "norm",
    "logsumexp",
    "cumsum",
    "cumprod",
    "flip",
    "roll",
    "tile",
    "repeat",
    "pad",
    "squeeze",
    "unsqueeze",
    "swapaxes",
    "split",
    "max_with_indices",
    "take",
    "gather",
    "scatter_add",
    "embedding",
    "outer",
    "dot",
    "trace",
    "tril",
    "triu",
    "diagonal",
    "linear",
    "einsum",
    "det",
    "inv",
    "solve",
    "conv1d",
    "conv2d",
    "max_pool2d",
    "avg_pool2d",
    "mse_loss",
    "nll_loss",
    "cross_entropy",
    "binary_cross_entropy_with_logits",
    "layer_norm",
    "batch_norm",
]

UNARY = {
    "neg": lambda x: -x,
    "pow": lambda x: x * x,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "relu": lambda x: max(x, 0.0),
    "abs": math.fabs,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "log2": math.log2,
    "log10": math.log10,
    "erf": math.erf,
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "square": lambda x: x * x,
    "cbrt": math.cbrt,
    "rsqrt": lambda x: 1 / math.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "gelu": lambda x: x * math.erfc(-x / math.sqrt(2)) / 2,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "hardtanh": lambda x: min(max(x, -1.0), 1.0),
    "clip": lambda x: x,
    "sign": lambda x: math.copysign(1.0, x),
    "floor": math.floor,
}
BINARY = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "maximum": max,
    "minimum": min,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "logaddexp": lambda x, y: max(x, y) + math.log1p(math.exp(-abs(x - y))),
}
X = np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]])
Y = np.array([[2.0, 5.0], [-1.0, 3.0], [0.5, 7.0]])
MASK = np.array([[True, False, True], [False, False, True]])


def inside(op, position):
    """Return some numbers of an argument's domain."""
    domain = op.domain(position)
    numbers = [v for v in np.linspace(domain.low, domain.high, 33) if v and abs(v) >= domain.hole]
    return [float(v) for v in numbers]


def test_every_op_of_the_list_is_there():
    """The table has the ops that a course's engine is asked for, and no other."""
    assert sorted(OPS) == sorted(REQUIRED)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_argument(name):
    """The forward agrees with Python's own mathematics, all over the domain."""
    op = OPS[name]
    x = inside(op, 0)
    expected = [UNARY[name](v) for v in x]
    np.testing.assert_allclose(op.evaluate(np.array(x)), expected, rtol=4e-16, atol=0)


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arguments(name):
    """The forward agrees with Python's own operators, with the operands in their order."""
    op = OPS[name]
    x, y = inside(op, 0), inside(op, 1)[::-1]
    n = min(len(x), len(y))
    expected = [BINARY[name](a, b) for a, b in zip(x[:n], y[:n], strict=True)]
    found = op.evaluate(np.array(x[:n]), np.array(y[:n]))
    np.testing.assert_allclose(found, expected, rtol=4e-16, atol=0)


_E = np.exp(X)
CALLS = [
    *ARRAY_CALLS,
    ("matmul", (X, Y), {}, [[5.5, 20.0], [4.5, -20.5]]),
    ("sum", (X,), {}, 0.5),
    ("sum", (X,), {"axis": 1, "keepdims": True}, [[2.0], [-1.5]]),
    ("sum", (X,), {"axis": (0, 1)}, 0.5),
    ("mean", (X,), {}, 0.5 / 6),
    ("mean", (X,), {"axis": 0}, [2.5, -0.75, -1.5]),
    ("max", (X,), {}, 4.0),
    ("max", (X,), {"axis": -1}, [3.0, 4.0]),
    ("min", (X,), {}, -6.0),
    ("min", (X,), {"axis": 0, "keepdims": True}, [[1.0, -2.0, -6.0]]),
    ("reshape", (X,), {"shape": (3, -1)}, [[1.0, -2.0], [3.0, 4.0], [0.5, -6.0]]),
    ("reshape", (X,), {}, [1.0, -2.0, 3.0, 4.0, 0.5, -6.0]),
    ("transpose", (X,), {}, [[1.0, 4.0], [-2.0, 0.5], [3.0, -6.0]]),
    ("transpose", (X,), {"axes": (0, 1)}, X.tolist()),
    ("broadcast_to", (X[0],), {"shape": (2, 3)}, [[1.0, -2.0, 3.0]] * 2),
    ("getitem", (X,), {}, [1.0, -2.0, 3.0]),
    ("getitem", (X,), {"index": 1}, [4.0, 0.5, -6.0]),
    ("getitem", (X,), {"index": (1, -1)}, -6.0),
    ("getitem", (X,), {"index": (Slice(None, None, -1), Slice(1, 3))}, [[0.5, -6.0], [-2.0, 3.0]]),
    ("getitem", (X,), {"index": (Slice(), Slice(None, None, 2))}, [[1.0, 3.0], [4.0, -6.0]]),
    ("getitem", (X,), {"index": (None, 0)}, [[1.0, -2.0, 3.0]]),
    ("getitem", (X,), {"index": (0, Array((3,), (1, 1, -1), "int"))}, [-2.0, -2.0, 3.0]),
    ("getitem", (X,), {"index": Array((2, 3), tuple(X.ravel() > 2), "bool")}, [3.0, 4.0]),
    ("concatenate", (X[0], Y[0]), {}, [1.0, -2.0, 3.0, 2.0, 5.0]),
    ("concatenate", (X, X[:, :1]), {"axis": 1}, [[1.0, -2.0, 3.0, 1.0], [4.0, 0.5, -6.0, 4.0]]),
    ("stack", (Y[0], Y[1]), {}, [[2.0, 5.0], [-1.0, 3.0]]),
    ("stack", (Y[0], Y[1]), {"axis": 1}, [[2.0, -1.0], [5.0, 3.0]]),
    ("where", (MASK, X, -X), {}, [[1.0, 2.0, 3.0], [-4.0, -0.5, -6.0]]),
    ("softmax", (X,), {}, (_E / _E.sum(1, keepdims=True)).tolist()),
    ("softmax", (X,), {"axis": 0}, (_E / _E.sum(0)).tolist()),
    ("log_softmax", (X,), {}, (X - np.log(_E.sum(1, keepdims=True))).tolist()),
    ("log_softmax", (X,), {"axis": 0}, (X - np.log(_E.sum(0))).tolist()),
    ("pow", (Y,), {"exponent": -1}, (1 / Y).tolist()),
    ("elu", (X[0],), {"alpha": 0.5}, [1.0, 0.5 * math.expm1(-2.0), 3.0]),
    ("leaky_relu", (X[0],), {"negative_slope": 0.25}, [1.0, -0.5, 3.0]),
    ("hardtanh", (X[0],), {"min_val": -1.5, "max_val": 2.0}, [1.0, -1.5, 2.0]),
    ("clip", (X[0],), {"low": -1.5}, [1.0, -1.5, 3.0]),
    ("clip", (X[0],), {"high": 2.0}, [1.0, -2.0, 2.0]),
    ("clip", (X[0],), {"low": 0.5, "high": 2.0}, [1.0, 0.5, 2.0]),
    ("sign", (X[0] - 1,), {}, [0.0, -1.0, 1.0]),
    (
        "gelu",
        (Y[2],),
        {"approximate": "tanh"},
        [
            y * (1 + math.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3))) / 2
            for y in (0.5, 7.0)
        ],
    ),
]


@pytest.mark.parametrize(
    ("name", "operands", "attrs", "expected"),
    CALLS,
    ids=[f"{name}-{'-'.join(attrs)}-{k}" for k, (name, _, attrs, _) in enumerate(CALLS)],
)
def test_forwards_and_their_attributes(name, operands, attrs, expected):
    """Each call gives the numbers, and the shape, that are written beside it."""
    found = OPS[name].evaluate(*operands, attrs=tuple(attrs.items()))
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


def test_every_row_is_called_above():
    """No row is without a forward test."""
    assert {*UNARY, *BINARY, *(name for name, *_ in CALLS)} == set(OPS)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_normalisations_do_not_overflow(name):
    """The forward is stable at 1000, where the exponential is not."""
    assert np.isfinite(OPS[name].evaluate(np.array([1000.0, 999.0]))).all()


def test_sigmoid_does_not_overflow():
    """The forward is stable at -1000; overflow would warn, and so raise here."""
    assert OPS["sigmoid"].evaluate(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]


FORMULAS = [(op.name, text) for op in OPS.values() for text in op.formulas]


# Functions that SymPy has not.
SMALL = {"log1p": lambda x: sympy.log(1 + x), "expm1": lambda x: sympy.exp(x) - 1}


@pytest.mark.parametrize(("name", "text"), FORMULAS, ids=[f"{n}: {t}" for n, t in FORMULAS])
def test_formulas_are_the_forward(name, text):
    """Every accepted formula has the forward's value all over the domain."""
    op = OPS[name]
    settings = op.settings(())
    for position, x in enumerate(inside(op, 0)):
        y = inside(op, 1)[-1 - position % 5]
        exact = {"x": sympy.Rational(x), "y": sympy.Rational(y)}
        formula = sympy.sympify(text, locals=SMALL).subs({**exact, **settings})
        operands = (x,) if op.signature == "unary" else (x, y)
        value = float(op.evaluate(*map(np.array, operands)))
        found = complex(formula)  # the logarithm of a negative base is complex on the way
        assert found == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("text", OPS["gelu"].formulas_for((("approximate", "tanh"),)))
def test_formulas_of_other_settings_are_the_forward(text):
    """A form that is another function has formulas of its own, to the digits of its constants."""
    for x in inside(OPS["gelu"], 0):
        value = OPS["gelu"].evaluate(np.array(x), attrs=(("approximate", "tanh"),))
        assert float(sympy.sympify(text).subs("x", x)) == pytest.approx(float(value), rel=1e-7)


INVERSES = [op.name for op in OPS.values() if op.inverse]


@pytest.mark.parametrize("name", INVERSES)
def test_inverses_lead_back(name):
    """The inverse of the value is the argument."""
    op = OPS[name]
    for x in inside(op, 0):
        value = float(op.evaluate(np.array(x)))
        assert float(sympy.sympify(op.inverse).subs("v", value)) == pytest.approx(x, rel=1e-12)


ARRAYS = [
    (op.name, k, shapes, attrs)
    for op in OPS.values()
    for k in range(len(op.array_formulas))
    for shapes, attrs in op.examples or ((((2, 3),), ()), (((2, 3),), (("axis", 0),)))
    if {name for name, _ in attrs} <= {name for name, _ in op.attributes}
]


@pytest.mark.parametrize(("name", "k", "shapes", "attrs"), ARRAYS, ids=str)
def test_array_formulas_are_the_forward(name, k, shapes, attrs):
    """Every accepted array formula has the forward's value."""
    op = OPS[name]
    operands = [np.resize(np.sin(np.arange(1, 14) ** 2), shape) * 2 for shape in shapes]
    found = op.array_formulas[k](*operands, **op.settings(attrs))
    np.testing.assert_allclose(found, op.evaluate(*operands, attrs=attrs), rtol=1e-12)


def test_every_form_of_an_array_op_has_an_example():
    """Rows whose signature does not say their forms show each of them, and say their operands."""
    for op in OPS.values():
        if op.signature == "array":
            assert op.examples, op.name
            assert op.operands, op.name
            assert {len(shapes) for shapes, _ in op.examples} == {len(op.operands)}, op.name


def test_every_smooth_function_has_a_formula():
    """Elementwise rows without formulas are those with kinks inside of their domains."""
    bare = {op.name for op in OPS.values() if op.is_elementwise and not op.formulas}
    pieces = {"elu", "leaky_relu", "hardtanh", "clip", "sign", "floor"}
    assert bare == {"relu", "abs", "maximum", "minimum", *pieces}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("exp", ("x",)),
        ("add", ("x", "y")),
        ("matmul", ("x", "y")),
        ("stack", ("xs",)),
        ("where", ("condition", "x", "y")),
        ("sum", ("x",)),
        ("linear", ("x", "weight", "bias")),
        ("mse_loss", ("x", "target")),
    ],
)
def test_arguments(name, arguments):
    """Spellings speak of the operands by these names."""
    assert OPS[name].arguments == arguments


X2, X3 = (2, 3), (2, 3, 4)
VARIANTS = [
    *ARRAY_VARIANTS,
    ("sum", (X2,), {}, ""),
    ("sum", (X2,), {"axis": 0}, "axis"),
    ("sum", (X2,), {"axis": (0, 1)}, "axes"),
    ("sum", (X2,), {"keepdims": True}, "keepdims"),
    ("mean", (X2,), {"axis": -1, "keepdims": True}, "axis+keepdims"),
    ("max", (X2,), {"axis": (0,), "keepdims": True}, "axes+keepdims"),
    ("softmax", (X2,), {}, ""),
    ("softmax", (X2,), {"axis": 1}, ""),
    ("log_softmax", (X2,), {"axis": 0}, "axis"),
    ("matmul", (X2, (3, 2)), {}, "matrix@matrix"),
    ("matmul", ((3,), (3, 2)), {}, "vector@matrix"),
    ("matmul", (X2, (3,)), {}, "matrix@vector"),
    ("matmul", ((3,), (3,)), {}, "vector@vector"),
    ("matmul", (X2, (2, 3, 1)), {}, "batched"),
    ("transpose", (X2,), {}, ""),
    ("transpose", (X3,), {}, "reversed"),
    ("transpose", (X3,), {"axes": (1, 0, 2)}, "axes"),
    ("stack", (X2, X2), {}, ""),
    ("concatenate", (X2, X2), {"axis": 1}, "axis"),
    ("getitem", (X2,), {"index": 0}, "int"),
    ("getitem", (X2,), {"index": (Slice(1, None),)}, "slice"),
    ("getitem", (X2,), {"index": (None, Slice(None, None, 2), 0)}, "int+newaxis+step"),
    ("getitem", (X2,), {"index": (Slice(None, None, -1), Slice())}, "reverse+slice"),
    ("getitem", (X2,), {"index": Array(X2, (True,) * 6, "bool")}, "mask"),
    ("getitem", (X2,), {"index": (Array((1,), (0,), "int"),)}, "array"),
    ("add", (X2, X2), {}, ""),
    ("elu", (X2,), {}, ""),
    ("elu", (X2,), {"alpha": 1.0}, ""),
    ("elu", (X2,), {"alpha": 0.5}, "alpha"),
    ("hardtanh", (X2,), {"min_val": -2.0, "max_val": 0.5}, "min_val+max_val"),
    ("clip", (X2,), {"low": 0.0, "high": 1.0}, "low+high"),
    ("clip", (X2,), {"high": 1.0}, "high"),
    ("gelu", (X2,), {"approximate": "tanh"}, "approximate"),
]


@pytest.mark.parametrize(
    ("name", "shapes", "attrs", "form"),
    VARIANTS,
    ids=[f"{v[0]}-{v[3]}-{k}" for k, v in enumerate(VARIANTS)],
)
def test_variants(name, shapes, attrs, form):
    """The calling form follows from shapes and attributes, defaults included."""
    op = OPS[name]
    assert op.variant(shapes, op.settings(tuple(attrs.items()))) == form


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sum", {"axis": None, "keepdims": False}),
        ("pow", {"exponent": 2}),
        ("softmax", {"axis": -1}),
        ("log_softmax", {"axis": -1}),
        ("stack", {"axis": 0}),
        ("concatenate", {"axis": 0}),
        ("transpose", {"axes": None}),
        ("exp", {}),
        ("gelu", {"approximate": "none"}),
        ("elu", {"alpha": 1.0}),
        ("leaky_relu", {"negative_slope": 0.01}),
        ("hardtanh", {"min_val": -1.0, "max_val": 1.0}),
        ("clip", {"low": None, "high": None}),
    ],
)
def test_defaults(name, settings):
    """Attributes that a program leaves out have the field's defaults."""
    assert OPS[name].settings(()) == settings


def test_settings_overlay_defaults():
    """What is given replaces its default and leaves the others."""
    assert OPS["sum"].settings((("axis", 1),)) == {"axis": 1, "keepdims": False}


def test_the_last_domain_holds_for_all_further_arguments():
    """A divisor keeps away from zero; the third operand of a join is drawn like the second."""
    assert OPS["div"].domain(0).hole == 0.0
    assert OPS["div"].domain(1).hole == 0.5
    assert OPS["div"].domain(7) == OPS["div"].domain(1)


def test_forwards_stay_finite_at_the_domain_edges():
    """No function of one argument warns or leaves the numbers anywhere in its domain."""
    for op in OPS.values():
        if op.signature == "unary":
            assert np.isfinite(op.evaluate(np.array(inside(op, 0)))).all(), op.name


@pytest.mark.parametrize(
    ("name", "near"),
    [("logsoftmax", "log_softmax"), ("tahn", "tanh"), ("???", "add, sub, mul, div")],
)
def test_unknown_ops_are_told_with_the_nearest(name, near):
    """The error names what was asked and the nearest rows, or all where none is near."""
    with pytest.raises(ProgramError) as raised:
        op_named(name)
    assert str(raised.value).startswith(f"got op {name!r}, expected one of the op table: ")
    assert near in str(raised.value)


def test_rows_are_found_by_name():
    """Every name leads to its own row."""
    assert all(op_named(name).name == name for name in OPS)


def test_the_table_is_read_only():
    """No one adds a row while programs are judged."""
    with pytest.raises(TypeError):
        OPS["new"] = OPS["add"]
