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
from gradcheck_suite.program.editing import with_each
from gradcheck_suite.program.instructions import Backward, Instruction, Program

__all__ = ["answers_of_reference", "bent_by"]

_TURNS: Final = RLock()


def answers_of_reference(program: Program) -> Outcomes:
    """Return what the reference does."""
    with _TURNS, silence():
        return run(program, right_engine())


@contextmanager
def bent_by(bug: Bug) -> Iterator[Callable[[Program], Outcomes]]:
    """Return what a wrong engine does with Programs, for as long as the block runs.

    Graphs are retained: an engine that it is compared with may keep them unasked.
    """
    with _TURNS, silence(), bug.engine() as engine:
        yield lambda program: run(with_each(program, _retained), engine)


def _retained(_: int, instruction: Instruction) -> Instruction:
    if isinstance(instruction, Backward):
        return replace(instruction, retain_graph=True)
    return instruction
