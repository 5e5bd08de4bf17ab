"""Discovery of hooks, custom functions, forward mode and changes in place, in many spellings."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import bind, known_engine
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import Program, Slice
from gradcheck_suite.program.snippet import script
from gradcheck_suite.strategies.builder import Builder

Write = Callable[[str], Path]

# A tensor engine with all of it, in torch's spelling; the tables below rename parts.
ENGINE = """
import numpy as np

class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=float)
        self.requires_grad = requires_grad
        self.grad = None
        self.tangent = None
        self.links = ()
        self.hooks = []

    def made(self, data, *links):
        links = [(t, pull, push) for t, pull, push in links if t.requires_grad]
        result = Tensor(data, bool(links))
        result.links = links
        moved = [push(t.tangent) for t, _, push in links if t.tangent is not None]
        result.tangent = sum(moved) if moved else None
        return result

    def __add__(self, other):
        other = lift(other)
        return self.made(self.data + other.data,
            (self, lambda g: fit(g, self), lambda t: t),
            (other, lambda g: fit(g, other), lambda t: t))

    def __mul__(self, other):
        other = lift(other)
        a, b = self.data, other.data
        return self.made(a * b, (self, lambda g: fit(g * b, self), lambda t: t * b),
            (other, lambda g: fit(g * a, other), lambda t: t * a))

    __rmul__ = __mul__

    def __gt__(self, other):
        return Tensor(self.data > other.data)

    def __ipow__(self, n):
        a = self.data
        return self.made(a ** n, (self, lambda g: g * n * a ** (n - 1), None))

    def __setitem__(self, index, value):
        old = Tensor(self.data, self.requires_grad)
        old.links, self.requires_grad = self.links, True

        def left(g):
            g = g.copy()
            g[index] = 0
            return g

        self.data = self.data.copy()
        self.data[index] = value.data
        self.links = [(old, left, None), (value, lambda g: fit(g[index], value), None)]

    def register_hook(self, function):
        self.hooks.append(function)
        return Handle(self, function)

    def backward(self, gradient=None):
        order, seen = [], set()
        def visit(t):
            if t not in seen:
                seen.add(t)
                for link in t.links:
                    visit(link[0])
                order.append(t)
        visit(self)
        flows = {self: np.ones_like(self.data) if gradient is None else np.array(gradient)}
        for t in reversed(order):
            g = flows[t]
            for hook in t.hooks:
                changed = hook(g)
                g = g if changed is None else changed
            if not t.links:
                t.grad = g if t.grad is None else t.grad + g
            for parent, pull, _ in t.links:
                flows[parent] = flows.get(parent, 0) + pull(g)

def lift(x):
    return x if isinstance(x, Tensor) else Tensor(x)

def fit(g, x):
    return g if g.shape == x.data.shape else g.sum().reshape(x.data.shape)

class Handle:
    def __init__(self, tensor, function):
        self.tensor, self.function = tensor, function

    def remove(self):
        self.tensor.hooks.remove(self.function)

class Context:
    def save_for_backward(self, *values):
        self.saved_tensors = values

class Function:
    @classmethod
    def apply(cls, *args):
        ctx = Context()
        result = cls.forward(ctx, *(a.data if isinstance(a, Tensor) else a for a in args))
        def pull(k):
            def rule(g):
                found = cls.backward(ctx, g)
                return found[k] if isinstance(found, tuple) else found
            return rule
        tensors = [(a, pull(k), None) for k, a in enumerate(args) if isinstance(a, Tensor)]
        return tensors[0][0].made(result, *tensors)

def jvp(f, primals, tangents):
    moving = [Tensor(p.data, True) for p in primals]
    for p, t in zip(moving, tangents):
        p.tangent = t.data
    result = f(*moving)
    return result, Tensor(result.tangent)
"""

SAVED = r"self\.saved_tensors = values"
OWN_CONTEXT = """
class Function:
    def __call__(self, x):
        result = self.forward(x.data)
        return x.made(result, (x, self.backward, None))
"""
COMPUTED = """
class Op:
    def __call__(self, x):
        self.inputs = [x.data]
        return x.made(self.compute(x.data), (x, lambda g: self.gradient(g, self), None))
"""
BY_VALUE = """
class Function:
    @classmethod
    def apply(cls, *args):
        ctx = Context()
        result = cls.forward(ctx, *args)
        pull = lambda g: cls.backward(ctx, Tensor(g))[0].data
        return args[0].made(result.data, (args[0], pull, None))
