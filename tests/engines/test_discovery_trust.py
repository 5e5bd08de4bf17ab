"""Discovery trusts values, not names; but what is unmistakably meant is taken though wrong."""

import re

import pytest

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    BackwardFrom,
    Leaf,
    Mode,
    Observe,
    Program,
)

# A tensor engine with room for one more method, and for something behind the class.
ENGINE = """
import contextlib, math
import numpy as np

class Tensor:
    def __init__(self, data, up=()):
        self.data = np.array(data, dtype=float)
        self.grad, self.up = None, up
    def __add__(self, o):
        o = o if isinstance(o, Tensor) else Tensor(o)
        assert self.data.shape == o.data.shape
        return Tensor(self.data + o.data, ((self, lambda g: g), (o, lambda g: g)))
    def __mul__(self, o):
        o = o if isinstance(o, Tensor) else Tensor(o)
        assert self.data.shape == o.data.shape
        a, b = self.data, o.data
        return Tensor(a * b, ((self, lambda g: g * b), (o, lambda g: g * a)))
    def sum(self):
        return Tensor(self.data.sum(), ((self, lambda g: g * np.ones_like(self.data)),))
    def unary(self, f, d):
        return Tensor(f(self.data), ((self, lambda g: g * d(self.data)),))
    def backward(self, g=None):
        g = np.ones_like(self.data) if g is None else g
        if not self.up:
            self.grad = g if self.grad is None else self.grad + g
        for p, r in self.up:
            p.backward(r(g))
{method}
{after}
"""

SIGMOID = """
class Sigmoid:
    def __call__(self, x): return x.unary(lambda v: 1 / (1 + np.exp(-v)), abs)
"""
SOFTMAX = """
class Softmax:
    def __call__(self, x):
        e = np.exp(x.data)
        return Tensor(e / e.sum(-1, keepdims=True))
"""
LOG_SOFTMAX = """
class LogSoftmax:
    def __init__(self, dim): self.dim = dim
    def __call__(self, x):
        return Tensor(x.data - np.log(np.exp(x.data).sum(self.dim, keepdims=True)))
"""
PERMUTE = """\
def permute(self, *axes): return Tensor(self.data.transpose(axes))
    shape = property(lambda self: self.data.shape)
"""
IGNORES = """\
def backward(self, grad=None): self.spread(np.ones_like(self.data))
    def spread(self, g):
        if not self.up:
            self.grad = g if self.grad is None else self.grad + g
        for p, r in self.up:
            p.spread(r(g))
"""


MEAN = """def mean(self, axis=None, keepdims=True):
        return Tensor(self.data.mean(axis, keepdims=keepdims))
"""


def engine_with(method="", after=""):
    """Return the engine's text with a method and something after the class."""
    return ENGINE.replace("{method}", re.sub("^", "    ", method)).replace("{after}", after)


