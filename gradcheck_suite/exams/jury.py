"""The jury: every witness must fall inside the interval before a Program enters an exam.

Witnesses are engines that are known to be right, in both precisions, and SymPy, which derives small
programs whole. A witness that stands outside is a fault of this project, in the oracle, the
rounding model or the witness: it stops the build and is never dropped in silence.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import Final

import numpy as np

from gradcheck_suite.engines.dialect import dialects
from gradcheck_suite.engines.functional import SpokenEngine, engine_of
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.errors import JuryError, UndecidableError, UsageError
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.answer import Interval, Sheet
from gradcheck_suite.oracles.semantics import answers
from gradcheck_suite.oracles.symbolic import closed_gradients, evaluate
from gradcheck_suite.program.features import needs, relies_on
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.printing import lines
from gradcheck_suite.properties.judging import judge
from gradcheck_suite.properties.property import Property

__all__ = ["SYMPY", "WITNESSES", "case_of", "certify", "certify_symbolically", "witness_names"]

SYMPY: Final = "SymPy"
WITNESSES: Final = ("reference", "torch")
"""The engines that are asked, where they are installed."""


def case_of(entry: Property, program: Program) -> Case | None:
    """Return the case of ``program`` with its answers; None where it cannot be decided."""
    try:
        with _quiet():
            sheets = _sheets(entry, program)
    except UndecidableError:
        return None
    relies = relies_on(program) | {*entry.after}
    return Case(program, sheets, needs(program) | {*entry.needs}, relies)


def certify(entry: Property, case: Case, witnesses: tuple[str, ...] = WITNESSES) -> tuple[str, ...]:
    """Ask every engine witness, in both precisions, and return the names of those that agreed.

    The others could not be asked: they have not what the program needs. Raises JuryError, which
    shows the program and who stands alone.
    """
    agreed = []
    for witness in chain.from_iterable(map(_witness, witnesses)):
        if not case.needs <= witness.engine.capabilities:
            continue
        outcomes = run(case.program, witness.engine)
        judgement = judge(case.sheets, outcomes, strict_shape=True)
        if not judgement.right:
            wrong = next(look for look in judgement.looks if not look.right)
            raise _dissent(entry, case, witness.name, wrong.actual, wrong.expected)
        agreed.append(witness.name)
    return tuple(agreed)


def certify_symbolically(entry: Property, case: Case) -> bool:
    """Ask SymPy about a small program; tell whether it could say anything."""
    with _quiet():
        forms = closed_gradients(case.program) if entry.asked == "plain" else None
    if forms is None:
        return False
    known = dict(case.sheets[0].answers)
    for index, elements in forms.items():
        answer = known[index]
        if not isinstance(answer, Interval):
            continue
        for k, form in enumerate(elements):
            exact = Fraction(evaluate(form))
            off = abs(exact - Fraction(answer.middle[k]))
            if off > Fraction(answer.half64[k]):
                expected = f"{answer.middle[k]} +- {answer.half64[k]}"
                raise _dissent(entry, case, SYMPY, str(form[0]), expected)
    return True


def witness_names(witnesses: tuple[str, ...] = WITNESSES) -> tuple[str, ...]:
    """Return the names of the engine witnesses that are installed, and SymPy."""
    return (*(w.name for w in chain.from_iterable(map(_witness, witnesses))), SYMPY)


@dataclass(frozen=True, slots=True)
class _Witness:
    name: str
    engine: SpokenEngine


@cache
def _witness(name: str) -> tuple[_Witness, ...]:
    """Return an engine in both precisions; nothing where it is not installed."""
    try:
        engine = known_engine(name)
    except UsageError:
        return ()  # torch is an extra; who was asked is written into the exam
    coarse = engine_of(replace(engine.spelling, dtype="float32"), engine.namespace)
    return _Witness(f"{name} float64", engine), _Witness(f"{name} float32", coarse)


def _sheets(entry: Property, program: Program) -> tuple[Sheet, ...]:
    return tuple(
        Sheet(dialect.choices(entry.conventions), answers(program, dialect, entry.asked))
        for dialect in dialects(entry.conventions)
    )


def _quiet() -> np.errstate:
    """Leave out NumPy's warnings: the processor's flags after ball arithmetic mean nothing."""
    return np.errstate(all="ignore")


def _dissent(entry: Property, case: Case, who: str, actual: str, expected: str) -> JuryError:
    spelling = known_engine("reference").spelling
    listing = "\n".join(f"    {line}" for line in lines(case.program, spelling))
    return JuryError(
        f"{entry.id}: {who} stands alone. It has {actual}, the oracle {expected}, for\n{listing}",
    )
