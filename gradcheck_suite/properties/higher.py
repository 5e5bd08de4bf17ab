"""Themes: forward mode, and higher derivatives.

Reverse mode answers <v, J u> for one v and every u, forward mode for one u and every v. Where every
gradient and every tangent is certified by itself, the identity <v, J u> = <J^T v, u> has nothing
left to say.
"""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.expressions import drawn_as
from gradcheck_suite.properties.property import Draws, Property, WorldKind
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["HIGHER"]

FORWARD: Final = "forward mode"
SECOND: Final = "higher derivatives"
_FLAT: Final = frozenset({"sign", "floor"})  # no derivative but zero, which needs no rule
_EXPONENTS: Final = (2, 3, 4)


def _tangent(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.forward import tangents

        return tangents(op, world)

    return draws


def _second(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.higher import second_derivatives

        return second_derivatives(op, world)

    return draws


def _powers(world: World) -> "Strata":
    from gradcheck_suite.strategies.higher import powers_at_zero

    return tuple(powers_at_zero(world, exponent) for exponent in _EXPONENTS)


def _expressions(world: World) -> "Strata":
    from gradcheck_suite.strategies.forward import forward_expressions

    return drawn_as(forward_expressions, world)


def _curvature(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import curvature

        return tuple(map(getattr(curvature, name), palettes(world)))

    return draws


def _worlds(op: Op) -> tuple[WorldKind, ...]:
    return ("scalar", "tensor") if op.is_elementwise else ("tensor",)


def _forward_mode(op: Op) -> Property:
    return Property(
        id=f"forward_mode[{op.name}]",
        code="G10",
        theme=FORWARD,
        title=f"{op.name} has a wrong tangent in forward mode",
        lesson="Forward mode has rules of its own, which map the tangents of the operands to that "
        f"of the result. {op.teaches[0].upper()}{op.teaches[1:]}.",
        level=2,
        draws=_tangent(op),
        worlds=_worlds(op),
        op=op.name,
        establishes=(f"forward:{op.name}",),
        few=True,
    )


def _second_derivative(op: Op) -> Property:
    return Property(
        id=f"second_derivative[{op.name}]",
        code="G11",
        theme=SECOND,
        title=f"{op.name} has a wrong second derivative",
        lesson=f"The rule of {op.name} has to be made of recorded ops, with operands and results "
        "that still have their history: on bare arrays, a gradient has no gradient.",
        level=4,
        draws=_second(op),
        worlds=_worlds(op),
        op=op.name,
        establishes=(f"second:{op.name}",),
        few=True,
    )


HIGHER: Final = (
    *map(_forward_mode, OPS.values()),
    Property(
        "forward_expressions",
        "G10",
        FORWARD,
        "an expression of several ops has a wrong tangent",
        "The tangent of a value is the sum over its operands: those that do not move with the "
        "leaves have none, or zero, and one that is used twice counts twice.",
        3,
        _expressions,
    ),
    *(_second_derivative(op) for op in OPS.values() if op.name not in _FLAT),
    Property(
        "powers_at_zero",
        "G11",
        SECOND,
        "a higher derivative of x**n is not finite at zero",
        "Deriving x**2 comes down to a constant, x**0, and from there n * x**(n - 1) is 0 times "
        "1 / 0: where the factor n is zero the derivative is zero, whatever x is.",
        5,
        _powers,
        op="pow",
    ),
    Property(
        "hessians",
        "G11",
        SECOND,
        "an entry of a Hessian is wrong",
        "Each row of the Hessian is the gradient of a gradient: derived first by x and then by y "
        "or the other way round, the mixed entry is the same.",
        5,
        _curvature("hessians"),
    ),
    Property(
        "third_derivatives",
        "G11",
        SECOND,
        "a third derivative is wrong",
        "With create_graph a backward is recorded like any computation, the backward of a "
        "gradient as well: nothing ends at the second order.",
        5,
        _curvature("third_derivatives"),
    ),
    Property(
        "gradient_penalties",
        "G11",
        SECOND,
        "the gradient of a gradient's norm is wrong",
        "A penalty on the slope (as of a critic in a Wasserstein GAN) is computed from gradients, "
        "and its own gradient has to reach every leaf that those depend on.",
        5,
        _curvature("gradient_penalties"),
    ),
)
