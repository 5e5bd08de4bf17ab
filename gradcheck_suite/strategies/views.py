"""Views: parts of a value that are changed in place, by an operator or by assignment."""

from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Slice
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.strategies.inplace import changeable
from gradcheck_suite.strategies.numbers import arrays, shapes_of_rank
from gradcheck_suite.strategies.scene import GENTLE, Scene, Sessions, session
from gradcheck_suite.strategies.world import BINARY

__all__ = ["RESHAPED", "leaf_slices_changed", "set_items", "slices_changed", "views_changed"]

_Attrs = tuple[tuple[str, Attribute], ...]
RESHAPED: Final[dict[str, _Attrs]] = {"reshape": (("shape", (-1,)),), "transpose": ()}
"""Ops whose result has the operand's own numbers, in another shape."""


_PARTS: Final[tuple[Attribute, ...]] = (
    0,
    Slice(1, None),
    Slice(None, -1),
    -1,
    Slice(None, None, 2),
)


def _index(s: Scene) -> tuple[Attribute, ...]:
    """Draw a number, or a slice that takes something, on the first axis; maybe one more number."""
    first = s.draw(st.sampled_from(_PARTS))
    return (first, 0) if len(s.shape) > 1 and s.draw(st.booleans()) else (first,)


def _slice(s: Scene) -> tuple[Attribute, ...]:
    """Draw an index of more than one number: a single one is a view in torch, and none in NumPy."""
    index = _index(s)
    single = shape_of_result("getitem", (s.shape,), (("index", index),)) == ()
    return (Slice(None, -1), *index[1:]) if single else index


def _base(s: Scene) -> tuple[int, int]:
    """Write a leaf and a result of at least two numbers along its first axis."""
    s.shape = s.draw(shapes_of_rank(1, 2).filter(lambda shape: shape[0] > 1))
    x = s.leaf()
    return x, changeable(s, x)


def _part_changed(s: Scene, view: int) -> None:
    """Change a view by a number, in place."""
    name = s.draw(st.sampled_from([op.name for op in s.world.having(BINARY)]))
    s.b.in_place(name, view, s.b.constant(Array((), (s.draw(st.sampled_from((2.0, -3.0, 0.5))),))))


@session
def slices_changed(s: Scene) -> None:
    """Change a slice in place: what it was cut from changes too, or it was a copy."""
    x, y = _base(s)
    _part_changed(s, s.b.apply("getitem", y, index=_slice(s)))
    s.b.observe("value", y)
    s.backward(s.step(y))
    s.b.observe("grad", x)


@session
def leaf_slices_changed(s: Scene) -> None:
    """Change a slice of a leaf in place: it raises, or the slice was a copy."""
    x, _ = _base(s)
    v = s.b.apply("getitem", x, index=_slice(s))
    _part_changed(s, v)
    s.b.observe("value", x)


def views_changed(op: str) -> Sessions:
    """Return a session of another view: all numbers of a value, in another shape."""

    @session
    def programs(s: Scene) -> None:
        x, y = _base(s)
        _part_changed(s, s.b.apply(op, y, **dict(RESHAPED[op])))
        s.b.observe("value", y)
        s.backward(s.step(y))
        s.b.observe("grad", x)

    return programs


@session
def set_items(s: Scene) -> None:
    """Overwrite numbers of a result by those of a leaf, one for each or one for all."""
    x, y = _base(s)
    index = _index(s)
    places: Shape = shape_of_result("getitem", (s.shape,), (("index", index),))
    shape = s.draw(st.sampled_from((places, ())))
    other = s.b.leaf(s.draw(arrays(shape, GENTLE)))
    y = s.b.in_place("setitem", y, other, index=index)
    s.b.observe("value", y)
    s.backward(s.step(y))
    s.b.observe("grad", x, other)
