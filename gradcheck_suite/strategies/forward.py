"""Forward mode: how a result moves with its leaves, along tangents."""

from collections.abc import Sequence

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call
from gradcheck_suite.strategies.calls import called
from gradcheck_suite.strategies.expressions import FEW, writers
from gradcheck_suite.strategies.forms import forms
from gradcheck_suite.strategies.numbers import cotangents
from gradcheck_suite.strategies.world import World

__all__ = ["forward_expressions", "tangents"]


def tangents(op: Op, world: World) -> tuple[st.SearchStrategy[Program], ...]:
    """Return strategies of the tangent of a call, one for each of its forms."""
    return tuple(map(_tangent, forms(op, world)))


@st.composite
def _tangent(draw: st.DrawFn, drawn: st.SearchStrategy[Call]) -> Program:
    """Draw a call along a tangent at one of its leaves, or at all; shrinks to all."""
    b = Builder()
    leaves, result = called(b, draw(drawn))
    moved = draw(st.sampled_from([leaves, *([leaf] for leaf in leaves)]))
    b.observe("value", b.push_forward(result, {x: draw(cotangents(shape)) for x, shape in moved}))
    return b.program()


@st.composite
def forward_expressions(draw: st.DrawFn, world: World, family: Sequence[str] = ()) -> Program:
    """Draw the tangent of an expression, along tangents at one leaf or at all."""
    e, root = draw(writers(world, family, FEW))(Builder())
    moved = draw(st.sampled_from([e.leaves, *([leaf] for leaf in e.leaves[:2])]))
    along = {leaf.index: draw(cotangents(leaf.array.shape)) for leaf in moved}
    e.b.observe("value", e.b.push_forward(root.index, along))
    return e.b.program()
