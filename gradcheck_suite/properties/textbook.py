"""Theme: the textbook. What five course notes compute, with the numbers that they print."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.properties.property import Draws, Property, WorldKind
from gradcheck_suite.strategies.textbook import ROWS
from gradcheck_suite.strategies.textbook.row import Row
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["TEXTBOOK"]

THEME: Final = "the textbook"


def _versions(row: Row) -> Draws:
    def draws(_world: World) -> "Strata":
        from hypothesis import strategies as st

        return tuple(st.just(version.program) for version in row.versions)

    return draws


def _property(row: Row) -> Property:
    worlds: tuple[WorldKind, ...] = ("scalar", "tensor") if row.on_numbers else ("tensor",)
    return Property(
        id=row.id,
        code="T5",
        theme=THEME,
        title=f"the textbook's {row.name} comes out differently",
        lesson=f"Note {row.note} computes {row.says}." + _correction(row),
        level=4,
        draws=_versions(row),
        worlds=worlds,
        conventions=row.conventions,
        asked="plain" if row.finite else "limits",
        needs=() if row.finite else ("infinities",),
    )


def _correction(row: Row) -> str:
    return f" {row.correction[0].upper()}{row.correction[1:]}." if row.correction else ""


TEXTBOOK: Final = tuple(_property(row) for row in ROWS if row.certified)
