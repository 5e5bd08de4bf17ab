"""The catalogue: every bug by its id, in the order of the themes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.elementwise import ELEMENTWISE

__all__ = ["BUGS"]

_ALL: Final = (*ELEMENTWISE,)

BUGS: Final[Mapping[str, Bug]] = MappingProxyType({bug.id: bug for bug in _ALL})
"""Every wrong engine, by id."""