@pytest.mark.parametrize(
    ("method", "after", "key", "template"),
    [
        ("def exp(self): return self.unary(np.exp, np.exp)", "", "exp", "x.exp()"),
        ("def exp(self): return self.unary(lambda v: np.exp(v) + 1, np.exp)", "", "exp", "x.exp()"),
        ("def exp(self): return np.exp(self.data)", "", "exp", None),
        ("def ln(self): return self.unary(np.log, lambda v: 1 / v)", "", "log", "x.ln()"),
        ("def ln(self): return self.unary(np.log2, lambda v: 1 / v)", "", "log", None),
        ("", "def tanh(x): return x.unary(lambda v: -np.tanh(v), np.cos)", "tanh", "tanh(x)"),
        ("", "tanh = lambda x: x.unary(np.tanh, np.cos)", "tanh", "tanh(x)"),
        ("", "from math import tanh", "tanh", None),
        ("@property\n    def T(self): return Tensor(self.data.T)", "", "transpose", "x.T"),
        ("@property\n    def T(self): return self", "", "transpose", None),
        (
            "def max(self, o): return Tensor(np.maximum(self.data, o.data))",
            "",
            "maximum",
            "x.max(y)",
        ),
        ("def max(self, o): return Tensor(np.maximum(self.data, o.data))", "", "max", None),
        ("def dot(self, o): return self * o", "", "matmul", None),
        ("def dot(self, o): return Tensor(self.data @ o.data)", "", "matmul", "x.dot(y)"),
        ("def __neg__(self): return self + self", "", "neg", "-x"),
        (
            "@staticmethod\n    def exp(x): return x.unary(np.exp, np.exp)",
            "",
            "exp",
            "Tensor.exp(x)",
        ),
        (
            "",
            SIGMOID,
            "sigmoid",
            "Sigmoid()(x)",
        ),
        (
            "",
            LOG_SOFTMAX,
            "log_softmax",
            "LogSoftmax(dim=axis)(x)",
        ),
        (
            "",
            SOFTMAX,
            "softmax",
            "Softmax()(x)",
        ),
        (
            "def reshape(self, *s): return Tensor(self.data.reshape(*s))",
            "",
            "reshape",
            "x.reshape(shape)",
        ),
        (
            "def reshape(self, a, *s): a + 1; return Tensor(self.data.reshape(a, *s))",
            "",
            "reshape",
            "x.reshape(*shape)",
        ),
        (
            "def sum(self, dim=-1): return Tensor(self.data.sum(dim))",
            "",
            "sum",
            "x.sum(dim=None if axis is None else axis)",
        ),
        (
            MEAN,
            "",
            "mean",
            "x.mean(axis=axis, keepdims=True if keepdims else False)",
        ),
        (
            "",
            "def cat(xs, dim=0): return Tensor(np.concatenate([x.data for x in xs], dim))",
            "concatenate",
            "cat(xs, dim=axis)",
        ),
        (
            "",
            "def stack(*xs): return Tensor(np.stack([x.data for x in xs]))",
            "stack",
            "stack(*xs)",
        ),
        (
            "",
            "def where(c, x, y): return Tensor(np.where(c.data, x.data, y.data), c.up)",
            "where",
            "where(Tensor(condition), x, y)",
        ),
        ("def __getitem__(self, i): return Tensor(self.data[i])", "", "getitem", "x[index]"),
        (
            PERMUTE,
            "",
            "transpose",
            "x.permute(*range(len(x.shape))[::-1])",
        ),
    ],
)
def test_which_candidate_is_taken(write, method, after, key, template):
    """A candidate is taken when it is right, or runs wrongly under an unmistakable name."""
    spelling = load(write(engine_with(method, after))).spelling
    assert dict(spelling.ops).get(key) == template


def test_axis_that_is_wrong_is_a_form_all_the_same(write):
    """A sum that takes an axis and gets it wrong has that form: its value will be judged."""
    text = engine_with().replace("def sum(self)", "def sum(self, axis=None)")
    assert "op:sum.axis" in load(write(text)).capabilities


def test_argument_that_is_not_there_is_no_form(write):
    """A sum without an axis has no other form."""
    forms = {c for c in load(write(engine_with())).capabilities if c.startswith("op:sum")}
    assert forms == {"op:sum"}


def test_reflected_form_is_not_the_op_itself(submissions):
    """A wrong ``2 - x`` is no wrong ``x - y``: both are there, to be judged apart."""
    engine = load(submissions / "wrong_rsub")
    assert {"op:sub", "plain:sub.left", "plain:sub.right"} <= engine.capabilities
    two = Program(
        (Leaf(Array.of(5.0)), Leaf(Array.of(3.0)), Apply("sub", (0, 1)), Observe("value", 2))
    )
    outcome = run(two, engine)[3]
    assert isinstance(outcome, Number)
    assert outcome.values == 2.0


def test_plain_numbers_and_broadcasting_that_raise_are_not_there(write):
    """What the engine refuses is no capability: a number on the left, operands of two shapes."""
    can = load(write(engine_with())).capabilities
    assert {c for c in can if c.startswith(("plain:", "broadcast:"))} == set()


def test_scalars_through_which_arrays_pass(write):
    """A scalar engine stays one, though arrays pass through its operators by accident."""
    text = (
        engine_with()
        .replace("np.array(data, dtype=float)", "data")
        .replace("def sum", "def nothing")
    )
    text = text.replace("assert self.data.shape == o.data.shape", "").replace(
        "np.ones_like(self.data)", "1.0"
    )
    spelling = load(write(text)).spelling
    assert (spelling.kind, spelling.leaf) == ("scalar", "Tensor(number)")
    assert {c for c in spelling.can if c.startswith("rank:")} == {"rank:0"}


