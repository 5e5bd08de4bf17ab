"""Verify a stored exam: compute every answer again, ask every witness again, tell what differs."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.errors import JuryError
from gradcheck_suite.exams.crew import ALONE, Crew
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import (
    SYMPY,
    case_of,
    certify,
    certify_symbolically,
    witness_names,
)
from gradcheck_suite.exams.store import sheet_bytes
from gradcheck_suite.oracles.answer import Answer, Interval, Sheet
from gradcheck_suite.program.printing import lines
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property

__all__ = ["Difference", "verify"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not in a stored exam as it would be certified now."""

    property: str
    number: int
    """Which program of the property, from 1."""
    what: str
    listing: str
    """The program, as the reference spells it."""


def verify(
    exam: Exam,
    *,
    crew: Crew = ALONE,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Difference, ...]:
    """Return every difference, in the order of the exam; none: it is certified again.

    Answers have to be the same to the last bit. A witness that agreed and is not installed now is
    not asked.
    """
    found: list[Difference] = []
    work = [(name, cases) for name, cases in exam.cases.items()]
    for done, differences in enumerate(crew.map(_differences, work), start=1):
        found += differences
        if on_progress:
            on_progress(done, len(work))
    return tuple(found)


def _differences(named: tuple[str, tuple[Case, ...]]) -> list[Difference]:
    name, cases = named
    entry = CATALOGUE[name]
    found = []
    for number, case in enumerate(cases, start=1):
        what = _difference(entry, case)
        if what:
            found.append(Difference(name, number, what, _listing(case)))
    return found


def _difference(entry: Property, case: Case) -> str:
    """Return what is different with one case; '' for nothing."""
    try:
        fresh = case_of(entry, case.program)
    except Exception as error:  # noqa: BLE001 - a Program of somebody else's making
        return f"the oracle cannot run it ({type(error).__name__}: {error})"
    if fresh is None:
        return "the oracle cannot decide it"
    for what, stored, now in (
        ("what it needs", case.needs, fresh.needs),
        ("what it relies on", case.relies_on, fresh.relies_on),
    ):
        if stored != now:
            return f"{what}: got {', '.join(sorted(stored))}, expected {', '.join(sorted(now))}"
    if sheet_bytes(case.sheets) != sheet_bytes(fresh.sheets):
        return _different_answers(case.sheets, fresh.sheets)
    return _disputed(entry, case)


def _disputed(entry: Property, case: Case) -> str:
    """Return who of the witnesses disagrees, or did not say what the exam has of them."""
    try:
        agreed = {*certify(entry, case), *([SYMPY] if certify_symbolically(entry, case) else [])}
    except JuryError as error:
        return str(error).partition(", for\n")[0]
    claimed = [w for w in case.agreed if w in witness_names() and w not in agreed]
    return f"{claimed[0]} is said to agree, and cannot be asked" if claimed else ""


def _different_answers(stored: tuple[Sheet, ...], now: tuple[Sheet, ...]) -> str:
    for old, new in zip_longest(stored, now):
        if old is None or new is None or old.choices != new.choices:
            return "answers under other conventions"
        for left, right in zip_longest(old.answers, new.answers):
            if left is None or right is None or left[0] != right[0]:
                return "answers at other instructions"
            if left[1] != right[1]:
                return f"at instruction {left[0]}: {_unequal(left[1], right[1])}"
    return "answers that differ in the sign of a zero"


def _unequal(stored: Answer, now: Answer) -> str:
    if not (isinstance(stored, Interval) and isinstance(now, Interval)):
        return f"got {stored}, expected {now}"
    if stored.shape != now.shape:
        return f"got shape {stored.shape}, expected {now.shape}"
    olds, news = _elements(stored), _elements(now)
    k, old, new = next(
        (k, old, new) for k, (old, new) in enumerate(zip(olds, news, strict=True)) if old != new
    )
    where = f"element {k}: " if len(stored.middle) > 1 else ""
    return f"{where}got {_shown(old)}, expected {_shown(new)}"


def _elements(answer: Interval) -> list[tuple[float, float, float, bool]]:
    loose = [k in answer.loose for k in range(len(answer.middle))]
    return list(zip(answer.middle, answer.half64, answer.half32, loose, strict=True))


def _shown(numbers: tuple[float, float, float, bool]) -> str:
    middle, half64, half32, loose = numbers
    or_not = ", or not finite" if loose else ""
    return f"{middle!r} +- {half64!r} (float32: {half32!r}){or_not}"


def _listing(case: Case) -> str:
    try:
        return "\n".join(map(str, lines(case.program, known_engine("reference").spelling)))
    except Exception:  # noqa: BLE001 - what cannot be spelled is shown as it is
        return repr(case.program)
