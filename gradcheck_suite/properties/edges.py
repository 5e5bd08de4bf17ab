"""Themes: kinks, where several answers are right, and numerical stability at large inputs."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["EDGES"]

KINKS: Final = "kinks"
STABILITY: Final = "numerical stability"

_KINKED: Final = ("relu", "abs", "maximum", "minimum", "max", "min")
_STABLE: Final = ("sigmoid", "softmax", "log_softmax")


def _kinks(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.edges import kinks

        return (kinks(op, world),)

    return draws


def _large_inputs(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.edges import large_inputs

        return (large_inputs(op, world),)

    return draws


def _kink(op: Op) -> Property:
    return Property(
        id=f"kinks[{op.name}]",
        code="G5",
        theme=KINKS,
        title=f"the gradient of {op.name} at its kink is no subgradient",
        lesson=f"At {op.kinks} {op.name} has no derivative, and any number between those on either "
        "side is right; what lies outside, or NaN, is not.",
        level=2,
        draws=_kinks(op),
        worlds=("scalar", "tensor") if op.is_elementwise else ("tensor",),
        op=op.name,
        asked="kinks",
    )


def _stable(op: Op) -> Property:
    return Property(
        id=f"stable[{op.name}]",
        code="G7",
        theme=STABILITY,
        title=f"{op.name} overflows at large inputs",
        lesson=f"exp(1000) is infinite, but {op.name} there is an ordinary number: rewrite it so "
        "that exp sees no positive argument, by subtracting the maximum first or by the sign.",
        level=2,
        draws=_large_inputs(op),
        worlds=("scalar", "tensor") if op.is_elementwise else ("tensor",),
        op=op.name,
        asked="stable",
    )


EDGES: Final = (
    *(_kink(OPS[name]) for name in _KINKED),
    *(_stable(OPS[name]) for name in _STABLE),
)
