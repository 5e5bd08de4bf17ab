"""Adagrad: gradients divided by the root of the sum of all their squares so far."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from reference.optim.decay import decayed
from reference.optim.optimizer import Optimizer, Parameters, require
from reference.tensor import Array

__all__ = ["Adagrad"]


@final
class Adagrad(Optimizer):
    """Adagrad, with a learning rate that falls.

    ::

        g = gradient + weight_decay * w
        s = s + g**2                                        (at first initial_accumulator_value)
        w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)         t = 1, 2, ...

    Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning
    and stochastic optimization" (2011), with the diagonal matrix; lr_decay is torch's.

    Args:
        params: Leaves, or groups of them.
        lr: The learning rate.
        lr_decay: How fast the learning rate falls.
        weight_decay: The factor of the weights that is added to the gradient.
        initial_accumulator_value: What s starts at.
        eps: Added to the root, so that it does not vanish.
        maximize: Whether to go uphill.

    Raises:
        SettingError: A setting is negative.
    """

    def __init__(  # noqa: PLR0913 - torch's parameters
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the settings."""
        start = initial_accumulator_value
        require(lr >= 0, "lr", lr, "0 or more")
        require(lr_decay >= 0, "lr_decay", lr_decay, "0 or more")
        require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
        require(start >= 0, "initial_accumulator_value", start, "0 or more")
        require(eps >= 0, "eps", eps, "0 or more")
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": start,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def next_value(
        self, value: Array, gradient: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return w - lr * g / sqrt(s), but for eps and the fall of lr."""
        gradient = decayed(gradient, value, group["weight_decay"])
        t = state.get("step", 0) + 1
        start = np.full_like(gradient, group["initial_accumulator_value"])
        squares = state.get("sum", start) + gradient * gradient
        state.update(step=t, sum=squares)
        rate: float = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        root: Array = np.sqrt(squares) + group["eps"]
        return value - rate * gradient / root
