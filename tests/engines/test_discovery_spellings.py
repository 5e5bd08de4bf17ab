"""Discovery of engines in many spellings: what is found runs, and gives the right gradients."""

import re

import pytest

from gradcheck_suite.engines.discovery import load

# A tensor engine on a tape of closures, in plain spelling; the tables below rename parts of it.
TENSOR = """
import numpy as np

def fit(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)

class Tensor:
    def __init__(self, data, requires_grad=True, parents=(), rule=None):
        self.data = np.array(data, dtype=float)
        self.requires_grad = requires_grad
        self.grad = None
        self.parents, self.rule = parents, rule

    def make(self, data, *pairs):
        return Tensor(data, True, *zip(*[(p, r) for p, r in pairs]))

    def __add__(self, other):
        return self.make(self.data + other.data,
            (self, lambda g: fit(g, self.data.shape)), (other, lambda g: fit(g, other.data.shape)))

    def __mul__(self, other):
        a, b = self.data, other.data
        return self.make(a * b,
            (self, lambda g: fit(g * b, a.shape)), (other, lambda g: fit(g * a, b.shape)))

    def __neg__(self):
        return self.make(-self.data, (self, lambda g: -g))

    def exp(self):
        e = np.exp(self.data)
        return self.make(e, (self, lambda g: g * e))

    def sum(self, axis=None, keepdims=False):
        kept = self.data.sum(axis=axis, keepdims=True).shape
        return self.make(self.data.sum(axis=axis, keepdims=keepdims),
            (self, lambda g: np.broadcast_to(g.reshape(kept), self.data.shape)))

    def backward(self, grad=None):
        seed = np.ones_like(self.data) if grad is None else np.asarray(grad)
        order, seen = [], set()
        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                for p in t.parents:
                    visit(p)
                order.append(t)
        visit(self)
        flows = {id(self): seed}
        for t in reversed(order):
            g = flows[id(t)]
            if not t.parents and t.requires_grad:
                t.grad = g if t.grad is None else t.grad + g
            for p, r in zip(t.parents, t.rule or ()):
                flows[id(p)] = flows.get(id(p), 0) + r(g)
"""

# (name, what is renamed, what the spelling must then be)
RENAMED = [
    ("plain", {}, {"leaf": "Tensor(data, requires_grad=requires_grad)"}),
    ("class", {r"\bTensor\b": "Variable"}, {"name": "Variable"}),
    ("value attribute", {r"\.data\b": ".array"}, {"value": "x.array"}),
    ("unheard-of value", {r"\.data\b": ".content"}, {"value": "x.content"}),
    ("gradient attribute", {r"\.grad\b": ".derivative"}, {"grad": "x.derivative"}),
    ("unheard-of gradient", {r"\.grad\b": ".sensitivity"}, {"grad": "x.sensitivity"}),
    ("backward", {r"def backward": "def backprop"}, {"backward": "x.backprop(cotangent)"}),
    (
        "cotangent by keyword",
        {
            r"def backward\(self, grad": "def backward(self, *, out_grad",
            r"grad is None else np.asarray\(grad": "out_grad is None else np.asarray(out_grad",
        },
        {"backward": "x.backward(out_grad=cotangent)"},
    ),
    (
        "cotangent as a tensor",
        {r"np\.asarray\(grad\)": "grad.data"},
        {"backward": "x.backward(Tensor(cotangent, requires_grad=False))"},
    ),
    (
        "cotangent is needed",
        {r"def backward\(self, grad=None\)": "def backward(self, grad)"},
        {"backward": "x.backward(1.0)"},
    ),
    (
        "no cotangent",
        {
            r"def backward\(self, grad=None\)": "def backward(self)",
            r"if grad is None else np.asarray\(grad\)": "",
        },
        {"backward": "x.backward()"},
    ),
    (
        "a flag instead of a cotangent",
        {
            r"def backward\(self, grad=None\)": "def backward(self, retain_graph=False)",
            r"if grad is None else np.asarray\(grad\)": "",
        },
        {"backward": "x.backward(retain_graph=retain_graph)"},
    ),
    (
        "gradient zero at first",
        {r"self\.grad = None": "self.grad = np.zeros_like(self.data)"},
        {"clear": "x.grad = np.zeros_like(x.data)"},
    ),
    (
        "clearing",
        {r"    def exp": "    def cleargrad(self):\n        self.grad = None\n\n    def exp"},
        {"clear": "x.cleargrad()"},
    ),
    (
        "flag",
        {r"\brequires_grad\b": "req_grad"},
        {"leaf": "Tensor(data, req_grad=requires_grad)", "requires_grad": "x.req_grad"},
    ),
    (
        "gradient is a tensor",
        {
            r"t\.grad = g if t\.grad is None else t\.grad \+ g": "t.grad = Tensor(g "
            "if t.grad is None else t.grad.data + g)",
        },
        {"grad_of": "x.grad"},
    ),
    (
        "gradient by method",
        {
            r"\.grad\b": "._grad",
            r"    def exp": "    def grad(self):\n        return self._grad\n\n    def exp",
        },
        {},
    ),
    ("float32", {r"dtype=float": "dtype=np.float32"}, {"dtype": "float64"}),
    (
        "axis is dim",
        {
            r"axis=None, keepdims=False": "dim=None, keepdim=False",
            r"kept = ": "axis, keepdims = dim, keepdim; kept = ",
        },
        {},
    ),
    (
        "lists alone",
        {
            r"self\.data = ": "assert parents or not isinstance(data, np.ndarray)\n"
            "        self.data = ",
        },
        {"leaf": "Tensor(nested, requires_grad=requires_grad)"},
    ),
    (
        "slots",
        {
            r"class Tensor:": "class Tensor:\n"
            "    __slots__ = 'data', 'requires_grad', 'grad', 'parents', 'rule'",
        },
        {},
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [row[1:] for row in RENAMED], ids=[r[0] for r in RENAMED]
)
def test_renamed_tensor_engine(write, compare, changes, expected):
    """An engine with one part spelled differently is found with that spelling and is right."""
    text = TENSOR
    for pattern, replacement in changes.items():
        assert re.search(pattern, text)
        text = re.sub(pattern, replacement, text)
    engine = load(write(text))
    assert {key: getattr(engine.spelling, key) for key in expected} == expected
    wrong, n_run = compare(engine)
    assert wrong == []
    assert n_run >= 15
    assert {
        "rank:0",
        "rank:4",
        "broadcast:add",
        "op:sum.axis+keepdims",
        "again",
    } <= engine.capabilities
