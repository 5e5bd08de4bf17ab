"""Stored exams: building one for an assignment, grading with it, and where it may be written."""

from dataclasses import replace
from pathlib import Path

from gradcheck_suite.errors import ExamError, UsageError
from gradcheck_suite.exams.build import ask_sympy, build
from gradcheck_suite.exams.crew import crew_for
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.exams.store import MAX_SEED, is_exam, read_exam
from gradcheck_suite.grading.assignment import ExamSection
from gradcheck_suite.grading.rubric import Rubric
from gradcheck_suite.grading.runner import Progress

__all__ = ["build_to_keep", "exam_for", "refuse_to_overwrite"]

_SHOWN = 8  # names in an error


def build_to_keep(
    rubric: Rubric, drawn: ExamSection, n_jobs: int, progress: Progress | None = None
) -> Exam:
    """Return the exam of a rubric with every witness asked about every program.

    The number of jobs (0: one for each core) changes nothing in it. Raises UsageError where the
    seed is larger than the file has room for.
    """
    ids = rubric.ids
    if drawn.seed > MAX_SEED:
        msg = f"got the seed {drawn.seed}, expected one below 2**64 for an exam that is stored"
        raise UsageError(msg)

    def drawing(n_done: int, n_total: int) -> None:
        if progress is not None:
            progress("drawing programs", n_done, 2 * n_total)

    def asking(n_done: int, n_total: int) -> None:
        if progress is not None:
            progress("asking SymPy", n_total + n_done, 2 * n_total)

    with crew_for(n_jobs, len(ids)) as crew:
        exam = build(ids, seed=drawn.seed, n_cases=drawn.cases, crew=crew, on_progress=drawing)
        return ask_sympy(exam, crew=crew, on_progress=asking)


def exam_for(rubric: Rubric, path: Path) -> Exam:
    """Return what the stored exam at ``path`` has for the properties of ``rubric``, in its order.

    Raises ExamError where the file cannot be used, or names the properties that it lacks.
    """
    exam = read_exam(path)
    missing = [name for name in rubric.ids if name not in exam.cases]
    if missing:
        rest = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        found = f"no programs for {', '.join(missing[:_SHOWN])}{rest}"
        msg = f"{path}: got {found}, expected all that the assignment asks for; build it anew"
        raise ExamError(msg)
    return replace(exam, cases={name: exam.cases[name] for name in rubric.ids})


def refuse_to_overwrite(path: Path) -> None:
    """Raise UsageError where an exam at ``path`` would replace something that is no exam."""
    try:
        if not path.exists() or (path.is_file() and is_exam(path)):
            return
        found = "a folder" if path.is_dir() else "a file that is no exam"
    except OSError as error:
        found = error.strerror or str(error)
    msg = f"{path}: got {found}, expected a new file, or an exam to replace"
    raise UsageError(msg)
