"""Theme: leaves and flags. Who needs a gradient, and whose is kept."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["LEAVES"]

THEME: Final = "leaves and flags"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import leaves

        return tuple(getattr(leaves, name)(palette) for palette in palettes(world))

    return draws


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _session(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


LEAVES: Final = (
    _property(
        "requires_grad_flags",
        "F1",
        "requires_grad of a result is not the OR of its operands",
        "A result needs a gradient when at least one operand does; a leaf made without "
        "requires_grad gets none.",
        conventions=("constant_grad",),
    ),
    _property(
        "is_leaf_flags",
        "F2",
        "is_leaf is wrong",
        "What the user made is a leaf; the result of an op that needs a gradient is not.",
    ),
    _property(
        "nonleaf_gradients",
        "F3",
        "the gradient of a result is neither absent nor the full sum",
        "An engine may drop the gradients of results or keep them, but what it keeps has to be "
        "the sum over all consumers.",
        conventions=("nonleaf_grad",),
    ),
    _property(
        "retained_gradients",
        "F3",
        "retain_grad does not keep the full gradient",
        "retain_grad asks for the gradient of a result: the sum over all its consumers, the same "
        "whether it was asked once or twice.",
    ),
    _property(
        "integer_leaves",
        "F4",
        "the gradient of a leaf of integers is cut to integers",
        "The derivative with respect to an integer has fractions: np.zeros_like of integers cannot "
        "hold them. Refuse such a leaf, or turn its numbers into floats.",
        conventions=("integer_leaf",),
    ),
    _property(
        "switched_leaves",
        "F5",
        "setting requires_grad of a leaf changes what was computed before",
        "A result carries a gradient if its operands needed one when it was made: setting the flag "
        "of a leaf concerns the ops that come later.",
    ),
    _property(
        "switched_results",
        "F5",
        "taking requires_grad from a result neither raises nor cuts it off",
        "A result needs a gradient because its operands do. Whoever wants it without should detach "
        "it: taking the flag away had better raise. If it does not, the result is a constant to "
        "the ops that come later, or blocks every gradient; all other paths stay as they were.",
        conventions=("switched_result",),
    ),
    _property(
        "masks",
        "F6",
        "a comparison, or argmax, takes part in the gradient",
        "The derivative of a comparison, or of the place of a maximum, is zero or does not exist: "
        "in mask * x the mask is a constant, and backward has to know that.",
    ),
)
