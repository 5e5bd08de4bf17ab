"""Layers that give their input mean 0 and variance 1, then a scale and a shift of their own."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.calling import calls_with
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op
from gradcheck_suite.program.ops.statistics import deviation, n_reduced

__all__ = ["STANDARDISATIONS"]

_Array: TypeAlias = npt.NDArray[Any]
_Shapes: TypeAlias = tuple[tuple[int, ...], ...]


def _standardised(x: _Array, axes: tuple[int, ...], eps: float) -> _Array:
    """Divide by the root of the variance.

    The bound of a quotient in the rounding model holds the product with a reciprocal, too.
    """
    d = deviation(x, axes)
    spread = np.sum(d * d, axis=axes, keepdims=True) / n_reduced(x, axes)
    return np.asarray(d / np.sqrt(spread + eps))


def _sample_axes(x: _Array, weight: _Array) -> tuple[int, ...]:
    """Return the last axes, as many as the weight has; ValueError where it does not fit them."""
    if x.shape[-weight.ndim :] != weight.shape:
        msg = f"got a weight of shape {weight.shape} for samples of shape {x.shape}"
        raise ValueError(msg)
    return tuple(range(-weight.ndim, 0))


def _layer_norm(x: _Array, weight: _Array, bias: _Array, eps: float) -> _Array:
    return np.asarray(_standardised(x, _sample_axes(x, weight), eps) * weight + bias)


def _channels(x: _Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes of batch and places, and the shape that channels have beside ``x``."""
    return (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))


def _batch_norm(x: _Array, weight: _Array, bias: _Array, eps: float) -> _Array:
    axes, shape = _channels(x)
    scaled = _standardised(x, axes, eps) * weight.reshape(shape)
    return np.asarray(scaled + bias.reshape(shape))


def _layer_form(shapes: _Shapes, _attrs: dict[str, Attribute]) -> str:
    """Tell samples of one axis from those of more."""
    return "" if len(shapes[1]) == 1 else "axes"


def _batch_form(shapes: _Shapes, _attrs: dict[str, Attribute]) -> str:
    """Tell samples of channels alone from those with places."""
    return "" if len(shapes[0]) == 2 else "places"  # noqa: PLR2004 - batch and channel


_EPS: Final[tuple[tuple[str, Attribute], ...]] = (("eps", 1e-5),)  # torch's
# A small scale of a wide spread: else what cancels in float32 is wider than what is left.
_DOMAINS: Final = (Domain(), Domain(-0.875, 0.875, hole=0.25), Domain(-2.0, 2.0))

STANDARDISATIONS: Final = (
    Op(
        name="layer_norm",
        signature="array",
        operands=("x", "weight", "bias"),
        forward=_layer_norm,
        names=("layer_norm", "layernorm", "LayerNorm"),
        attributes=_EPS,
        domains=_DOMAINS,
        variant=_layer_form,
        examples=(*calls_with((2, 3), (3,), (3,)), *calls_with((2, 2, 3), (2, 3), (2, 3))),
        teaches="the mean and the variance depend on every element of a sample, so the gradient "
        "for the input has a part that flows through each of them",
    ),
    Op(
        name="batch_norm",
        signature="array",
        operands=("x", "weight", "bias"),
        forward=_batch_norm,
        names=("batch_norm", "batchnorm", "BatchNorm", "batch_norm1d"),
        attributes=_EPS,
        domains=(_DOMAINS[0], Domain(-0.5, 0.5, hole=0.25), _DOMAINS[2]),
        variant=_batch_form,
        examples=(*calls_with((3, 2), (2,), (2,)), *calls_with((2, 3, 2, 2), (3,), (3,))),
        teaches="the mean and the variance depend on the whole batch, so the gradient for one "
        "sample has a part that flows through each of them",
    ),
)
