"""Themes: gradients at kinks and beside divisions by zero, and numerical stability."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.oracles.reading import Asked
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata, WorldKind

__all__ = ["EDGES"]

KINKS: Final = "kinks"
STABILITY: Final = "numerical stability"

_KINKED: Final = (
    "relu",
    "leaky_relu",
    "elu",
    "hardtanh",
    "clip",
    "abs",
    "maximum",
    "minimum",
    "max",
    "min",
    "max_with_indices",
    "max_pool2d",
    "norm",
    "std",
)
"""Ops without a derivative at ``op.kinks``: the answer is a set of subgradients."""

_TWO_KINKS: Final = (
    "It is smooth: {slope}. The stable form {form} is made of two kinks, whose derivatives have to "
    "be chosen such that they add up to that."
)

_ORDINARY: Final[dict[str, tuple[str, str]]] = {
    "pow": (
        "at 0",
        (
            "x**2 and x**3 are flat at 0, and x has the slope 1 there: n * x**(n - 1) says so. "
            "Written as n * x**n / x, or through log(x), it is 0 / 0."
        ),
    ),
    "power": (
        "where the base is 0",
        (
            "0**b is 0 for every b > 0, so its derivative with respect to b is 0. The rule "
            "0**b * log(0) multiplies 0 by minus infinity, which is NaN."
        ),
    ),
    "prod": (
        "where factors are 0",
        (
            "The derivative with respect to a factor is the product of the others, also where it "
            "is 0 itself. Computed as product / factor it is 0 / 0."
        ),
    ),
    "cumprod": (
        "where factors are 0",
        (
            "Each factor's derivative is made of products of the others, also where it is 0 "
            "itself. Computed by a division by the factor it is 0 / 0."
        ),
    ),
    "var": (
        "where all elements are equal",
        (
            "The variance has its minimum where all elements are equal, and its gradient is 0 "
            "there. As the square of a standard deviation, whose rule divides by 0, it is NaN."
        ),
    ),
    "atan2": (
        "on the axes",
        (
            "On the axes atan2 has a derivative like everywhere but at the origin. A rule that "
            "divides by an operand, as that of arctan(a / b) does, is 0 / 0 there."
        ),
    ),
    "softplus": (
        "at 0",
        _TWO_KINKS.format(
            slope="the derivative at 0 is 1/2",
            form="max(a, 0) + log(1 + exp(-|a|))",
        ),
    ),
    "logaddexp": (
        "where both operands are equal",
        _TWO_KINKS.format(
            slope="where a = b each operand gets half of the cotangent",
            form="max(a, b) + log(1 + exp(-|a - b|))",
        ),
    ),
    "binary_cross_entropy_with_logits": (
        "at a logit of 0",
        _TWO_KINKS.format(
            slope="the derivative at a logit of 0 is 1/2 - t",
            form="max(a, 0) - a * t + log(1 + exp(-|a|))",
        ),
    ),
}
"""Ops with an ordinary derivative at a point where usual rules have none: where, and a lesson."""

_POLES: Final = {
    "sqrt": "1 / (2 * sqrt(0)) is inf",
    "cbrt": "1 / (3 * cbrt(0)**2) is inf",
}
"""Ops with an infinite slope at 0, with what IEEE 754 says of it."""

_SHIFT: Final = "subtract the largest element first, which changes nothing else"
_BY_SIGN: Final = "choose the formula by the sign of a, so that exp sees no positive number"

_OVERFLOWS: Final = {
    "sigmoid": _BY_SIGN,
    "tanh": _BY_SIGN,
    "softplus": "compute max(a, 0) + log(1 + exp(-|a|))",
    "silu": "multiply by a sigmoid that does not overflow",
    "elu": "take exp of min(a, 0): a branch that is not taken still sends 0 * inf = NaN back",
    "logaddexp": "compute max(a, b) + log(1 + exp(-|a - b|))",
    "softmax": _SHIFT,
    "log_softmax": f"{_SHIFT}, and do not take the logarithm of a softmax that rounds to 0",
    "logsumexp": _SHIFT,
    "cross_entropy": "build on a log_softmax that does not overflow",
    "binary_cross_entropy_with_logits": "compute max(a, 0) - a * t + log(1 + exp(-|a|)), "
    "without a sigmoid that rounds to 0 or 1",
}
"""Ops that are finite where exp overflows, with the way out."""

_CANCELS: Final = {
    "log1p": "1 + a rounds to 1, so log(1 + a) is 0, where log1p(a) is a to all digits",
    "expm1": "exp(a) rounds to 1, so exp(a) - 1 is 0, where expm1(a) is a to all digits",
}
"""Ops that exist for tiny inputs, with what happens to them there."""


def _kinks(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.kinks import kinks

        return kinks(op, world)

    return draws


def _stress(op: Op) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.stability import stress

        return stress(op, world)

    return draws


def _worlds(op: Op) -> "tuple[WorldKind, ...]":
    return ("scalar", "tensor") if op.is_elementwise else ("tensor",)


def _kink(op: Op, title: str, lesson: str, asked: Asked, needs: tuple[str, ...] = ()) -> Property:
    return Property(
        id=f"kinks[{op.name}]",
        code="G5",
        theme=KINKS,
        title=title,
        lesson=lesson,
        level=2,
        draws=_kinks(op),
        worlds=_worlds(op),
        op=op.name,
        asked=asked,
        needs=needs,
    )


def _stable(op: Op, title: str, lesson: str, asked: Asked) -> Property:
    return Property(
        id=f"stable[{op.name}]",
        code="G7",
        theme=STABILITY,
        title=title,
        lesson=lesson,
        level=2,
        draws=_stress(op),
        worlds=_worlds(op),
        op=op.name,
        asked=asked,
    )


def _kinked(op: Op) -> Property:
    return _kink(
        op,
        f"the gradient of {op.name} at its kink is no subgradient",
        f"Where {op.kinks}, {op.name} has no derivative, and any number between those on either "
        "side is right; what lies outside, or NaN, is not.",
        "kinks",
    )


def _ordinary(op: Op, where: str, lesson: str) -> Property:
    return _kink(op, f"{op.name} has a wrong derivative {where}", lesson, "finite")


def _pole(op: Op, why: str) -> Property:
    return _kink(
        op,
        f"the slope of {op.name} at 0 is not infinite",
        f"The slope of {op.name} at 0 is infinite, and IEEE 754 says so: {why}. A number that is "
        "put there instead is another function's; all other elements stay what they are.",
        "limits",
        needs=("infinities",),
    )


def _overflowing(op: Op, way_out: str) -> Property:
    return _stable(
        op,
        f"{op.name} overflows at large inputs",
        f"exp(1000) is infinite, but {op.name} and its derivative there are ordinary numbers: "
        f"{way_out}.",
        "finite",
    )


def _cancelling(op: Op, what_happens: str) -> Property:
    return _stable(
        op,
        f"{op.name} loses its digits at tiny inputs",
        f"At a = 2**-60 {what_happens}.",
        "precise",
    )


EDGES: Final = (
    *(_kinked(OPS[name]) for name in _KINKED),
    *(_ordinary(OPS[name], *row) for name, row in _ORDINARY.items()),
    *(_pole(OPS[name], why) for name, why in _POLES.items()),
    *(_overflowing(OPS[name], way_out) for name, way_out in _OVERFLOWS.items()),
    *(_cancelling(OPS[name], what_happens) for name, what_happens in _CANCELS.items()),
)
"""Edges on purpose: where derivatives jump, where rules divide by zero, where formulas overflow."""
