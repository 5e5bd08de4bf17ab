"""Shrink a failure: take the case that failed apart, step by step, while it fails as before.

So a rare fault (for negative numbers alone, for ties, at rank 3) is shrunk as well as any other.
Where much is left, the property's strategy is drawn from again: Hypothesis may find it in a program
of another build, and shrinks that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from hypothesis import strategies as st

from gradcheck_suite.diagnosis.afresh import Ask, asking
from gradcheck_suite.diagnosis.fair import Symptom, is_fair, symptom, traits
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.reduce import measure, reductions
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.judging import Judgement
from gradcheck_suite.properties.property import Property
from gradcheck_suite.strategies.drawing import find_smallest, n_steps, seed_for
from gradcheck_suite.strategies.world import SCALARS, TENSORS, World

__all__ = ["smallest_failure"]

_N_TRIES = 200
_MAX_RUNS = 600  # of the engine; a run and its enclosure take about 2 ms
_MAX_LENGTH = 100  # steps; what is longer is a chain that has to be as long as it is
_FEW = 4  # steps: a program of so few teaches as well as any other that could be drawn
# 5 to 60 s for all tries, and what is found is no smaller than what was taken apart.
_SLOWLY_DRAWN = {"histories", "training runs", "optimizers"}
# What the oracle says to programs that no strategy writes: they fit, and mean nothing.
_NOT_MEANT = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_MAX_WORK = 5_000  # instructions and numbers of all smaller programs that are tried: about 2 s


def smallest_failure(
    entry: Property,
    case: Case,
    judgement: Judgement,
    subject: Subject,
    reach: Reach,
) -> tuple[Case, Judgement]:
    """Return the smallest case known to fail: ``case`` itself, or one that was found and shrunk.

    Cases that the engine cannot run, that cannot be decided, or that rely on what is known to be
    broken do not count. Where a fault may leave a mode switched, a case counts that fails in a
    fresh worker: what fails after it need not fail by itself.
    """
    if entry.isolated:
        return _smallest_isolated(entry, case, judgement, subject, reach)
    ask = asking(entry, subject, reach)
    trial = _Trial(entry, ask, reach, symptom(judgement), {case.program: (case, judgement)})
    return trial.failures[_smallest(case.program, trial)]


def _smallest_isolated(
    entry: Property, case: Case, judgement: Judgement, subject: Subject, reach: Reach
) -> tuple[Case, Judgement]:
    """Return the smallest case that fails in a fresh worker, as far as restarts are left.

    What was found by the canary has to fail once more afresh; else the canary is not trusted.
    """
    if n_steps(case.program) > _MAX_LENGTH:
        return case, judgement
    for strict in (False, True):
        ask = asking(entry, subject, reach, strict=strict)
        # A mode that is left switched shows in whatever comes next: no symptom is wanted.
        trial = _Trial(entry, ask, reach, None, {case.program: (case, judgement)})
        found, _ = trial.failures[_smallest(case.program, trial)]
        if strict or found is case:
            break
        subject.restart()
        outcomes = subject.run(found.program)
        if not isinstance(outcomes, Lost) and not reach.judge(entry, found, outcomes).right:
            break
    return trial.failures[found.program]


@dataclass(slots=True)
class _Trial:
    """What is tried on one engine for one property, and the failures that were seen."""

    entry: Property
    ask: Ask
    reach: Reach
    symptom: Symptom | None
    failures: dict[Program, tuple[Case, Judgement]]
    n_runs: int = 0

    def case(self, program: Program) -> Case | None:
        """Return the case of a program that may be put to the engine, if any still may."""
        if self.n_runs >= _MAX_RUNS:
            return None
        try:
            case = case_of(self.entry, program)
        except _NOT_MEANT:
            return None
        if case is None or not self.reach.meets(case) or self.reach.blockers(case):
            return None
        return case

    def fails(self, case: Case | None) -> bool:
        """Tell whether the engine fails a case in the way it did, and remember it if so."""
        if case is None:
            return False
        self.n_runs += 1
        judgement = self.ask(case)
        if judgement is None:
            self.n_runs = _MAX_RUNS  # what is known has to do
            return False
        if judgement.right or self.symptom not in {None, symptom(judgement)}:
            return False
        self.failures[case.program] = (case, judgement)
        return True


def _smallest(program: Program, trial: _Trial) -> Program:
    """Take a program apart; where much is left, and drawing is quick, look for others too."""
    entry = trial.entry
    found = _reduced(program, trial)
    if n_steps(found) > _FEW and entry.theme not in _SLOWLY_DRAWN:
        drawn = (p for world in _worlds(entry) if (p := _redrawn(world, trial)) is not None)
        others = islice(drawn, 1 if entry.isolated else None)  # each failure may cost a restart
        found = min((found, *(_reduced(other, trial) for other in others)), key=measure)
    return found


def _worlds(entry: Property) -> Sequence[World]:
    return [world for world in (SCALARS, TENSORS) if world.kind in entry.worlds]


def _redrawn(world: World, trial: _Trial) -> Program | None:
    entry = trial.entry
    return find_smallest(
        st.one_of(*entry.draws(world)),
        lambda program: trial.fails(trial.case(program)),
        seed=seed_for("shrink", entry.id, world.kind),
        n_tries=_N_TRIES,
    )


def _reduced(program: Program, trial: _Trial) -> Program:
    """Go on from every smaller program that fails as well, until there is none."""
    of_old = traits(trial.entry, trial.failures[program][0])
    tried = {program}
    work = start = 0
    while True:
        _, judgement = trial.failures[program]
        first_wrong = next(look.index for look in judgement.looks if not look.right)
        for place, smaller in islice(enumerate(reductions(program, first_wrong)), start, None):
            if smaller is None or smaller in tried:
                continue
            tried.add(smaller)
            work += sum(measure(smaller)[:4])
            if work > _MAX_WORK:
                return program
            case = trial.case(smaller)
            if case is None or not of_old.hold(case) or not trial.fails(case):
                continue
            if is_fair(trial.entry, case, of_old):
                program, start = smaller, place
                break
        else:
            if not start:
                return program
            start = 0