def test_an_engine_that_tells_its_shape_is_of_arrays(write):
    """An engine of arrays without an op for arrays alone has a shape, which a scalar does not."""
    text = (
        engine_with("@property\n    def shape(self): return self.data.shape")
        .replace("np.array(data, dtype=float)", "data")
        .replace("def sum", "def nothing")
    )
    spelling = load(write(text)).spelling
    assert (spelling.kind, spelling.leaf) == ("tensor", "Tensor(data)")


MODES = """
class Flag: on = True
@contextlib.contextmanager
def {name}({args}):
    old, Flag.on = Flag.on, False
    try: yield
    finally: Flag.on = {restore}
"""


@pytest.mark.parametrize(
    ("name", "args", "spelled"),
    [
        ("no_grad", "", "no_grad()"),
        ("no_autodiff", "", "no_autodiff()"),
        ("using_config", "key, value", "using_config('enable_backprop', False)"),
    ],
)
def test_gradient_mode(write, name, args, spelled):
    """A context manager is found under each of its names, and is a decorator where it can be."""
    after = MODES.format(name=name, args=args, restore="old")
    engine = load(write(engine_with(after=after)))
    assert engine.spelling.no_grad.replace('"', "'") == spelled
    assert "decorator" in engine.capabilities


def test_mode_that_never_ends_does_not_spoil_the_engine(write):
    """Trying a no_grad that never ends leaves the engine as it is before its first use."""
    text = engine_with(after=MODES.format(name="no_grad", args="", restore="False"))
    text = text.replace("if not self.up:", "if not Flag.on: return\n        if not self.up:")
    engine = load(write(text))
    assert engine.spelling.no_grad == "no_grad()"
    leaf = Leaf(Array.of(3.0))
    plain = Program((leaf, Apply("mul", (0, 0)), Backward(1), Observe("grad", 0)))
    before = run(plain, engine)[3]
    assert isinstance(before, Number)
    assert before.values == 6.0
    run(Program((Mode("no_grad", (leaf,)),)), engine)
    assert not isinstance(run(plain, engine)[3], Number)


@pytest.mark.parametrize(
    ("method", "field", "template"),
    [
        ("def detach(self): return Tensor(self.data)", "detach", "x.detach()"),
        ("def detach(self): return self.data", "detach", ""),
        ("def zero_grad(self): self.grad = None", "clear", "x.zero_grad()"),
        ("def zero_grad(self): pass", "clear", "x.zero_grad()"),
        ("def zero_grad(self): raise NotImplementedError", "clear", "x.grad = None"),
        ("def is_leaf(self): return not self.up", "is_leaf", "x.is_leaf()"),
        (
            "@property\n    def creator(self): return self.up or None",
            "has_graph",
            "x.creator is not None",
        ),
        ("def retain_grad(self): pass", "retain_grad", "x.retain_grad()"),
        ("", "assign", "x.data = data"),
    ],
)
def test_habit(write, method, field, template):
    """What surrounds backward is found where it does what it is called."""
    spelling = load(write(engine_with(method))).spelling
    assert getattr(spelling, field) == template


def test_in_place_operator_of_its_own(write):
    """``x += y`` is there when the class says what it means, and not by falling back to ``+``."""
    method = "def __iadd__(self, o): return self + o"
    assert load(write(engine_with(method))).spelling.in_place == (("add", "x += y"),)
    assert load(write(engine_with())).spelling.in_place == ()


def test_a_cotangent_that_makes_no_difference_is_told_and_spoils_nothing_else(tmp_path):
    """Elsewhere a weighted sum stands for the cotangent; the argument is judged by itself."""
    (tmp_path / "engine.py").write_text(engine_with(IGNORES))
    engine = load(tmp_path)
    assert engine.spelling.backward == "x.backward()"
    assert engine.spelling.backward_from == "x.backward(cotangent)"
    leaf, weights = Array((2,), (1.0, 2.0)), Array((2,), (3.0, 5.0))
    seen = {}
    for kind in (Backward, BackwardFrom):
        program = Program((Leaf(leaf), Apply("mul", (0, 0)), kind(1, weights), Observe("grad", 0)))
        outcome = run(program, engine)[3]
        assert isinstance(outcome, Number)
        seen[kind] = outcome.numbers
    assert seen == {Backward: [6.0, 20.0], BackwardFrom: [2.0, 4.0]}
