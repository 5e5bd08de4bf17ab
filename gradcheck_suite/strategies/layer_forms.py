"""Forms of products, matrices, layers and losses: one strategy for each.

Shapes are small; every strategy shrinks to its first combination of shapes, and numbers 1, 2, 3.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.call import Call, Forms, OfShape, drawn, shaped
from gradcheck_suite.strategies.numbers import arrays, shapes_of_rank

__all__ = ["LAYER_FORMS"]


def _fixed(
    *shapes: tuple[Shape, ...], **settings: st.SearchStrategy[Attribute]
) -> Callable[[Op], Forms]:
    """Return forms of one strategy: some combinations of shapes under the same settings."""
    return lambda op: (shaped(op, shapes, settings),)


def _offsets(op: Op) -> Forms:
    """Draw the main diagonal, then one above or below it."""

    def of(offset: st.SearchStrategy[Attribute]) -> OfShape:
        return lambda _: {"offset": offset}

    shapes = st.sampled_from(((2, 3), (3, 2), (3, 3), (2, 2)))
    return tuple(drawn(op, shapes, of(o)) for o in (st.just(0), st.sampled_from((1, -1))))


def _each(*shapes: tuple[Shape, ...]) -> Callable[[Op], Forms]:
    """Return a form for each combination of operands' shapes."""
    return lambda op: tuple(shaped(op, (each,), {}) for each in shapes)


def _einsum(op: Op) -> Forms:
    return tuple(shaped(op, (shapes,), {k: st.just(v) for k, v in a}) for shapes, a in op.examples)


@st.composite
def _dominated(draw: st.DrawFn, op: Op, n: int, right: Shape | None) -> Call:
    """Draw a square matrix whose columns its diagonal dominates: nobody has to pivot there."""
    off = draw(arrays((n * (n - 1),), Domain(-1.0, 1.0))).values
    low = float(n)
    sizes = draw(arrays((n,), Domain(low, 6.0))).values
    signs = draw(st.lists(st.sampled_from((1.0, -1.0)), min_size=n, max_size=n))
    others = iter(off)
    values = tuple(
        sizes[i] * signs[i] if i == j else next(others) for i in range(n) for j in range(n)
    )
    further = () if right is None else (draw(arrays(right, op.domain(1))),)
    return Call(op.name, (Array((n, n), values), *further))


def _square(op: Op) -> Forms:
    return tuple(_dominated(op, n, None) for n in (2, 3, 1))


def _solve(op: Op) -> Forms:
    return tuple(_dominated(op, n, s) for n, s in ((2, (2, 3)), (2, (2,)), (3, (3, 2)), (3, (3,))))


def _convolutions(*shapes: tuple[Shape, ...]) -> Callable[[Op], Forms]:
    """Return every choice of stride and padding."""
    return lambda op: tuple(
        shaped(op, shapes, {"stride": st.just(stride), "padding": st.just(padding)})
        for stride, padding in product((1, 2), (0, 1))
    )


def _pools(op: Op) -> Forms:
    """Windows side by side, overlapping ones, and ones with gaps between them."""
    shapes: tuple[tuple[Shape, ...], ...] = (((1, 1, 2, 3),), ((1, 2, 3, 4),), ((2, 1, 4, 3),))
    wide: tuple[tuple[Shape, ...], ...] = (((1, 1, 3, 4),), ((1, 2, 4, 3),))
    return (
        shaped(op, shapes, {"kernel": st.just(2)}),
        shaped(op, wide, {"kernel": st.sampled_from((2, 3)), "stride": st.just(1)}),
        shaped(op, wide, {"kernel": st.sampled_from((1, 2)), "stride": st.just(2)}),
    )


_REDUCTIONS: Final = ("mean", "sum", "none")


def _pairwise_loss(op: Op) -> Forms:
    return tuple(_paired(op, reduction) for reduction in _REDUCTIONS)


@st.composite
def _paired(draw: st.DrawFn, op: Op, reduction: str) -> Call:
    """Draw no target that is its prediction: a loss of nothing shows nothing."""
    shape = draw(shapes_of_rank(1, 2, 3))
    x = draw(arrays(shape, op.domain(0)))
    target = draw(arrays(shape, replace(op.domain(1), without=x.values)))
    return Call(op.name, (x, target), (("reduction", reduction),))


def _class_loss(op: Op) -> Forms:
    """Classes that are all different are rare among three: most lists repeat one."""
    shapes = st.sampled_from(((2, 3), (3, 2), (3, 4), (1, 3)))

    def of(reduction: str) -> OfShape:
        return lambda shape: {
            "reduction": st.just(reduction),
            "target": st.lists(
                st.integers(0, shape[1] - 1), min_size=shape[0], max_size=shape[0]
            ).map(lambda classes: Array((len(classes),), tuple(classes), "int")),
        }

    return tuple(drawn(op, shapes, of(reduction)) for reduction in _REDUCTIONS)


LAYER_FORMS: Final[dict[str, Callable[[Op], Forms]]] = {
    "outer": _fixed(((2,), (3,)), ((3,), (2,)), ((1,), (3,))),
    "dot": _fixed(((2,), (2,)), ((3,), (3,)), ((1,), (1,))),
    "trace": _fixed(((2, 2),), ((3, 3),), ((1, 1),)),
    "tril": _offsets,
    "triu": _offsets,
    "diagonal": _offsets,
    "linear": _each(
        ((2, 3), (4, 3), (4,)),
        ((3,), (2, 3), (2,)),
        ((2, 2, 3), (4, 3), (4,)),
        ((1, 2), (3, 2), (3,)),
    ),
    "einsum": _einsum,
    "det": _square,
    "inv": _square,
    "solve": _solve,
    "conv1d": _convolutions(((1, 1, 3), (1, 1, 2)), ((1, 2, 4), (3, 2, 2)), ((2, 1, 5), (2, 1, 3))),
    "conv2d": _convolutions(
        ((1, 1, 3, 3), (1, 1, 2, 2)),
        ((1, 2, 3, 4), (2, 2, 2, 2)),
        ((2, 1, 4, 3), (2, 1, 3, 2)),
    ),
    "max_pool2d": _pools,
    "avg_pool2d": _pools,
    "mse_loss": _pairwise_loss,
    "binary_cross_entropy_with_logits": _pairwise_loss,
    "nll_loss": _class_loss,
    "cross_entropy": _class_loss,
    "layer_norm": _each(
        ((2, 4), (4,), (4,)),
        ((2, 1, 5), (5,), (5,)),
        ((2, 2, 3), (2, 3), (2, 3)),
    ),
    "batch_norm": _each(((6, 2), (2,), (2,)), ((5, 3), (3,), (3,)), ((3, 2, 2, 2), (2,), (2,))),
}
"""The forms of an op, by its name."""
