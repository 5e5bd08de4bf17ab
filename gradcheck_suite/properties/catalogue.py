"""The catalogue: every property, by id, in the order in which reports show them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from gradcheck_suite.errors import UsageError
from gradcheck_suite.properties.edges import EDGES
from gradcheck_suite.properties.operations import OPERATIONS
from gradcheck_suite.properties.property import Property
from gradcheck_suite.properties.structure import STRUCTURE
from gradcheck_suite.properties.training import TRAINING

__all__ = ["CATALOGUE", "THEMES", "select"]

_ALL: Final = (*OPERATIONS, *EDGES, *STRUCTURE, *TRAINING)

CATALOGUE: Final[Mapping[str, Property]] = MappingProxyType({entry.id: entry for entry in _ALL})

THEMES: Final = (
    "value of each op",
    "gradient of each op",
    "broadcasting",
    "plain numbers",
    "kinks",
    "numerical stability",
    "whole expressions",
    "sharing and accumulation",
    "graph lifetime",
    "leaves and flags",
    "detach, no_grad",
    "training runs",
)


def select(pattern: str) -> tuple[str, ...]:
    """Return the ids that match an id, a glob (``gradient[*]``), a theme or a code (``A4``).

    Square brackets stand for themselves. Raises UsageError, with the nearest ids, where none does.
    """
    glob = pattern.replace("[", "[[]")
    found = tuple(
        entry.id
        for entry in _ALL
        if fnmatchcase(entry.id, glob) or pattern in {entry.theme, entry.code}
    )
    if found:
        return found
    from difflib import get_close_matches

    known = [*CATALOGUE, *THEMES]
    near = get_close_matches(pattern, known, n=3, cutoff=0.5) or [*THEMES]
    msg = f"got the property {pattern!r}, expected an id, a glob, a theme or a code: {near}"
    raise UsageError(msg)
