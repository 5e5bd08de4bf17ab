"""Practice: one engine of the user's own, examined on the spot, with no points and no files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gradcheck_suite.engines.capabilities import ops_of
from gradcheck_suite.engines.dialect import UNLESS_FIXED
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.grading.assignment import ExamSection
from gradcheck_suite.grading.runner import Progress
from gradcheck_suite.grading.target import open_target
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import WorldKind
from gradcheck_suite.records import PropertyResult

__all__ = ["Practice", "Terms", "examined", "practise"]


# Who has to agree with the answers, beside SymPy: an exam that is kept is put to torch as well,
# which takes seconds to load.
_WITNESSES = ("reference",)
_LONGEST = 1_000  # instructions: to ask about chains of thousands takes a tenth of the time


@dataclass(frozen=True, slots=True)
class Terms:
    """On what an engine is examined."""

    drawn: ExamSection = field(default_factory=ExamSection)
    """Which programs."""
    fixed: Mapping[str, str] = field(default_factory=lambda: UNLESS_FIXED)
    """The conventions that leave it no choice, as an assignment fixes them."""
    n_jobs: int = 1
    """Processes that draw, where there is enough to draw; 0: one for each core."""


@dataclass(frozen=True, slots=True)
class Practice:
    """What was found out about one engine."""

    name: str
    description: str
    results: tuple[PropertyResult, ...]


def practise(
    target: str,
    ids: Sequence[str],
    terms: Terms = Terms(),
    *,
    entry: str = "",
    progress: Progress | None = None,
) -> Practice:
    """Examine ``target`` on the properties ``ids``, with every failure explained.

    The engine is opened before the exam is drawn, so that a wrong name is told at once.
    """
    with open_target(target, entry) as subject:
        from gradcheck_suite.diagnosis.describe import describe

        return Practice(
            name=subject.spelling.name,
            description=describe(subject.spelling),
            results=examined(subject, ids, terms, progress),
        )


def examined(
    subject: Subject,
    ids: Sequence[str],
    terms: Terms,
    progress: Progress | None = None,
) -> tuple[PropertyResult, ...]:
    """Draw an exam for one engine and examine it; arguments as for ``practise``."""
    from gradcheck_suite.diagnosis.examine import examine
    from gradcheck_suite.diagnosis.reach import Reach
    from gradcheck_suite.exams.build import Audience, build
    from gradcheck_suite.exams.crew import crew_for

    useful = [name for name in ids if _has_use(name, subject.capabilities)]
    with crew_for(terms.n_jobs, len(useful)) as crew:
        exam = build(
            useful,
            seed=terms.drawn.seed,
            n_cases=terms.drawn.cases,
            audience=Audience(
                _worlds(subject),
                Reach(subject.spelling, subject.capabilities).lacks,
                _WITNESSES,
                is_one=True,
                longest=_LONGEST,
            ),
            crew=crew,
            on_progress=_building(progress),
        )
    exam = replace(exam, cases={name: exam.cases.get(name, ()) for name in ids})
    return examine(exam, subject, fixed=terms.fixed, with_findings=True, on_progress=progress)


def _worlds(subject: Subject) -> tuple[WorldKind, ...]:
    """Return the worlds in which there is anything for an engine."""
    if subject.spelling.kind == "scalar":
        return ("scalar",)
    return ("scalar", "tensor") if "rank:0" in subject.capabilities else ("tensor",)


def _has_use(name: str, capabilities: frozenset[str]) -> bool:
    """Tell whether there is any use in drawing for a property: not for an op that is not there."""
    op = CATALOGUE[name].op
    return not op or op in ops_of(capabilities)


def _building(progress: Progress | None) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, "drawing programs")
