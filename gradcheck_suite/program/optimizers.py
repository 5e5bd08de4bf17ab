"""Optimizers: the rules by which parameters move, and what each can be set to, in torch's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.instructions import Attribute, Attributes

__all__ = ["OPTIMIZERS", "Optimizer", "settings_of"]


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One rule: its settings with torch's defaults; ``lr`` is always given."""

    name: str
    settings: Attributes
    names: tuple[str, ...]
    """The names under which engines offer it."""
    teaches: str
    epsilon: str = ""
    """The convention that says where its eps stands, if right ones differ there."""


_BETAS: Final = (0.9, 0.999)

OPTIMIZERS: Final[Mapping[str, Optimizer]] = MappingProxyType(
    {
        rule.name: rule
        for rule in (
            Optimizer(
                "sgd",
                (
                    ("momentum", 0.0),
                    ("dampening", 0.0),
                    ("weight_decay", 0.0),
                    ("nesterov", False),
                ),
                ("SGD", "sgd", "GradientDescent", "GD"),
                "v = momentum * v + g, where the very first v is g itself; w = w - lr * v",
            ),
            Optimizer(
                "adam",
                (("betas", _BETAS), ("eps", 1e-8), ("weight_decay", 0.0)),
                ("Adam", "adam", "ADAM"),
                "both moments start at zero, so in step t they are divided by 1 - beta**t before "
                "use, and eps is added to the root of the second (corrected, or as it is: "
                "epsilon hat), not to what is under it",
                "adam_epsilon",
            ),
            Optimizer(
                "adamw",
                (("betas", _BETAS), ("eps", 1e-8), ("weight_decay", 0.01)),
                ("AdamW", "adamw", "ADAMW"),
                "the decay acts on the weights, w = w - lr * decay * w, and never enters a moment",
                "adam_epsilon",
            ),
            Optimizer(
                "rmsprop",
                (
                    ("alpha", 0.99),
                    ("eps", 1e-8),
                    ("weight_decay", 0.0),
                    ("momentum", 0.0),
                    ("centered", False),
                ),
                ("RMSprop", "RMSProp", "rmsprop"),
                "s = alpha * s + (1 - alpha) * g**2; w = w - lr * g / (sqrt(s) + eps), or "
                "/ sqrt(s + eps)",
                "root_epsilon",
            ),
            Optimizer(
                "adagrad",
                (
                    ("lr_decay", 0.0),
                    ("weight_decay", 0.0),
                    ("initial_accumulator_value", 0.0),
                    ("eps", 1e-10),
                ),
                ("Adagrad", "AdaGrad", "adagrad"),
                "s = s + g**2 over all steps; w = w - lr * g / (sqrt(s) + eps), or / sqrt(s + eps)",
                "root_epsilon",
            ),
        )
    },
)
"""Every rule by name. Sources: torch.optim's documentation, which prints each as an algorithm."""


def settings_of(rule: str, given: Attributes) -> dict[str, Attribute]:
    """Return every setting of a step: ``lr`` and the defaults, overlaid with what was given."""
    if rule not in OPTIMIZERS:
        msg = f"got the optimizer {rule!r}, expected one of {', '.join(OPTIMIZERS)}"
        raise ProgramError(msg)
    known = dict(OPTIMIZERS[rule].settings)
    unknown = sorted(set(dict(given)) - {*known, "lr"})
    if unknown:
        msg = f"got the settings {unknown} for {rule}, expected of lr, {', '.join(known)}"
        raise ProgramError(msg)
    return {**known, **dict(given)}
