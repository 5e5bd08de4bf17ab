"""RMSprop: gradients divided by the root of their mean square."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from reference.optim.decay import decayed
from reference.optim.optimizer import Optimizer, Parameters, require
from reference.tensor import Array

__all__ = ["RMSprop"]


@final
class RMSprop(Optimizer):
    """RMSprop, with momentum, and with the variance in place of the mean square.

    ::

        g = gradient + weight_decay * w
        s = alpha * s + (1 - alpha) * g**2                  mean of g**2
        d = sqrt(s) + eps                                   (centered: sqrt(s - a**2) + eps,
                                                            a = a + (1 - alpha) * (g - a))
        w = w - lr * g / d                                  (momentum: w - lr * b,
                                                            b = momentum * b + g / d)

    s, a and b start at 0, and nothing takes that start out again.

    Source: G. Hinton, "Neural networks for machine learning" (2012), lecture 6e; centered:
    A. Graves, "Generating sequences with recurrent neural networks" (2013), equations 38 to 40,
    with torch's eps outside of the root.

    Args:
        params: Leaves, or groups of them.
        lr: The learning rate.
        alpha: The share of s and of a that is kept.
        eps: Added to the root, so that it does not vanish.
        weight_decay: The factor of the weights that is added to the gradient.
        momentum: The share of b that is kept; with 0 there is no b.
        centered: Whether to divide by the standard deviation.
        maximize: Whether to go uphill.

    Raises:
        SettingError: A setting is negative.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - torch's parameters
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the settings."""
        require(lr >= 0, "lr", lr, "0 or more")
        require(alpha >= 0, "alpha", alpha, "0 or more")
        require(eps >= 0, "eps", eps, "0 or more")
        require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
        require(momentum >= 0, "momentum", momentum, "0 or more")
        settings = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def next_value(
        self, value: Array, gradient: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return w - lr * g / d, or w - lr * b."""
        lr: float = group["lr"]
        momentum: float = group["momentum"]
        gradient = decayed(gradient, value, group["weight_decay"])
        divisor: Array = _root(gradient, state, group["alpha"], group["centered"]) + group["eps"]
        if not momentum:
            return value - lr * gradient / divisor
        buffer: Array = state.get("momentum_buffer", np.zeros_like(gradient))
        buffer = momentum * buffer + gradient / divisor
        state["momentum_buffer"] = buffer
        return value - lr * buffer


def _root(gradient: Array, state: dict[str, Any], alpha: float, centered: bool) -> Array:
    """Return the root of the mean square or of the variance, and remember s and a."""
    square: Array = state.get("square_avg", np.zeros_like(gradient))
    square = alpha * square + (1 - alpha) * gradient * gradient
    state["square_avg"] = square
    if centered:
        mean: Array = state.get("grad_avg", np.zeros_like(gradient))
        mean = mean + (1 - alpha) * (gradient - mean)
        state["grad_avg"] = mean
        square = square - mean * mean
    return np.sqrt(square)
