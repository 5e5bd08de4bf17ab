"""Theme: whole expressions. Rules that are right one by one, put together."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["EXPRESSIONS"]

THEME: Final = "whole expressions"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import expressions

        return tuple(getattr(expressions, name)(palette) for palette in palettes(world))

    return draws


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _session(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


EXPRESSIONS: Final = (
    _property(
        "expressions",
        "G4",
        "an expression of several ops has a wrong gradient",
        "Each op may be right by itself and the whole wrong: then gradients get lost, doubled or "
        "mixed up on their way through the graph.",
        level=4,
    ),
)
