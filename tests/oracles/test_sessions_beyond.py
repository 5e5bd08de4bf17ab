"""Sessions beyond the first gradient, beside answers computed by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.oracles.answer import Answer, FlagIs, Interval, MustRaise, ZeroOrNothing
from gradcheck_suite.oracles.scalarise import Node, adjoints, apply, constants
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Slice
from gradcheck_suite.program.table import OPS
from gradcheck_suite.strategies.builder import Builder

TORCH = Dialect()
REBINDS = Dialect(in_place="rebinds")
REFUSES = Dialect(in_place="refuses")
COPIED = Dialect(views="copied")
RAISES, NONE = "raises", None


def numbers(*values: float) -> Array:
    """Return a vector, or one number of rank 0."""
    shape = () if len(values) == 1 else (len(values),)
    return Array(shape, tuple(map(float, values)))


def matrix(*rows: tuple[float, ...]) -> Array:
    """Return a matrix."""
    return Array.of(np.array(rows, dtype=float))


def readable(answer: Answer) -> Any:
    """Return an answer as a plain number, list, flag or word."""
    match answer:
        case Interval(middle=middle):
            return list(middle) if len(middle) > 1 else middle[0]
        case ZeroOrNothing():
            return NONE
        case FlagIs(value):
            return value
        case MustRaise():
            return RAISES


def weighted_sum(b: Builder) -> None:
    """Write d(sum(x) * w)/dx = w, propagated with 1 and 2: every element is the same node."""
    x, w = b.leaf(numbers(1, 2)), b.leaf(numbers(5))
    b.backward(b.apply("mul", b.apply("sum", x), w), create=True)
    gradient = b.grad_of(x)
    b.clear(x)
    b.clear(w)
    b.backward(gradient, numbers(1, 2))
    b.observe("grad", x, w)


def hook_on_a_sum(b: Builder) -> None:
    """Write y + y with y = 2 * 2: the hook squares 2, and 4 * 4 arrives."""
    x = b.leaf(numbers(2))
    y = b.apply("mul", x, x)
    b.hook(y, "square")
    b.backward(b.apply("add", y, y))
    b.observe("grad", x)


def hook_on_a_leaf(b: Builder) -> None:
    """Write x * x at 2: the hook squares 4."""
    x = b.leaf(numbers(2))
    b.hook(x, "square")
    b.backward(b.apply("mul", x, x))
    b.observe("grad", x)


def hooks(*rules: str, removed: int | None = None) -> Callable[[Builder], None]:
    """Return a writer of y + y with y = x * x at 2, under hooks, of which one is taken away."""

    def write(b: Builder) -> None:
        x = b.leaf(numbers(2))
        y = b.apply("mul", x, x)
        handles = [b.hook(y, rule) for rule in rules]
        if removed is not None:
            b.unhook(handles[removed])
        b.backward(b.apply("add", y, y))
        b.observe("grad", x)

    return write


def hook_differentiated(b: Builder) -> None:
    """Write x * x * w at 2 and 3, the hook on x * x: the gradient is w**2 * 2 * x."""
    x, w = b.leaf(numbers(2)), b.leaf(numbers(3))
    y = b.apply("mul", x, x)
    hook = b.hook(y, "square")
    b.backward(b.apply("mul", y, w), create=True)
    gradient = b.grad_of(x)
    b.clear(x)
    b.clear(w)
    b.unhook(hook)
    b.backward(gradient)
    b.observe("value", gradient)
    b.observe("grad", x, w)


def leaf_changed_after_a_sum(b: Builder) -> None:
    """Write x + 1 at 2, make x 6, go backward from the sum, then from x * x."""
    x, one, three = b.leaf(numbers(2)), b.constant(numbers(1)), b.constant(numbers(3))
    y = b.apply("add", x, one)
    with b.mode("no_grad"):
        b.in_place("mul", x, three)
    b.observe("value", x)
    b.backward(y)
    b.observe("grad", x)
    b.backward(b.apply("mul", x, x))
    b.observe("grad", x)


def factor_changed(op: str) -> Callable[[Builder], None]:
    """Return a writer of a product of x and a constant that is doubled afterwards."""

    def write(b: Builder) -> None:
        x, c = b.leaf(matrix((1, 2), (3, 4))), b.constant(matrix((1, 0), (0, 2)))
        y = b.apply(op, x, c)
        b.in_place("mul", c, b.constant(numbers(2)))
        b.backward(y, matrix((1, 1), (1, 1)))
        b.observe("grad", x)

    return write


def slice_of_a_factor_changed(b: Builder) -> None:
    """Write y = x + 0 at 1 and 2, z = y * y, and three times y[0] in place."""
    x = b.leaf(numbers(1, 2))
    y = b.apply("add", x, b.constant(numbers(0)))
    z = b.apply("mul", y, y)
    b.in_place("mul", b.apply("getitem", y, index=(0,)), b.constant(numbers(3)))
    b.observe("value", y)
    b.backward(z, numbers(1, 1))
    b.observe("grad", x)


def freed_factor_changed(b: Builder) -> None:
    """Write x * c at c = 2, go backward, and add 1 to c."""
    x, c = b.leaf(numbers(5)), b.constant(numbers(2))
    b.backward(b.apply("mul", x, c))
    c = b.in_place("add", c, b.constant(numbers(1)))
    b.observe("grad", x)
    b.observe("value", c)


def slice_changed(b: Builder) -> None:
    """Write y = 2 * x, and three times the first two of it in place."""
    x = b.leaf(numbers(1, 2, 3))
    y = b.apply("mul", x, b.constant(numbers(2)))
    v = b.apply("getitem", y, index=(Slice(0, 2),))
    b.in_place("mul", v, b.constant(numbers(3)))
    b.observe("value", y)
    b.backward(y, numbers(1, 1, 1))
    b.observe("grad", x)


def slice_of_a_transpose_changed(b: Builder) -> None:
    """Write y = 2 * x, and three times its first column in place, as a row of its transpose."""
    x = b.leaf(matrix((1, 2), (3, 4)))
    y = b.apply("mul", x, b.constant(numbers(2)))
    v = b.apply("getitem", b.apply("transpose", y), index=(0,))
    b.in_place("mul", v, b.constant(numbers(3)))
    b.observe("value", y)
    b.backward(y, matrix((1, 1), (1, 1)))
    b.observe("grad", x)


def slice_of_a_leaf_changed(b: Builder) -> None:
    """Write x[0] *= 3 on a leaf."""
    x = b.leaf(numbers(1, 2))
    v = b.apply("getitem", x, index=(0,))
    b.in_place("mul", v, b.constant(numbers(3)))
    b.observe("value", x)


def items_set(n: int | None) -> Callable[[Builder], None]:
    """Return a writer of y = 2 * x, and its first numbers (for None the first) become w."""

    def write(b: Builder) -> None:
        x, w = b.leaf(numbers(1, 2, 3)), b.leaf(numbers(5))
        y = b.apply("mul", x, b.constant(numbers(2)))
        y = b.in_place("setitem", y, w, index=(0 if n is None else Slice(0, n),))
        b.observe("value", y)
        b.backward(y, numbers(1, 10, 100))
        b.observe("grad", x, w)

    return write


def two_plain_gradients(b: Builder) -> None:
    """Write two backward passes without create_graph: their sum is a constant."""
    x = b.leaf(numbers(3))
    for _ in range(2):
        b.backward(b.apply("mul", x, x))
    b.observe("requires_grad", b.grad_of(x))


def two_recorded_gradients(b: Builder) -> None:
    """Write two backward passes of x**3 at 2 with create_graph: 2 * 3 * x**2, and 2 * 6 * x."""
    x = b.leaf(numbers(2))
    for _ in range(2):
        b.backward(b.apply("pow", x, exponent=3), create=True)
    gradient = b.grad_of(x)
    b.clear(x)
    b.backward(gradient)
    b.observe("value", gradient)
    b.observe("grad", x)


def third_derivative(b: Builder) -> None:
    """Write x**4 at 2: 4 * 8, 12 * 4, 24 * 2."""
    x = b.leaf(numbers(2))
    root = b.apply("pow", x, exponent=4)
    for _ in range(2):
        b.backward(root, create=True)
        root = b.grad_of(x)
        b.clear(x)
        b.observe("value", root)
    b.backward(root)
    b.observe("grad", x)


def hessian(b: Builder) -> None:
    """Write x * y * y at 2 and 3: the rows are (0, 2 * y) and (2 * y, 2 * x)."""
    x, y = b.leaf(numbers(2)), b.leaf(numbers(3))
    b.backward(b.apply("mul", b.apply("mul", x, y), y), create=True)
    rows = [b.grad_of(x), b.grad_of(y)]
    for leaf in (x, y):
        b.clear(leaf)
    for row in rows:
        b.backward(row, retain=True)
        b.observe("grad", x, y)
        for leaf in (x, y):
            b.clear(leaf)


def pushed(b: Builder) -> None:
    """Write x * y * x along a tangent at x alone: 2 * x * y * t."""
    x, y = b.leaf(numbers(1, 2)), b.leaf(numbers(3, 4))
    z = b.apply("mul", b.apply("mul", x, y), x)
    b.observe("value", b.push_forward(z, {x: numbers(1, -1)}))


# What is written, the dialect, and what must be seen, in order.
CASES: dict[str, tuple[Callable[[Builder], None], Dialect, list[Any]]] = {
    "one node for several elements": (weighted_sum, TORCH, [[0.0, 0.0], 3.0]),
    "a hook sees the sum": (hook_on_a_sum, TORCH, [16.0]),
    "a hook on a leaf": (hook_on_a_leaf, TORCH, [16.0]),
    "first square, then double": (hooks("square", "double"), TORCH, [32.0]),
    "first double, then square": (hooks("double", "square"), TORCH, [64.0]),
    "one of two hooks is removed": (hooks("square", "double", removed=0), TORCH, [16.0]),
    "the other one is removed": (hooks("square", "double", removed=1), TORCH, [16.0]),
    "a hook that looks": (hooks("nothing"), TORCH, [8.0]),
    "a hook with create_graph": (hook_differentiated, TORCH, [36.0, 18.0, 24.0]),
    "an earlier graph leads to the leaf": (leaf_changed_after_a_sum, TORCH, [6.0, 1.0, 13.0]),
    "a changed factor raises": (factor_changed("mul"), TORCH, [RAISES, NONE]),
    "a changed factor was kept": (factor_changed("mul"), REBINDS, [[1.0, 0.0, 0.0, 2.0]]),
    "a change of a factor is refused": (
        factor_changed("mul"),
        REFUSES,
        [RAISES, [1.0, 0.0, 0.0, 2.0]],
    ),
    "a change of a slice of a factor is refused": (
        slice_of_a_factor_changed,
        REFUSES,
        [RAISES, [1.0, 2.0], [2.0, 4.0]],
    ),
    "a change of a freed factor is not": (freed_factor_changed, REFUSES, [2.0, 3.0]),
    "a changed term is not refused": (factor_changed("add"), REFUSES, [[1.0] * 4]),
    "a changed matrix raises": (factor_changed("matmul"), TORCH, [RAISES, NONE]),
    "a changed matrix was kept": (factor_changed("matmul"), REBINDS, [[1.0, 2.0, 1.0, 2.0]]),
    "a changed term does not matter": (factor_changed("add"), TORCH, [[1.0] * 4]),
    "a slice shares": (slice_changed, TORCH, [[6.0, 12.0, 6.0], [6.0, 6.0, 2.0]]),
    "a slice was a copy": (slice_changed, COPIED, [[2.0, 4.0, 6.0], [2.0, 2.0, 2.0]]),
    "a slice gets another name": (slice_changed, REBINDS, [[2.0, 4.0, 6.0], [2.0, 2.0, 2.0]]),
    "a view of a view": (
        slice_of_a_transpose_changed,
        TORCH,
        [[6.0, 4.0, 18.0, 8.0], [6.0, 2.0, 6.0, 2.0]],
    ),
    "a slice of a leaf raises": (slice_of_a_leaf_changed, TORCH, [RAISES, [1.0, 2.0]]),
    "a copy of a leaf does not": (slice_of_a_leaf_changed, COPIED, [[1.0, 2.0]]),
    "one item is set": (items_set(None), TORCH, [[5.0, 4.0, 6.0], [0.0, 20.0, 200.0], 1.0]),
    "items are set to one number": (
        items_set(2),
        TORCH,
        [[5.0, 5.0, 6.0], [0.0, 0.0, 200.0], 11.0],
    ),
    "plain gradients have no graph": (two_plain_gradients, TORCH, [False]),
    "recorded gradients add up": (two_recorded_gradients, TORCH, [24.0, 24.0]),
    "third derivative": (third_derivative, TORCH, [32.0, 48.0, 48.0]),
    "hessian": (hessian, TORCH, [0.0, 6.0, 6.0, 4.0]),
    "forward mode": (pushed, TORCH, [[6.0, -16.0]]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_session_has_the_answer_computed_by_hand(name: str):
    """What must be seen is what the calculation in the writer's docstring says."""
    write, dialect, expected = CASES[name]
    b = Builder()
    write(b)
    assert [readable(answer) for _, answer in answers(b.program(), dialect)] == expected


def test_a_number_in_an_array_of_rank_0_keeps_its_history():
    """Logsumexp adds its shift as an array of rank 0: the gradient is softmax all the same."""
    x = constants(np.array([1.0, 2.0]))
    for variant in range(len(OPS["logsumexp"].array_formulas)):
        result = apply(OPS["logsumexp"], [x], (), variant)
        seed: Node = result[()]
        found = adjoints({seed: Node.number(1.0).balls})
        softmax = np.exp([1.0, 2.0]) / np.exp([1.0, 2.0]).sum()
        got = [float(found[node][0].value.mid()) for node in x.ravel().tolist()]
        np.testing.assert_allclose(got, softmax, rtol=1e-15)


def test_a_sum_of_a_number_and_an_array_of_rank_0_depends_on_both():
    """The array's element takes part as the node that it is."""
    left, right = constants(np.array(1.0))[()], constants(np.array(2.0))
    total = left + right
    found = adjoints({np.asarray(total).item(): Node.number(1.0).balls})
    assert right.item() in found
