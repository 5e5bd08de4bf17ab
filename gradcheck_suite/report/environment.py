"""The templates' environment: what every page may use, and how what it prints is made visible."""

from functools import cache
from importlib.resources import files
from math import inf
from typing import TYPE_CHECKING, Any

from gradcheck_suite.grading.tally import short_name
from gradcheck_suite.grading.untrusted import visible
from gradcheck_suite.report.words import MARKS, NOTHING, STRONG, counted, points

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment"]


@cache
def environment() -> "Environment":
    """Return the environment of all pages."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def finalize(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    found = Environment(
        loader=PackageLoader("gradcheck_suite.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = files("gradcheck_suite.report").joinpath("templates", "style.css").read_text("utf-8")
    found.globals.update(
        style=Markup(style),  # noqa: S704 - our own file
        counted=counted,
        marks=MARKS,
        short_name=short_name,
        strong=STRONG,
    )
    found.filters.update(anchor=_anchor, distance=_distance, points=points)
    return found


def _distance(value: float | None) -> str:
    """Return a distance in half-widths as people read it."""
    if value is None:
        return NOTHING
    for bound, form in ((10, ".2f"), (1e6, ",.0f"), (inf, ".1e")):
        if value < bound:
            return format(value, form)
    return "infinite"


def _anchor(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name).strip("-")
