"""What an engine is seen to have at the limits: no elements, infinities, negative bases."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gradcheck_suite.engines.discovery import load

AT_LIMITS = {"empty_arrays", "infinities", "negative_bases"}
NUMPY = """
    import numpy as np

    class Tensor:
        def __init__(self, data):
            self.data = np.array(data, float){check}
            self.grad = np.zeros_like(self.data)
            self.rule = lambda: None
            self.parents = ()

        def made(self, data, *parts):
            out = Tensor(data)
            out.parents = [x for x, _ in parts]
            def rule():
                for x, slope in parts:
                    x.grad = x.grad + out.grad * slope
            out.rule = rule
            return out

        def __mul__(self, other):
            return self.made(self.data * other.data, (self, other.data), (other, self.data))

        def __truediv__(self, other):
            x, y = self.data, other.data
            return self.made({quotient}, (self, 1 / y), (other, -x / y**2))

        def __pow__(self, other):
            x, y = self.data, other.data
            v = {power}
            return self.made(v, (self, y * v / x), (other, v * np.log(x)))

        def log(self):
            return self.made(np.log(self.data), (self, 1 / self.data))

        def backward(self, cotangent):
            self.grad = cotangent
            order, seen = [], set()
            def visit(x):
                if id(x) not in seen:
                    seen.add(id(x))
                    for p in x.parents:
                        visit(p)
                    order.append(x)
            visit(self)
            for x in reversed(order):
                x.rule()
"""
PLAIN = {"check": "", "quotient": "x / y", "power": "x ** y"}
ENGINES = {
    "all of it": ({}, AT_LIMITS),
    "no array without elements": (
        {"check": "; assert self.data.size"},
        {"infinities", "negative_bases"},
    ),
    "no length of rows where there are none": (
        {"check": "; self.data = np.array(self.data.tolist())"},
        {"infinities", "negative_bases"},
    ),
    "division that raises": (
        {"quotient": "np.vectorize(lambda a, b: a / b, otypes=[float])(x, y)"},
        {"empty_arrays", "negative_bases"},
    ),
    "powers by logarithms": (
        {"power": "np.exp(y * np.log(x))"},
        {"empty_arrays", "infinities"},
    ),
}


@pytest.mark.parametrize(("changes", "found"), ENGINES.values(), ids=ENGINES)
def test_what_an_engine_has_not_is_not_claimed(
    changes: dict[str, str],
    found: set[str],
    write: Callable[[str | Mapping[str, str]], Path],
):
    """What raises, or gives NaN by an honest formula, is left out and not held against it."""
    source = NUMPY
    for name, text in {**PLAIN, **changes}.items():
        source = source.replace(f"{{{name}}}", text)
    engine = load(write(source))
    assert engine.capabilities >= {"op:log", "op:div", "op:power", "rank:2"}
    assert engine.capabilities & AT_LIMITS == found
