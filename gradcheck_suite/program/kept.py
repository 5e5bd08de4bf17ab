"""What is made of a Program once, and kept as long as the Program is."""

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ref

from gradcheck_suite.program.instructions import Program

__all__ = ["Kept"]

_Made = TypeVar("_Made")


class Kept(Generic[_Made]):
    """A function of a Program that is called once for each.

    It goes by the Program itself. Equal ones will not do: ``0.0 == -0.0``.
    """

    def __init__(self, make: Callable[[Program], _Made]) -> None:
        """Keep what ``make`` returns."""
        self._make = make
        self._made: dict[int, tuple[ref[Program], _Made]] = {}

    def __call__(self, program: Program) -> _Made:
        """Return what was made of this very Program."""
        key = id(program)
        found = self._made.get(key)
        if found is None:
            made = self._make(program)
            # Called before the id can be that of another Program; it finds the dict at exit, too.
            forget = self._made.pop
            found = (ref(program, lambda _: forget(key, None)), made)
            self._made[key] = found
        return found[1]
