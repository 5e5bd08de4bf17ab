"""Wrong optimizers as students write them, each with one mistake, and the reason to be named."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np


class Own:
    """An optimizer with a rule of the submission's own: ``move`` returns where a weight goes."""

    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, parameters: Sequence[Any], **settings: Any) -> None:
        """Start with nothing remembered."""
        self.parameters = list(parameters)
        self.s = {**self.defaults, **settings}
        self.state: list[dict[str, Any]] = [{} for _ in self.parameters]
        self.t = 0

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        self.t += 1
        for parameter, state in zip(self.parameters, self.state, strict=True):
            if parameter.grad is not None:
                gradient = parameter.grad.data.copy()
                state["t"] = state.get("t", 0) + 1
                parameter.data[...] = self.move(parameter.data, gradient, state)

    def move(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """Return the weight after the step."""
        raise NotImplementedError


class SGD(Own):
    """Right: torch's rule."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "momentum": 0.0,
        "dampening": 0.0,
        "weight_decay": 0.0,
        "nesterov": False,
    }

    def move(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """Step along the velocity."""
        s = self.s
        g = self.decayed(w, g)
        state["v"] = self.velocity(g, state.get("v"))
        step = self.ahead(g, state["v"]) if s["nesterov"] else state["v"]
        return w - s["lr"] * step

    def decayed(self, w: Any, g: Any) -> Any:
        """Add the decay to the gradient."""
        return g + self.s["weight_decay"] * w

    def velocity(self, g: Any, before: Any) -> Any:
        """Return the velocity of this step."""
        if before is None:
            return g
        return self.s["momentum"] * before + (1 - self.s["dampening"]) * g

    def ahead(self, g: Any, v: Any) -> Any:
        """Return the nesterov step."""
        return g + self.s["momentum"] * v


class Adam(Own):
    """Right: torch's rule."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
    }
    apart = False

    def move(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """Step along the corrected moments."""
        s = self.s
        a, b = s["betas"]
        if self.apart:
            w = w - self.decay() * w
        else:
            g = g + s["weight_decay"] * w
        state["m"] = a * state.get("m", 0.0) + (1 - a) * g
        state["v"] = b * state.get("v", 0.0) + (1 - b) * g * g
        t = self.count(state)
        return w - s["lr"] * self.direction(state, 1 - a**t, 1 - b**t)

    def decay(self) -> float:
        """Return the share of the weights that a step takes away."""
        return float(self.s["lr"] * self.s["weight_decay"])

    def count(self, state: dict[str, Any]) -> int:
        """Return the number of this step."""
        return int(state["t"])

    def direction(self, state: dict[str, Any], first: float, second: float) -> Any:
        """Return what is taken lr times."""
        return state["m"] / first / (np.sqrt(state["v"] / second) + self.s["eps"])


class RMSprop(Own):
    """Right: torch's rule."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "alpha": 0.99,
        "eps": 1e-8,
        "weight_decay": 0.0,
        "momentum": 0.0,
        "centered": False,
    }

    def move(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """Step along the gradient over the root of its mean square."""
        s = self.s
        a = s["alpha"]
        g = g + s["weight_decay"] * w
        state["s"] = self.mean(state.get("s", 0.0), g * g)
        state["m"] = a * state.get("m", 0.0) + (1 - a) * g
        square = state["s"] - state["m"] ** 2 if s["centered"] else state["s"]
        state["v"] = s["momentum"] * state.get("v", 0.0) + g / self.root(square)
        return w - s["lr"] * state["v"]

    def mean(self, before: Any, square: Any) -> Any:
        """Return the mean of squares."""
        return self.s["alpha"] * before + (1 - self.s["alpha"]) * square

    def root(self, square: Any) -> Any:
        """Return the divisor."""
        return np.sqrt(square) + self.s["eps"]


class Adagrad(Own):
    """Right: torch's rule."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "lr_decay": 0.0,
        "weight_decay": 0.0,
        "initial_accumulator_value": 0.0,
        "eps": 1e-10,
    }

    def move(self, w: Any, g: Any, state: dict[str, Any]) -> Any:
        """Step along the gradient over the root of the sum of its squares."""
        s = self.s
        g = g + s["weight_decay"] * w
        state["s"] = self.total(state.get("s", s["initial_accumulator_value"]), g * g)
        rate = s["lr"] / (1 + (self.count(state) - 1) * s["lr_decay"])
        return w - rate * g / self.root(state["s"])

    def count(self, state: dict[str, Any]) -> int:
        """Return the number of this step."""
        return int(state["t"])

    def total(self, before: Any, square: Any) -> Any:
        """Return the sum of squares."""
        return before + square

    def root(self, square: Any) -> Any:
        """Return the divisor."""
        return np.sqrt(square) + self.s["eps"]


class AdamW(Adam):
    """Right: torch's rule."""

    defaults: ClassVar[Mapping[str, Any]] = {**Adam.defaults, "weight_decay": 0.01}
    apart = True


def but(base: type[Own], **changed: Any) -> type[Own]:
    """Return the optimizer with some methods replaced: its mistake."""
    return type(f"{base.__name__}_{'_'.join(changed)}", (base,), changed)


