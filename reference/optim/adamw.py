"""Adam with the decay of the weights kept apart from the gradients."""

from collections.abc import Mapping
from typing import Any, final

from reference.optim.adam import adam_settings, adam_step
from reference.optim.optimizer import Optimizer, Parameters
from reference.tensor import Array

__all__ = ["AdamW"]


@final
class AdamW(Optimizer):
    """Adam, with weights that shrink in each step by a factor of their own.

    ::

        w = (1 - lr * weight_decay) * w - (Adam's step along the gradient alone)

    So the decay of a weight does not depend on how large its gradients have been.

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019),
    algorithm 2, in torch's form: the schedule multiplier is a part of lr.

    Args:
        params: Leaves, or groups of them.
        lr: The learning rate.
        betas: As of ``Adam``.
        eps: As of ``Adam``.
        weight_decay: The share of the weights, times lr, that is lost in each step.
        amsgrad: As of ``Adam``.
        maximize: Whether to go uphill; the weights shrink all the same.

    Raises:
        SettingError: A setting is negative, or a beta is not in [0, 1).
    """

    def __init__(  # noqa: PLR0913 - torch's parameters
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
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
        """Return w, shrunk, after Adam's step."""
        shrunk: Array = (1 - group["lr"] * group["weight_decay"]) * value
        return shrunk - adam_step(gradient, state, group)
