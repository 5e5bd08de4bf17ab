"""Optimizers over nodes: how every parameter moves in a step, in the forms that engines compute it.

The algorithms are those that torch.optim's documentation prints, which follows Sutskever et al.
(2013) for momentum, Kingma and Ba (2015, algorithm 1) for Adam, Loshchilov and Hutter (2019) for
AdamW, Graves (2013) for RMSprop, Duchi et al. (2011) for Adagrad. Where two forms are the same in
exact arithmetic, each is a function of its own, and the answer holds both. Where published forms
differ by the place of eps, the setting ``epsilon`` says which: Adam's epsilon hat is that of Kingma
and Ba (end of section 2); Ruder (2016, sections 4.3 and 4.5) prints eps under the root of Adagrad
and RMSprop.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from gradcheck_suite.oracles.scalarise import Node

__all__ = ["RULES", "Rule", "State"]


Nodes: TypeAlias = Any  # an array of nodes; arithmetic on rank 0 gives its element


@dataclass(slots=True)
class State:
    """What an optimizer remembers of one parameter."""

    n_steps: int = 0
    moments: dict[str, Nodes] = field(default_factory=dict)

    def moment(self, name: str, like: Nodes, start: float = 0.0) -> Nodes:
        """Return a moment, which is ``start`` before the first step."""
        if name not in self.moments:
            self.moments[name] = np.full(np.shape(like), Node.number(start), dtype=object)
        return self.moments[name]


Settings: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = "Callable[[Nodes, Nodes, State, Settings], Nodes]"


def _decayed(weights: Nodes, gradient: Nodes, settings: Settings) -> Nodes:
    """Add the gradient of weight_decay / 2 * w**2."""
    decay = settings["weight_decay"]
    return gradient + weights * decay if decay else gradient


def _sgd(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    gradient = _decayed(weights, gradient, settings)
    momentum = settings["momentum"]
    step = gradient
    if momentum:
        first = "v" not in state.moments
        kept = gradient * (1 - settings["dampening"])
        step = gradient if first else state.moments["v"] * momentum + kept
        state.moments["v"] = step
        if settings["nesterov"]:
            step = gradient + step * momentum
    return weights - step * settings["lr"]


def _sgd_scaled(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    """Step as ``u = momentum * u - lr * g; w = w + u``: the velocity holds the learning rate."""
    gradient = _decayed(weights, gradient, settings)
    momentum, rate = settings["momentum"], settings["lr"]
    step = -(gradient * rate)
    if momentum:
        first = "u" not in state.moments
        kept = step * (1 - settings["dampening"])
        step = step if first else state.moments["u"] * momentum + kept
        state.moments["u"] = step
        if settings["nesterov"]:
            step = step * momentum - gradient * rate
    return weights + step


def _moments(gradient: Nodes, state: State, settings: Settings) -> tuple[Nodes, Nodes, Node, Node]:
    """Return Adam's moments after this step, and 1 - beta**t for each."""
    state.n_steps += 1
    first, second = (Node.number(beta) for beta in settings["betas"])
    m = state.moment("m", gradient) * first + gradient * (1 - first)
    v = state.moment("v", gradient) * second + gradient * gradient * (1 - second)
    state.moments.update(m=m, v=v)
    return m, v, 1 - first**state.n_steps, 1 - second**state.n_steps


def _adam(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    """Correct both moments, then step."""
    gradient = _decayed(weights, gradient, settings)
    m, v, first, second = _moments(gradient, state, settings)
    if settings["epsilon"] == "hat":
        rate = second.sqrt() * settings["lr"] / first
        return weights - m * rate / (np.sqrt(v) + settings["eps"])
    return weights - (m / first) * settings["lr"] / (np.sqrt(v / second) + settings["eps"])


def _adam_folded(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    """Fold the corrections into the learning rate and the root, as torch does."""
    gradient = _decayed(weights, gradient, settings)
    m, v, first, second = _moments(gradient, state, settings)
    if settings["epsilon"] == "hat":
        rate = second.sqrt() / first * settings["lr"]
        return weights - (m / (np.sqrt(v) + settings["eps"])) * rate
    root = np.sqrt(v) / second.sqrt() + settings["eps"]
    return weights - (m / root) * (Node.number(settings["lr"]) / first)


def _adamw(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    shrunk = weights * (1 - settings["lr"] * settings["weight_decay"])
    return _adam(shrunk, gradient, state, {**settings, "weight_decay": 0.0})


def _adamw_subtracted(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    shrunk = weights - weights * (settings["lr"] * settings["weight_decay"])
    return _adam_folded(shrunk, gradient, state, {**settings, "weight_decay": 0.0})


def _root(square: Nodes, settings: Settings) -> Nodes:
    """Return the root, with eps beside or under it."""
    eps = settings["eps"]
    return np.sqrt(square + eps) if settings["epsilon"] == "under" else np.sqrt(square) + eps


def _rmsprop(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    gradient = _decayed(weights, gradient, settings)
    alpha = Node.number(settings["alpha"])
    square = state.moment("square", gradient) * alpha + gradient * gradient * (1 - alpha)
    state.moments["square"] = square
    if settings["centered"]:
        mean = state.moment("mean", gradient) * alpha + gradient * (1 - alpha)
        state.moments["mean"] = mean
        square = square - mean * mean
    step = gradient / _root(square, settings)
    if settings["momentum"]:
        step = state.moment("v", gradient) * settings["momentum"] + step
        state.moments["v"] = step
    return weights - step * settings["lr"]


def _adagrad(weights: Nodes, gradient: Nodes, state: State, settings: Settings) -> Nodes:
    gradient = _decayed(weights, gradient, settings)
    rate = Node.number(settings["lr"]) / (1 + state.n_steps * settings["lr_decay"])
    state.n_steps += 1
    start = settings["initial_accumulator_value"]
    square = state.moment("square", gradient, start) + gradient * gradient
    state.moments["square"] = square
    return weights - gradient / _root(square, settings) * rate


RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "sgd": (_sgd, _sgd_scaled),
    "adam": (_adam, _adam_folded),
    "adamw": (_adamw, _adamw_subtracted),
    "rmsprop": (_rmsprop,),
    "adagrad": (_adagrad,),
}
"""The forms of each optimizer of the table ``program.optimizers``."""
