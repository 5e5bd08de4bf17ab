"""Themes of training: runs written out by hand, and the submission's own optimizers."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.program.optimizers import OPTIMIZERS, Optimizer
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["TRAINING"]

RUNS: Final = "training runs"
OWN: Final = "optimizers"


def _each_sort(name: str, *, convex: bool = False) -> Draws:
    """Draw the strategy of that name for each sort of model, or for the convex ones."""

    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import models, training

        strategy = getattr(training, name)
        return tuple(strategy(s) for s in models.sorts(world) if s.curvature or not convex)

    return draws


def _batches(world: World) -> "Strata":
    from gradcheck_suite.strategies import models, training

    picks: tuple[models.Picks, ...] = ("constants", "getitem")
    picks = picks[:1] if world.kind == "scalar" else picks
    found = [s for s in models.sorts(world) if s.curvature]
    return tuple(training.mini_batches(sort, pick) for sort in found for pick in picks)


def _settings(rule: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import optimizers

        return optimizers.strata(rule, world)

    return draws


def _cleared(world: World) -> "Strata":
    from gradcheck_suite.strategies import optimizers

    return tuple(optimizers.cleared_by(rule, world) for rule in OPTIMIZERS)


def _run(name: str, code: str, title: str, lesson: str, draws: Draws, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 4, "draws": draws, **more}
    return Property(id=name, code=code, theme=RUNS, title=title, lesson=lesson, **fields)


def _own(rule: Optimizer) -> Property:
    return Property(
        id=f"optimizer[{rule.name}]",
        code="T2",
        theme=OWN,
        title=f"{rule.names[0]} moves a parameter to a wrong place",
        lesson=f"{rule.teaches[0].upper()}{rule.teaches[1:]}. A step does not change a gradient, "
        "and a parameter without one stays where it is.",
        level=4,
        draws=_settings(rule.name),
        conventions=("unset_gradient", rule.epsilon) if rule.epsilon else ("unset_gradient",),
    )


TRAINING: Final = (
    _run(
        "training_step",
        "T1",
        "a model's loss gives some parameter a wrong gradient",
        "One forward and backward pass of a small model: every parameter gets the derivative of "
        "the loss.",
        _each_sort("training_step"),
        establishes=("training_step",),
    ),
    _run(
        "gradient_descent",
        "T2",
        "a few steps of gradient descent go astray",
        "Forward, backward, w -= lr * w.grad, clear: every loss and every parameter after every "
        "step has to be right, not just the last loss.",
        _each_sort("gradient_descent"),
    ),
    _run(
        "momentum",
        "T2",
        "a few steps of gradient descent with momentum go astray",
        "v = mu * v + w.grad; w = w - lr * v: the velocity is the user's own value, and what it "
        "was made from may be cleared.",
        _each_sort("momentum", convex=True),
    ),
    _run(
        "mini_batches",
        "T3",
        "an epoch over mini-batches goes astray",
        "The same model over one batch after the other, the last of which may be smaller: each "
        "step depends on its own batch alone.",
        _batches,
    ),
    _run(
        "gradients_kept",
        "T3",
        "a step without zeroing does not add to the gradient of the step before",
        "What is not cleared stays: when a step leaves out the zeroing, the next backward adds to "
        "the gradient that is there.",
        _each_sort("gradients_kept", convex=True),
        conventions=("accumulation",),
    ),
    _run(
        "decreasing_losses",
        "T4",
        "the loss of a convex problem does not go down as it must",
        "For a convex loss and a learning rate below 2 / L, where L is its steepest curvature, "
        "every step of gradient descent brings the loss down.",
        _each_sort("decreasing_losses", convex=True),
    ),
    *map(_own, OPTIMIZERS.values()),
    Property(
        id="optimizer_clears",
        code="T3",
        theme=OWN,
        title="an optimizer leaves gradients of its parameters, or clears others",
        lesson="Before the next backward, zero_grad clears the gradient of every parameter that "
        "the optimizer was given, and of no other value.",
        level=4,
        draws=_cleared,
    ),
)
