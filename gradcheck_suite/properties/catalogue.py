"""The catalogue: every property, by id, in the order in which reports show them."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from gradcheck_suite.errors import UsageError
from gradcheck_suite.properties.arrays import ARRAYS
from gradcheck_suite.properties.custom import CUSTOM
from gradcheck_suite.properties.detaching import DETACHING
from gradcheck_suite.properties.edges import EDGES
from gradcheck_suite.properties.errors import ERRORS
from gradcheck_suite.properties.expressions import EXPRESSIONS
from gradcheck_suite.properties.higher import HIGHER
from gradcheck_suite.properties.histories import HISTORIES
from gradcheck_suite.properties.inplace import IN_PLACE
from gradcheck_suite.properties.leaves import LEAVES
from gradcheck_suite.properties.lifetime import LIFETIME
from gradcheck_suite.properties.limits import LIMITS
from gradcheck_suite.properties.operations import OPERATIONS
from gradcheck_suite.properties.property import Property
from gradcheck_suite.properties.sharing import SHARING
from gradcheck_suite.properties.textbook import TEXTBOOK
from gradcheck_suite.properties.training import TRAINING

__all__ = ["CATALOGUE", "THEMES", "select"]

_ALL: Final = (
    *OPERATIONS,
    *EDGES,
    *LIMITS,
    *SHARING,
    *LIFETIME,
    *LEAVES,
    *DETACHING,
    *CUSTOM,
    *IN_PLACE,
    *ERRORS,
    *EXPRESSIONS,
    *HIGHER,
    *ARRAYS,
    *TRAINING,
    *TEXTBOOK,
    *HISTORIES,
)

CATALOGUE: Final[Mapping[str, Property]] = MappingProxyType({entry.id: entry for entry in _ALL})

THEMES: Final = (
    "value of each op",
    "gradient of each op",
    "broadcasting",
    "plain numbers",
    "kinks",
    "numerical stability",
    "edges",
    "whole expressions",
    "sharing and accumulation",
    "gradient arrays",
    "graph lifetime",
    "leaves and flags",
    "detach, no_grad",
    "errors",
    "forward mode",
    "higher derivatives",
    "custom functions",
    "hooks",
    "in place",
    "training runs",
    "the textbook",
    "optimizers",
    "histories",
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
