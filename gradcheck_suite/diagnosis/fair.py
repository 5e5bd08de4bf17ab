"""Fairness of a reduced case: it may ask for nothing that the case it was made from did not.

A strategy writes only what every right engine answers alike; a program with instructions taken out
could leave that ground. It may need and rely on less, never on more; its answers may not depend on
a convention that the case before left out; and the reference has to be right.
"""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from gradcheck_suite.diagnosis.bench import answers_of_reference
from gradcheck_suite.engines.dialect import CONVENTIONS, Dialect
from gradcheck_suite.engines.outcome import Raised
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.answer import Answer, Answers, Interval
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.program.instructions import Backward, Leaf, Program
from gradcheck_suite.properties.judging import Judgement, judge
from gradcheck_suite.properties.property import Property

__all__ = ["Symptom", "Traits", "is_fair", "symptom", "traits"]

Symptom: TypeAlias = tuple[type, str, bool, bool]

_OF_FORMS: Final = ("op:", "rank:")  # which the engine has, or has not; no claim is made by them


@dataclass(frozen=True, slots=True)
class Traits:
    """What a case asks of an engine, by what its programs show."""

    needs: frozenset[str]
    relies_on: frozenset[str]
    op: str
    ends_in_leaf: bool
    """Whether a backward starts from a leaf."""
    depends_on: frozenset[str]
    """The conventions, beyond those that the property leaves open, by which its answers differ."""
    reference_holds: bool
    """Whether the reference answers it: not where the engine that failed is made of it."""

    def hold(self, case: Case) -> bool:
        """Tell whether a smaller case asks for nothing more, and still for the property's op."""
        needs = {need for need in case.needs if not need.startswith(_OF_FORMS)}
        op = f"value:{self.op}"
        return (
            needs <= self.needs
            and _ends_in_leaf(case.program) <= self.ends_in_leaf
            and case.relies_on <= self.relies_on
            and (not self.op or op not in self.relies_on or op in case.relies_on)
        )


def traits(entry: Property, case: Case) -> Traits:
    """Return the traits of a case of ``entry``."""
    return Traits(
        needs=case.needs,
        relies_on=case.relies_on,
        op=entry.op,
        ends_in_leaf=_ends_in_leaf(case.program),
        depends_on=frozenset(_dependences(entry, case)),
        reference_holds=_reference_holds(case),
    )


def is_fair(entry: Property, case: Case, old: Traits) -> bool:
    """Tell whether every right engine answers a smaller case alike, as far as the old one did."""
    if not _dependences(entry, case) <= old.depends_on:
        return False
    return _reference_holds(case) or not old.reference_holds


def symptom(judgement: Judgement) -> Symptom:
    """Return what is wrong first: what came, whether an exception is wrong, whether for zero."""
    first = next(look for look in judgement.looks if not look.right)
    kind = first.outcome.kind if isinstance(first.outcome, Raised) else ""
    return type(first.outcome), kind, first.raised, _is_zero(first.answer)


def _is_zero(answer: Answer | None) -> bool:
    """Tell whether nothing but zeros is expected: a gradient that is lost would not show."""
    if not isinstance(answer, Interval):
        return False
    return all(abs(m) <= half for m, half in zip(answer.middle, answer.half64, strict=True))


def _reference_holds(case: Case) -> bool:
    return judge(case.sheets, answers_of_reference(case.program), strict_shape=True).right


def _ends_in_leaf(program: Program) -> bool:
    made = dict(program.numbered())
    return any(isinstance(i, Backward) and isinstance(made[i.x], Leaf) for i in made.values())


def _dependences(entry: Property, case: Case) -> set[str]:
    """Return the conventions whose other choices change an answer."""
    plain = Dialect(**dict(case.sheets[0].choices))
    here = case.sheets[0].answers
    found = set()
    for name in CONVENTIONS.keys() - {*entry.conventions}:
        for choice in CONVENTIONS[name]:
            other = replace(plain, **{name: choice})
            if other != plain and _answers(entry, case, other) != here:
                found.add(name)
    return found


def _answers(entry: Property, case: Case, dialect: Dialect) -> Answers | None:
    try:
        with np.errstate(all="ignore"):
            return answers(case.program, dialect, entry.asked)
    except UndecidableError:
        return None
