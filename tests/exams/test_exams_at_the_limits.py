"""Exams with infinities, with elements that may be NaN, and with arrays that are views."""

from dataclasses import replace
from math import inf, nan

import pytest

from gradcheck_suite.errors import ExamError
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.store import exam_bytes, parse_exam
from gradcheck_suite.exams.verify import verify
from gradcheck_suite.oracles.answer import Interval, Sheet
from gradcheck_suite.program.instructions import Leaf

IDS = ("zero_size", "non_contiguous", "ieee_values", "masked_nan")


@pytest.fixture(scope="module")
def exam() -> Exam:
    """Return an exam of edges."""
    return build(IDS, seed=5, n_cases=2)


def intervals(exam: Exam) -> list[Interval]:
    """Return every answer that has numbers."""
    found = [a for cases in exam.cases.values() for c in cases for _, a in c.sheets[0].answers]
    return [a for a in found if isinstance(a, Interval)]


def test_it_has_what_is_special_in_it(exam: Exam):
    """Infinities, loose elements, no elements and views are all there."""
    answers = intervals(exam)
    leaves = [i for c in exam.cases["non_contiguous"] for i in c.program.instructions]
    assert any(m == -inf for a in answers for m in a.middle)
    assert any(m == 0 and k in a.loose for a in answers for k, m in enumerate(a.middle))
    assert any(0 in a.shape for a in answers)
    assert {i.array.layout for i in leaves if isinstance(i, Leaf)} == {"transposed", "strided"}


def test_it_comes_back_from_its_file(exam: Exam):
    """Nothing is NaN in it, so that an exam is equal to itself after it was stored."""
    data = exam_bytes(exam)
    back = parse_exam(data, "x")
    assert back == exam
    assert exam_bytes(back) == data


def test_it_is_certified_again(exam: Exam):
    """Every answer comes out the same to the last bit."""
    assert verify(parse_exam(exam_bytes(exam), "x")) == ()


def with_answer(exam: Exam, **changes: object) -> Exam:
    """Return the exam with the last answer of the first masked case changed."""
    first, *rest = exam.cases["masked_nan"]
    (sheet,) = first.sheets
    *others, (index, answer) = sheet.answers
    assert isinstance(answer, Interval)
    changed = Sheet((), (*others, (index, replace(answer, **changes))))  # type: ignore[arg-type]
    cases: tuple[Case, ...] = (replace(first, sheets=(changed,)), *rest)
    return replace(exam, cases={**exam.cases, "masked_nan": cases})


def test_a_loosened_element_is_found(exam: Exam):
    """An answer that takes NaN where there is a number differs."""
    (found,) = verify(with_answer(exam, loose=(0,)))
    assert ", or not finite, expected" in found.what


@pytest.mark.parametrize(
    "changes",
    [{"loose": (7,)}, {"loose": (-1,)}, {"middle": (nan, 1.0)}, {"half64": (nan, 0.0)}],
    ids=["place that is not there", "place before the first", "midpoint", "half-width"],
)
def test_what_cannot_be_meant_is_refused(exam: Exam, changes: dict[str, object]):
    """Places outside of the array, and NaN as a number to compare with, are no answers."""
    data = exam_bytes(with_answer(exam, **changes))
    with pytest.raises(ExamError, match="answers that do not fit their program"):
        parse_exam(data, "x")
