"""The catalogue in words: every property by theme, or all that is known of one."""

from collections.abc import Sequence

from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.report.student import Line

__all__ = ["explained", "listed"]


def listed(ids: Sequence[str]) -> list[Line]:
    """Return a line for each property, under its theme."""
    width = max(map(len, ids), default=0)
    lines: list[Line] = []
    for theme in THEMES:
        rows = [CATALOGUE[name] for name in ids if CATALOGUE[name].theme == theme]
        if rows:
            lines += [Line(theme, "head")]
            lines += [Line(f"  {row.id.ljust(width)}  {row.title}") for row in rows]
    return lines


def explained(name: str) -> list[Line]:
    """Return what one property claims and why it matters."""
    row = CATALOGUE[name]
    return [
        Line(f"{row.id}  {row.title}", "head"),
        Line(f"  theme {row.theme}, {row.code} of the catalogue, level {row.level}", "quiet"),
        Line(),
        Line(f"  {row.lesson}"),
    ]
