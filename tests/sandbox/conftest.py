"""What the sandbox's tests share: a small engine with a place for mischief, and programs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent

import pytest

from gradcheck_suite.engines.outcome import Lost, Outcome
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.sandbox.limits import Limits
from gradcheck_suite.sandbox.supervisor import Supervisor

# The mischief is done in the backward pass of 13 * 13 and never while the engine is looked for.
ENGINE = """
import ctypes, gc, os, signal, sys, threading, time
import numpy as np
{top}

class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = _children
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        if self.data == 169.0:
            mischief(self)
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    visit(child)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()


def mischief(result):
{mischief}
"""


def square(x: float) -> Program:
    """Return the program that observes the gradient of ``x * x`` as instruction 3."""
    return Program((Leaf(Array.of(x)), Apply("mul", (0, 0)), Backward(1), Observe("grad", 0)))


@pytest.fixture
def good() -> Program:
    """Return a program that every engine here answers: the gradient is 4."""
    return square(2.0)


@pytest.fixture
def bad() -> Program:
    """Return the program that makes an engine do its mischief."""
    return square(13.0)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    """Return a function that starts a Supervisor for an engine with the mischief given."""
    made: list[Supervisor] = []

    def start(mischief: str = "pass", top: str = "", end: str = "", **limits: float) -> Supervisor:
        path = tmp_path / "engine.py"
        path.write_text(ENGINE.format(top=top, mischief=indent(mischief, "    "), end=end))
        settings = {"case_seconds": 0.3, "import_seconds": 5.0, **limits}
        supervisor = Supervisor(path, limits=Limits(**settings))
        made.append(supervisor)
        supervisor.start()
        return supervisor

    yield start
    for supervisor in made:
        supervisor.close()


@pytest.fixture
def said(supervise: Callable[..., Supervisor], bad: Program) -> Callable[..., str]:
    """Return a function that runs code in a worker and returns the message that it raised."""

    def say(mischief: str, **settings: float) -> str:
        outcomes = supervise(mischief, **settings).run(bad)
        assert not isinstance(outcomes, Lost), outcomes
        return outcomes[2].message

    return say


@pytest.fixture
def gradient() -> Callable[[dict[int, Outcome] | Lost], float]:
    """Return a function that takes the observed gradient out of a program's outcomes."""
    return lambda outcomes: outcomes[3].values.item()
