"""Build an exam: draw Programs for every property, enclose their answers, ask the jury."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Final

from gradcheck_suite.exams.crew import ALONE, Crew
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import (
    SYMPY,
    WITNESSES,
    case_of,
    certify,
    certify_symbolically,
    witness_names,
)
from gradcheck_suite.exams.versions import versions
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property, WorldKind
from gradcheck_suite.strategies.drawing import EnoughError, draw, seed_for, size
from gradcheck_suite.strategies.world import SCALARS, TENSORS

__all__ = ["EVERYBODY", "Audience", "ask_sympy", "build", "draw_cases"]

_WORLDS = {"scalar": SCALARS, "tensor": TENSORS}
_FEWEST = 2  # cases of each form: the first that Hypothesis draws is the simplest there is
_N_HOPELESS: Final = 3  # Programs that lack the same before a stratum is given up
_OF_PROGRAMS: Final = frozenset(
    {"op", "rank", "broadcast", "plain", "empty_arrays", "infinities", "negative_bases"},
)
_N_SYMBOLIC = 2  # cases of each property that SymPy derives whole: it takes 2 to 10 ms for each


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom an exam is drawn."""

    kinds: tuple[WorldKind, ...] = ("scalar", "tensor")
    lacks: Callable[[Program], frozenset[str]] | None = None
    """What it lacks to run a Program, which is left out if that is anything; None lacks nothing."""
    witnesses: tuple[str, ...] = WITNESSES
    """The engines, of those that are installed, that have to agree with every answer."""
    is_one: bool = False
    """It is one engine: the cases of a property are divided among the worlds that it lives in."""
    longest: float = inf
    """Instructions of a Program that they are asked about: chains of thousands are few and fixed,
    so that whoever draws for himself may rely on their having been asked before."""


EVERYBODY: Final = Audience()


def build(
    ids: Sequence[str],
    *,
    seed: int,
    n_cases: int,
    audience: Audience = EVERYBODY,
    crew: Crew = ALONE,
    on_progress: Callable[[int, int], None] | None = None,
) -> Exam:
    """Return an exam with about ``n_cases`` cases for each property and each world it has.

    For an audience that is one engine these are the cases of all worlds together.
    What its ``audience`` cannot run is left out: of a property with nothing else one such program
    is there, unanswered, to tell what an engine lacks. ``crew`` does the work; how many it is
    changes nothing.
    There are more where a property has more forms than that, fewer where there are not so many.

    The same arguments give the same exam. Raises JuryError where witnesses disagree.
    """
    cases: dict[str, tuple[Case, ...]] = {}
    draw_one = partial(_cases_of, seed=seed, n_cases=n_cases, audience=audience)
    for name, found in zip(ids, crew.map(draw_one, ids), strict=True):
        cases[name] = found
        if on_progress:
            on_progress(len(cases), len(ids))
    witnesses = witness_names(audience.witnesses)
    return Exam(cases, seed, n_cases, witnesses, versions(witnesses))


def draw_cases(
    entry: Property,
    kind: WorldKind,
    seed: int,
    n_cases: int,
    audience: Audience = EVERYBODY,
) -> tuple[Case, ...]:
    """Return certified cases of one property in one world, smallest first."""
    found: dict[Program, Case] = {}
    sieve = _Sieve(audience)

    def keep(program: Program) -> bool:
        case = case_of(entry, program)
        if case is not None:
            is_long = len(program.instructions) > audience.longest
            agreed = certify(entry, case, () if is_long else audience.witnesses)
            found[program] = replace(case, agreed=agreed)
        return case is not None

    strata = entry.draws(_WORLDS[kind])
    n_each = _FEWEST if entry.few else max(_FEWEST, -(-n_cases // len(strata)))
    drawn: list[Program] = []
    for k, stratum in enumerate(strata):
        sieve.begin()
        drawn += draw(stratum, n_each, seed_for(seed, entry.id, kind, k), keep, sieve.is_of_use)
    if not drawn and sieve.useless:
        simplest = min(sieve.useless, key=size)
        return (Case(simplest, (), needs(simplest), frozenset()),)
    cases = tuple(found[program] for program in sorted(dict.fromkeys(drawn), key=size))
    return (
        *(_asked_of_sympy(entry, case) for case in cases[:_N_SYMBOLIC]),
        *cases[_N_SYMBOLIC:],
    )


class _Sieve:
    """What an audience can run of one property, and when a stratum has nothing for it.

    A stratum is given up when the first few Programs all lack one thing that is no matter of
    shapes or ops, such as hooks; of the strata that follow, the first one.
    """

    def __init__(self, audience: Audience) -> None:
        self._lacks = audience.lacks
        self.useless: list[Program] = []
        self._hopeless: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Begin a stratum."""
        self._common: frozenset[str] | None = None
        self._n = 0

    def is_of_use(self, program: Program) -> bool:
        """Tell whether the audience can run it; EnoughError where it can run none of its kind."""
        lacking = self._lacks(program) if self._lacks else frozenset()
        if not lacking:
            self._common = frozenset()
            return True
        self.useless.append(program)
        needed = frozenset(need for need in lacking if _is_of_kind(need))
        self._common = needed if self._common is None else self._common & needed
        self._n += 1
        if self._common and (self._n == _N_HOPELESS or self._common & self._hopeless):
            self._hopeless |= self._common
            raise EnoughError
        return False


def _is_of_kind(need: str) -> bool:
    """Tell whether a need is that of a kind of Programs: not of shapes, of ops or of numbers."""
    return need.partition(":")[0] not in _OF_PROGRAMS


def ask_sympy(
    exam: Exam,
    *,
    crew: Crew = ALONE,
    on_progress: Callable[[int, int], None] | None = None,
) -> Exam:
    """Return the exam with SymPy asked about every case instead of the first few.

    It derives about half of them whole, in 2 ms each, and has nothing to say of the others: worth
    it for an exam that is kept. Raises JuryError where it stands alone.
    """
    cases: dict[str, tuple[Case, ...]] = {}
    answered = crew.map(_all_asked_of_sympy, exam.cases.items())
    for name, found in zip(exam.cases, answered, strict=True):
        cases[name] = found
        if on_progress:
            on_progress(len(cases), len(exam.cases))
    return replace(exam, cases=cases)


def _cases_of(name: str, *, seed: int, n_cases: int, audience: Audience) -> tuple[Case, ...]:
    """Return the cases of a property in all its worlds, each program once."""
    entry = CATALOGUE[name]
    kinds = [kind for kind in entry.worlds if kind in audience.kinds]
    n_each = -(-n_cases // len(kinds)) if audience.is_one and kinds else n_cases
    drawn = [case for kind in kinds for case in draw_cases(entry, kind, seed, n_each, audience)]
    return tuple({case.program: case for case in drawn}.values())


def _all_asked_of_sympy(named: tuple[str, tuple[Case, ...]]) -> tuple[Case, ...]:
    name, cases = named
    return tuple(_asked_of_sympy(CATALOGUE[name], case) for case in cases)


def _asked_of_sympy(entry: Property, case: Case) -> Case:
    if SYMPY in case.agreed or not certify_symbolically(entry, case):
        return case
    return replace(case, agreed=(*case.agreed, SYMPY))