"""
FUNCTION = r"(?s)class Function.*?(?=def jvp)"

# (name, what is renamed, what the spelling must then be)
SPELLINGS = [
    ("torch's own", {}, {"hook": "x.register_hook(hook)", "unhook": "x.remove()"}),
    ("another name", {"register_hook": "add_hook"}, {"hook": "x.add_hook(hook)"}),
    (
        "taken away by its handle",
        {
            r"return Handle\(self, function\)": "return len(self.hooks) - 1\n\n"
            "    def remove_hook(self, k):\n        del self.hooks[k]",
        },
        {"unhook": "y.remove_hook(x)"},
    ),
    (
        "taken away by itself",
        {
            r"return Handle\(self, function\)": "\n"
            "    def remove_hook(self, function):\n        self.hooks.remove(function)",
        },
        {"unhook": "y.remove_hook(hook)"},
    ),
    ("hooks stay for good", {r"return Handle\(self, function\)": ""}, {"unhook": ""}),
    (
        "hooks only look",
        {r"g = g if changed is None else changed": "pass"},
        {"hook": "", "unhook": ""},
    ),
    ("tangent beside the value", {}, {"push_forward": "jvp(f, primals, tangents)[1]"}),
    (
        "tangent alone",
        {r"return result, Tensor\(result\.tangent\)": "return Tensor(result.tangent)"},
        {"push_forward": "jvp(f, primals, tangents)"},
    ),
    (
        "tangents as bare arrays",
        {r"p\.tangent = t\.data": "p.tangent = t * np.ones(1)", r"\bjvp\b": "pushforward"},
        {"push_forward": "pushforward(f, primals, [x.data for x in tangents])[1]"},
    ),
    ("wrong tangents", {r"lambda t: t \* b": "lambda t: t"}, {"push_forward": ""}),
    (
        "in place",
        {},
        {"in_place": (("pow", "x **= exponent"), ("setitem", "x[index] = y"))},
    ),
    (
        "numbers alone are set",
        {r"self\.data\[index\] = value\.data": "self.data[index] = float(value)"},
        {"in_place": (("pow", "x **= exponent"),)},
    ),
    (
        "wrong numbers are set",
        {r"self\.data\[index\] = value\.data": "self.data[index] = 1.0"},
        {"in_place": (("pow", "x **= exponent"),)},
    ),
]

# (name, what is renamed, calls of the custom functions)
CUSTOMS = [
    ("torch's own", {}, ["Cube.apply(x)", "Scale.apply(x, factor)", "Broken.apply(x)"]),
    (
        "saved_values",
        {"saved_tensors": "saved_values"},
        ["Cube.apply(x)", "Scale.apply(x, factor)"],
    ),
    (
        "one value is saved bare",
        {SAVED: "self.saved = values[0]"},
        ["Cube.apply(x)", "Scale.apply(x, factor)"],
    ),
    (
        "another base",
        {r"class Function": "class Operation"},
        ["Cube.apply(x)", "Scale.apply(x, factor)"],
    ),
    (
        "values of the engine, and tuples",
        {FUNCTION: BY_VALUE.lstrip() + "\n"},
        ["Cube.apply(x)", "Scale.apply(x, factor)", "Broken.apply(x)"],
    ),
    (
        "its own context",
        {FUNCTION: OWN_CONTEXT.lstrip() + "\n"},
        ["Cube()(x)", "Scale(factor)(x)", "Broken()(x)"],
    ),
    (
        "compute and gradient",
        {FUNCTION: COMPUTED.lstrip() + "\n"},
        ["Cube()(x)", "Scale(factor)(x)", "Broken()(x)"],
    ),
    (
        "names that are taken",
        {r"class Context": "class Cube:\n    pass\n\nclass Context"},
        ["MyCube.apply(x)", "MyScale.apply(x, factor)"],
    ),
    (
        "a wrong value",
        {r"result = cls\.forward\(ctx, (.*)\)": r"result = 1.0 + cls.forward(ctx, \1)"},
        [],
    ),
    ("nothing of the sort", {r"class Function": "class Machine"}, []),
]


def renamed(changes: dict[str, str]) -> str:
    """Return the engine with parts renamed, each of which has to be there."""
    source = ENGINE
    for pattern, text in changes.items():
        source, n = re.subn(pattern, lambda m, text=text: m.expand(text), source)
        assert n, pattern
    return source


def programs() -> list[Program]:
    """Return one program for each of the means."""
    two, three = Array.of([1.0, -2.0]), Array.of([1.0, -2.0, 0.5])
    found = []
    for gone in (False, True):
        b = Builder()
        x = b.leaf(two)
        y = b.apply("mul", x, x)
        handle = b.hook(y, "square")
        b.hook(y, "nothing")
        if gone:
            b.unhook(handle)
        b.backward(b.apply("add", y, y), two)
        b.observe("grad", x)
        found.append(b.program())
    for op in ("custom_cube", "custom_scale"):
        b = Builder()
        x = b.leaf(two)
        b.backward(b.apply(op, b.apply("mul", x, x)), two)
        b.observe("grad", x)
        found.append(b.program())
    b = Builder()
    x, w = b.leaf(two), b.leaf(two)
    b.observe("value", b.push_forward(b.apply("mul", b.apply("mul", x, w), x), {x: two}))
    found.append(b.program())
    b = Builder()
    x, w = b.leaf(three), b.leaf(two)
    y = b.in_place("setitem", b.apply("mul", x, x), w, index=(Slice(1, None),))
    b.backward(b.in_place("pow", y, exponent=2), three)
    b.observe("grad", x, w)
    found.append(b.program())
    return found


def check(engine: SpelledEngine) -> int:
    """Compare what the engine can run of the programs with the reference; return how many."""
    reference, n_run = known_engine("reference"), 0
    for program in programs():
        if needs(program) <= engine.capabilities:
            n_run += 1
            actual = run(program, engine)
            for index, number in run(program, reference).items():
                seen = actual.get(index)
                assert isinstance(number, Number), (index, number)
                assert isinstance(seen, Number), (index, seen)
                np.testing.assert_allclose(seen.values, number.values, 1e-12)
    return n_run


@pytest.mark.parametrize(
    ("changes", "expected"), [c[1:] for c in SPELLINGS], ids=[c[0] for c in SPELLINGS]
)
def test_hooks_forward_mode_and_changes_in_place_are_found_as_they_are_spelled(
    write: Write, changes: dict[str, str], expected: dict[str, object]
) -> None:
    """What is right in the simplest case is taken, in its own spelling, and runs."""
    engine = load(write(renamed(changes)))
    assert {key: getattr(engine.spelling, key) for key in expected} == expected
    assert check(engine) >= 3


@pytest.mark.parametrize(
    ("changes", "calls"), [c[1:] for c in CUSTOMS], ids=[c[0] for c in CUSTOMS]
)
def test_custom_functions_are_written_in_the_form_that_the_engine_takes(
    write: Write, changes: dict[str, str], calls: list[str]
) -> None:
    """A form is taken where the cube is right; the other two where their values are."""
    engine = load(write(renamed(changes)))
    found = [text for op, text in engine.spelling.ops if op.startswith("custom_")]
    assert found[: len(calls)] == calls
    assert bool(found) == bool(calls)
    assert check(engine) >= (6 if calls else 4)


def test_a_rule_may_leave_out_what_has_no_gradient(write: Write) -> None:
    """Where a None among the gradients is refused, the custom function returns the others alone."""
    refuses = r"\g<0>\n                assert not isinstance(found, tuple)"
    spelling = load(write(renamed({r"found = cls\.backward\(ctx, g\)": refuses}))).spelling
    scale = next(line for line in spelling.imports if line.startswith("class Scale"))
    assert scale.endswith("return gradient * ctx.factor\n")


def test_a_custom_function_with_a_wrong_gradient_is_found_by_its_value(write: Write) -> None:
    """Where the cube is right, a gradient that fails beside a plain number is for a property."""
    one_tensor = r"assert len(args) == 1\n"
    late = renamed({r"found = cls\.backward": rf"{one_tensor}                \g<0>"})
    assert "op:custom_scale" in load(write(late)).capabilities
    early = renamed({r"ctx = Context\(\)": rf"{one_tensor}        \g<0>"})
    assert "op:custom_cube" in load(write(early)).capabilities
    assert "op:custom_scale" not in load(write(early)).capabilities


def test_a_comparison_that_gives_truth_values_of_numpy_is_not_asked_about(write: Write) -> None:
    """A bare array has no history: it is right in its own way, and no op of the engine."""
    assert "op:greater" in load(write(ENGINE)).capabilities
    bare = renamed({r"return Tensor\(self\.data > other\.data\)": "return self.data > other.data"})
    assert "op:greater" not in load(write(bare)).capabilities


def test_the_definitions_stand_in_the_snippet_and_run_there(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script brings the class of the custom function that it calls, and no other."""
    folder = write(ENGINE)
    spelling = load(folder).spelling
    cube = next(p for p in programs() if "op:custom_cube" in needs(p))
    text = script(cube, spelling, {len(cube.instructions) - 1: "-12 and 384"})
    assert "class Cube(Function):" in text
    assert "Scale" not in text
    monkeypatch.syspath_prepend(str(folder))
    exec(compile(text, "snippet", "exec"), {})  # noqa: S102 - what a reader of it would do
    assert "a.grad is" in capsys.readouterr().out


def test_a_spelling_with_definitions_can_be_bound_again(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What discovery found is data: its lines bring all the names that its templates use."""
    folder = write(ENGINE)
    spelling = load(folder).spelling
    monkeypatch.syspath_prepend(str(folder))
    assert check(bind(spelling)) == len(programs())


@pytest.mark.parametrize("removal", ["y.remove_hook(x)", "y.remove_hook(hook)"])
def test_a_hook_is_taken_away_in_print_as_it_is_spelled(write: Write, removal: str) -> None:
    """By its handle, or by the function itself, which then has a name."""
    changes = next(c for _, c, e in SPELLINGS if e.get("unhook") == removal)
    spelling = load(write(renamed(changes))).spelling
    program = next(p for p in programs() if "unhook" in needs(p))
    text = script(program, spelling, {})
    assert "b.remove_hook(c)" in text
    named = "c = lambda gradient: gradient * gradient" in text
    assert named == ("hook)" in removal)
