"""Asking an engine that a failure may leave in any state: what fails is run again, afresh."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import Judgement
from gradcheck_suite.properties.property import Property

__all__ = ["Ask", "asking"]

Ask: TypeAlias = Callable[[Case], Judgement | None]
"""Puts a case to an engine; None where no more is to be learnt: a hang, or too many restarts."""

_ONE: Final = Leaf(Array((), (1.0,)))
# Whether an engine records at all: a mode that was left switched would show here.
_CANARY: Final = Program((_ONE, _ONE, Apply("mul", (0, 1)), Backward(2), Observe("grad", 0)))


def asking(entry: Property, subject: Subject, reach: Reach) -> Ask:
    """Return what asks ``subject`` about cases of ``entry``, afresh where that is isolated."""
    return _Afresh(entry, subject, reach).ask if entry.isolated else _plainly(entry, subject, reach)


def _plainly(entry: Property, subject: Subject, reach: Reach) -> Ask:
    def ask(case: Case) -> Judgement | None:
        outcomes = subject.run(case.program)
        return None if isinstance(outcomes, Lost) else reach.judge(entry, case, outcomes)

    return ask


@dataclass(slots=True)
class _Afresh:
    """Whatever fails counts where it fails in a fresh worker.

    A restart follows a failure alone, so that there are few of them.
    """

    entry: Property
    subject: Subject
    reach: Reach
    is_fresh: bool = False

    def ask(self, case: Case) -> Judgement | None:
        """Return the judgement of a case; if it is wrong, of a run that started afresh."""
        ask = _plainly(self.entry, self.subject, self.reach)
        judgement = ask(case)
        if judgement is not None and not judgement.right and not self.is_fresh:
            judgement = ask(case) if self._restart() else None
        self.is_fresh = False
        return judgement

    def _restart(self) -> bool:
        """Restart, and tell whether that was of use: in this process a mode stays switched."""
        if not self.reach.restarts_left:
            return False
        self.reach.restarts_left -= 1
        self.subject.restart()
        entry, case = _canary()
        ask = _plainly(entry, self.subject, self.reach)
        judgement = ask(case) if self.reach.meets(case) else None
        self.is_fresh = judgement is None or judgement.right
        return self.is_fresh


@cache
def _canary() -> tuple[Property, Case]:
    entry = CATALOGUE["gradient[mul]"]
    case = case_of(entry, _CANARY)
    assert case is not None
    return entry, case
