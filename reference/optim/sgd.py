"""Stochastic gradient descent, with momentum."""

from collections.abc import Mapping
from typing import Any, final

from reference.errors import SettingError
from reference.optim.decay import decayed
from reference.optim.optimizer import Optimizer, Parameters, require
from reference.tensor import Array

__all__ = ["SGD"]


@final
class SGD(Optimizer):
    """Gradient descent, with momentum, Nesterov's momentum and weight decay.

    ::

        g = gradient + weight_decay * w
        v = momentum * v + (1 - dampening) * g      (in the first step v = g)
        w = w - lr * v                              (Nesterov: w - lr * (g + momentum * v))

    Source: I. Sutskever and others, "On the importance of initialization and momentum in deep
    learning" (2013), in torch's form: lr multiplies v where it is used, not where it is summed, so
    that a change of lr counts at once; and dampening does not touch the first step.

    Args:
        params: Leaves, or groups of them.
        lr: The learning rate.
        momentum: The share of v that is kept; with 0 there is no v.
        dampening: The share of the gradient that v does not take up.
        weight_decay: The factor of the weights that is added to the gradient.
        nesterov: Whether the gradient counts as it will be after the step of v.
        maximize: Whether to go uphill.

    Raises:
        SettingError: A setting is negative, or Nesterov's momentum is asked for without momentum
            or with dampening.
    """

    def __init__(  # noqa: PLR0913 - torch's parameters
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the settings."""
        require(lr >= 0, "lr", lr, "0 or more")
        require(momentum >= 0, "momentum", momentum, "0 or more")
        require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
        if nesterov and (momentum == 0 or dampening != 0):
            message = (
                "Nesterov's momentum needs a momentum and no dampening, but got "
                f"momentum={momentum} and dampening={dampening}"
            )
            raise SettingError(message)
        settings = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, settings)

    def next_value(
        self, value: Array, gradient: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return w - lr * v."""
        lr: float = group["lr"]
        momentum: float = group["momentum"]
        step = decayed(gradient, value, group["weight_decay"])
        if momentum:
            velocity = _velocity(step, state, momentum, group["dampening"])
            step = step + momentum * velocity if group["nesterov"] else velocity
        return value - lr * step


def _velocity(gradient: Array, state: dict[str, Any], momentum: float, dampening: float) -> Array:
    """Return the running sum of gradients with this one taken up, and remember it."""
    velocity: Array = gradient.copy()  # a copy: the gradient is its owner's to overwrite
    if "momentum_buffer" in state:
        velocity = momentum * state["momentum_buffer"] + (1 - dampening) * gradient
    state["momentum_buffer"] = velocity
    return velocity
