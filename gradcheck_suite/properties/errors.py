"""Theme: errors. What has to raise, and what has to work as before after it has."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["ERRORS"]

THEME: Final = "errors"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import errors

        return tuple(getattr(errors, name)(palette) for palette in palettes(world))

    return draws


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 4, "draws": _session(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


ERRORS: Final = (
    _property(
        "nonscalar_backward",
        "E1",
        "backward of several numbers without a cotangent gives a third thing",
        "Only a single number has a gradient of its own. For several an engine may raise, or take "
        "a cotangent of ones, which gives the gradient of their sum.",
        worlds=("tensor",),
        conventions=("nonscalar_backward",),
    ),
    _property(
        "misshapen_cotangent",
        "E1",
        "a cotangent of a wrong shape is taken",
        "The cotangent has a number for each number of the root. One of another shape is a mistake "
        "of the caller, and gradients of a wrong shape, or sums of the wrong numbers, come of it.",
        worlds=("tensor",),
    ),
    _property(
        "backward_without_gradient",
        "E2",
        "backward of a value that needs no gradient does not simply raise or do nothing",
        "Where nothing was recorded there is nothing to propagate: raise, so that the mistake is "
        "seen, or do nothing; and do the same in every case.",
        conventions=("no_grad_backward",),
    ),
    _property(
        "mismatched_shapes",
        "E3",
        "operands whose shapes do not fit are taken, or spoil what comes after",
        "Shapes that cannot be broadcast to one another have no result: raise, and leave nothing "
        "of the op that failed in the graph. zip stops at the shorter one and says nothing.",
        worlds=("tensor",),
    ),
    _property(
        "broken_rule",
        "E4",
        "an exception in a rule of the user's is lost, or spoils the next backward",
        "An exception in a backward rule belongs to whoever called backward. What the pass left "
        "half done must not come back in the next one.",
    ),
    _property(
        "no_derivative",
        "E5",
        "an op without a derivative gives a silent zero",
        "argmax and comparisons have no derivative. A backward from one of them has to do what it "
        "does for any value that needs no gradient.",
        conventions=("no_grad_backward",),
    ),
)
