"""Stored exams and assignments: what is taken from the file, and what is refused."""

from pathlib import Path

import pytest

from gradcheck_suite.errors import ExamError, UsageError
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.jury import SYMPY
from gradcheck_suite.exams.store import exam_bytes
from gradcheck_suite.grading.assignment import Assignment, ExamSection
from gradcheck_suite.grading.rubric import Rubric, rubric_of
from gradcheck_suite.grading.stored import build_to_keep, exam_for, refuse_to_overwrite


def rubric_for(*ids: str) -> Rubric:
    """Return a rubric that asks for the properties ``ids``."""
    return rubric_of(Assignment(properties=dict.fromkeys(ids, 1.0)))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return a stored exam of three properties."""
    path = tmp_path / "hw.exam"
    ids = ("value[neg]", "value[exp]", "two_losses")
    path.write_bytes(exam_bytes(build(ids, seed=3, n_cases=2)))
    return path


def test_what_is_asked_for_is_taken_in_the_order_of_the_rubric(kept: Path) -> None:
    """Properties that the rubric leaves out are left out of the exam."""
    rubric = rubric_for("two_losses", "value[neg]")
    exam = exam_for(rubric, kept)
    assert tuple(exam.cases) == rubric.ids == ("value[neg]", "two_losses")
    assert exam.n_programs == sum(map(len, exam.cases.values()))


def test_what_the_exam_lacks_is_named(kept: Path) -> None:
    """Every missing property is named, up to a number of them."""
    with pytest.raises(ExamError, match=r"hw\.exam: got no programs for fan_out, expected"):
        exam_for(rubric_for("two_losses", "fan_out"), kept)
    with pytest.raises(ExamError, match=r" and \d+ more, expected all that the assignment asks"):
        exam_for(rubric_for("value[*]"), kept)


def test_the_exam_that_is_kept_asks_sympy_about_more() -> None:
    """Programs and answers are those that are drawn; SymPy has seen more of them."""
    rubric = rubric_for("gradient[neg]")
    seen: list[tuple[str, int, int]] = []
    drawn = ExamSection(seed=3, cases=6)
    kept = build_to_keep(rubric, drawn, 1, lambda *report: seen.append(report))
    plain = build(rubric.ids, seed=3, n_cases=6)
    (kept_cases,), (plain_cases,) = kept.cases.values(), plain.cases.values()
    assert [c.program for c in kept_cases] == [c.program for c in plain_cases]
    n_kept, n_plain = (sum(SYMPY in c.agreed for c in cs) for cs in (kept_cases, plain_cases))
    assert n_kept > n_plain
    assert seen == [("drawing programs", 1, 2), ("asking SymPy", 2, 2)]


def test_a_seed_that_the_file_cannot_hold_is_refused() -> None:
    """The largest seed is that of the format."""
    with pytest.raises(UsageError, match=r"got the seed \d+, expected one below 2\*\*64"):
        build_to_keep(rubric_for("value[neg]"), ExamSection(seed=2**64, cases=1), 1)


def test_an_exam_or_nothing_is_replaced(kept: Path, tmp_path: Path) -> None:
    """An exam and a new place are fine, a folder and any other file are not."""
    refuse_to_overwrite(kept)
    refuse_to_overwrite(tmp_path / "new" / "x.exam")
    (tmp_path / "empty").touch()
    for path in (tmp_path, tmp_path / "empty", Path(__file__)):
        with pytest.raises(UsageError, match="expected a new file, or an exam to replace"):
            refuse_to_overwrite(path)
