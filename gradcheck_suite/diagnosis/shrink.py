"""Shrink a failure: draw again from the property's strategy, keep the smallest that fails."""

from collections.abc import Sequence

from hypothesis import strategies as st

from gradcheck_suite.diagnosis.reach import Reach
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


def smallest_failure(
    entry: Property,
    case: Case,
    judgement: Judgement,
    subject: Subject,
    reach: Reach,
) -> tuple[Case, Judgement]:
    """Return the smallest case known to fail: ``case`` itself, or one that was found and shrunk.

    Scalars are tried before arrays. Cases that the engine cannot run, that cannot be decided, or
    that rely on what is known to be broken do not count. Where a fault may leave a mode switched
    there is no search: what fails after that need not fail by itself.
    """
    for world in () if entry.isolated else _worlds(entry):
        found = _search(entry, world, subject, reach)
        if found is not None and n_steps(found[0].program) <= n_steps(case.program):
            return found
    return case, judgement


def _worlds(entry: Property) -> Sequence[World]:
    return [world for world in (SCALARS, TENSORS) if world.kind in entry.worlds]


def _search(
    entry: Property,
    world: World,
    subject: Subject,
    reach: Reach,
) -> tuple[Case, Judgement] | None:
    failures: dict[Program, tuple[Case, Judgement]] = {}
    runs = 0

    def fails(program: Program) -> bool:
        nonlocal runs
        case = case_of(entry, program)
        if case is None or not reach.meets(case) or reach.blockers(case) or runs >= _MAX_RUNS:
            return False
        runs += 1
        outcomes = subject.run(program)
        if isinstance(outcomes, Lost):
            runs = _MAX_RUNS  # a hang while shrinking: what is known has to do
            return False
        judgement = reach.judge(entry, case, outcomes)
        if not judgement.right:
            failures[program] = (case, judgement)
        return not judgement.right

    seed = seed_for("shrink", entry.id, world.kind)
    program = find_smallest(st.one_of(*entry.draws(world)), fails, seed=seed, n_tries=_N_TRIES)
    return None if program is None else failures[program]
