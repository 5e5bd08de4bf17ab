"""Discovery of elementwise ops with settings: slopes, bounds, and a choice between functions."""

import pytest

from gradcheck_suite.engines.discovery import load

ENGINE = """
import math
import numpy as np

class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = float(data), 0.0, parents

    def made(self, data, slope):
        return Value(data, ((self, slope),))

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for p, _ in v.parents:
                    visit(p)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            for p, slope in v.parents:
                p.grad += slope * v.grad
"""
LEAKY = "return {0}.made({0}.data * ({0}.data > 0 or {1}), 1.0 if {0}.data > 0 else {1})"
CLAMP = "return {0}.made(sorted(({0}.data, {1}, {2}))[1], float({1} < {0}.data < {2}))"
GATE = "t = math.tanh(math.sqrt(2 / math.pi) * ({0}.data + 0.044715 * {0}.data ** 3))"
ROUGH = "return {0}.made({0}.data * (1 + t) / 2, 0.0)"
EXACT = "return {0}.made({0}.data * (1 + math.erf({0}.data / math.sqrt(2))) / 2, 0.0)"


def method(head: str, *lines: str) -> str:
    """Return a method of the engine."""
    return "\n".join([f"    def {head}:", *(f"        {line}" for line in lines), ""])


# (what is added to the engine, op, what its templates must be, forms that it must not have)
SPELLINGS = {
    "its main keyword": (
        method("leaky_relu(self, negative_slope=0.01)", LEAKY.format("self", "negative_slope")),
        {"leaky_relu": "x.leaky_relu(negative_slope=negative_slope)"},
        {"op:leaky_relu", "op:leaky_relu.negative_slope"},
    ),
    "another keyword": (
        method("lrelu(self, alpha)", LEAKY.format("self", "alpha")),
        {"leaky_relu": "x.lrelu(alpha=negative_slope)"},
        {"op:leaky_relu", "op:leaky_relu.negative_slope"},
    ),
    "an unheard-of name by position": (
        method("leaky_relu(self, tilt)", LEAKY.format("self", "tilt")),
        {"leaky_relu": "x.leaky_relu(negative_slope)"},
        {"op:leaky_relu", "op:leaky_relu.negative_slope"},
    ),
    "a slope for good": (
        method("leaky_relu(self)", LEAKY.format("self", "0.01")),
        {"leaky_relu": "x.leaky_relu()"},
        {"op:leaky_relu"},
    ),
    "another slope for good": (
        method("leaky_relu(self)", LEAKY.format("self", "0.2")),
        {},
        set(),
    ),
    "two bounds": (
        method("clamp(self, min, max)", CLAMP.format("self", "min", "max")),
        {"clip.low+high": "x.clamp(min=low, max=high)"},
        {"op:clip.low+high"},
    ),
    "either bound": (
        method(
            "clip(self, a_min=None, a_max=None)",
            "a_min = -9e9 if a_min is None else a_min",
            "a_max = 9e9 if a_max is None else a_max",
            CLAMP.format("self", "a_min", "a_max"),
        ),
        {f"clip.{form}": "x.clip(a_min=low, a_max=high)" for form in ("low+high", "low", "high")},
        {"op:clip.low+high", "op:clip.low", "op:clip.high"},
    ),
    "a class with bounds": (
        "class Hardtanh:\n"
        + method("__init__(self, min_val=-1.0, max_val=1.0)", "self.ends = min_val, max_val")
        + method("__call__(self, v)", "low, high = self.ends", CLAMP.format("v", "low", "high")),
        {"hardtanh": "Hardtanh(min_val=min_val, max_val=max_val)(x)"},
        {"op:hardtanh", "op:hardtanh.min_val+max_val"},
    ),
    "the exact gelu alone": (
        method("gelu(self)", EXACT.format("self")),
        {"gelu": "x.gelu()"},
        {"op:gelu"},
    ),
    "the approximate gelu alone": (
        method("gelu(self)", GATE.format("self"), ROUGH.format("self")),
        {"gelu.approximate": "x.gelu()"},
        {"op:gelu.approximate"},
    ),
    "a flag for the approximation": (
        method(
            "gelu(self, approximate=True)",
            f"if not approximate: {EXACT.format('self')}",
            GATE.format("self"),
            ROUGH.format("self"),
        ),
        {"gelu": "x.gelu(approximate=approximate == 'tanh')"},
        {"op:gelu", "op:gelu.approximate"},
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_settings_are_found_by_value(name, write):
    """An op is taken in those forms alone in which its settings have an effect, however spelled."""
    added, templates, forms = SPELLINGS[name]
    engine = load(write(ENGINE + "\n" + added))
    ops = {op.partition("[")[0] for op in ("leaky_relu", "clip", "hardtanh", "gelu")}
    found = {k: t for k, t in engine.spelling.ops if k.partition(".")[0] in ops}
    assert found == templates
    can = {c for c in engine.capabilities if c.partition(".")[0].removeprefix("op:") in ops}
    assert can == forms


FUNCTIONS = {
    "tan": ("tan", "1 + math.tan(x) ** 2"),
    "asin": ("arcsin", "1 / math.sqrt(1 - x * x)"),
    "log1p": ("log1p", "1 / (1 + x)"),
    "erf": ("erf", "2 / math.sqrt(math.pi) * math.exp(-x * x)"),
    "cbrt": ("cbrt", "1 / (3 * math.cbrt(x) ** 2)"),
    "floor": ("floor", "0.0"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_found_under_their_usual_names(name, write):
    """A scalar engine's method is taken for the op that it computes."""
    op, slope = FUNCTIONS[name]
    added = method(f"{name}(self)", "x = self.data", f"return self.made(math.{name}(x), {slope})")
    engine = load(write(ENGINE + "\n" + added))
    assert dict(engine.spelling.ops)[op] == f"x.{name}()"
