"""The likely mistake: bugs whose wrong numbers are the very ones that an engine gave.

The catalogue of bugs is a set of fingerprints. Each bug that could be at work is made and run, in
this process and on our own reference, on the Programs that the engine failed and on some that it
got right: it fits where all that was wrong comes out as it did, and nothing that was right differs.
Nothing is claimed where nothing fits.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations
from typing import Final, TypeAlias

from gradcheck_suite.bugs.bug import Bug, Place
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.likely import likely_on
from gradcheck_suite.diagnosis.agreement import agree
from gradcheck_suite.diagnosis.bench import bent_by
from gradcheck_suite.engines.outcome import Number, Outcome, Raised
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.judging import Judgement
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import Confidence, Mistake
from gradcheck_suite.strategies.drawing import n_steps

__all__ = ["Seen", "likely_mistake", "place_of", "suspects"]

Seen: TypeAlias = tuple[Case, Judgement]
_Looks: TypeAlias = Mapping[tuple[int, int], Outcome | None]

_ENOUGH: Final = 3  # wrong numbers of more than one program: fewer come out alike by chance
_N_FIRST: Final = 2  # programs after which a bug that explains nothing is given up
_MOST_ALTERNATIVES: Final = 3
_MOST_STEPS: Final = 500  # of a program that all suspects are tried on: 20 ms for each of them


@dataclass(frozen=True, slots=True)
class _Fit:
    bug: Bug
    explained: frozenset[tuple[int, int]]
    """The wrong looks, by program and index, that the bug gives."""


def suspects(
    entry: Property, op: str, passed: AbstractSet[str], program: Program
) -> tuple[Bug, ...]:
    """Return the bugs that could be at work, those that the property is there for first.

    ``op`` is the one whose rule was found to be wrong; '' looks among the faults of structure. A
    bug that breaks a property which was ``passed`` is not the one. Of a ``program`` of thousands of
    steps, which takes a second, only the faults that need so many are suspected.
    """
    named = [bug for bug in BUGS.values() if entry.id in bug.killers and bug.base == "reference"]
    others = () if n_steps(program) > _MOST_STEPS else likely_on(op)
    found = dict.fromkeys((*named, *others))
    return tuple(bug for bug in found if not passed & {*bug.killers} and not bug.equivalent)


def place_of(mistake: Mistake) -> Place | None:
    """Return the place at which all bugs of a mistake are; None where they are not at one."""
    known = {bug.id: bug for bug in BUGS.values()}
    places = {known[name].place for name in mistake.bugs if name in known}
    return places.pop() if len(places) == 1 else None


def likely_mistake(
    suspects: Sequence[Bug], wrong: Sequence[Seen], right: Sequence[Seen], *, seeded: bool
) -> Mistake | None:
    """Return the bug that gives all that is ``wrong``, and nothing else where it was ``right``.

    Two of the ``suspects`` where it takes two. None where none fits, or where nothing but
    exceptions was seen. ``seeded``: whether the engine takes cotangents.
    """
    to_explain = _wrong_looks(wrong)
    if all(isinstance(outcome, Raised) or outcome is None for outcome in to_explain.values()):
        return None
    every = frozenset(to_explain)
    fits = [f for bug in suspects if (f := _fit(bug, wrong, right, seeded)) is not None]
    whole = [fit for fit in fits if fit.explained == every]
    # What the catalogue has on this very op is the better told of two that come to the same.
    whole = [fit for fit in whole if fit.bug.id in BUGS] or whole
    n_programs = len({k for k, _ in every})
    if whole:
        sentences = tuple(dict.fromkeys(fit.bug.sentence for fit in whole))
        confidence = _confidence(to_explain, n_programs, len(sentences))
        return Mistake(
            sentences[:1],
            confidence,
            _evidence("it gives", to_explain, n_programs, len(right)),
            sentences[1 : 1 + _MOST_ALTERNATIVES],
            tuple(fit.bug.id for fit in whole),
        )
    for one, other in combinations(fits, 2):
        if one.explained | other.explained == every:
            return Mistake(
                (one.bug.sentence, other.bug.sentence),
                "possible",
                _evidence("they give", to_explain, n_programs, len(right)),
                bugs=(one.bug.id, other.bug.id),
            )
    return None


def _wrong_looks(wrong: Sequence[Seen]) -> _Looks:
    return {
        (k, look.index): look.outcome
        for k, (_, judgement) in enumerate(wrong)
        for look in judgement.looks
        if not look.right
    }


def _fit(bug: Bug, wrong: Sequence[Seen], right: Sequence[Seen], seeded: bool) -> _Fit | None:
    """Return what a bug explains; None where that is nothing, or where it would show elsewhere."""
    explained = set()
    with bent_by(bug, seeded=seeded) as answer:
        for k, (case, judgement) in enumerate((*wrong, *right)):
            told = answer(case.program)
            for look in judgement.looks:
                is_told = agree(look, told.get(look.index))
                if look.right and not is_told:
                    return None
                if not look.right and is_told:
                    explained.add((k, look.index))
            if not explained and k >= _N_FIRST:
                return None  # most bugs have nothing to do with it
    return _Fit(bug, frozenset(explained))


def _confidence(looks: _Looks, n_programs: int, n_fits: int) -> Confidence:
    if n_fits > 1:
        return "possible"
    return "sure" if _n_numbers(looks) >= _ENOUGH and n_programs > 1 else "likely"


def _n_numbers(looks: _Looks) -> int:
    return sum(len(o.numbers) for o in looks.values() if isinstance(o, Number))


def _evidence(gives: str, looks: _Looks, n_programs: int, n_right: int) -> str:
    n = _n_numbers(looks)
    what = "what" if n == 0 else f"all {n} numbers" if n > 1 else "the number"
    which = f"of {n_programs} programs" if n_programs > 1 else "of the program"
    also = f", and what came out right in {n_right} others" if n_right > 1 else ""
    return f"{gives} {what} {which} that came out wrong{also}"
