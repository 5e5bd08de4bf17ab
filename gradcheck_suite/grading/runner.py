"""The class runner: grades submissions in parallel and emits events.

Each submission is examined in a thread of its own, which holds one worker process; nothing is
shared between submissions but the exam, so neither the number of threads nor the order in which
they finish can change a grade. Whatever goes wrong with one submission stays with it: what the
submission did is its problem, and a bug of ours is ``infrastructure``, which costs it nothing.

The runner writes nothing. It yields events to one consumer, in one thread; closing the generator
stops the work at the next case.
"""

import traceback
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event as Signal
from time import monotonic
from typing import Protocol

from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.grading.events import (
    CaseProgress,
    ClassFinished,
    ClassStarted,
    Event,
    SubmissionGraded,
    SubmissionStarted,
)
from gradcheck_suite.grading.rubric import Graded, Row, Rubric, score, totals
from gradcheck_suite.grading.submissions import Submission
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.records import Grade, PropertyResult, Verdict

__all__ = ["Examined", "Examiner", "Progress", "run_class"]

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What an examiner found out about one engine."""

    spelling: Spelling
    description: str
    results: tuple[PropertyResult, ...]
    isolation: int = 0
    conventions: tuple[tuple[str, str], ...] = ()


class Examiner(Protocol):
    """Examines one submission, and has killed its worker when it returns or raises."""

    def __call__(self, submission: Submission, progress: Progress) -> Examined:
        """Return what was found; SubmissionError where there is nothing to examine."""
        ...


def run_class(
    submissions: Sequence[Submission],
    rubric: Rubric,
    examiner: Examiner,
    n_jobs: int,
) -> Generator[Event]:
    """Grade ``submissions`` with ``n_jobs`` threads; yield events as they happen."""
    begin = monotonic()
    names = tuple(s.name for s in submissions)
    yield ClassStarted(names, n_jobs, len(rubric.rows))
    queue: SimpleQueue[Event] = SimpleQueue()
    stop = Signal()
    graded: dict[str, Graded] = {}
    pool = ThreadPoolExecutor(max_workers=max(1, n_jobs), thread_name_prefix="grader")
    try:
        for submission in submissions:
            pool.submit(_work, submission, rubric, examiner, queue, stop)
        while len(graded) < len(submissions):
            event = queue.get()
            if isinstance(event, SubmissionGraded):
                graded[event.graded.grade.submission] = event.graded
            yield event
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    yield ClassFinished(tuple(graded[name] for name in names), monotonic() - begin)


class _Stopped(BaseException):
    """The consumer has left: leave the examination at the next case."""


def _work(
    submission: Submission,
    rubric: Rubric,
    examiner: Examiner,
    queue: SimpleQueue[Event],
    stop: Signal,
) -> None:
    """Grade one submission and put its events on the queue; never raises."""

    def progress(stage: str, n_done: int, n_total: int) -> None:
        if stop.is_set():
            raise _Stopped
        queue.put(CaseProgress(submission.name, stage, n_done, n_total))

    begin = monotonic()
    queue.put(SubmissionStarted(submission.name))
    log = ""
    try:
        if submission.problem:
            graded = _ungradable(submission, rubric, submission.problem)
        else:
            graded = _graded(submission, rubric, examiner(submission, progress))
    except SubmissionError as error:
        graded = _ungradable(submission, rubric, str(error))
    except _Stopped:
        return
    except BaseException as error:  # noqa: BLE001 - one submission must not lose the rest
        graded = _our_fault(submission, rubric, error)
        log = traceback.format_exc()
    queue.put(SubmissionGraded(graded, monotonic() - begin, log))


def _graded(submission: Submission, rubric: Rubric, found: Examined) -> Graded:
    scores = score(rubric, found.results)
    points, max_points = totals(scores)
    grade = Grade(
        submission=submission.name,
        engine=found.spelling.name,
        description=found.description,
        spelling=found.spelling,
        results=found.results,
        points=points,
        max_points=max_points,
        isolation=found.isolation,
        conventions=found.conventions,
    )
    return Graded(grade, scores)


def _ungradable(submission: Submission, rubric: Rubric, problem: str) -> Graded:
    """Return the grade of a submission in which there is no engine to judge: no points."""
    scores = score(rubric, (), problem)
    points, max_points = totals(scores)
    return Graded(_empty(submission, (), points, max_points, problem), scores)


def _our_fault(submission: Submission, rubric: Rubric, error: BaseException) -> Graded:
    """Return the grade of a submission that we failed to judge: nothing earned, nothing lost."""
    kind = type(error).__name__
    problem = f"the grader failed with {kind}: our fault, not the submission's; see the log"
    results = tuple(_infrastructure(row, problem) for row in rubric.rows)
    scores = score(rubric, results)
    points, max_points = totals(scores)
    return Graded(_empty(submission, results, points, max_points, problem), scores)


def _empty(
    submission: Submission,
    results: tuple[PropertyResult, ...],
    points: float,
    max_points: float,
    problem: str,
) -> Grade:
    return Grade(
        submission=submission.name,
        engine="",
        description="",
        spelling=None,
        results=results,
        points=points,
        max_points=max_points,
        problem=problem,
    )


def _infrastructure(row: Row, reason: str) -> PropertyResult:
    return PropertyResult(
        property=row.property,
        theme=row.theme,
        code=row.code,
        title=row.title,
        verdict=Verdict.INFRASTRUCTURE,
        reason=reason,
    )
