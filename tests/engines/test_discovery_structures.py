"""Discovery of engines that are built differently: graphs, tapes, op objects, two dimensions."""

import pytest

from gradcheck_suite.engines.discovery import load

# Scalars: every op is a class of its own, made by calling it.
GRAPH = """
import math
class Node:
    derivative = 0.0
    def __add__(self, o): return Add(self, o)
    def __mul__(self, o): return Mul(self, o)
    def backprop(self, upper_grad=1.0):
        self.derivative = self.derivative + upper_grad
        self.push(upper_grad)
    def push(self, g): pass
class Constant(Node):
    def __init__(self, v): self.v = float(v)
class Add(Node):
    def __init__(self, a, b): self.a, self.b, self.v = a, b, a.v + b.v
    def push(self, g): self.a.backprop(g); self.b.backprop(g)
class Mul(Node):
    def __init__(self, a, b): self.a, self.b, self.v = a, b, a.v * b.v
    def push(self, g): self.a.backprop(g * self.b.v); self.b.backprop(g * self.a.v)
class Exp(Node):
    def __init__(self, a): self.a, self.v = a, math.exp(a.v)
    def push(self, g): self.a.backprop(g * self.v)
def variable(x): return Constant(x)
"""

# The gradient of the root has to be set by the user; functions on a class without operators.
FUNCTIONS = """
import numpy as np
class Var:
    def __init__(self, val): self.val, self.g, self.up = np.array(val, float), None, []
    def backward(self):
        for p, r in self.up:
            p.g = (0 if p.g is None else p.g) + r(self.g)
            p.backward()
def add(x, y):
    assert x.val.shape == y.val.shape
    return made(x.val + y.val, (x, lambda g: g), (y, lambda g: g))
def mul(x, y):
    assert x.val.shape == y.val.shape
    return made(x.val * y.val, (x, lambda g: g * y.val), (y, lambda g: g * x.val))
def sum(x): return made(x.val.sum(), (x, lambda g: g * np.ones_like(x.val)))
def made(val, *up):
    out = Var(val)
    out.up = list(up)
    return out
"""

# Only two dimensions, as in the courses that follow MATLAB; no axis argument for softmax.
MATRICES = """
import numpy as np
class Matrix:
    def __init__(self, data, up=()):
        self.data = np.atleast_2d(np.array(data, dtype=float))
        if self.data.ndim > 2:
            raise ValueError("only matrices")
        self.grad, self.up = np.zeros_like(self.data), up
    def __add__(self, o):
        assert self.data.shape == o.data.shape
        return Matrix(self.data + o.data, ((self, lambda g: g), (o, lambda g: g)))
    def __mul__(self, o):
        assert self.data.shape == o.data.shape
        a, b = self.data, o.data
        return Matrix(a * b, ((self, lambda g: g * b), (o, lambda g: g * a)))
    def __matmul__(self, o):
        a, b = self.data, o.data
        return Matrix(a @ b, ((self, lambda g: g @ b.T), (o, lambda g: a.T @ g)))
    @property
    def T(self): return Matrix(self.data.T, ((self, lambda g: g.T),))
    def sum(self): return Matrix(self.data.sum(), ((self, lambda g: g * np.ones_like(self.data)),))
    def softmax(self):
        e = np.exp(self.data)
        s = e / e.sum(axis=1, keepdims=True)
        return Matrix(s, ((self, lambda g: s * (g - (g * s).sum(axis=1, keepdims=True))),))
    def backward(self, grad=None):
        g = np.ones_like(self.data) if grad is None else grad
        self.grad = self.grad + g
        for p, r in self.up: p.backward(r(g))
"""

