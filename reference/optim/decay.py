"""Weight decay as a part of the gradient."""

from reference.tensor import Array

__all__ = ["decayed"]


def decayed(gradient: Array, value: Array, weight_decay: float) -> Array:
    """Return the gradient of the loss plus weight_decay/2 times the sum of the squared weights.

    Without decay, the gradient itself: 0 times an infinite weight would be NaN.
    """
    return gradient + weight_decay * value if weight_decay else gradient
