"""Theme: training runs. Models, losses, and gradient descent written out by hand."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["TRAINING"]

THEME: Final = "training runs"


def _run(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import training

        return (getattr(training, name)(world),)

    return draws


TRAINING: Final = (
    Property(
        id="training_step",
        code="T1",
        theme=THEME,
        title="a model's loss gives some parameter a wrong gradient",
        lesson="One forward and backward pass of a small model: every parameter gets the "
        "derivative of the loss.",
        level=4,
        draws=_run("training_step"),
        establishes=("training_step",),
    ),
    Property(
        id="gradient_descent",
        code="T2",
        theme=THEME,
        title="a few steps of gradient descent go astray",
        lesson="Forward, backward, w -= lr * w.grad, clear: every loss and every parameter after "
        "every step has to be right, not just the last loss.",
        level=4,
        draws=_run("gradient_descent"),
    ),
)
