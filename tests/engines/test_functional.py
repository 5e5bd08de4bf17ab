"""Libraries of functions, ``grad(f)(x)``: what is asked of them, and how it is printed."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.functional import FunctionalEngine
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Number, Raised
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import Program, Slice
from gradcheck_suite.program.snippet import script
from gradcheck_suite.strategies.builder import Builder

Write = Callable[[Mapping[str, str]], Path]

# Boxes of one level for each grad that is at work; rules are made of the library's own ops.
LIBRARY = """
import numpy as np

class Box:
    __array_priority__ = 1000

    def __init__(self, value, level, parents):
        self.value, self.level, self.parents = value, level, parents

    shape = property(lambda self: np.shape(raw(self)))
    __add__ = __radd__ = lambda x, y: add(x, y)
    __mul__ = __rmul__ = lambda x, y: mul(x, y)
    __neg__ = lambda x: mul(x, -1.0)
    __sub__ = lambda x, y: add(x, mul(y, -1.0))
    __rsub__ = lambda x, y: add(y, mul(x, -1.0))

def raw(x):
    return raw(x.value) if isinstance(x, Box) else x

def primitive(forward, *rules):
    def op(*args, **settings):
        level = max((a.level for a in args if isinstance(a, Box)), default=0)
        if not level:
            return forward(*args, **settings)
        mine = [isinstance(a, Box) and a.level == level for a in args]
        values = [a.value if m else a for a, m in zip(args, mine)]
        parents = [(a, lambda g, r=r: r(g, *values, **settings))
                   for a, m, r in zip(args, mine, rules) if m]
        return Box(op(*values, **settings), level, parents)
    return op

