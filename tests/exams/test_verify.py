"""Verifying: nothing to tell of an exam as it was made, and the program where something differs."""

from collections.abc import Callable
from dataclasses import replace
from math import nextafter

import pytest

from gradcheck_suite.exams.build import ask_sympy, build
from gradcheck_suite.exams.crew import Crew
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import SYMPY
from gradcheck_suite.exams.store import exam_bytes, parse_exam, questions_digest
from gradcheck_suite.exams.verify import verify
from gradcheck_suite.oracles.answer import FlagIs, Interval, Sheet
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Leaf, Observe, OptimizerStep, Program


def with_first(exam: Exam, name: str, change: Callable[[Case], Case]) -> Exam:
    """Return ``exam`` with another first case of a property, stored and read again."""
    first, *rest = exam.cases[name]
    tampered = replace(exam, cases={**exam.cases, name: (change(first), *rest)})
    return parse_exam(exam_bytes(tampered), "x")


def bent(case: Case, by: float = 0.0) -> Case:
    """Return ``case`` with its first number higher, by one unit in the last place at least."""
    (sheet, *others) = case.sheets
    ((index, answer), *rest) = sheet.answers
    assert isinstance(answer, Interval)
    middle = (nextafter(answer.middle[0] + by, 100.0), *answer.middle[1:])
    moved = Sheet(sheet.choices, ((index, replace(answer, middle=middle)), *rest))
    return replace(case, sheets=(moved, *others))


def test_an_exam_as_it_was_made_is_certified_again(small: Exam, stored: bytes):
    """There is no difference, also after it was stored."""
    assert verify(small) == ()
    assert verify(parse_exam(stored, "x")) == ()


def test_a_tampered_answer_is_found(small: Exam):
    """One number that is off by one bit, with a digest that is right, is told with its program."""
    (found,) = verify(with_first(small, "value[tanh]", bent))
    assert (found.property, found.number) == ("value[tanh]", 1)
    assert "expected 0." in found.what
    assert "reference.tanh(a)" in found.listing


def test_several_workers_find_the_same(small: Exam):
    """Two processes tell what one does."""
    tampered = with_first(small, "value[tanh]", bent)
    with Crew(2) as crew:
        assert verify(tampered, crew=crew) == verify(tampered)


def test_a_wider_interval_is_found(small: Exam):
    """An answer that accepts what is wrong differs, though every witness falls inside."""

    def widened(case: Case) -> Case:
        (sheet,) = case.sheets
        ((index, answer),) = sheet.answers
        assert isinstance(answer, Interval)
        wide = replace(answer, half64=tuple(1.0 for _ in answer.half64))
        return replace(case, sheets=(Sheet((), ((index, wide),)),))

    (found,) = verify(with_first(small, "value[tanh]", widened))
    assert "+- 1.0" in found.what


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda c: replace(c, needs=frozenset()), "what it needs: got , expected op:tanh"),
        (lambda c: replace(c, relies_on=frozenset()), "what it relies on"),
        (lambda c: replace(c, sheets=(Sheet((), ((2, FlagIs(True)),)),)), "got FlagIs"),
        (lambda c: replace(c, sheets=(Sheet((), ()),)), "answers at other instructions"),
        (lambda c: replace(c, agreed=(SYMPY,)), "SymPy is said to agree, and cannot be asked"),
    ],
    ids=["needs", "relies-on", "another-answer", "no-answer", "claimed"],
)
def test_whatever_differs_is_told(small: Exam, change: Callable[[Case], Case], part: str):
    """Needs, prerequisites, answers and what a witness is said to have said are compared."""
    (found,) = verify(with_first(small, "value[tanh]", change))
    assert part in found.what


def test_a_program_that_the_oracle_cannot_run_is_told(small: Exam):
    """What no strategy draws ends in a difference, without a traceback."""
    program = Program((Leaf(Array.of(1.0)), OptimizerStep("frobnicate", (0,)), Observe("value", 0)))
    case = Case(program, (Sheet((), ()),), frozenset(), frozenset())
    (found,) = verify(with_first(small, "value[tanh]", lambda _: case))
    assert found.what.startswith("the oracle cannot run it (ProgramError")


def test_a_tie_is_told(small: Exam):
    """A program that cannot be decided has no place in an exam."""
    leaf = Leaf(Array.of(0.0))
    first = small.cases["value[tanh]"][0]
    relu = replace(first.program.instructions[1], op="relu")  # type: ignore[type-var]
    program = Program((leaf, relu, *first.program.instructions[2:]))

    def tied(case: Case) -> Case:
        return replace(case, program=program)

    (found,) = verify(with_first(small, "value[tanh]", tied))
    assert found.what == "the oracle cannot decide it"


def test_a_witness_that_disagrees_is_told(small: Exam, monkeypatch: pytest.MonkeyPatch):
    """An oracle that is wrong now as it was then is contradicted by the witnesses."""
    tampered = with_first(small, "value[tanh]", lambda c: bent(c, by=1e-10))
    monkeypatch.setattr(
        "gradcheck_suite.exams.verify.case_of",
        lambda entry, program: next(c for c in tampered.cases[entry.id] if c.program == program),
    )
    (found,) = verify(tampered)
    assert "stands alone" in found.what


def test_progress_is_told_property_by_property(small: Exam):
    """Whoever waits is told how many properties are done."""
    seen: list[tuple[int, int]] = []
    verify(small, on_progress=lambda *report: seen.append(report))
    assert seen == [(k, 4) for k in range(1, 5)]


def test_sympy_is_asked_about_everything_that_is_kept():
    """After ``ask_sympy`` more cases have SymPy's word, and nothing else moved."""
    before = build(("gradient[mul]",), seed=5, n_cases=6)
    after = ask_sympy(before)
    n_before, n_after = (
        sum(SYMPY in case.agreed for case in exam.cases["gradient[mul]"])
        for exam in (before, after)
    )
    assert n_before == 4 < n_after
    assert verify(after) == ()
    assert questions_digest(after) == questions_digest(before)
