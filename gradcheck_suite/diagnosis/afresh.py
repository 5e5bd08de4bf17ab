"""Asking an engine that a failure may leave in any state: what fails is run where nothing is left.

A fresh worker takes as long as a hundred runs, so that one is started only where it is needed:
where a short program, the canary, gives something else than it gave in a fresh worker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.outcome import Lost, Number, Outcomes
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Mode, Observe, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import Judgement
from gradcheck_suite.properties.property import Property

__all__ = ["Ask", "asking"]

Ask: TypeAlias = Callable[[Case], Judgement | None]
"""Puts a case to an engine; None where no more is to be learnt: a hang, or too many restarts."""

_TWO: Final = Leaf(Array((), (2.0,)))
# Whether an engine records at all: a mode that was left switched would show here.
_RECORDS: Final = Program((_TWO, _TWO, Apply("mul", (0, 1)), Backward(2), Observe("grad", 0)))
# Whether it records before and after a block and not in it: levels that are counted show here.
_SWITCHES: Final = Program(
    (
        _TWO,
        Apply("mul", (0, 0)),
        Mode("no_grad", (Apply("mul", (0, 1)),)),
        Apply("mul", (1, 3)),
        Backward(4),
        Observe("grad", 0),
    )
)


def asking(entry: Property, subject: Subject, reach: Reach, *, strict: bool = False) -> Ask:
    """Return what asks ``subject`` about cases of ``entry``, afresh where that is isolated.

    ``strict`` trusts no canary: whatever fails is run again in a worker that has run nothing else.
    """
    if not entry.isolated:
        return _plainly(entry, subject, reach)
    afresh = _Afresh(entry, subject, reach)
    return afresh.ask_strictly if strict else afresh.ask


def _plainly(entry: Property, subject: Subject, reach: Reach) -> Ask:
    def ask(case: Case) -> Judgement | None:
        outcomes = subject.run(case.program)
        return None if isinstance(outcomes, Lost) else reach.judge(entry, case, outcomes)

    return ask


@dataclass(slots=True)
class _Afresh:
    """One engine, and what the canary gave when nothing else had been run."""

    entry: Property
    subject: Subject
    reach: Reach
    canary: Program = _RECORDS
    when_fresh: list[object] | None = None

    def ask(self, case: Case) -> Judgement | None:
        """Return the judgement of a run in a worker that is as if it were fresh."""
        is_as_fresh = self.when_fresh is not None and self._seen() == self.when_fresh
        if not is_as_fresh and not self._restart():
            return None
        return _plainly(self.entry, self.subject, self.reach)(case)

    def ask_strictly(self, case: Case) -> Judgement | None:
        """Return the judgement of a case; if it is wrong, of a run that started afresh."""
        ask = _plainly(self.entry, self.subject, self.reach)
        judgement = ask(case)
        if judgement is not None and not judgement.right:
            judgement = ask(case) if self._restart() else None
        return judgement

    def _restart(self) -> bool:
        """Restart, and tell whether that was of use: in this process a mode stays switched."""
        if not self.reach.restarts_left:
            return False
        self.reach.restarts_left -= 1
        self.subject.restart()
        entry, case = _known()
        if self.reach.meets(case) and not self.reach.blockers(case):
            judgement = _plainly(entry, self.subject, self.reach)(case)
            if judgement is not None and not judgement.right:
                return False
        self.canary = _SWITCHES if self.reach.can_run(_SWITCHES) else _RECORDS
        self.when_fresh = self._seen()
        return True

    def _seen(self) -> list[object]:
        """Return what the canary gives, in what can be compared."""
        outcomes = self.subject.run(self.canary)
        if isinstance(outcomes, Lost):
            return [outcomes]
        return [(k, _comparable(outcomes, k)) for k in sorted(outcomes)]


def _comparable(outcomes: Outcomes, index: int) -> object:
    found = outcomes[index]
    return (found.numbers, found.shape) if isinstance(found, Number) else found


@cache
def _known() -> tuple[Property, Case]:
    """Return the program that every engine which records gets right, with its answer."""
    entry = CATALOGUE["gradient[mul]"]
    case = case_of(entry, _RECORDS)
    assert case is not None
    return entry, case
