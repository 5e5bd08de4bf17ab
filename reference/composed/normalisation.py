"""Layers that give their input mean 0 and variance 1."""

from reference.composed.statistics import var
from reference.errors import OperandError
from reference.operators import op
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["batch_norm", "layer_norm"]


def _standardised(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """Return x with mean 0 and, but for ``eps``, variance 1 over the axes."""
    return (x - x.mean(axes, keepdims=True)) / (var(x, axes, keepdims=True) + eps).sqrt()


@op
def layer_norm(
    x: Operand,
    normalized_shape: int | tuple[int, ...],
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,  # torch's
) -> Tensor:
    """Return each sample standardised over its last axes, times ``weight``, plus ``bias``.

    Args:
        x: Samples (..., *normalized_shape).
        normalized_shape: The lengths of the last axes, or of the last one.
        weight: A factor for each element of a sample, or None.
        bias: A summand for each element of a sample, or None.
        eps: Added to the variance, so that a constant sample gives zeros.

    Raises:
        OperandError: The last axes have other lengths.
    """
    x = as_tensor(x)
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        message = f"layer_norm: the last axes of shape {x.shape} should be {shape}"
        raise OperandError(message)
    result = _standardised(x, tuple(range(-len(shape), 0)), eps)
    if weight is not None:
        result = result * weight
    return result if bias is None else result + bias


@op
def batch_norm(
    x: Operand, weight: Operand | None = None, bias: Operand | None = None, eps: float = 1e-5
) -> Tensor:
    """Return each channel standardised over the batch and all places, as in training.

    Args:
        x: Samples (N, C) or images (N, C, ...).
        weight: A factor for each channel (C,), or None.
        bias: A summand for each channel (C,), or None.
        eps: Added to the variance (that of ddof 0); the default is torch's.

    Raises:
        OperandError: There is no channel axis.
    """
    x = as_tensor(x)
    if x.ndim < 2:  # noqa: PLR2004 - batch and channel
        message = f"batch_norm needs (N, C) or (N, C, ...), but got {x.shape}"
        raise OperandError(message)
    result = _standardised(x, (0, *range(2, x.ndim)), eps)
    channels = (-1, *[1] * (x.ndim - 2))
    if weight is not None:
        result = result * as_tensor(weight).reshape(channels)
    return result if bias is None else result + as_tensor(bias).reshape(channels)
