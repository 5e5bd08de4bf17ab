"""Theme: whole expressions. Rules that are right one by one, put together."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.properties.property import Property
from gradcheck_suite.strategies.world import FAMILIES, World, palettes

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from gradcheck_suite.program.instructions import Program
    from gradcheck_suite.properties.property import Strata

__all__ = ["EXPRESSIONS", "drawn_as"]

THEME: Final = "whole expressions"


def drawn_as(
    strategy: "Callable[..., SearchStrategy[Program]]",
    world: World,
    families: tuple[tuple[str, ...], ...] = FAMILIES[-1:],
) -> "Strata":
    """Return a strategy for each palette of operators, and for each family of ops of arrays."""
    of_arrays = families if world.kind == "tensor" else ()
    return (*map(strategy, palettes(world)), *(strategy(world, family) for family in of_arrays))


def _expressions(world: World) -> "Strata":
    from gradcheck_suite.strategies.expressions import expressions

    return drawn_as(expressions, world, FAMILIES)


def _linear(world: World) -> "Strata":
    from gradcheck_suite.strategies.expressions import linear_in_cotangent

    return drawn_as(linear_in_cotangent, world)


def _zero(world: World) -> "Strata":
    from gradcheck_suite.strategies.expressions import zero_cotangent

    return drawn_as(zero_cotangent, world)


EXPRESSIONS: Final = (
    Property(
        "expressions",
        "G4",
        THEME,
        "an expression of several ops has a wrong gradient",
        "Each op may be right by itself and the whole wrong: then gradients get lost, doubled or "
        "mixed up on their way through the graph.",
        4,
        _expressions,
    ),
    Property(
        "linear_in_cotangent",
        "G4",
        THEME,
        "the gradient is not linear in the cotangent",
        "Backward multiplies the cotangent by Jacobians, and does nothing else to it: twice the "
        "cotangent is twice the gradient, however large it is, and that of a sum is the sum.",
        5,
        _linear,
        after=("expressions",),
    ),
    Property(
        "zero_cotangent",
        "G4",
        THEME,
        "a cotangent of zero gives a gradient that is not zero",
        "A zero is a cotangent like any other: `cotangent or 1` takes it for none at all.",
        5,
        _zero,
        after=("expressions",),
    ),
)
