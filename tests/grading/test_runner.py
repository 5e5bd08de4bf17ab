"""The class runner: one submission's trouble stays with it, and workers change nothing."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event as Signal

import pytest

from gradcheck_suite.errors import SandboxError, SubmissionError
from gradcheck_suite.grading.events import (
    CaseProgress,
    ClassFinished,
    ClassStarted,
    SubmissionGraded,
    SubmissionStarted,
)
from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.grading.runner import Examined, Progress, run_class
from gradcheck_suite.grading.submissions import Submission
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.records import PropertyResult, Verdict

Make = Callable[..., tuple[PropertyResult, ...]]


def _submissions(*names: str) -> list[Submission]:
    return [Submission(name, Path(name)) for name in names]


class _Examiner:
    """Does what the name of a submission says."""

    def __init__(self, results: tuple[PropertyResult, ...]) -> None:
        self._found = Examined(Spelling("Value", "Value(number)"), "scalars", results, 3)

    def __call__(self, submission: Submission, progress: Progress) -> Examined:
        errors = {
            "no_engine": SubmissionError("engine.py: got no class, expected one"),
            "bug": ZeroDivisionError("division by zero"),
            "sandbox": SandboxError("the worker did not start"),
            "exits": SystemExit(0),
            "deep": RecursionError("too deep"),
        }
        if submission.name in errors:
            raise errors[submission.name]
        if submission.name.startswith("slow"):
            time.sleep(0.02)
        progress("cases", 1, 1)
        return self._found


@pytest.fixture
def examiner(make_results: Make) -> _Examiner:
    """Return an examiner whose engines fail the second of three properties."""
    return _Examiner(make_results(Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED))


def _grades(
    rubric: Rubric, examiner: _Examiner, names: list[str], n_jobs: int
) -> tuple[Graded, ...]:
    *_, last = run_class(_submissions(*names), rubric, examiner, n_jobs)
    assert isinstance(last, ClassFinished)
    return last.graded


def test_events_tell_the_story(rubric: Rubric, examiner: _Examiner) -> None:
    """A class starts, a submission starts, gets ahead and is graded, and the class finishes."""
    events = list(run_class(_submissions("ada"), rubric, examiner, 1))
    kinds = [ClassStarted, SubmissionStarted, CaseProgress, SubmissionGraded, ClassFinished]
    assert [type(event) for event in events] == kinds


def test_a_grade_holds_points_and_results(rubric: Rubric, examiner: _Examiner) -> None:
    """What the examiner found becomes a grade with the rubric's points."""
    (graded,) = _grades(rubric, examiner, ["ada"], 1)
    assert (graded.grade.points, graded.grade.max_points, graded.grade.isolation) == (1, 3, 3)
    assert graded.grade.engine == "Value"


@pytest.mark.parametrize("name", ["bug", "sandbox", "exits", "deep"])
def test_our_fault_costs_nothing_and_loses_nobody(
    rubric: Rubric, examiner: _Examiner, name: str
) -> None:
    """Whatever is raised in the grader becomes infrastructure, with a log, and the rest goes on."""
    events = list(run_class(_submissions(name, "ada"), rubric, examiner, 1))
    first, second = (e for e in events if isinstance(e, SubmissionGraded))
    assert {r.verdict for r in first.graded.grade.results} == {Verdict.INFRASTRUCTURE}
    assert (first.graded.grade.points, first.graded.grade.max_points) == (0, 0)
    assert "our fault" in first.graded.grade.problem
    assert "Traceback" in first.log
    assert (second.graded.grade.points, second.log) == (1, "")


def test_a_submission_without_an_engine_has_a_problem(rubric: Rubric, examiner: _Examiner) -> None:
    """What discovery says is the problem, and the maximum is kept."""
    (graded,) = _grades(rubric, examiner, ["no_engine"], 1)
    assert graded.grade.problem == "engine.py: got no class, expected one"
    assert (graded.grade.points, graded.grade.max_points) == (0, 6)


def test_a_refused_submission_is_not_run(rubric: Rubric, examiner: _Examiner) -> None:
    """A submission with a problem of its own never reaches the examiner."""
    refused = Submission("bug", Path("bug"), "got a symbolic link")
    *_, last = run_class([refused], rubric, examiner, 1)
    assert isinstance(last, ClassFinished)
    assert last.graded[0].grade.problem == "got a symbolic link"


def test_workers_and_order_change_nothing(rubric: Rubric, examiner: _Examiner) -> None:
    """One worker and four give the same grades, in the order of the submissions."""
    names = ["slow1", "ada", "bug", "slow2", "no_engine", "zoe"]
    one, four = (_grades(rubric, examiner, names, n) for n in (1, 4))
    assert one == four
    assert [g.grade.submission for g in four] == names


def test_a_consumer_that_leaves_stops_the_work(rubric: Rubric, make_results: Make) -> None:
    """Closing the events ends the examination at its next step, and starts no other."""
    entered, seen = Signal(), []

    def endless(submission: Submission, progress: Progress) -> Examined:
        seen.append(submission.name)
        entered.set()
        while True:
            progress("cases", 0, 1)
            time.sleep(0.001)

    with closing(run_class(_submissions("a", "b"), rubric, endless, 1)) as events:
        next(events)
        next(events)
        assert entered.wait(5)
    assert seen == ["a"]