# Function classes with apply, hung onto the class in a loop; a tape; a config for the modes.
TAPE = """
import contextlib, numpy as np
TAPE = []
class Config: enable_backprop = True
@contextlib.contextmanager
def using_config(name, value):
    old = getattr(Config, name)
    setattr(Config, name, value)
    try: yield
    finally: setattr(Config, name, old)
def no_grad(): return using_config("enable_backprop", False)
class Tensor:
    def __init__(self, data): self.data, self.grad = np.asarray(data), None
    def backward(self, init=None):
        flows = {self: np.ones_like(self.data) if init is None else init}
        for out, fn, args in reversed(TAPE):
            if out in flows:
                g = flows.pop(out)
                for a, ga in zip(args, fn.backward(g)):
                    flows[a] = flows[a] + ga if a in flows else ga
        for t, g in flows.items(): t.grad = g if t.grad is None else t.grad + g
class Function:
    @classmethod
    def apply(cls, *args, **kw):
        fn = cls()
        out = Tensor(fn.forward(*(a.data for a in args), **kw))
        if Config.enable_backprop: TAPE.append((out, fn, args))
        return out
class Mul(Function):
    def forward(self, a, b):
        assert a.shape == b.shape
        self.s = a, b
        return a * b
    def backward(self, g): return g * self.s[1], g * self.s[0]
class Add(Function):
    def forward(self, a, b):
        assert a.shape == b.shape
        return a + b
    def backward(self, g): return g, g
class Dot(Function):
    def forward(self, a, b):
        assert a.ndim == b.ndim == 2
        self.s = a, b
        return a @ b
    def backward(self, g): return g @ self.s[1].T, self.s[0].T @ g
class Sum(Function):
    def forward(self, a, axis=None): self.s = a.shape, axis; return a.sum(axis)
    def backward(self, g):
        shape, axis = self.s
        return (np.broadcast_to(g if axis is None else np.expand_dims(g, axis), shape),)
class ReLU(Function):
    def forward(self, a): self.s = a > 0; return a * self.s
    def backward(self, g): return (g * self.s,)
class Concat(Function):
    def forward(self, *xs): self.s = np.cumsum([len(x) for x in xs])[:-1]; return np.concatenate(xs)
    def backward(self, g): return np.split(g, self.s)
for name in ("Mul", "Add", "Dot", "Sum", "ReLU", "Concat"):
    f = globals()[name]
    setattr(Tensor, name.lower(), (lambda f: lambda self, *a, **kw: f.apply(self, *a, **kw))(f))
Tensor.__add__, Tensor.__mul__ = Tensor.add, Tensor.mul
"""

# Flat list plus shape, pure Python, minitorch-like factory.
FLAT = """
class Tensor:
    def __init__(self, flat, shape, up=()):
        self.flat, self.shape, self.up, self.grad = [float(v) for v in flat], tuple(shape), up, None
    def tolist(self):
        def nest(flat, shape):
            if not shape: return flat[0]
            n = len(flat) // shape[0]
            return [nest(flat[i * n:(i + 1) * n], shape[1:]) for i in range(shape[0])]
        return nest(self.flat, self.shape)
    def _zip(self, o, f, da, db):
        assert self.shape == o.shape
        pairs = list(zip(self.flat, o.flat))
        return Tensor([f(a, b) for a, b in pairs], self.shape,
            ((self, [da(a, b) for a, b in pairs]), (o, [db(a, b) for a, b in pairs])))
    def __add__(self, o): return self._zip(o, lambda a, b: a + b, lambda a, b: 1, lambda a, b: 1)
    def __mul__(self, o): return self._zip(o, lambda a, b: a * b, lambda a, b: b, lambda a, b: a)
    def sum(self):
        out = Tensor([sum(self.flat)], ())
        out.up = ((self, [1.0] * len(self.flat)),)
        return out
    def backward(self, g=None):
        g = [1.0] * len(self.flat) if g is None else g
        old = self.grad.flat if self.grad else [0.0] * len(g)
        self.grad = Tensor([a + b for a, b in zip(old, g)], self.shape)
        for p, local in self.up:
            full = g if len(g) == len(local) else g * len(local)
            p.backward([a * b for a, b in zip(full, local)])
"""


