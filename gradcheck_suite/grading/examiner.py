"""The examiner of a class: one sandboxed worker and one exam for each submission."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_suite.diagnosis.describe import describe
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.capabilities import ops_of
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.conventions import chosen
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
                required=_missing(self.assignment.ops, supervisor.capabilities),
                fixed=self.assignment.fixed,
                with_findings=True,
                on_progress=progress,
            )
            return Examined(
                spelling=supervisor.spelling,
                description=describe(supervisor.spelling),
                results=results,
                isolation=supervisor.isolation.level,
                conventions=chosen(results),
            )


def _missing(ops: Sequence[str], capabilities: frozenset[str]) -> frozenset[str]:
    """Return the ops that the engine does not have in any form.

    An op that is there is not missing because a property asks for more than the op: a scalar
    engine's addition is complete without broadcasting.
    """
    return frozenset(ops) - ops_of(capabilities)
