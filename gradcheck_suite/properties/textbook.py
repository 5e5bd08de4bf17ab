"""Theme: the textbook. What five course notes compute, with the numbers that they print."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gradcheck_suite.properties.property import Draws, Property, WorldKind
from gradcheck_suite.strategies.textbook import ROWS
from gradcheck_suite.strategies.textbook.row import Row
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["TEXTBOOK", "TEXTBOOK_THEME"]

TEXTBOOK_THEME: Final = "the textbook"


# What a row would only tell once more, where that failed.
_AFTER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "middle node": ("middle_then_end",),
        "retain_grad": ("retained_gradients",),
        "no_grad": ("no_grad_results", "requires_grad_flags"),
        "detach": ("detached_paths", "detach_leaves_upstream", "requires_grad_flags"),
        "leaves": ("is_leaf_flags",),
        "integer leaf": ("integer_leaves",),
        "descent by matrix products": ("gradient_descent",),
        "descent path": ("gradient_descent",),
        "momentum by hand": ("momentum",),
        "momentum by optimizer": ("optimizer[sgd]",),
        "batches": ("mini_batches", "accumulation"),
        "power in place": ("in_place_on_results",),
        "question 5": ("ieee_values",),
        "forward and backward": ("forward_expressions",),
        "accumulation": ("accumulation", "cleared_gradients"),
        "flags": ("requires_grad_flags", "no_grad_results", "detached_paths"),
        "custom function": ("custom_functions",),
    },
)


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
        theme=TEXTBOOK_THEME,
        title=f"the textbook's {row.name} comes out differently",
        lesson=f"Note {row.note} computes {row.says}." + _correction(row),
        level=8,
        draws=_versions(row),
        worlds=worlds,
        conventions=row.conventions,
        after=_AFTER.get(row.name, ()),
        asked="plain" if row.finite else "limits",
        needs=() if row.finite else ("infinities",),
    )


def _correction(row: Row) -> str:
    return f" {row.correction[0].upper()}{row.correction[1:]}." if row.correction else ""


TEXTBOOK: Final = tuple(_property(row) for row in ROWS if row.certified)
