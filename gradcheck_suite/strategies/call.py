"""A call: one op with its operands and attributes, drawn by their shapes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Attributes
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.strategies.numbers import arrays

__all__ = ["Call", "Forms", "OfShape", "Settings", "call_of", "drawn", "shaped"]


@dataclass(frozen=True, slots=True)
class Call:
    """An op with its operands and attributes; the condition of ``where`` is the first operand."""

    op: str
    operands: tuple[Array, ...]
    attrs: Attributes = ()

    @property
    def result_shape(self) -> Shape:
        """Return the shape of the result."""
        return shape_of_result(self.op, tuple(a.shape for a in self.operands), self.attrs)


Forms: TypeAlias = "tuple[st.SearchStrategy[Call], ...]"
Settings: TypeAlias = "dict[str, st.SearchStrategy[Attribute]]"
OfShape: TypeAlias = "Callable[[Shape], Settings]"


def call_of(
    draw: st.DrawFn,
    op: Op,
    shapes: tuple[Shape, ...],
    domain: Domain | None = None,
    **attrs: Attribute,
) -> Call:
    """Draw a call on operands of ``shapes``, numbers from ``domain`` or from those of the op."""
    operands = [draw(arrays(s, domain or op.domain(k))) for k, s in enumerate(shapes)]
    if op.signature == "where":
        wide = np.broadcast_shapes(*shapes)
        chosen = draw(st.lists(st.booleans(), min_size=prod(wide), max_size=prod(wide)))
        operands.insert(0, Array(wide, tuple(chosen), "bool"))
    return Call(op.name, tuple(operands), tuple(sorted(attrs.items())))


@st.composite
def drawn(draw: st.DrawFn, op: Op, shapes: st.SearchStrategy[Shape], settings: OfShape) -> Call:
    """Draw a shape, what the op is set to there, and one operand."""
    shape = draw(shapes)
    return call_of(draw, op, (shape,), None, **{k: draw(s) for k, s in settings(shape).items()})


@st.composite
def shaped(
    draw: st.DrawFn,
    op: Op,
    shapes: tuple[tuple[Shape, ...], ...],
    settings: Settings,
) -> Call:
    """Draw one of the given combinations of operands' shapes, and settings for all of them."""
    chosen = draw(st.sampled_from(shapes))
    return call_of(draw, op, chosen, None, **{k: draw(s) for k, s in settings.items()})
