"""A bug: a wrong engine as data, made by patching a right one and undone exactly."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from gradcheck_suite.bugs.base import SCALAR, scalar_engine
from gradcheck_suite.engines.functional import SpokenEngine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine

__all__ = [
    "Bug",
    "Patch",
    "Patches",
    "Place",
    "both",
    "module",
    "right_engine",
    "spelled",
    "structural",
]

_MISSING: Final = object()


class Patches:
    """What is changed for the time being: attributes, entries of tables, and the spelling."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._undo: list[Callable[[], None]] = []
        self.changed: list[tuple[Any, str]] = []
        """What was replaced: the name of an attribute or entry, and whose it is."""
        self.fields: dict[str, Any] = {}
        """Templates of the spelling to replace."""
        self.ops: dict[str, str] = {}
        """Templates of ops to replace."""
        self.names: dict[str, Any] = {}
        """What those templates name."""
        self.source: list[tuple[str, str]] = []
        """Lines of a scalar engine's source, and what stands there instead."""

    def setattr(self, target: Any, name: str, value: Any) -> None:
        """Give ``target`` an attribute, until undone."""
        before = vars(target).get(name, _MISSING) if hasattr(target, "__dict__") else _MISSING

        def undo() -> None:
            if before is _MISSING:
                delattr(target, name)
            else:
                setattr(target, name, before)

        setattr(target, name, value)
        self._undo.append(undo)
        self.changed.append((target, name))

    def setitem(self, table: dict[str, Any], name: str, value: Any) -> None:
        """Replace an entry of a table, until undone."""
        before = table[name]
        table[name] = value
        self._undo.append(lambda: table.__setitem__(name, before))
        self.changed.append((table, name))

    def spell(
        self,
        *,
        ops: Mapping[str, str] = MappingProxyType({}),
        names: Mapping[str, Any] = MappingProxyType({}),
        **fields: Any,
    ) -> None:
        """Replace templates: those of ops, and others; ``names`` are what they mention."""
        self.ops.update(ops)
        self.names.update(names)
        self.fields.update(fields)

    def undo(self) -> None:
        """Undo all changes, the last one first."""
        while self._undo:
            self._undo.pop()()


Patch: TypeAlias = Callable[[Patches], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the fault is: the rule of an op, or a claim about the structure."""

    op: str = ""
    """The op by its name in the table; '' where no op's own rule is at fault."""
    argument: str = ""
    """The argument whose gradient is wrong, where it is one of several: ``y``."""
    claim: str = ""
    """What breaks where no op is at fault: order, sharing, accumulation, lifetime, modes, ..."""


@dataclass(frozen=True, slots=True)
class Bug:
    """One wrong engine."""

    id: str
    """``tanh.sign`` for the fault of an op, ``acc-assign`` for one of structure."""
    sentence: str
    """What goes wrong, as a student is told."""
    theme: str
    killers: tuple[str, ...]
    """Ids of properties that must fail, each on its own exam."""
    place: Place
    patch: Patch = field(repr=False)
    """What makes a right engine this wrong one."""
    base: str = "reference"
    """The engine that is patched: reference, or right_scalar of the sample class."""
    equivalent: str = ""
    """Why nothing can kill it: what it changes cannot be seen. '' for a bug that must be caught."""

    @contextmanager
    def engine(self) -> Iterator[SpelledEngine]:
        """Return the wrong engine; as long as the block runs, the right one is bent.

        One at a time in a process: what is patched is the module itself.
        """
        patches = Patches()
        switch = module("modes")._SWITCH
        enabled = switch.enabled
        try:
            known = right_engine()  # before it is bent: this may be its first import
            self.patch(patches)
            if self.base == SCALAR:
                known = scalar_engine(patches.source)
            ops = tuple((dict(known.spelling.ops) | patches.ops).items())
            spelling = replace(known.spelling, **patches.fields, ops=ops)
            yield SpelledEngine(spelling, {**known.namespace, **patches.names})
        finally:
            patches.undo()
            module("modes")._SWITCH.enabled = enabled


@cache
def right_engine() -> SpokenEngine:
    """Return the reference, which every bug but those of the scalar engine is made of."""
    return known_engine("reference")


def module(name: str) -> Any:
    """Return a module of the reference; ``reference.tensor`` is a function too."""
    return sys.modules[f"reference.{name}"]


def spelled(
    *,
    ops: Mapping[str, str] = MappingProxyType({}),
    names: Mapping[str, Any] = MappingProxyType({}),
    **fields: Any,
) -> Patch:
    """Return a patch of the spelling: templates of ops, other templates, and what they name."""
    return lambda patches: patches.spell(ops=ops, names=names, **fields)


def both(*patches: Patch) -> Patch:
    """Return the patch that does all of ``patches``."""

    def patch(into: Patches) -> None:
        for one in patches:
            one(into)

    return patch


def structural(theme: str) -> Callable[..., Bug]:
    """Return what makes bugs of one theme that is about no op: id, sentence, claim, killers, ..."""

    def make(id_: str, claim: str, sentence: str, killers: str, patch: Patch, *more: str) -> Bug:
        ids = (*killers.split(), *more)
        return Bug(id_, sentence, theme, ids, Place(claim=claim), patch)

    return make
