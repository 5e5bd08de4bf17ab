"""Sharing: one value on several paths, several backward passes on one leaf."""

from collections.abc import Callable
from functools import reduce
from typing import Final, TypeAlias

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.scene import GROWING, Scene, session
from gradcheck_suite.strategies.world import BINARY

__all__ = [
    "accumulation",
    "clear_and_repeat",
    "cleared_gradients",
    "fan_out",
    "graph_that_ran",
    "micro_batches",
    "operand_twice",
    "roots_and_branches",
    "two_losses",
]

_BOUND: Final = 4.0
_MOST: Final = 6  # passes of a loop

_Run: TypeAlias = Callable[[Array], int]


@session
def accumulation(s: Scene) -> None:
    """Two graphs on one leaf, a backward for each: the gradients add up."""
    x = s.leaf()
    for _ in range(s.draw(st.integers(2, 3))):
        s.backward(s.step(x))
    s.b.observe("grad", x)


@session
def operand_twice(s: Scene) -> None:
    """One value as both operands, or a diamond of two paths: the paths add up."""
    x = s.leaf()
    if s.draw(st.booleans()):
        left, right = s.step(x), s.step(x)
    else:
        left = right = x
    s.backward(s.pair(left, right, BINARY))
    s.b.observe("grad", x)


@session
def fan_out(s: Scene) -> None:
    """Results used again and again at several depths: each rule runs once, after all consumers."""
    x = s.leaf()
    made = [x, s.pair(x, x, GROWING)]
    for _ in range(s.draw(st.integers(1, 4))):
        other = s.draw(st.sampled_from(made[::-1]))
        # y - y would end every path in zero, and with it all that could go wrong before.
        ops = GROWING if other == made[-1] else BINARY[:3]
        left, right = s.draw(st.permutations([other, made[-1]]))
        made.append(s.pair(left, right, ops))
    s.backward(made[-1])
    s.b.observe("grad", x)


@session
def two_losses(s: Scene) -> None:
    """Two losses on one trunk, backward one after the other, the graph retained."""
    x = s.leaf()
    trunk = s.step(x)
    first, second = s.step(trunk), s.step(trunk)
    s.backward(first, retain=True)
    s.backward(second)
    s.b.observe("grad", x)


@session
def clear_and_repeat(s: Scene) -> None:
    """Backward, clear the leaf, backward again on the same graph: the first gradient again."""
    x = s.leaf()
    y = s.step(s.step(x))
    cotangent = s.cotangent()
    s.b.backward(y, cotangent, retain=True)
    s.b.clear(x)
    s.b.backward(y, cotangent)
    s.b.observe("grad", x)


@session
def roots_and_branches(s: Scene) -> None:
    """A leaf that is the root, a leaf that is not used, or a branch without gradient."""
    x, other = s.leaf(), s.leaf()
    match s.draw(st.sampled_from(("root", "unused", "branch"))):
        case "root":
            s.backward(x)
        case "unused":
            s.backward(s.step(x))
        case _:
            branch = s.step(s.b.constant(s.number()))
            s.backward(s.pair(s.step(x), branch))
    s.b.observe("grad", x, other)


@session
def micro_batches(s: Scene) -> None:
    """The losses of some samples added up, then one backward for each: the same gradient twice."""
    if s.world.kind == "tensor" and s.draw(st.booleans()):
        _batches_of_rows(s)
        return
    number = s.number()
    whole, parts = s.b.leaf(number), s.b.leaf(number)
    samples = [s.b.constant(s.number()) for _ in range(s.draw(st.integers(2, 3)))]
    operator, function, cotangent = s.operator(), s.function(), s.cotangent()

    def losses(w: int) -> list[int]:
        return [function(s.b.apply(operator, sample, w)) for sample in samples]

    s.b.backward(reduce(lambda x, y: s.b.apply("add", x, y), losses(whole)), cotangent)
    for loss in losses(parts):
        s.b.backward(loss, cotangent)
    s.b.observe("grad", whole, parts)


def _batches_of_rows(s: Scene) -> None:
    """One row a sample: all rows at once, then some, then the others."""
    n, s.shape = 3, s.draw(st.sampled_from(((2,), (3,))))
    number = s.number()
    whole, parts = s.b.leaf(number), s.b.leaf(number)
    rows = [s.number().values for _ in range(n)]
    operator = s.operator()
    for w, start, end in ((whole, 0, n), (parts, 0, 1), (parts, 1, n)):
        values = tuple(v for row in rows[start:end] for v in row)
        batch = s.b.constant(Array((end - start, *s.shape), values))
        s.b.backward(s.b.apply("sum", s.b.apply(operator, batch, w)))
    s.b.observe("grad", whole, parts)


@session
def cleared_gradients(s: Scene) -> None:
    """Two leaves with gradients, of which one is cleared: the other one's goes on adding up."""
    x, y = s.leaf(), s.leaf()
    s.backward(s.pair(x, y))
    s.b.clear(x)
    s.b.observe("grad", x, y)
    s.backward(s.pair(y, s.step(x)))
    s.b.observe("grad", x, y)


@session
def graph_that_ran(s: Scene) -> None:
    """A loop, a branch or a recursion, whose course hangs on the data, over two sets of data."""
    number = s.number()
    x = s.b.leaf(number)
    run = s.draw(st.sampled_from((_loop, _branch, _recursion)))(s, x, number)
    data = s.number()
    for values in (data.values, tuple(-v / 4 for v in data.values)):
        s.backward(run(Array(s.shape, values)))
    s.b.observe("grad", x)


def _loop(s: Scene, x: int, number: Array) -> _Run:
    """``while norm(h) < bound: h = h * x``: another number of passes for other data."""
    operator = s.operator(GROWING)

    def run(data: Array) -> int:
        h, value = s.b.constant(data), data.numpy()
        for _ in range(_MOST):
            h, value = s.b.apply(operator, h, x), OPS[operator].evaluate(value, number.numpy())
            if np.linalg.norm(value) >= _BOUND:
                break
        return h

    return run


def _branch(s: Scene, x: int, _number: Array) -> _Run:
    """``f(h) if data.sum() > 0 else g(h)``."""
    operator, f, g = s.operator(), s.function(), s.function()

    def run(data: Array) -> int:
        h = s.b.apply(operator, s.b.constant(data), x)
        return f(h) if sum(data.values) > 0 else g(h)

    return run


def _recursion(s: Scene, x: int, _number: Array) -> _Run:
    """``f(n) = f(n - 1) * f(n - 2)``, as deep as the data say."""
    operator = s.operator()

    def run(data: Array) -> int:
        ends = (s.b.constant(data), x)

        def f(n: int) -> int:
            return s.b.apply(operator, f(n - 1), f(n - 2)) if n > 1 else ends[n]

        return f(2 if sum(data.values) > 0 else 4)

    return run
