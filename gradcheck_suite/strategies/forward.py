"""Forward mode: how a result moves with its leaves, along tangents."""

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Op
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.call import Call
from gradcheck_suite.strategies.calls import called
from gradcheck_suite.strategies.expressions import expression
from gradcheck_suite.strategies.forms import forms
from gradcheck_suite.strategies.numbers import cotangents
from gradcheck_suite.strategies.scene import Scene, session
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


@session
def forward_expressions(s: Scene) -> None:
    """Push tangents at one leaf, or at both, through a whole expression over two leaves."""
    leaves = [s.leaf(), s.leaf()]
    result = expression(s, leaves)
    moved = s.draw(st.sampled_from([leaves, leaves[:1], leaves[1:]]))
    along = {x: s.draw(cotangents(s.shape)) for x in moved}
    s.b.observe("value", s.b.push_forward(result, along))
