"""Ops on whole arrays are found by value, however their attributes are called."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.spelled import SpelledEngine

ENGINE = """
    import numpy as np
    import reference as r

    class Tensor:
        def __init__(self, data, requires_grad=False):
            if not isinstance(data, r.Tensor):
                data = r.Tensor(np.array(data, float), requires_grad=requires_grad)
            self.inner = data

        data = property(lambda self: self.inner.data)
        grad = property(lambda self: None if self.inner.grad is None else self.inner.grad.data)

        def backward(self, cotangent=None):
            self.inner.backward(None if cotangent is None else r.Tensor(cotangent))

        def __add__(self, other):
            return Tensor(self.inner + other.inner)

        def __mul__(self, other):
            return Tensor(self.inner * other.inner)

        def sum(self, axis=None):
            return Tensor(self.inner.sum(axis))

        def var(self, dim=None, correction=0, keepdim=False):
            return Tensor(self.inner.var(dim, correction, keepdim))

        def std(self):
            return Tensor(self.inner.std(ddof=1))

        def cumsum(self, dim):
            return Tensor(self.inner.cumsum(dim))

        def split(self, n, axis=0):
            return [Tensor(piece) for piece in self.inner.split(n, axis)]

        def max(self, axis):
            values, indices = r.max_with_indices(self.inner, axis)
            return Tensor(values), indices.data

        def repeat(self, *reps):
            return Tensor(r.tile(self.inner, reps))

        def gather(self, dim, index):
            return Tensor(self.inner.gather(dim, index))

    def einsum(subscripts, *tensors):
        return Tensor(r.einsum(subscripts, *(x.inner for x in tensors)))

    def linear(x, weight, bias):
        return Tensor(r.linear(x.inner, weight.inner, bias.inner))

    def conv2d(x, weight, stride=1):
        return Tensor(r.conv2d(x.inner, weight.inner, stride=stride))

    def mse_loss(prediction, wanted):
        return Tensor(r.mse_loss(prediction.inner, wanted.inner, "sum"))

    class CrossEntropyLoss:
        def __call__(self, logits, labels):
            return Tensor(r.cross_entropy(logits.inner, labels))
"""


@pytest.fixture
def engine(write: Callable[[str | Mapping[str, str]], Path]) -> SpelledEngine:
    """Return the engine above as it is discovered."""
    return load(write(ENGINE))


FOUND = [
    ("var", "x.var(dim=axis, correction=ddof, keepdim=keepdims)"),
    ("cumsum", "x.cumsum(dim=axis)"),
    ("split", "x.split(sections, axis)[part]"),
    ("tile", "x.repeat(*reps)"),
    ("einsum", "einsum(subscripts, x, y)"),
    ("linear", "linear(x, weight, bias)"),
    ("conv2d", "conv2d(x, weight, stride=stride)"),
    ("mse_loss.sum", "mse_loss(x, target)"),
]


@pytest.mark.parametrize(("key", "text"), FOUND, ids=[key for key, _ in FOUND])
def test_an_array_op_is_found(key: str, text: str, engine: SpelledEngine):
    """The template has the engine's own names for the attributes."""
    assert dict(engine.spelling.ops)[key] == text


@pytest.mark.parametrize(
    "op", ["max_with_indices", "gather", "cross_entropy"], ids=lambda op: f"{op}"
)
def test_an_array_op_is_found_in_some_spelling(op: str, engine: SpelledEngine):
    """A pair of results, a middle argument, a loss that is an object."""
    assert op in dict(engine.spelling.ops)


def test_a_form_that_is_missing_is_not_claimed(engine: SpelledEngine):
    """No padding, no mean of squares, and no deviation of ddof 0: nothing is held against it."""
    assert not engine.capabilities & {"op:conv2d.padding", "op:mse_loss", "op:std", "op:std.ddof"}
