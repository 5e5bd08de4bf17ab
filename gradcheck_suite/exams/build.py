"""Build an exam: draw Programs for every property, enclose their answers, ask the jury."""

from collections.abc import Callable, Sequence

from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import case_of, certify, certify_symbolically, witness_names
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property, WorldKind
from gradcheck_suite.strategies.drawing import draw, seed_for, size
from gradcheck_suite.strategies.world import SCALARS, TENSORS

__all__ = ["build", "draw_cases"]

_WORLDS = {"scalar": SCALARS, "tensor": TENSORS}
_FEWEST = 2  # cases of each form: the first that Hypothesis draws is the simplest there is
_N_SYMBOLIC = 2  # cases of each property that SymPy derives whole: it takes about 10 ms for each


def build(
    ids: Sequence[str],
    *,
    seed: int,
    n_cases: int,
    kinds: Sequence[WorldKind] = ("scalar", "tensor"),
    on_progress: Callable[[int, int], None] | None = None,
) -> Exam:
    """Return an exam with about ``n_cases`` cases for each property and each world it has.

    ``kinds`` leaves out worlds that the engine to be examined has not got.
    There are more where a property has more forms than that, fewer where there are not so many.

    The same arguments give the same exam. Raises JuryError where witnesses disagree.
    """
    cases: dict[str, tuple[Case, ...]] = {}
    for done, name in enumerate(ids):
        entry = CATALOGUE[name]
        drawn = [
            c
            for kind in entry.worlds
            if kind in kinds
            for c in draw_cases(entry, kind, seed, n_cases)
        ]
        cases[name] = tuple({case.program: case for case in drawn}.values())
        if on_progress:
            on_progress(done + 1, len(ids))
    return Exam(cases, seed, n_cases, witness_names())


def draw_cases(entry: Property, kind: WorldKind, seed: int, n_cases: int) -> tuple[Case, ...]:
    """Return certified cases of one property in one world, smallest first."""
    found: dict[Program, Case] = {}

    def keep(program: Program) -> bool:
        case = case_of(entry, program)
        if case is not None:
            certify(entry, case)
            found[program] = case
        return case is not None

    strata = entry.draws(_WORLDS[kind])
    n_each = max(_FEWEST, -(-n_cases // len(strata)))
    drawn = [
        program
        for k, stratum in enumerate(strata)
        for program in draw(stratum, n_each, seed_for(seed, entry.id, kind, k), keep)
    ]
    cases = tuple(found[program] for program in sorted(dict.fromkeys(drawn), key=size))
    for case in cases[:_N_SYMBOLIC]:
        certify_symbolically(entry, case)
    return cases
