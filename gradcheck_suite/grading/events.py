"""Events: what happens while a class is graded, as plain data for whoever wants to show it."""

from dataclasses import dataclass
from typing import TypeAlias

from gradcheck_suite.grading.rubric import Graded

__all__ = [
    "CaseProgress",
    "ClassFinished",
    "ClassStarted",
    "Event",
    "SubmissionGraded",
    "SubmissionStarted",
]


@dataclass(frozen=True, slots=True)
class ClassStarted:
    """The work begins."""

    submissions: tuple[str, ...]
    n_jobs: int
    n_properties: int


@dataclass(frozen=True, slots=True)
class SubmissionStarted:
    """A worker took up a submission."""

    submission: str


@dataclass(frozen=True, slots=True)
class CaseProgress:
    """A submission got ahead: ``n_done`` of ``n_total`` at one stage of its examination."""

    submission: str
    stage: str
    n_done: int
    n_total: int


@dataclass(frozen=True, slots=True)
class SubmissionGraded:
    """A submission is done, and its worker is dead."""

    graded: Graded
    seconds: float
    """Wall-clock time; never part of a result."""
    log: str = ""
    """For the instructor's eyes: a traceback, where the fault is ours."""


@dataclass(frozen=True, slots=True)
class ClassFinished:
    """Everything is graded; the grades in the order of the submissions."""

    graded: tuple[Graded, ...]
    seconds: float


Event: TypeAlias = (
    ClassStarted | SubmissionStarted | CaseProgress | SubmissionGraded | ClassFinished
)
