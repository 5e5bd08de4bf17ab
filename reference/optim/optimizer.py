"""What all optimizers share: which parameters there are, and how one step goes round them.

A rule is a pure function on arrays, in a file of its own: from a parameter's value, its gradient
and what was remembered of the steps before, to its next value.
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from reference.errors import LeafError, SettingError
from reference.modes import enable_grad, no_grad
from reference.tensor import Array, Tensor

__all__ = ["Optimizer", "Parameters", "require"]

Parameters: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]]


class Optimizer(ABC):
    """The base of all optimizers.

    Args:
        params: The parameters: leaves, or groups of them, each a dict with its leaves under
            "params" and settings of its own, which go before those of the optimizer.
        defaults: The optimizer's settings, by name.

    Attributes:
        param_groups: The groups, with all of their settings; these may be changed between steps.
        state: For each parameter that was updated, what the rule remembers of it, by torch's names.

    Raises:
        SettingError: There is no parameter, or one is in two groups.
        LeafError: A parameter is the result of an operation.
        TypeError: A parameter is no tensor.
    """

    def __init__(self, params: Parameters, defaults: Mapping[str, Any]) -> None:
        """Sort the parameters into groups."""
        if isinstance(params, Tensor):
            message = "an optimizer takes a list of tensors, but got a single one: [x]"
            raise TypeError(message)
        given: list[Any] = list(params)
        if not given:
            message = "an optimizer needs parameters, but got none"
            raise SettingError(message)
        self.defaults = dict(defaults)
        self.param_groups: list[dict[str, Any]] = []
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Add parameters with settings of their own: ``{"params": [w], "lr": 0.1}``."""
        tensors = group["params"]
        tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
        known = {x for other in self.param_groups for x in other["params"]}
        for x in tensors:
            if not isinstance(x, Tensor):
                message = f"an optimizer updates tensors, but got {type(x)}"
                raise TypeError(message)
            if not x.is_leaf:
                message = f"an optimizer updates leaves, but got a result of {x.grad_fn}"
                raise LeafError(message)
            if x in known:
                message = f"a parameter of shape {x.shape} is there twice"
                raise SettingError(message)
            known.add(x)
        self.param_groups.append({**self.defaults, **group, "params": tensors})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters: set them to None, or to zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.zero_grad(set_to_none)

    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Update every parameter that has a gradient, in place and without recording.

        A parameter whose gradient is None is left alone: no decay, no momentum, no step counted.
        With a ``closure``, which clears the gradients, calls ``backward`` and returns the loss,
        that is done first, and the loss is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)
        return loss

    def _update(self, parameter: Tensor, group: Mapping[str, Any]) -> None:
        """Give one parameter its next value; infinities and NaN are values, not warnings."""
        gradient: Array = parameter.grad.data  # type: ignore[union-attr]  # step() looked
        with no_grad(), np.errstate(all="ignore"):
            ascent = -gradient if group["maximize"] else gradient
            state = self.state[parameter]
            parameter.copy_(self.next_value(parameter.data, ascent, state, group))

    @abstractmethod
    def next_value(
        self, value: Array, gradient: Array, state: dict[str, Any], group: Mapping[str, Any]
    ) -> Array:
        """Return the parameter's next value.

        Neither ``value`` nor ``gradient`` is changed, and ``state``, empty at first, keeps neither
        of them, but only copies: both arrays belong to others, who may overwrite them.
        """


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise SettingError, naming setting, value and what is expected, unless the condition holds.

    Conditions are written so that NaN does not fulfil them.
    """
    if not condition:
        message = f"{name} should be {expected}, but got {value!r}"
        raise SettingError(message)
