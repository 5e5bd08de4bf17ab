"""Engines that have it their own way: gradients in a dict, flags to set, switches, tapes, rows."""

import re

import numpy as np
import pytest

from gradcheck_suite.engines.discovery import load

# Gradients are handed back in a dict that is keyed by values; the tables below change this.
TABLE = """
import numpy as np

class Var:
    def __init__(self, value, ups=()):
        self.value, self.ups = value, ups
    def __add__(self, o): return Var(self.value + o.value, ((self, 1.0), (o, 1.0)))
    def __mul__(self, o): return Var(self.value * o.value, ((self, o.value), (o, self.value)))
    def __neg__(self): return Var(-self.value, ((self, -1.0),))

def walk(x, g, found):
    found[x] = found.get(x, 0.0) + g
    for up, slope in x.ups:
        walk(up, g * slope, found)
    return found

def gradients(x):
    return walk(x, 1.0, {})
"""

# A tensor engine with a flag, and a switch that stops recording.
TENSOR = """
import numpy as np

class Config:
    {config}

class Tensor:
    {attribute}
    def __init__(self, data{parameter}):
        self.data = np.array(data, dtype=float)
        self.grad, self.ups = None, ()
        {flag}
    def of(self, data, *ups):
        out = Tensor(data)
        if {switch}:
            out.ups = ups
        return out
    def __add__(self, o):
        assert self.data.shape == o.data.shape
        return self.of(self.data + o.data, (self, lambda g: g), (o, lambda g: g))
    def __mul__(self, o):
        a, b = self.data, o.data
        assert a.shape == b.shape
        return self.of(a * b, (self, lambda g: g * b), (o, lambda g: g * a))
    def sum(self):
        return self.of(self.data.sum(), (self, lambda g: g * np.ones_like(self.data)))
    {method}
    def backward(self, g=None):
        g = np.ones_like(self.data) if g is None else g
        if not self.ups and {wants}:
            self.grad = g if self.grad is None else self.grad + g
        for p, r in self.ups:
            p.backward(r(g))
{after}
"""
PARTS = {
    "config": "other = 1",
    "attribute": "",
    "parameter": "",
    "flag": "pass",
    "switch": "True",
    "method": "",
    "wants": "True",
    "after": "",
}

SETTER = "on = [True]\ndef set_grad_enabled(flag): on[0] = flag"
NO_GRAD = """
on = [True]

class no_grad:
    def __enter__(self): on[0] = False
    def __exit__(self, *_): on[0] = True
"""

ROW = """
from array import array

class Tensor:
    def __init__(self, row, shape):
        self.row, self.shape = array("d", row), tuple(shape)
        self.grad, self.step, self.ups = {unset}, None, ()
    def of(self, o, f, slopes):
        out = Tensor([f(a, b) for a, b in zip(self.row, o.row)], self.shape)
        out.ups = (self, o)
        def step():
            for x, slope in zip(out.ups, slopes):
                pairs = zip(out.grad, self.row, o.row)
                new = [g * slope(a, b) for g, a, b in pairs]
                x.grad = array("d", map(sum, zip(x.grad or [0.0] * len(new), new)))
        out.step = step
        return out
    def __add__(self, o):
        return self.of(o, lambda a, b: a + b, (lambda a, b: 1.0, lambda a, b: 1.0))
    def __mul__(self, o):
        return self.of(o, lambda a, b: a * b, (lambda a, b: b, lambda a, b: a))
    def sum(self):
        out = Tensor([sum(self.row)], ())
        out.ups = (self,)
        def step():
            old = self.grad or [0.0] * len(self.row)
            self.grad = array("d", [a + out.grad[0] for a in old])
        out.step = step
        return out
    def backward(self):
        self.grad = array("d", [1.0] * len(self.row))
        todo = [self]
        while todo:
            t = todo.pop()
            if t.step:
                t.step()
            todo += t.ups
"""


def changed(**parts):
    """Return the tensor engine with some of its parts."""
    return TENSOR.format_map(PARTS | parts)


