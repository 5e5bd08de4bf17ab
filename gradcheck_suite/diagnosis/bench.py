"""The bench: the suite's own reference, right or bent, beside an engine under judgement.

There is one reference in a process, and bugs bend the very module. Submissions of a class are
graded by threads, so whoever runs it here takes turns.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Final

from gradcheck_suite.bugs.bug import Bug, right_engine
from gradcheck_suite.engines.interpreter import run, silence
from gradcheck_suite.engines.outcome import Outcomes
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.editing import with_each
from gradcheck_suite.program.instructions import Backward, Instruction, Program

__all__ = ["answers_of_reference", "bent_by"]

_TURNS: Final = RLock()


def answers_of_reference(program: Program) -> Outcomes:
    """Return what the reference does."""
    with _TURNS, silence():
        return run(program, right_engine())


_UNSEEDED: Final = "x.backward(retain_graph=retain_graph, create_graph=create_graph)"


@contextmanager
def bent_by(bug: Bug, *, seeded: bool = True) -> Iterator[Callable[[Program], Outcomes]]:
    """Return what a wrong engine does with Programs, for as long as the block runs.

    Graphs are retained: an engine that it is compared with may keep them unasked. ``seeded`` tells
    whether that one takes cotangents: where it is given a weighted sum, so is the wrong engine.
    """
    with _TURNS, silence(), bug.engine() as engine:
        bent = engine if seeded else _unseeded(engine)
        yield lambda program: run(with_each(program, _retained), bent)


def _unseeded(engine: SpelledEngine) -> SpelledEngine:
    """Return an engine that takes no cotangent, unless the bug is in how it takes one."""
    if engine.spelling.backward != right_engine().spelling.backward:
        return engine
    return SpelledEngine(replace(engine.spelling, backward=_UNSEEDED), engine.namespace)


def _retained(_: int, instruction: Instruction) -> Instruction:
    if isinstance(instruction, Backward):
        return replace(instruction, retain_graph=True)
    return instruction