def late(self: SGD, w: Any, g: Any, state: dict[str, Any]) -> Any:
    """Step with the gradient of the step before."""
    before, state["late"] = state.get("late"), g
    return w if before is None else SGD.move(self, w, before, state)


def step_of_all(self: SGD) -> None:
    """Move parameters that have no gradient too."""
    for parameter, state in zip(self.parameters, self.state, strict=True):
        known = parameter.grad is not None
        gradient = parameter.grad.data.copy() if known else np.zeros(parameter.shape)
        parameter.data[...] = self.move(parameter.data, gradient, state)


def step_in_gradient(self: SGD) -> None:
    """Add the decay to the gradients themselves."""
    decay = self.s["weight_decay"]
    for parameter in self.parameters:
        if parameter.grad is not None:
            parameter.grad.data[...] += decay * parameter.data
    self.s["weight_decay"] = 0.0
    SGD.step(self)
    self.s["weight_decay"] = decay


def step_with_one_state(self: SGD) -> None:
    """Remember one velocity for all parameters, shapes permitting."""
    self.state = [self.state[0]] * len(self.parameters)
    SGD.step(self)


def kept_corrected(self: Adam, state: dict[str, Any], first: float, second: float) -> Any:
    """Correct the moments that are remembered."""
    state["m"], state["v"] = state["m"] / first, state["v"] / second
    return Adam.direction(self, state, 1, 1)


def counted(self: Adam, _: dict[str, Any]) -> int:
    """Count once for each parameter."""
    self.n = getattr(self, "n", 0) + 1
    return self.n


RIGHT: Mapping[str, type[Own]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
}


def scaled(self: SGD, w: Any, g: Any, state: dict[str, Any]) -> Any:
    """Keep the rate in the velocity: u = mu * u - lr * g; w = w + u."""
    s = self.s
    g = self.decayed(w, g)
    kept = -s["lr"] * g * (1 if "u" not in state else 1 - s["dampening"])
    state["u"] = s["momentum"] * state.get("u", 0.0) + kept
    return w + (s["momentum"] * state["u"] - s["lr"] * g if s["nesterov"] else state["u"])


def leaning(self: Adam, w: Any, g: Any, state: dict[str, Any]) -> Any:
    """Move the moments towards the gradient by a share, and fold the corrections into the rate."""
    s = self.s
    a, b = s["betas"]
    g = g + s["weight_decay"] * w
    state["m"] = state.get("m", 0.0 * g) + (1 - a) * (g - state.get("m", 0.0 * g))
    state["v"] = state.get("v", 0.0 * g) + (1 - b) * (g**2 - state.get("v", 0.0 * g))
    t = state["t"]
    root = state["v"] ** 0.5 / (1 - b**t) ** 0.5 + s["eps"]
    return w - s["lr"] / (1 - a**t) * (state["m"] / root)


def joined(self: Adam, w: Any, g: Any, state: dict[str, Any]) -> Any:
    """Add the decay to the direction, and take both lr times."""
    a, b = self.s["betas"]
    state["m"] = a * state.get("m", 0.0) + (1 - a) * g
    state["v"] = b * state.get("v", 0.0) + (1 - b) * g * g
    direction = self.direction(state, 1 - a ** state["t"], 1 - b ** state["t"])
    return w - self.s["lr"] * (direction + self.s["weight_decay"] * w)


def hat(self: Adam, state: dict[str, Any], a: Any, b: Any) -> Any:
    """Add eps to the root of the moment as it is: Kingma and Ba, end of section 2."""
    return np.sqrt(b) / a * state["m"] / (np.sqrt(state["v"]) + self.s["eps"])


def under(self: Own, square: Any) -> Any:
    """Add eps to what is under the root."""
    return np.sqrt(square + self.s["eps"])


# Right in another form.
OTHER_FORMS: Mapping[str, tuple[str, Callable[..., Own]]] = {
    "scaled velocity": ("sgd", but(SGD, move=scaled)),
    "leaning moments": ("adam", but(Adam, move=leaning)),
    "joined decay": ("adamw", but(AdamW, move=joined)),
    "leaning squares": (
        "rmsprop",
        but(RMSprop, mean=lambda self, s, square: s + (1 - self.s["alpha"]) * (square - s)),
    ),
    "epsilon hat": ("adam", but(Adam, direction=hat)),
    "epsilon hat, decay apart": ("adamw", but(AdamW, direction=hat)),
    "eps under the root": ("rmsprop", but(RMSprop, root=under)),
    "eps under the root of a sum": ("adagrad", but(Adagrad, root=under)),
    "power of a half": (
        "adagrad",
        but(Adagrad, root=lambda self, square: square**0.5 + self.s["eps"]),
    ),
}