@pytest.mark.parametrize(
    ("old", "new", "call"),
    [
        ("def gradients", "def gradients", "gradients(x)"),
        ("def gradients", "def get_gradients", "get_gradients(x)"),
        (
            "def gradients(x)",
            "Var.backward = lambda x: walk(x, 1.0, {})\ndef other(x)",
            "x.backward()",
        ),
    ],
    ids=["function", "another name", "method"],
)
def test_gradients_in_a_dict(write, compare, old, new, call):
    """Gradients that come back in a dict are kept with their values, by a function of a user's."""
    engine = load(write(TABLE.replace(old, new)))
    assert engine.spelling.backward == f"keep({call})"
    assert any(line.startswith("def keep(gradients):") for line in engine.spelling.imports)
    found, ran = compare(engine)
    assert not found
    assert ran >= 3


def test_clearing_what_was_never_set(write):
    """The way to clear a gradient that is an attribute of a leaf works on a leaf without one."""
    engine = load(write(TABLE))
    leaf = engine.leaf(np.array(1.0), True)
    engine.clear_grad(leaf)
    assert engine.grad(leaf) is None


@pytest.mark.parametrize(
    ("parts", "leaf"),
    [
        (
            {"parameter": ", tracked_=False", "flag": "self.on = tracked_", "wants": "self.on"},
            "Tensor(data, tracked_=requires_grad)",
        ),
        (
            {
                "flag": "self.on = False",
                "wants": "self.on",
                "method": "def requires_grad_(self, f): self.on = f; return self",
            },
            "Tensor(data).requires_grad_(requires_grad)",
        ),
        (
            {"flag": "self.requires_grad = False", "wants": "self.requires_grad"},
            "leaf(data, requires_grad)",
        ),
    ],
    ids=["parameter", "method", "attribute"],
)
def test_leaf_that_has_to_ask(write, compare, parts, leaf):
    """A leaf gets its gradient though the flag for it has a name of its own, or is set later."""
    engine = load(write(changed(**parts)))
    assert engine.spelling.leaf == leaf
    assert compare(engine)[0] == []


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"attribute": "no_grad = False", "switch": "not Tensor.no_grad"}, "Tensor.no_grad = True"),
        ({"attribute": "enabled = True", "switch": "Tensor.enabled"}, "Tensor.enabled = False"),
        (
            {"config": "enable_backprop = True", "switch": "Config.enable_backprop"},
            "Config.enable_backprop = False",
        ),
        ({"switch": "GRAD_ENABLED", "after": "GRAD_ENABLED = True"}, "engine.GRAD_ENABLED = False"),
        (
            {"switch": "on[0]", "after": SETTER},
            "set_grad_enabled(False)",
        ),
    ],
    ids=["attribute of the class", "a plain word", "configuration", "global flag", "setter"],
)
def test_switch_that_is_no_context_manager(write, parts, line):
    """A flag or a setter that stops recording is made a context manager, as a user would do."""
    spelling = load(write(changed(**parts))).spelling
    assert spelling.no_grad == "without_gradients()"
    (definition,) = [text for text in spelling.imports if text.startswith("class without")]
    assert line in definition


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"switch": "GRAD_ENABLED", "after": "GRAD_ENABLED = True"}, False),
        ({"switch": "on[0]", "after": SETTER}, True),
        ({"switch": "on[0]", "after": NO_GRAD}, True),
    ],
    ids=["global flag", "setter", "context manager"],
)
def test_threads_are_for_modes_of_its_own(write, parts, expected):
    """Who has a flag alone promises nothing of threads; whoever has a function for it is asked."""
    engine = load(write(changed(**parts)))
    assert engine.spelling.no_grad
    assert ("own_modes" in engine.capabilities) is expected


MEAN = """def mean(self, dim=None, keepdim=False):
        n = self.data.size if dim is None else self.data.shape[dim]
        return self.of(self.data.sum(axis=dim, keepdims=keepdim) / n)
"""


