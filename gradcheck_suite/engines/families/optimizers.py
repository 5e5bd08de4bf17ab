"""Candidates: how optimizers are made and stepped; their names are in ``program.optimizers``."""

from collections.abc import Mapping
from typing import Final

__all__ = ["PAIRS", "RATES", "SETTING_NAMES", "STEPS"]

STEPS: Final = ("x.step()", "x.update()", "x.apply()", "x.optimize()", "x()")

# Names of the learning rate as an argument. `alpha` is Kingma's and Ba's; RMSprop has another one.
RATES: Final = ("lr", "learning_rate", "learningrate", "eta", "step_size", "rate", "alpha")

# The same for each setting of the table, or of one rule of it; its own name first.
SETTING_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "alpha": ("alpha", "rho", "decay_rate", "beta", "gamma", "decay"),
    "betas": ("betas", "beta"),
    "centered": ("centered", "centred"),
    "dampening": ("dampening",),
    "eps": ("eps", "epsilon"),
    "initial_accumulator_value": ("initial_accumulator_value", "initial_accumulator"),
    "lr_decay": ("lr_decay",),
    "momentum": ("momentum", "mu", "beta", "gamma"),
    "nesterov": ("nesterov",),
    "weight_decay": ("weight_decay", "wd", "l2", "l2_reg", "lam", "lamb", "lambd", "lambda_"),
    # Elsewhere it may well be that of the learning rate, as in Keras.
    "adamw.weight_decay": ("weight_decay", "wd", "decay", "l2", "lam", "lamb", "lambd", "lambda_"),
}

# Settings that are a pair in the table and two arguments in some engines.
PAIRS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "betas": (("beta1", "beta2"), ("beta_1", "beta_2"), ("b1", "b2"), ("rho1", "rho2")),
}
