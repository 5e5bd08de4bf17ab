"""Adam: a step for each weight, scaled by how large its gradients have been."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from reference.optim.decay import decayed
from reference.optim.optimizer import Optimizer, Parameters, require
from reference.tensor import Array

__all__ = ["Adam", "adam_settings", "adam_step"]


@final
class Adam(Optimizer):
    """Adam, with weight decay as a part of the gradient; ``AdamW`` has it apart.

    ::

        g = gradient + weight_decay * w
        m = m + (1 - beta1) * (g - m)                               mean of g
        v = beta2 * v + (1 - beta2) * g**2                          mean of g**2
        u = v                                                       (amsgrad: the largest v so far)
        w = w - lr / (1 - beta1**t) * m / (sqrt(u / (1 - beta2**t)) + eps)

    m and v start at 0; dividing by 1 - beta**t in step t = 1, 2, ... takes that start out again.

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1;
    amsgrad: S. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond" (2018), with
    torch's correction of u by 1 - beta2**t, which the paper does not have.

    Args:
        params: Leaves, or groups of them.
        lr: The learning rate.
        betas: The shares of m and of v that are kept.
        eps: Added to the root, so that it does not vanish.
        weight_decay: The factor of the weights that is added to the gradient.
        amsgrad: Whether to scale by the largest v so far.
        maximize: Whether to go uphill.

    Raises:
        SettingError: A setting is negative, or a beta is not in [0, 1).
    """

    def __init__(  # noqa: PLR0913 - torch's parameters
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the settings."""
        settings = adam_settings(lr, betas, eps, weight_decay)
        super().__init__(params, {**settings, "amsgrad": amsgrad, "maximize": maximize})

    def next_value(
        self, value: Array, gradient: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return w after Adam's step along g."""
        return value - adam_step(decayed(gradient, value, group["weight_decay"]), state, group)


def adam_settings(
    lr: float, betas: tuple[float, float], eps: float, weight_decay: float
) -> dict[str, Any]:
    """Return the settings that Adam and AdamW share, by name; raise SettingError if impossible."""
    require(lr >= 0, "lr", lr, "0 or more")
    require(eps >= 0, "eps", eps, "0 or more")
    for i, beta in enumerate(betas):
        require(0 <= beta < 1, f"betas[{i}]", beta, "from 0 to less than 1")
    require(weight_decay >= 0, "weight_decay", weight_decay, "0 or more")
    return {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}


def adam_step(gradient: Array, state: dict[str, Any], group: Mapping[str, Any]) -> Array:
    """Return what Adam subtracts from the weights, and remember m, v and t."""
    beta1, beta2 = group["betas"]
    t = state.get("step", 0) + 1
    mean = state.get("exp_avg", np.zeros_like(gradient))
    mean = mean + (1 - beta1) * (gradient - mean)
    square = state.get("exp_avg_sq", np.zeros_like(gradient))
    square = beta2 * square + (1 - beta2) * gradient * gradient
    state.update(step=t, exp_avg=mean, exp_avg_sq=square)
    if group["amsgrad"]:
        square = np.maximum(state.get("max_exp_avg_sq", np.zeros_like(square)), square)
        state["max_exp_avg_sq"] = square
    root = np.sqrt(square) / (1 - beta2**t) ** 0.5
    step: Array = group["lr"] / (1 - beta1**t) * mean / (root + group["eps"])
    return step
