"""A recording of the right engine: what it did with Programs, and what each of them reached.

A bug changes some functions, rows and templates of the reference. A Program whose run reaches none
of them runs on the wrong engine step by step as on the right one, and need not be run again: most
bugs are about one op, most Programs about others. What is recorded stands for a run only where
that is certain: a bug that changes anything else than what can be watched is run on everything, and
so is one that has left a mode switched, the one thing that the reference keeps between Programs.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import wraps
from inspect import getattr_static
from time import process_time
from types import FunctionType
from typing import Any, Final, Self, TypeAlias

from gradcheck_suite.bugs.bug import Bug, Patches, module, right_engine
from gradcheck_suite.engines.interpreter import run, silence
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.program.instructions import Program, flatten
from reference.operators import OPS
from reference.primitive import Primitive
from reference.row import Row

__all__ = ["Bent", "Recording"]

Spot: TypeAlias = tuple[int | str, str]
"""What a patch changes: the id of its owner (a module, a class, the table) and a name there; or
``op`` and the name of an op, for its template."""

_EVERYWHERE: Final[Spot] = ("everywhere", "")


@dataclass(frozen=True, slots=True)
class _Run:
    program: Program  # held, so that its id is not another's
    outcomes: Outcomes
    reached: frozenset[Spot]
    seconds: float


class Recording:
    """What the reference did with each of some Programs, found by the Program itself."""

    def __init__(self, programs: Iterable[Program], bugs: Iterable[Bug]) -> None:
        """Run them on the right engine: as it is, and with all that ``bugs`` change watched."""
        programs = list(programs)
        engine = right_engine()
        timed: list[tuple[Outcomes, float]] = []
        with silence():
            for program in programs:
                start = process_time()
                timed.append((run(program, engine), process_time() - start))
            reached = _reached(programs, bugs)
        self._runs: Mapping[int, _Run] = {
            id(program): _Run(program, outcomes, spots, seconds)
            for program, (outcomes, seconds), spots in zip(programs, timed, reached, strict=True)
        }

    def without(self, spots: frozenset[Spot], program: Program) -> tuple[Outcomes, float] | None:
        """Return the outcomes of a run that reached none of ``spots``, and how long it took."""
        found = self._runs.get(id(program))
        if found is None or not spots.isdisjoint(found.reached):
            return None
        return found.outcomes, found.seconds


class Bent(InProcess):
    """A bug as a subject, for as long as a ``with`` block runs; a restart makes it anew."""

    def __init__(self, bug: Bug, recording: Recording | None = None) -> None:
        """Take from ``recording`` what the bug cannot change; None runs everything."""
        self._bug = bug
        self._recording = recording if bug.base == "reference" else None
        self._spots = _spots(bug) if self._recording else frozenset()
        self._stack = ExitStack()
        self.seconds_spared = 0.0
        """How long the runs took that were taken from the recording."""

    def __enter__(self) -> Self:
        super().__init__(self._stack.enter_context(self._bug.engine()))
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program, or tell what came of it when it was recorded."""
        if self._recording and module("modes")._SWITCH.enabled:
            found = self._recording.without(self._spots, program)
            if found is not None:
                outcomes, seconds = found
                self.seconds_spared += seconds
                return outcomes
        return super().run(program)

    def restart(self) -> None:
        """Forget what earlier Programs left behind: the right engine is bent once more."""
        self._stack.close()
        self.__enter__()


def _spots(bug: Bug) -> frozenset[Spot]:
    """Return what a bug changes."""
    patches = _patched(bug)
    spots = {_spot(owner, name) for owner, name in patches.changed}
    spots |= {("op", key.partition(".")[0]) for key in patches.ops}
    known = right_engine().namespace
    can_be_watched = all(_can_be_watched(*changed) for changed in patches.changed)
    if patches.fields or not known.keys().isdisjoint(patches.names) or not can_be_watched:
        spots.add(_EVERYWHERE)
    return frozenset(spots)


def _patched(bug: Bug) -> Patches:
    """Return what a bug changed, undone again."""
    right_engine()  # before it is bent: this may be its first import
    patches = Patches()
    try:
        bug.patch(patches)
    finally:
        patches.undo()
    return patches


def _spot(owner: Any, name: str) -> Spot:
    return id(owner), name


def _original(owner: Any, name: str) -> Any:
    return owner[name] if owner is OPS else getattr_static(owner, name, None)


def _can_be_watched(owner: Any, name: str) -> bool:
    """Tell whether there is nothing to be done with what stands there but what a watch notices."""
    return isinstance(_original(owner, name), FunctionType | Primitive | Row)


def _reached(programs: Iterable[Program], bugs: Iterable[Bug]) -> list[frozenset[Spot]]:
    """Return what each of the Programs reaches of all that ``bugs`` change."""
    changed = [pair for bug in bugs if bug.base == "reference" for pair in _patched(bug).changed]
    spots = {_spot(*pair): pair for pair in changed if _can_be_watched(*pair)}
    seen: set[Spot] = set()
    watch = Patches()
    try:
        for spot, (owner, name) in spots.items():
            put = watch.setitem if owner is OPS else watch.setattr
            put(owner, name, _watched(_original(owner, name), spot, seen.add))
        engine = right_engine()
        found = []
        for program in programs:
            seen.clear()
            run(program, engine)
            found.append(frozenset(seen) | _ops_of(program) | {_EVERYWHERE})
    finally:
        watch.undo()
    return found


def _ops_of(program: Program) -> frozenset[Spot]:
    found = (getattr(i, "op", None) for i in flatten(program.instructions))
    return frozenset(("op", op) for op in found if op)


def _watched(original: Any, spot: Spot, note: Callable[[Spot], None]) -> Any:
    """Return what does as ``original`` does, and notes its use."""
    if isinstance(original, Row):
        return _WatchedRow(original, spot, note)

    @wraps(original)
    def call(*args: Any, **named: Any) -> Any:
        note(spot)
        return original(*args, **named)

    return call


class _WatchedRow:
    """A row that notes when something is asked of it."""

    __slots__ = ("_note", "_row", "_spot")

    def __init__(self, row: Row, spot: Spot, note: Callable[[Spot], None]) -> None:
        self._row, self._spot, self._note = row, spot, note

    def __getattr__(self, name: str) -> Any:
        self._note(self._spot)
        return getattr(self._row, name)