def test_one_axis_alone(write):
    """Who takes one axis by name has no form of several: the second would come to keepdims."""
    found = dict(load(write(changed(method=MEAN))).spelling.ops)
    named = {key: text for key, text in found.items() if key.startswith("mean")}
    assert named == {"mean": "x.mean(dim=axis, keepdim=keepdims)"}


@pytest.mark.parametrize("flag", ["track_time = True", "no_grad = False"])
def test_flag_that_stops_nothing(write, flag):
    """A flag that changes no gradient is no gradient mode, whatever its name."""
    assert load(write(changed(attribute=flag))).spelling.no_grad == ""


@pytest.mark.parametrize("unset", ["None", "array('d', [0.0] * len(self.row))"])
def test_numbers_in_a_row(write, compare, unset):
    """Numbers and gradients that are kept in a row are read with the shape beside them."""
    engine = load(write(ROW.replace("{unset}", unset)))
    assert engine.spelling.value == "np.reshape(x.row, x.shape)"
    assert "rank:2" in engine.capabilities
    found, ran = compare(engine)
    assert not found
    assert ran >= 3


def test_tape_that_runs_backward(write, compare):
    """An object of the module's, which is told where to begin, stands for a method of the value."""
    text = TABLE + (
        "class Tape:\n    def backward(self, x):\n"
        "        for v, g in gradients(x).items(): v.grad = getattr(v, 'grad', 0.0) + g\n"
        "tape = Tape()\n"
    )
    engine = load(
        write(text.replace("def gradients", "def _gradients").replace(" gradients", " _gradients"))
    )
    assert engine.spelling.backward == "tape.backward(x)"
    assert compare(engine)[0] == []


def test_more_able_of_two_classes(write):
    """Of two engines in one place, the one that can do more is taken."""
    scalar = re.sub(r"\bVar\b", "Scalar", TABLE)
    spelling = load(write({"scalar.py": scalar, "tensor.py": changed()})).spelling
    assert spelling.name == "Tensor"


@pytest.mark.parametrize(
    ("pull", "gradient"),
    [
        ("def vjp(f, x): return (*pulled(f, x),)", "vjp(f, x)[1](1.0)"),
        (
            "def vjp(f, x):\n    y, pull = pulled(f, x)\n    return y, lambda g: (pull(g),)",
            "vjp(f, x)[1](1.0)[0]",
        ),
        ("def make_vjp(f, x): return pulled(f, x)[::-1]", "make_vjp(f, x)[0](1.0)"),
        (
            "def pullback(f): return lambda x: pulled(f, x)",
            "pullback(f)(x)[1](1.0)",
        ),
    ],
    ids=["value first", "in a tuple", "function first", "of the function"],
)
def test_function_that_pulls_back(write, pull, gradient):
    """A library whose one function pulls cotangents back has gradients, beside boxes or not."""
    boxed = re.sub(r"\bVar\b", "Box", TABLE).replace("o.value", "getattr(o, 'value', o)")
    boxed = boxed.replace("(o, ", "(o if isinstance(o, Box) else Box(o), ")
    reflected = "class Box:\n    __array_priority__ = 9\n    __rmul__ = lambda x, y: x * y"
    boxed = boxed.replace("class Box:", reflected).replace(
        "def gradients(x):\n    return walk(x, 1.0, {})", ""
    )
    pulled = """
def pulled(f, x):
    box = Box(x)
    y = f(box)
    return y.value, lambda g: walk(y, g, {}).get(box, 0.0 * x)
"""
    spelling = load(write(boxed + pulled + pull + "\n")).spelling
    assert spelling.gradient == gradient


def test_folder_with_a_name_of_pythons_own(write):
    """A folder that is called as a module of Python's is left out of the names of what is in it."""
    files = {
        "code/__init__.py": "",
        "code/engine/__init__.py": "",
        "code/engine/value.py": TABLE,
        "code/main.py": "from engine.value import Var\nprint(Var(1.0))\n",
    }
    spelling = load(write(files)).spelling
    assert "from engine.value import Var, gradients" in spelling.imports
