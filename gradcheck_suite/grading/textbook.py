"""Recite the textbook: run every computation of the notes on an engine, and compare."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gradcheck_suite.diagnosis.reach import Reach, in_words
from gradcheck_suite.engines.outcome import (
    Flag,
    Lost,
    Nothing,
    Number,
    Outcome,
    Outcomes,
    Raised,
)
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import Leaf, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.strategies.textbook import ROWS
from gradcheck_suite.strategies.textbook.note001 import descent
from gradcheck_suite.strategies.textbook.row import Claim, Row, Version, agrees

__all__ = ["Entry", "Recital", "descent_path", "recite"]

Found: TypeAlias = Literal["right", "wrong", "not there", "another convention"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim of the textbook, beside what an engine has there."""

    what: str
    note_has: str
    true: str
    """Where the note is wrong; the same as ``note_has`` elsewhere."""
    found: str
    verdict: Found


@dataclass(frozen=True, slots=True)
class Recital:
    """One row of the textbook, as an engine has it."""

    row: Row
    entries: tuple[Entry, ...]
    missing: str = ""
    """What the engine has not, where it cannot run the row at all."""

    @property
    def is_wrong(self) -> bool:
        """Tell whether a number, a flag or an exception is not what has to be there."""
        return any(entry.verdict == "wrong" for entry in self.entries)


def recite(subject: Subject, rows: Iterable[Row] = ROWS) -> Iterator[Recital]:
    """Yield every row of the textbook as the engine computes it.

    A row that can be enclosed is judged by its certified answers, the others by the digits that the
    note prints.
    """
    for row in rows:
        version = next((v for v in row.versions if _runs(subject, v.program)), None)
        if version is None:
            lacking = needs(row.versions[-1].program) - subject.capabilities
            yield Recital(row, (), ", ".join(map(in_words, sorted(lacking))))
        else:
            yield Recital(row, tuple(_entries(subject, row, version)))


def descent_path(subject: Subject, n_steps: int) -> list[tuple[float, float]]:
    """Return where the engine's descent on note 001's loss surface goes; [] where it cannot."""
    program = descent(n_steps)
    if not _runs(subject, program):
        return []
    outcomes = subject.run(program)
    if isinstance(outcomes, Lost):
        return []
    found = [n.values.item() for n in outcomes.values() if isinstance(n, Number)]
    start = [leaf.array.values[0] for leaf in program.instructions if isinstance(leaf, Leaf)]
    every = [*start, *found]
    return list(zip(every[::2], every[1::2], strict=True))


def _runs(subject: Subject, program: Program) -> bool:
    return Reach(subject.spelling, subject.capabilities).can_run(program)


def _entries(subject: Subject, row: Row, version: Version) -> Iterator[Entry]:
    outcomes = subject.run(version.program)
    if isinstance(outcomes, Lost):
        for claim in version.claims:
            yield _entry(claim, outcomes.message, "wrong")
        return
    certain = _certain(subject, row, version, outcomes) if row.certified else {}
    for claim in version.claims:
        outcome = outcomes.get(claim.index)
        verdict = certain.get(claim.index) or ("right" if _agree(claim, outcome) else "wrong")
        yield _entry(claim, _shown(outcome), verdict)


def _certain(
    subject: Subject,
    row: Row,
    version: Version,
    outcomes: Outcomes,
) -> dict[int, Found]:
    """Return the verdict on every look by the certified answers."""
    prop = CATALOGUE[row.id]
    case = case_of(prop, version.program)
    assert case is not None, f"{row.id} cannot be enclosed"
    judgement = Reach(subject.spelling, subject.capabilities).judge(prop, case, outcomes)
    found: dict[int, Found] = {
        look.index: "right" if look.right else "wrong" for look in judgement.looks
    }
    if judgement.right:
        for claim in version.claims:
            if not _agree(claim, outcomes.get(claim.index)):
                found[claim.index] = "another convention"
    return found


def _entry(claim: Claim, found: str, verdict: Found) -> Entry:
    true = _joined(claim.true)
    return Entry(claim.what, _joined(claim.printed) or true, true, found, verdict)


_SHOWN: Final = 10  # numbers of an array; a whole batch teaches nobody


def _joined(texts: tuple[str, ...]) -> str:
    if len(texts) > _SHOWN:
        return f"{', '.join(texts[:_SHOWN])}, ... ({len(texts)} numbers)"
    return ", ".join(texts)


def _agree(claim: Claim, outcome: Outcome | None) -> bool:
    match outcome:
        case Number(values=values):
            found = values.ravel().tolist()
            if len(found) != len(claim.true) or "raises" in claim.true:
                return False
            return all(agrees(text, value) for text, value in zip(claim.true, found, strict=True))
        case Flag(value):
            return claim.true == (str(value),)
        case Nothing():
            return all(text == "0" for text in claim.true)
        case Raised():
            return claim.true == ("raises",)
        case None:
            return False


def _shown(outcome: Outcome | None) -> str:
    match outcome:
        case Number(values=values):
            return _joined(tuple(f"{value:.10g}" for value in values.ravel().tolist()))
        case Flag(value):
            return str(value)
        case Nothing():
            return "None"
        case Raised(kind, message):
            return f"raises {kind}: {message}"
        case None:
            return "a value"
