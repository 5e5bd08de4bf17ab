"""Theme: single ops. Values, gradients, broadcasting, plain numbers."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.property import Draws, Property, WorldKind
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["OPERATIONS"]

VALUES: Final = "value of each op"
GRADIENTS: Final = "gradient of each op"
BROADCASTING: Final = "broadcasting"
NUMBERS: Final = "plain numbers"

# Where an index that comes twice has to add its gradients up.
_INDEXED: Final = frozenset({"getitem", "take", "gather", "scatter_add", "embedding"})


def _value(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.calls import value_programs
        from gradcheck_suite.strategies.forms import forms

        return tuple(value_programs(form) for form in forms(op, world))

    return draws


def _gradient(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.calls import gradient_programs
        from gradcheck_suite.strategies.forms import forms

        return tuple(gradient_programs(op, form) for form in forms(op, world))

    return draws


def _broadcasting(op: Op) -> Draws:
    def draws(_world: World) -> "Strata":
        from gradcheck_suite.strategies.calls import gradient_programs
        from gradcheck_suite.strategies.forms import broadcast_forms

        return tuple(gradient_programs(op, form) for form in broadcast_forms(op))

    return draws


def _numbers(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.calls import plain_number_programs

        return tuple(
            plain_number_programs(op, world, left=left, whole=whole)
            for whole in (False, True)
            for left in (False, True)
        )

    return draws


def _worlds(op: Op) -> tuple[WorldKind, ...]:
    return ("scalar", "tensor") if op.is_elementwise else ("tensor",)


def _of(op: Op) -> tuple[Property, ...]:
    found = [
        Property(
            id=f"value[{op.name}]",
            code="G2",
            theme=VALUES,
            title=f"{op.name} computes a wrong value",
            lesson=f"Before any gradient: the forward value of {op.name} has to be right.",
            level=0,
            draws=_value(op),
            worlds=_worlds(op),
            op=op.name,
            establishes=(f"value:{op.name}",),
        ),
        Property(
            id=f"gradient[{op.name}]",
            code="G8" if op.name in _INDEXED else "G1",
            theme=GRADIENTS,
            title=f"{op.name} has a wrong derivative",
            lesson=f"{op.teaches[0].upper()}{op.teaches[1:]}.",
            level=1,
            draws=_gradient(op),
            worlds=_worlds(op),
            op=op.name,
            establishes=(f"gradient:{op.name}",),
        ),
    ]
    if op.signature in {"binary", "where"}:
        found.append(
            Property(
                id=f"broadcasting[{op.name}]",
                code="G3",
                theme=BROADCASTING,
                title=f"{op.name} loses the shape of an operand that was broadcast",
                lesson="An operand that was stretched to a larger shape was used once for every "
                "copy, so its gradient is the sum over the copies, in the operand's own shape.",
                level=2,
                draws=_broadcasting(op),
                worlds=("tensor",),
                op=op.name,
                establishes=(f"broadcast:{op.name}", "unbroadcast"),
                strict_shape=True,
            ),
        )
    if op.signature == "binary" and op.operators:
        found.append(
            Property(
                id=f"numbers[{op.name}]",
                code="G2",
                theme=NUMBERS,
                title=f"{op.name} with a plain number is wrong",
                lesson="`2 - x` calls x.__rsub__(2): the reflected operator has its operands the "
                "other way round, and has to compute 2 - x and not x - 2.",
                level=2,
                draws=_numbers(op),
                op=op.name,
                establishes=(f"plain:{op.name}.left", f"plain:{op.name}.right"),
            ),
        )
    return tuple(found)


OPERATIONS: Final = tuple(entry for op in OPS.values() for entry in _of(op))