@pytest.mark.parametrize(
    ("text", "name", "spelled", "can", "cannot"),
    [
        (
            GRAPH,
            "Node",
            {"leaf": "variable(number)", "grad": "x.derivative", "kind": "scalar"},
            {"op:exp", "cotangent"},
            {"rank:1"},
        ),
        (
            FUNCTIONS,
            "Var",
            {"leaf": "Var(data)", "value": "x.val", "grad": "x.g"},
            {"op:sum", "op:add", "rank:3", "cotangent"},
            {"op:sum.axis", "op:div"},
        ),
        (
            MATRICES,
            "Matrix",
            {"leaf": "Matrix(data)", "backward": "x.backward(cotangent)"},
            {"rank:2", "op:matmul.matrix@matrix", "op:transpose", "op:softmax", "op:sum"},
            {"rank:0", "rank:1", "rank:3", "op:softmax.axis", "op:transpose.axes"},
        ),
        (
            TAPE,
            "Tensor",
            {"leaf": "Tensor(data)", "no_grad": "no_grad()"},
            {"op:sum.axis", "op:relu", "op:concatenate", "op:matmul.matrix@matrix", "no_grad"},
            {"op:concatenate.axis", "op:sum.keepdims", "clear_"},
        ),
        (
            FLAT,
            "Tensor",
            {"leaf": "Tensor(data.ravel().tolist(), data.shape)", "value": "x.tolist()"},
            {"op:sum", "op:mul", "rank:0", "rank:3"},
            {"broadcast:add"},
        ),
        (
            FLAT.replace("self, flat, shape, up", "self, shape, flat, up")
            .replace("in pairs], self.shape", "in pairs]")
            .replace("zip(old, g)], self.shape", "zip(old, g)]")
            .replace("Tensor([sum(self.flat)], ())", "Tensor((), [sum(self.flat)])")
            .replace("Tensor([", "Tensor(self.shape, ["),
            "Tensor",
            {"leaf": "Tensor(data.shape, data.ravel().tolist())", "value": "x.tolist()"},
            {"op:sum", "op:mul", "rank:0", "rank:3"},
            {"broadcast:add"},
        ),
    ],
    ids=["graph of op classes", "functions", "matrices", "tape", "flat lists", "shape first"],
)
def test_engine_of_another_build(write, compare, text, name, spelled, can, cannot):
    """An engine of an unusual build is found, with what it has and without what it has not."""
    engine = load(write(text))
    assert engine.name == name
    assert {key: getattr(engine.spelling, key) for key in spelled} == spelled
    assert can - engine.capabilities == set()
    assert cannot & engine.capabilities == set()
    wrong, n_run = compare(engine)
    assert wrong == []
    assert n_run


COMPARING = """
    import numpy as np


    class Tensor:
        def __init__(self, data, inputs=()):
            self.data, self.inputs, self.grad = np.array(data), inputs, None

        def __mul__(self, other):
            return Tensor(self.data * other.data, ((self, other.data), (other, self.data)))

        def __gt__(self, other):
            return {result}

        def argmax(self):
            return Tensor(self.data.argmax())

        def backward(self, gradient=1.0):
            self.grad = gradient + (0.0 if self.grad is None else self.grad)
            for x, slope in self.inputs:
                x.backward(gradient * slope)
"""


@pytest.mark.parametrize(
    ("result", "has_masks"),
    [("Tensor(self.data > other.data)", True), ("self.data > other.data", False)],
)
def test_comparisons_count_where_they_give_tensors(write, result, has_masks):
    """A comparison that gives a bare array is no op of the engine."""
    engine = load(write(COMPARING.replace("{result}", result)))
    assert ("op:greater" in engine.capabilities) == has_masks
    assert dict(engine.spelling.ops)["argmax"] == "x.argmax()"


# Gradients have to be asked for by their values, and come back beside each other.
ASKED = """
class V:
    def __init__(self, value, up=()): self.value, self.up = value, up
    def __add__(a, b): return V(a.value + b.value, ((a, 1.0), (b, 1.0)))
    def __mul__(a, b): return V(a.value * b.value, ((a, b.value), (b, a.value)))
    def __neg__(a): return V(-a.value, ((a, -1.0),))
def {name}(y, wrt):
    table, order = {{y: 1.0}}, []
    def visit(v):
        if v not in order:
            for p, _ in v.up: visit(p)
            order.append(v)
    visit(y)
    for v in reversed(order):
        for p, slope in v.up: table[p] = table.get(p, 0.0) + slope * table[v]
    return {result}
"""


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("grad", "[table.get(x, 0.0) for x in wrt]"),
        ("gradients", "tuple(table.get(x) for x in wrt)"),
        ("differentiate", "{x: table.get(x, 0.0) for x in wrt}"),
        ("grad", "{x: table[x] for x in wrt if x in table}"),
    ],
    ids=["list", "tuple with None", "dict", "dict of some"],
)
def test_gradients_that_are_asked_for_by_their_values(write, compare, name, result):
    """``grad(y, [a, b])``: the leaves are remembered as they are made, and asked for together."""
    engine = load(write(ASKED.format(name=name, result=result)))
    wrong, n_run = compare(engine)
    assert (wrong, n_run) == ([], 3)
    assert engine.spelling.backward == f"Kept.keep(lambda leaves: {name}(x, leaves))"
    assert engine.spelling.clear == "x.kept = None"
