"""Programs of a single call: its value, its gradient, an operator with a plain number."""

from operator import and_

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Look, Program
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.program.table import op_named
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.forms import Call, forms
from gradcheck_suite.strategies.numbers import arrays, seeds, some_shape
from gradcheck_suite.strategies.world import World

__all__ = [
    "Call",
    "called",
    "calls",
    "gradient_program",
    "gradient_programs",
    "plain_number_programs",
    "value_programs",
]


def calls(op: Op, world: World) -> st.SearchStrategy[Call]:
    """Draw a call in any form without broadcasting; shrinks to the first form."""
    return st.one_of(*forms(op, world))


def has_gradient(call: Call) -> tuple[bool, ...]:
    """Tell of each operand whether it can have a gradient: a condition, or a target, has none."""
    op = op_named(call.op)
    if op.signature == "join":
        return (True,) * len(call.operands)
    return tuple(name not in op.constants for name in op.arguments)


def called(b: Builder, call: Call) -> tuple[list[tuple[int, Shape]], int]:
    """Write a call down; return its leaves with their shapes, and its result."""
    operands: list[int] = []
    leaves: list[tuple[int, Shape]] = []
    for array, tracked in zip(call.operands, has_gradient(call), strict=True):
        operands.append(b.leaf(array) if tracked else b.constant(array))
        if tracked:
            leaves.append((operands[-1], array.shape))
    return leaves, b.apply(call.op, *operands, **dict(call.attrs))


def gradient_program(
    call: Call,
    cotangent: Array | None,
    tracked: tuple[bool, ...],
    what: Look = "grad",
) -> Program:
    """Return: make operands, apply, propagate, look at the gradient of each tracked operand.

    Or at something else of them; for ``cotangent``, at that of the backward.
    """
    b = Builder()
    tracked = tuple(map(and_, tracked, has_gradient(call)))
    operands = [
        b.leaf(array) if leaf else b.constant(array)
        for array, leaf in zip(call.operands, tracked, strict=True)
    ]
    result = b.apply(call.op, *operands, **dict(call.attrs))
    backward = b.backward(result, cotangent)
    leaves = [x for x, leaf in zip(operands, tracked, strict=True) if leaf]
    b.observe(what, *([backward] if what == "cotangent" else leaves))
    return b.program()


@st.composite
def gradient_programs(draw: st.DrawFn, op: Op, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw the gradient of one call; shrinks to all operands tracked and no cotangent."""
    call = draw(drawn)
    shape = call.result_shape
    cotangent = draw(seeds(shape))
    tracked = [True] * len(call.operands)
    if op.signature == "binary" and draw(st.sampled_from((False, False, False, True))):
        tracked[draw(st.integers(0, 1))] = False
    return gradient_program(call, cotangent, tuple(tracked))


@st.composite
def value_programs(draw: st.DrawFn, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw the value of one call; shrinks as the call does."""
    call = draw(drawn)
    b = Builder()
    operands = [
        b.leaf(array) if leaf else b.constant(array)
        for array, leaf in zip(call.operands, has_gradient(call), strict=True)
    ]
    b.observe("value", b.apply(call.op, *operands, **dict(call.attrs)))
    return b.program()


@st.composite
def plain_number_programs(
    draw: st.DrawFn, op: Op, world: World, *, left: bool, whole: bool
) -> Program:
    """Draw an operator between a value and a bare Python number; shrinks to 1 and 1.

    ``left``: the number is the left operand. ``whole``: it is an int, as in ``1 - x``.
    """
    shape = draw(some_shape(world.kind))
    b = Builder()
    domain = op.domain(0 if left else 1)
    number = draw(_whole_numbers(domain) if whole else arrays((), domain))
    x = b.leaf(draw(arrays(shape, op.domain(1 if left else 0))))
    plain = b.constant(number, plain=True)
    result = b.apply(op.name, *((plain, x) if left else (x, plain)))
    b.observe("value", result)
    b.backward(result, draw(seeds(shape)))
    b.observe("grad", x)
    return b.program()


def _whole_numbers(domain: Domain) -> st.SearchStrategy[Array]:
    fitting = [n for n in (1, 2, 3, -1, -2) if domain.low <= n <= domain.high]
    return st.sampled_from([n for n in fitting if n not in domain.without]).map(Array.of)
