"""Edges on purpose: kinks, where a set of subgradients is right, and inputs that overflow."""

from math import prod

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.calls import gradient_program
from gradcheck_suite.strategies.forms import Call
from gradcheck_suite.strategies.numbers import cotangents, grid, seeds, shapes_of_rank, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["kinks", "large_inputs"]

# Exact in float32, and beyond what exp can take there (88) and in float64 (709).
_LARGE = (1000.0, -1000.0, 800.0, -800.0, 100.0, -100.0, 1.0, -2.0)


@st.composite
def kinks(draw: st.DrawFn, op: Op, world: World) -> Program:
    """Draw the gradient of one call at its kink; shrinks to the kink alone, at 0 or at 1.

    Of two equal operands each may get its cotangent whole, in part or not at all. One value as both
    operands has a derivative again: all of the cotangent, however a tie is split.
    """
    if op.signature == "reduction":
        return _gradient(draw, _tied_reduction(draw, op))
    shape = draw(some_shape(world.kind))
    if op.signature == "unary":
        numbers = _numbers(draw, op, shape)
        place = draw(st.integers(0, len(numbers) - 1))
        at_kink = Array(shape, (*numbers[:place], 0.0, *numbers[place + 1 :]))
        return _gradient(draw, Call(op.name, (at_kink,)))
    same = Array(shape, _numbers(draw, op, shape))
    if draw(st.booleans()):
        return _gradient(draw, Call(op.name, (same, same)))
    b = Builder()
    x = b.leaf(same)
    b.backward(b.apply(op.name, x, x), draw(cotangents(shape)))
    b.observe("grad", x)
    return b.program()


@st.composite
def large_inputs(draw: st.DrawFn, op: Op, world: World) -> Program:
    """Draw value and gradient of a call at inputs up to 1000; shrinks to 1000."""
    along_axis = op.signature != "unary"
    shape = draw(shapes_of_rank(1, 2) if along_axis else some_shape(world.kind))
    n = prod(shape)
    values = draw(
        st.lists(st.sampled_from(_LARGE), min_size=n, max_size=n, unique=n <= len(_LARGE))
    )
    b = Builder()
    x = b.leaf(Array(shape, tuple(values)))
    y = b.apply(op.name, x)
    b.observe("value", y)
    b.backward(y, draw(seeds(shape)))
    b.observe("grad", x)
    return b.program()


def _tied_reduction(draw: st.DrawFn, op: Op) -> Call:
    """Draw a vector whose largest (or smallest) number stands in it twice."""
    (n,) = draw(shapes_of_rank(1).filter(lambda shape: shape[0] > 1))
    inner = draw(st.lists(st.sampled_from((1.0, 2.0, -1.0)), min_size=n - 2, max_size=n - 2))
    edge = 3.0 if op.name == "max" else -3.0
    places = draw(st.permutations(range(n)))
    values = [edge, edge, *inner]
    return Call(op.name, (Array((n,), tuple(values[k] for k in places)),))


def _gradient(draw: st.DrawFn, call: Call) -> Program:
    shape = call.result_shape
    cotangent = draw(seeds(shape))
    return gradient_program(call, cotangent, (True,) * len(call.operands))


def _numbers(draw: st.DrawFn, op: Op, shape: Shape) -> tuple[float, ...]:
    n = prod(shape)
    numbers = grid(op.domain(0))
    return tuple(draw(st.lists(st.sampled_from(numbers), min_size=n, max_size=n, unique=True)))
