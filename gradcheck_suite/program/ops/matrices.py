"""Vectors and matrices: products, parts of a matrix, a linear layer, and what is solved."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with, given
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op

__all__ = ["MATRICES"]

_Array: TypeAlias = npt.NDArray[Any]
_Shapes: TypeAlias = tuple[tuple[int, ...], ...]
_GENTLE: Final = (Domain(-2.0, 2.0),)


def _keep_where(kept: _Array, x: _Array) -> _Array:
    return np.asarray(np.where(kept, x, 0.0))


def _tril(x: _Array, offset: int) -> _Array:
    return _keep_where(np.tri(x.shape[-2], x.shape[-1], offset, dtype=bool), x)


def _triu(x: _Array, offset: int) -> _Array:
    return _keep_where(~np.tri(x.shape[-2], x.shape[-1], offset - 1, dtype=bool), x)


def _diagonal(x: _Array, offset: int) -> _Array:
    return np.diagonal(x, offset)


def _linear(x: _Array, weight: _Array, bias: _Array) -> _Array:
    return np.asarray(np.matmul(x, weight.T) + bias)


def _linear_form(shapes: _Shapes, _attrs: dict[str, Attribute]) -> str:
    """Name the input: a matrix, a vector, or a stack of matrices."""
    return {1: "vector", 2: ""}.get(len(shapes[0]), "batched")


def _einsum(x: _Array, y: _Array, subscripts: str) -> _Array:
    """Give both operands every letter as an axis, multiply, and sum what the result has not."""
    inputs, _, output = subscripts.partition("->")
    left, right = inputs.split(",")
    letters = output + "".join(dict.fromkeys(c for c in left + right if c not in output))
    summed = tuple(range(len(output), len(letters)))
    product = _spread(x, left, letters) * _spread(y, right, letters)
    return np.asarray(np.sum(product, axis=summed) if summed else product)


def _spread(x: _Array, own: str, letters: str) -> _Array:
    """Return ``x`` with an axis for each of ``letters``, of extent 1 where it has none."""
    order = sorted(range(len(own)), key=lambda k: letters.index(own[k]))
    extents = dict(zip(own, x.shape, strict=True))
    return np.transpose(x, order).reshape([extents.get(c, 1) for c in letters])


def _einsum_example(subscripts: str) -> tuple[_Shapes, tuple[tuple[str, Attribute], ...]]:
    extents = {"b": 2, "i": 2, "j": 3, "k": 4}
    inputs = subscripts.partition("->")[0].split(",")
    shapes = tuple(tuple(extents[c] for c in own) for own in inputs)
    return shapes, (("subscripts", subscripts),)


SUBSCRIPTS: Final = ("ij,jk->ik", "ij,ij->", "ij,j->i", "i,j->ij", "ij,kj->ki", "bij,bjk->bik")


MATRICES: Final = (
    Op(
        name="outer",
        signature="array",
        operands=("x", "y"),
        forward=lambda x, y: np.asarray(x[:, None] * y),
        names=("outer", "ger"),
        examples=calls_with((2,), (3,)),
        teaches="with cotangent G, the gradient of outer(a, b) is G @ b for a, and G.T @ a for b",
    ),
    Op(
        name="dot",
        signature="array",
        operands=("x", "y"),
        forward=lambda x, y: np.asarray(np.sum(x * y)),
        names=("dot", "inner", "vdot"),
        domains=_GENTLE,
        examples=calls_with((3,), (3,)),
        teaches="the gradient of dot(a, b) is b for a, and a for b",
    ),
    Op(
        name="trace",
        signature="array",
        operands=("x",),
        forward=lambda x: np.asarray(np.sum(np.diagonal(x))),
        names=("trace",),
        examples=calls_with((2, 2)),
        teaches="trace gives its cotangent to the elements of the diagonal alone",
    ),
    Op(
        name="tril",
        signature="array",
        operands=("x",),
        forward=_tril,
        names=("tril",),
        attributes=(("offset", 0),),
        variant=given("offset", offset=0),
        examples=calls_with((3, 3), offset=(1, -1)),
        teaches="tril gives its cotangent to the lower triangle, and zero above it",
    ),
    Op(
        name="triu",
        signature="array",
        operands=("x",),
        forward=_triu,
        names=("triu",),
        attributes=(("offset", 0),),
        variant=given("offset", offset=0),
        examples=calls_with((3, 3), offset=(1, -1)),
        teaches="triu gives its cotangent to the upper triangle, and zero below it",
    ),
    Op(
        name="diagonal",
        signature="array",
        operands=("x",),
        forward=_diagonal,
        names=("diagonal", "diag"),
        attributes=(("offset", 0),),
        variant=given("offset", offset=0),
        examples=calls_with((2, 3), offset=(1, -1)),
        teaches="diagonal puts its cotangent back on the diagonal, and zero beside it",
    ),
    Op(
        name="linear",
        signature="array",
        operands=("x", "weight", "bias"),
        forward=_linear,
        names=("linear", "Linear", "affine"),
        domains=_GENTLE,
        variant=_linear_form,
        examples=tuple(((shape, (4, 3), (4,)), ()) for shape in ((2, 3), (3,), (2, 2, 3))),
        teaches="with cotangent G, the gradient of x @ W.T + b is G @ W for x, G.T @ x for W, "
        "and the sum of G over all samples for b",
    ),
    Op(
        name="einsum",
        signature="array",
        operands=("x", "y"),
        forward=_einsum,
        names=("einsum",),
        operators=("einsum(subscripts, x, y)",),
        attributes=(("subscripts", SUBSCRIPTS[0]),),
        domains=_GENTLE,
        examples=tuple(map(_einsum_example, SUBSCRIPTS)),
        teaches="the gradient of einsum for one operand is einsum of the cotangent and the other "
        "operand, with the letters exchanged",
    ),
)
