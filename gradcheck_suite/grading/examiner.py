"""The examiner of a class: one sandboxed worker and one exam for each submission."""

from dataclasses import dataclass

from gradcheck_suite.diagnosis.describe import describe
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.runner import Examined, Progress
from gradcheck_suite.grading.submissions import Submission
from gradcheck_suite.sandbox.supervisor import Supervisor

__all__ = ["SandboxExaminer"]


@dataclass(frozen=True, slots=True)
class SandboxExaminer:
    """Examines submissions with one exam, each behind a sandbox of its own."""

    assignment: Assignment
    exam: Exam

    def __call__(self, submission: Submission, progress: Progress) -> Examined:
        """Examine ``submission``; its worker is dead when this returns or raises."""
        entry = self.assignment.engine.entry or None
        limits = self.assignment.limits.sandbox()
        with Supervisor(submission.path, entry=entry, limits=limits) as supervisor:
            results = examine(
                self.exam,
                supervisor,
                required=frozenset(self.assignment.ops),
                explain=True,
                on_progress=progress,
            )
            return Examined(
                spelling=supervisor.spelling,
                description=describe(supervisor.spelling),
                results=results,
                isolation=supervisor.isolation.level,
            )
