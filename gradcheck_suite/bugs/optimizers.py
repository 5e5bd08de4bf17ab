"""Bugs of optimizers: a rule with one usual mistake, and of what a step goes round."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, module

__all__ = ["OPTIMIZERS"]

THEME: Final = "optimizers"

Array = Any
Next = Callable[[Any, Array, Array, dict[str, Any], dict[str, Any]], Array]
"""The rule as a method: (optimizer, value, gradient, state, settings) to the next value."""

_CLASSES: Final = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
}


def _rule(rule: str, make: Callable[[Next], Next]) -> Patch:
    """Return a patch by which ``make`` makes the rule of the right one."""

    def patch(patches: Patches) -> None:
        found = getattr(module(f"optim.{rule}"), _CLASSES[rule])
        patches.setattr(found, "next_value", make(found.next_value))

    return patch


def _settings(**changed: Callable[[dict[str, Any]], Any]) -> Callable[[Next], Next]:
    """Return what makes a rule with other settings than those that were given."""

    def make(right: Next) -> Next:
        return lambda o, w, g, state, s: right(
            o, w, g, state, {**s, **{name: value(s) for name, value in changed.items()}}
        )

    return make


def _uphill(right: Next) -> Next:
    return lambda o, w, g, state, s: 2 * w - right(o, w, g, state, s)


def _late(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        before, state["late"] = state.get("late"), g.copy()
        return w if before is None else right(o, w, before, state, s)

    return rule


def _forgetful(right: Next) -> Next:
    return lambda o, w, g, state, s: right(o, w, g, {}, s)


def _apart(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        moved = right(o, w, g, state, {**s, "weight_decay": 0.0})
        return moved - s["lr"] * s["weight_decay"] * w

    return rule


def _coupled(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        return right(o, w, g + s["weight_decay"] * w, state, {**s, "weight_decay": 0.0})

    return rule


def _running_mean(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        mu = s["momentum"]
        if not mu:
            return right(o, w, g, state, s)
        g = g + s["weight_decay"] * w
        state["v"] = mu * state.get("v", 0.0) + (1 - mu) * g
        return w - s["lr"] * state["v"]

    return rule


def _first_damped(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        if not s["momentum"] or s["nesterov"]:
            return right(o, w, g, state, s)
        g = g + s["weight_decay"] * w
        state["v"] = s["momentum"] * state.get("v", 0.0) + (1 - s["dampening"]) * g
        return w - s["lr"] * state["v"]

    return rule


def _undecayed_velocity(right: Next) -> Next:
    def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
        is_plain = s["momentum"] and not s["nesterov"] and not s["dampening"]
        return right(o, w, g, state, {**s, "weight_decay": 0.0} if is_plain else s)

    return rule


_Step = Callable[[Array, Array, float, float, dict[str, Any]], Array]


def _adam(step: _Step) -> Callable[[Next], Next]:
    """Return what makes Adam with another step of both moments and of 1 - beta**t."""

    def make(_: Next) -> Next:
        def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
            a, b = s["betas"]
            g = g + s["weight_decay"] * w
            t = state["t"] = state.get("t", 0) + 1
            m = state["m"] = a * state.get("m", 0.0) + (1 - a) * g
            v = state["v"] = b * state.get("v", 0.0) + (1 - b) * g * g
            return w - s["lr"] * step(m, v, 1 - a**t, 1 - b**t, s)

        return rule

    return make


def _rmsprop(divisor: Callable[[Array, dict[str, Any]], Array]) -> Callable[[Next], Next]:
    """Return what makes RMSprop, where it is neither centered nor has a momentum, divide so."""

    def make(right: Next) -> Next:
        def rule(o: Any, w: Array, g: Array, state: dict[str, Any], s: dict[str, Any]) -> Array:
            if s["centered"] or s["momentum"]:
                return right(o, w, g, state, s)
            g = g + s["weight_decay"] * w
            state["s"] = s["alpha"] * state.get("s", 0.0) + (1 - s["alpha"]) * g * g
            return w - s["lr"] * g / divisor(state["s"], s)

        return rule

    return make


def _all_parameters(patches: Patches) -> None:
    """OPT-WD-GRAD-NONE: move parameters whose gradient is None, as if it were zeros."""
    tensor = module("tensor")

    def step(optimizer: Any, closure: Any = None) -> None:
        """Move every parameter."""
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                known = parameter.grad
                if known is None:
                    parameter.grad = tensor.zeros(parameter.shape, parameter.dtype)
                optimizer._update(parameter, group)
                parameter.grad = known

    patches.setattr(module("optim.optimizer").Optimizer, "step", step)


def _changes_gradient(patches: Patches) -> None:
    """SGD-MUTATES-GRAD: add the decay to the gradient itself."""
    optimizer = module("optim.optimizer").Optimizer
    original = optimizer._update

    def update(self: Any, parameter: Any, group: dict[str, Any]) -> None:
        parameter.grad.data[...] += group["weight_decay"] * parameter.data
        original(self, parameter, {**group, "weight_decay": 0.0})

    patches.setattr(optimizer, "_update", update)


def _clears(patches: Patches) -> None:
    """Clear the gradients in a step."""
    optimizer = module("optim.optimizer").Optimizer
    original = optimizer._update

    def update(self: Any, parameter: Any, group: Any) -> None:
        original(self, parameter, group)
        parameter.grad = None

    patches.setattr(optimizer, "_update", update)


def _clears_nothing(patches: Patches) -> None:
    patches.setattr(module("optim.optimizer").Optimizer, "zero_grad", lambda self: None)


def _clears_all_but_the_last(patches: Patches) -> None:
    def zero_grad(self: Any, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for parameter in group["params"][: len(group["params"]) - 1 or 1]:
                parameter.zero_grad(set_to_none)

    patches.setattr(module("optim.optimizer").Optimizer, "zero_grad", zero_grad)


def _first_parameter_alone(patches: Patches) -> None:
    optimizer = module("optim.optimizer").Optimizer
    original = optimizer._update

    def update(self: Any, parameter: Any, group: Any) -> None:
        if parameter is group["params"][0]:
            original(self, parameter, group)

    patches.setattr(optimizer, "_update", update)


def _one_state(patches: Patches) -> None:
    optimizer = module("optim.optimizer").Optimizer
    original = optimizer._update

    def update(self: Any, parameter: Any, group: Any) -> None:
        first = group["params"][0]
        if first.shape == parameter.shape:
            self.state[parameter] = self.state[first]
        original(self, parameter, group)

    patches.setattr(optimizer, "_update", update)


def _root(v: Array, s: dict[str, Any]) -> Array:
    return np.sqrt(v) + s["eps"]


_RULES: Final[tuple[tuple[str, str, str, Callable[[Next], Next]], ...]] = (
    ("sgd", "uphill", "SGD goes uphill: w + lr * g", _uphill),
    ("sgd", "slip", "the steps of SGD are 0.1 % too long", _settings(lr=lambda s: s["lr"] * 1.001)),
    ("sgd", "late", "each step of SGD is made with the gradient of the step before", _late),
    ("sgd", "running_mean", "SGD's velocity is a running mean, mu v + (1 - mu) g", _running_mean),
    ("sgd", "first_damped", "SGD damps its first velocity too", _first_damped),
    ("sgd", "no_dampening", "SGD's dampening has no effect", _settings(dampening=lambda _: 0.0)),
    ("sgd", "no_nesterov", "SGD does not look ahead", _settings(nesterov=lambda _: False)),
    ("sgd", "no_decay", "SGD's decay has no effect", _settings(weight_decay=lambda _: 0.0)),
    ("sgd", "undecayed_velocity", "SGD with momentum has no decay", _undecayed_velocity),
    ("sgd", "forgetful", "SGD forgets its velocity after each step", _forgetful),
    (
        "adam",
        "no_correction",
        "Adam's bias correction is missing",
        _adam(lambda m, v, a, b, s: m / _root(v, s)),
    ),
    (
        "adam",
        "first_uncorrected",
        "Adam's first moment is not corrected",
        _adam(lambda m, v, a, b, s: m / _root(v / b, s)),
    ),
    (
        "adam",
        "corrected_twice",
        "Adam's bias correction is applied twice",
        _adam(lambda m, v, a, b, s: m / a / a / _root(v / b / b, s)),
    ),
    (
        "adam",
        "eps_inside",
        "Adam's eps stands inside the root",
        _adam(lambda m, v, a, b, s: m / a / np.sqrt(v / b + s["eps"])),
    ),
    (
        "adam",
        "no_root",
        "Adam divides by the second moment: the root is missing",
        _adam(lambda m, v, a, b, s: m / a / (v / b + s["eps"])),
    ),
    (
        "adam",
        "betas_swapped",
        "Adam's two betas are swapped",
        _settings(betas=lambda s: s["betas"][::-1]),
    ),
    ("adam", "decay_apart", "Adam's decay acts on the weights, as AdamW's does", _apart),
    ("adamw", "decay_coupled", "AdamW's decay goes into the gradient, as Adam's does", _coupled),
    (
        "adamw",
        "decay_unscaled",
        "AdamW's decay leaves out the learning rate",
        _settings(weight_decay=lambda s: s["weight_decay"] / s["lr"]),
    ),
    (
        "rmsprop",
        "no_root",
        "RMSprop divides by the mean square: the root is missing",
        _rmsprop(lambda v, s: v + s["eps"]),
    ),
    (
        "rmsprop",
        "alpha_swapped",
        "RMSprop takes 1 - alpha for alpha",
        _settings(alpha=lambda s: 1 - s["alpha"]),
    ),
    (
        "rmsprop",
        "not_centered",
        "RMSprop's centering has no effect",
        _settings(centered=lambda _: False),
    ),
    ("adagrad", "forgetful", "Adagrad forgets the squares of earlier steps", _forgetful),
    (
        "adagrad",
        "no_lr_decay",
        "Adagrad's learning rate does not fall",
        _settings(lr_decay=lambda _: 0.0),
    ),
)

_STEPS: Final[tuple[tuple[str, str, str, str, Patch], ...]] = (
    (
        "opt-wd-grad-none",
        "moves",
        "a step moves parameters that have no gradient, as if they had one of zeros",
        "optimizer[sgd]",
        _all_parameters,
    ),
    (
        "sgd-mutates-grad",
        "aliasing",
        "a step adds the decay to the gradients themselves",
        "optimizer[sgd]",
        _changes_gradient,
    ),
    (
        "opt-clears",
        "clearing",
        "a step clears the gradients of the parameters",
        "optimizer[sgd]",
        _clears,
    ),
    (
        "opt-clears-nothing",
        "clearing",
        "zero_grad of an optimizer does nothing: each step adds to the gradients of all before",
        "optimizer_clears",
        _clears_nothing,
    ),
    (
        "opt-clears-but-last",
        "clearing",
        "zero_grad of an optimizer leaves out its last parameter",
        "optimizer_clears",
        _clears_all_but_the_last,
    ),
    (
        "opt-first-alone",
        "moves",
        "a step moves the first parameter alone",
        "optimizer[sgd]",
        _first_parameter_alone,
    ),
    (
        "opt-one-state",
        "state",
        "what an optimizer remembers is shared by all parameters",
        "optimizer[sgd]",
        _one_state,
    ),
)

_ALSO: Final = {("sgd", "slip"): ("textbook[001 momentum by optimizer]",)}

OPTIMIZERS: Final = (
    *(
        Bug(
            f"{rule}-{name.replace('_', '-')}",
            sentence,
            THEME,
            (f"optimizer[{rule}]", *_ALSO.get((rule, name), ())),
            Place(claim=f"optimizer {rule}"),
            _rule(rule, make),
        )
        for rule, name, sentence, make in _RULES
    ),
    *(
        Bug(id_, sentence, THEME, (killer,), Place(claim=claim), patch)
        for id_, claim, sentence, killer, patch in _STEPS
    ),
)
