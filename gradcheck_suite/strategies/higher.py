"""Gradients of gradients of one call: create_graph, then backward from a gradient.

The gradient that a backward leaves has a graph of its own. It is read, the leaves are cleared, and
what a second backward leaves is looked at.
"""

from math import prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call
from gradcheck_suite.strategies.calls import called
from gradcheck_suite.strategies.forms import Forms, forms
from gradcheck_suite.strategies.numbers import cotangents, seeds, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["CURVED", "powers_at_zero", "second_derivatives"]

CURVED: Final = frozenset(
    {
        *("mul", "div", "pow", "power", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid"),
        *("tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "atan2", "hypot", "log1p", "expm1"),
        *("log2", "log10", "erf", "softplus", "logaddexp", "square", "cbrt", "rsqrt"),
        *("reciprocal", "silu", "gelu", "matmul", "outer", "dot", "inv", "solve"),
    }
)
"""The gradient of each operand depends on an operand: backward from it is never from a constant."""


def second_derivatives(op: Op, world: World) -> tuple[st.SearchStrategy[Program], ...]:
    """Return strategies of second derivatives: in every form of the call, and of the call alone."""
    drawn = _forms(op, world)
    alone = (_alone(drawn),) if op.name in CURVED else ()
    return (*alone, *map(_weighted, drawn))


def _forms(op: Op, world: World) -> Forms:
    """Return the forms of an op; not the determinant of one number, which is that number.

    Its second derivative is zero, or rounding: an engine may well leave the leaf without one.
    """
    found = forms(op, world)
    return found[:-1] if op.name == "det" else found


@st.composite
def _alone(draw: st.DrawFn, drawn: Forms) -> Program:
    """Draw a backward of a call, then one of a gradient; shrinks to one number."""
    call = draw(st.one_of(*drawn))
    b = Builder()
    leaves, result = called(b, call)
    b.backward(result, draw(seeds(call.result_shape)), create=True)
    x, shape = draw(st.sampled_from(leaves))
    gradient = _taken(b, x, leaves)
    b.backward(gradient, draw(seeds(shape)))
    b.observe("grad", *(leaf for leaf, _ in leaves))
    return b.program()


@st.composite
def _weighted(draw: st.DrawFn, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw the same of a call times a leaf, by which its cotangent varies too.

    A gradient is linear in the cotangent: that is one half of its derivative, and where the call
    itself is linear the only one. The gradient is multiplied by a leaf before it is propagated, so
    that it is not a constant where the slope is zero. Shrinks as the call does.
    """
    call = draw(drawn)
    b = Builder()
    leaves, result = called(b, call)
    shape = call.result_shape
    weights = b.leaf(draw(cotangents(shape)))
    b.backward(b.apply("mul", result, weights), draw(seeds(shape)), create=True)
    x, its_shape = draw(st.sampled_from(leaves))
    leaves.append((weights, shape))
    gradient = _taken(b, x, leaves)
    factors = b.leaf(draw(cotangents(its_shape)))
    b.backward(b.apply("mul", gradient, factors), draw(seeds(its_shape)))
    b.observe("grad", *(leaf for leaf, _ in leaves), factors)
    return b.program()


def _taken(b: Builder, x: int, leaves: list[tuple[int, Shape]]) -> int:
    """Read the gradient of ``x`` as a value, and clear that of every leaf."""
    gradient = b.grad_of(x)
    for leaf, _ in leaves:
        b.clear(leaf)
    return gradient


@st.composite
def powers_at_zero(draw: st.DrawFn, world: World, exponent: int) -> Program:
    """Draw the second or third derivative of a power of zero; shrinks to the second.

    Each gradient is multiplied by a leaf before it is propagated: that of x**2 comes to be 2, which
    some engines know to be a constant.
    """
    shape = draw(some_shape(world.kind))
    b = Builder()
    x = b.leaf(Array(shape, (0.0,) * prod(shape)))
    root = b.apply("pow", x, exponent=exponent)
    for _ in range(draw(st.integers(1, 2))):
        b.backward(root, draw(seeds(shape)), create=True)
        gradient = _taken(b, x, [(x, shape)])
        root = b.apply("mul", gradient, b.leaf(draw(cotangents(shape))))
    b.backward(root, draw(seeds(shape)))
    b.observe("grad", x)
    return b.program()