# By a short name: the rule, the optimizer, and how the reason begins.
WRONG: Mapping[str, tuple[str, Callable[..., Own], str]] = {
    "uphill": (
        "sgd",
        but(SGD, move=lambda self, w, g, state: 2 * w - SGD.move(self, w, g, state)),
        "the step goes uphill",
    ),
    "late": ("sgd", but(SGD, move=late), "each step is made with the gradient of the step before"),
    "moving": ("sgd", but(SGD, step=step_of_all), "a parameter that has no gradient is moved"),
    "damped": (
        "sgd",
        but(SGD, velocity=lambda self, g, v: SGD.velocity(self, g, 0.0 if v is None else v)),
        "the first velocity is damped",
    ),
    "running mean": (
        "sgd",
        but(
            SGD,
            velocity=lambda self, g, v: (
                self.s["momentum"] * (0.0 if v is None else v) + (1 - self.s["momentum"]) * g
            ),
        ),
        "the velocity is a running mean",
    ),
    "no dampening": (
        "sgd",
        but(SGD, velocity=lambda self, g, v: g if v is None else self.s["momentum"] * v + g),
        "dampening has no effect",
    ),
    "no look-ahead": (
        "sgd",
        but(SGD, ahead=lambda _self, _g, v: v),
        "the nesterov step does not look ahead",
    ),
    "only ahead": (
        "sgd",
        but(SGD, ahead=lambda self, _g, v: self.s["momentum"] * v),
        "the nesterov step leaves out the gradient",
    ),
    "decay apart": (
        "sgd",
        but(
            SGD,
            decayed=lambda _self, _w, g: g,
            move=lambda self, w, g, state: (
                SGD.move(self, w, g, state) - self.s["lr"] * self.s["weight_decay"] * w
            ),
        ),
        "the decay acts on the weights themselves",
    ),
    "growth": (
        "sgd",
        but(SGD, decayed=lambda self, w, g: g - self.s["weight_decay"] * w),
        "the decay has the wrong sign",
    ),
    "no decay": (
        "sgd",
        but(SGD, decayed=lambda _self, _w, g: g),
        "the setting weight_decay has no effect",
    ),
    "in the gradient": (
        "sgd",
        but(SGD, step=step_in_gradient),
        "the step changes the gradient itself",
    ),
    "decoupled": ("adam", but(Adam, apart=True), "the decay acts on the weights themselves"),
    "uncorrected": (
        "adam",
        but(Adam, direction=lambda self, state, _a, _b: Adam.direction(self, state, 1, 1)),
        "the bias correction is missing",
    ),
    "first uncorrected": (
        "adam",
        but(Adam, direction=lambda self, state, _, b: Adam.direction(self, state, 1, b)),
        "the bias correction of the first moment is missing",
    ),
    "second uncorrected": (
        "adam",
        but(Adam, direction=lambda self, state, a, _: Adam.direction(self, state, a, 1)),
        "the bias correction of the second moment is missing",
    ),
    "twice corrected": (
        "adam",
        but(Adam, direction=lambda self, state, a, b: Adam.direction(self, state, a**2, b**2)),
        "the bias correction is applied twice",
    ),
    "kept corrected": (
        "adam",
        but(Adam, direction=kept_corrected),
        "the corrected moments are kept",
    ),
    "from two": (
        "adam",
        but(Adam, count=lambda self, state: Adam.count(self, state) + 1),
        "the bias correction counts the steps from 2",
    ),
    "counted by parameter": (
        "adam",
        but(Adam, count=counted),
        "the steps are counted once for each parameter",
    ),
    "eps inside": (
        "adam",
        but(
            Adam,
            direction=lambda self, state, a, b: (
                state["m"] / a / np.sqrt(state["v"] / b + self.s["eps"])
            ),
        ),
        "eps stands inside the root",
    ),
    "no root": (
        "adam",
        but(
            Adam,
            direction=lambda self, state, a, b: state["m"] / a / (state["v"] / b + self.s["eps"]),
        ),
        "the square root of the second moment is missing",
    ),
    "swapped betas": (
        "adam",
        but(
            Adam,
            step=lambda self: (
                self.s.update(betas=self.s["betas"][::-1] if not self.t else self.s["betas"]),
                Adam.step(self),
            ),
        ),
        "the two betas are swapped",
    ),
    "coupled": ("adamw", but(AdamW, apart=False), "the decay is added to the gradient"),
    "decay without rate": (
        "adamw",
        but(AdamW, decay=lambda self: self.s["weight_decay"]),
        "the decay of the weights leaves out the learning rate",
    ),
    "rms no root": (
        "rmsprop",
        but(RMSprop, root=lambda self, square: square + self.s["eps"]),
        "the square root of the second moment is missing",
    ),
    "rms swapped": (
        "rmsprop",
        but(
            RMSprop,
            mean=lambda self, s, square: (
                (1 - self.s["alpha"]) * s + self.s["alpha"] * np.asarray(square)
            ),
        ),
        "alpha and 1 - alpha are swapped",
    ),
    "adagrad no root": (
        "adagrad",
        but(Adagrad, root=lambda self, square: square + self.s["eps"]),
        "the square root of the second moment is missing",
    ),
    "forgetful": (
        "adagrad",
        but(Adagrad, total=lambda _self, _before, square: square),
        "the squares of earlier steps are forgotten",
    ),
}