def fit(g, x):
    shape = np.shape(raw(x))
    while len(np.shape(raw(g))) > len(shape):
        g = total(g, axis=0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = total(g, axis=axis, keepdims=True)
    return g

def spread(g, x, axis, keepdims):
    kept = np.sum(raw(x), axis=axis, keepdims=True).shape
    return mul(reshape(g, kept), np.ones(np.shape(raw(x))))

add = primitive(np.add, lambda g, x, y: fit(g, x), lambda g, x, y: fit(g, y))
mul = primitive(np.multiply, lambda g, x, y: fit(g * y, x), lambda g, x, y: fit(g * x, y))
sin = primitive(np.sin, lambda g, x: g * cos(x))
cos = primitive(np.cos, lambda g, x: -g * sin(x))
reshape = primitive(np.reshape, lambda g, x, shape: reshape(g, np.shape(raw(x))))
total = primitive(lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    lambda g, x, axis=None, keepdims=False: spread(g, x, axis, keepdims))

LEVELS = []

def grad(f, argnum=0):
    def gradient(*args):
        LEVELS.append(None)
        try:
            start = Box(args[argnum], len(LEVELS), [])
            end = f(*args[:argnum], start, *args[argnum + 1:])
        finally:
            LEVELS.pop()
        if np.shape(raw(end)) != ():
            raise TypeError("grad: the function has to give one number")
        order, seen = [], set()
        def visit(box):
            if box not in seen:
                seen.add(box)
                for parent, _ in box.parents:
                    visit(parent)
                order.append(box)
        if isinstance(end, Box) and end.level == start.level:
            visit(end)
        flows = {end: 1.0} if order else {}
        for box in reversed(order):
            for parent, rule in box.parents:
                g = rule(flows[box])
                flows[parent] = add(flows[parent], g) if parent in flows else g
        return flows.get(start, np.zeros(np.shape(raw(args[argnum]))))
    return gradient
"""
ADAPTER = """
from gradcheck_suite.program.spelling import Spelling

SPELLING = Spelling(
    name="functions",
    imports=("import numpy as np", "from library import add, cos, grad, mul, reshape, sin, total"),
    leaf="data",
    value="x",
    gradient="grad(f, argnum)(*primals)",
    ops=(
        ("add", "add(x, y)"),
        ("sub", "x - y"),
        ("mul", "mul(x, y)"),
        ("sin", "sin(x)"),
        ("cos", "cos(x)"),
        ("sum", "total(x, axis=axis, keepdims=keepdims)"),
        ("reshape", "reshape(x, shape=shape)"),
    ),
    can=frozenset({"rank:0", "rank:1", "rank:2", "broadcast:mul", "create_graph", "op:sum.axis"}),
)
"""
ONE_ARGUMENT = ADAPTER.replace("grad(f, argnum)(*primals)", "grad(f)(x)")
PAIR, ROWS = Array.of([1.0, -0.5]), Array.of([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])


def programs() -> dict[str, Program]:
    """Return programs of first and second order, over one leaf and two."""
    found = {}
    b = Builder()
    x, w = b.leaf(PAIR), b.leaf(ROWS)
    y = b.apply("mul", b.apply("sin", x), w)
    b.backward(y, Array.of(ROWS.numpy() * 2))
    b.observe("value", y)
    b.observe("grad", x, w)
    found["two leaves, broadcasting and a cotangent"] = b.program()
    b = Builder()
    x, w = b.leaf(PAIR), b.leaf(PAIR)
    b.backward(b.apply("sum", b.apply("mul", b.apply("sin", x), b.apply("mul", x, w))), create=True)
    g = b.grad_of(x)
    b.clear(x)
    b.clear(w)
    b.backward(b.apply("sum", b.apply("mul", g, b.apply("sin", g))))
    b.observe("grad", x, w)
    found["the gradient of a gradient"] = b.program()
    b = Builder()
    x = b.leaf(PAIR)
    for order in range(3):
        y = b.apply("sum", b.apply("mul", b.apply("sin", x), x)) if not order else b.apply("sum", g)
        b.backward(y, create=True)
        g = b.grad_of(x)
        b.clear(x)
    b.observe("value", g)
    found["the third derivative"] = b.program()
    b = Builder()
    x = b.leaf(PAIR)
    b.backward(b.apply("sum", b.apply("mul", x, b.constant(PAIR))))
    b.observe("grad", x)
    found["a constant"] = b.program()
    return found


@pytest.mark.parametrize("adapter", [ADAPTER, ONE_ARGUMENT], ids=["by number", "of one argument"])
@pytest.mark.parametrize("name", programs())
def test_gradients_are_those_of_the_reference(write: Write, adapter: str, name: str) -> None:
    """A record is replayed as a function of its leaves, gradients included."""
    engine = load(write({"library.py": LIBRARY, "gradcheck_adapter.py": adapter}))
    assert isinstance(engine, FunctionalEngine)
    program = programs()[name]
    assert needs(program) - {"cotangent"} <= engine.capabilities
    actual, expected = run(program, engine), run(program, known_engine("reference"))
    assert actual.keys() == expected.keys()
    for index, number in expected.items():
        seen = actual[index]
        assert isinstance(number, Number)
        assert isinstance(seen, Number), seen
        np.testing.assert_allclose(seen.values, number.values, 1e-12)


@pytest.mark.parametrize("adapter", [ADAPTER, ONE_ARGUMENT], ids=["by number", "of one argument"])
@pytest.mark.parametrize("name", programs())
def test_the_printed_functions_give_the_same_gradients(
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    adapter: str,
    name: str,
) -> None:
    """A snippet runs by itself, and prints what the engine gave."""
    folder = write({"library.py": LIBRARY, "gradcheck_adapter.py": adapter})
    engine = load(folder)
    program = programs()[name]
    seen = run(program, engine)
    monkeypatch.syspath_prepend(str(folder))
    exec(script(program, engine.spelling, dict.fromkeys(seen, "")), {})  # noqa: S102 - to be run
    printed = re.findall(r"is ((?:.|\n)*?)\n  expected", capsys.readouterr().out)
    for text, number in zip(printed, seen.values(), strict=True):
        assert isinstance(number, Number)
        shown = np.array([float(n) for n in re.findall(r"-?\d[\d.e-]*", text)])
        np.testing.assert_allclose(shown, np.ravel(number.values), 1e-6)


def test_a_snippet_is_what_a_person_would_write(write: Write) -> None:
    """A function, and its gradient by each argument; the second derivative calls grad inside."""
    engine = load(write({"library.py": LIBRARY, "gradcheck_adapter.py": ADAPTER}))
    text = script(programs()["the gradient of a gradient"], engine.spelling, {})
    assert text.split("\n\n", 1)[1] == (
        "a = np.array([1.0, -0.5])\n"
        "b = np.array([1.0, -0.5])\n"
        "def f(a, b):\n"
        "    c = sin(a)\n"
        "    d = mul(a, b)\n"
        "    e = mul(c, d)\n"
        "    g = total(e)\n"
        "    return g\n"
        "grad_a = grad(f)(a, b)\n"
        "grad_b = grad(f, 1)(a, b)\n"
        "def f_2(a, b):\n"
        "    h = grad(f)(a, b)\n"
        "    i = sin(h)\n"
        "    j = mul(h, i)\n"
        "    k = total(j)\n"
        "    return k\n"
        "grad_a = grad(f_2)(a, b)\n"
        "grad_b = grad(f_2, 1)(a, b)\n"
    )


def test_what_would_test_the_record_alone_is_not_asked(write: Write) -> None:
    """Sums over passes, cleared gradients and flags are the adapter's own, not the library's."""
    engine = load(write({"library.py": LIBRARY, "gradcheck_adapter.py": ADAPTER}))
    twice, cleared, result = Builder(), Builder(), Builder()
    x = twice.leaf(PAIR)
    for _ in range(2):
        twice.backward(twice.apply("sum", x))
    y = cleared.leaf(PAIR)
    cleared.backward(cleared.apply("sum", y))
    cleared.clear(y)
    z = result.apply("sum", result.leaf(PAIR))
    result.backward(z)
    result.observe("grad", z)
    for b in (twice, cleared, result):
        assert needs(b.program()) - engine.capabilities == {"stored_gradients"}
    absent = {"detach", "no_grad", "requires_grad", "is_leaf", "retain_grad", "assign"}
    assert not absent & engine.capabilities


def test_a_gradient_of_many_numbers_raises_as_the_library_does(write: Write) -> None:
    """What to make of a function with several values is for the library to say."""
    engine = load(write({"library.py": LIBRARY, "gradcheck_adapter.py": ADAPTER}))
    b = Builder()
    x = b.leaf(PAIR)
    b.backward(b.apply("sin", x))
    (seen,) = run(b.program(), engine).values()
    assert seen == Raised("TypeError", "grad: the function has to give one number")


def test_a_wrong_rule_shows_as_it_does_in_any_engine(write: Write) -> None:
    """The gradient comes from the library, not from the record."""
    wrong = LIBRARY.replace("g * cos(x)", "g * sin(x)")
    engine = load(write({"library.py": wrong, "gradcheck_adapter.py": ADAPTER}))
    b = Builder()
    x = b.leaf(PAIR)
    b.backward(b.apply("sum", b.apply("sin", x)))
    b.observe("grad", x)
    (seen,) = run(b.program(), engine).values()
    assert isinstance(seen, Number)
    np.testing.assert_allclose(seen.values, np.sin(PAIR.numpy()))


def test_forward_mode_replays_the_record(write: Write) -> None:
    """A library's own jvp is handed the record as a function."""
    jvp = (
        "\ndef jvp(f, primals, tangents):\n"
        "    step = 1e-6\n"
        "    ends = [f(*(p + s * step * t for p, t in zip(primals, tangents))) for s in (1, -1)]\n"
        "    return f(*primals), (ends[0] - ends[1]) / (2 * step)\n"
    )
    adapter = ADAPTER.replace("grad, mul", "grad, jvp, mul").replace(
        'value="x",', 'value="x", push_forward="jvp(f, primals, tangents)[1]",'
    )
    engine = load(write({"library.py": LIBRARY + jvp, "gradcheck_adapter.py": adapter}))
    b = Builder()
    x, w = b.leaf(PAIR), b.leaf(PAIR)
    b.observe("value", b.push_forward(b.apply("mul", b.apply("sin", x), w), {x: PAIR}))
    (seen,), (expected,) = (
        run(b.program(), e).values() for e in (engine, known_engine("reference"))
    )
    assert isinstance(seen, Number)
    assert isinstance(expected, Number)
    np.testing.assert_allclose(seen.values, expected.values, 1e-8)


def test_indices_are_replayed(write: Write) -> None:
    """Settings of an op belong to the record."""
    adapter = ADAPTER.replace('("add", ', '("getitem", "x * (np.arange(2) == 1)"), ("add", ')
    engine = load(write({"library.py": LIBRARY, "gradcheck_adapter.py": adapter}))
    b = Builder()
    x = b.leaf(PAIR)
    b.backward(b.apply("sum", b.apply("getitem", x, index=(Slice(1, None),))))
    b.observe("grad", x)
    (seen,) = run(b.program(), engine).values()
    assert isinstance(seen, Number)
    np.testing.assert_array_equal(seen.values, [0.0, 1.0])


# (name, what is renamed, kind, how gradients are asked for)
SPELLINGS = [
    ("by number", {}, "scalar", "grad(f, argnum)(*primals)"),
    ("arrays", {r"\btotal\b": "summation"}, "tensor", "grad(f, argnum)(*primals)"),
    ("by keyword", {r"def grad\(f, argnum=0\)": "def grad(f, *, argnums=0)"}, "scalar", None),
    ("of one argument", {r", argnum=0\)": ")", r"\bargnum\b": "0"}, "scalar", "grad(f)(x)"),
    (
        "with the value",
        {
            r", argnum=0\)": ")",
            r"\bargnum\b": "0",
            r"def grad\(": "def value_and_grad(",
            r"return flows": "return raw(end), flows",
        },
        "scalar",
        "value_and_grad(f)(x)[1]",
    ),
    (
        "a wrong product",
        {r"fit\(g \* y, x\)": "fit(g * x, x)"},
        "scalar",
        "grad(f, argnum)(*primals)",
    ),
]


@pytest.mark.parametrize(
    ("changes", "kind", "gradient"), [c[1:] for c in SPELLINGS], ids=[c[0] for c in SPELLINGS]
)
def test_a_library_is_found_by_its_gradients(
    write: Write, changes: dict[str, str], kind: str, gradient: str | None
) -> None:
    """Where no class is an engine, a function that gives right gradients of a product, or a sum."""
    source = LIBRARY
    for pattern, text in changes.items():
        source, n = re.subn(pattern, text, source)
        assert n, pattern
    if "argnums" in source:
        source = source.replace("[argnum]", "[argnums]").replace(":argnum]", ":argnums]")
        source = source.replace("argnum + 1", "argnums + 1")
    engine = load(write({"library.py": source}))
    assert isinstance(engine, FunctionalEngine)
    assert engine.spelling.kind == kind
    assert engine.spelling.gradient == (gradient or "grad(f, argnums=argnum)(*primals)")
    assert {"op:add", "op:mul", "op:sin", "plain:mul.left"} <= engine.capabilities
    assert ("op:sum.axis" in engine.capabilities) == (kind == "tensor")


def test_an_op_that_is_not_differentiated_is_not_there(write: Write) -> None:
    """NumPy's own function, imported by its name, is right by value: on a box it raises."""
    source = LIBRARY.replace(r"\btotal\b", "summation") + "\nfrom numpy import tanh, exp\n"
    engine = load(write({"library.py": source}))
    assert "op:sin" in engine.capabilities
    assert not {"op:tanh", "op:exp", "op:matmul", "op:div"} & engine.capabilities


def test_a_found_library_gives_the_gradients_of_the_reference(write: Write) -> None:
    """What was found runs: first order, and the second where it is right."""
    source = re.sub(r"\btotal\b", "summation", LIBRARY)
    engine = load(write({"library.py": source}))
    assert "create_graph" in engine.capabilities
    for program in programs().values():
        assert needs(program) - {"cotangent"} <= engine.capabilities
        expected = run(program, known_engine("reference"))
        for index, seen in run(program, engine).items():
            number = expected[index]
            assert isinstance(number, Number)
            assert isinstance(seen, Number), seen
            np.testing.assert_allclose(seen.values, number.values, 1e-12)


def test_gradients_that_have_none_are_no_higher_mode(write: Write) -> None:
    """A library whose gradients are bare numbers can do everything else."""
    source = LIBRARY.replace("return flows.get(start,", "return raw(flows[start]) if order else (")
    engine = load(write({"library.py": source}))
    assert "op:mul" in engine.capabilities
    assert "create_graph" not in engine.capabilities
