"""Who tests the tester: every bug of the catalogue, and right engines, put to the exam.

Each bug takes the whole exam, so that the matrix shows every property that it fails; and a live
check, drawn with another seed, which ends at its first finding, as a student meets it. Programs
that a bug cannot touch are not run again for it (see ``bugs.recording``); the matrix is the same.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Final

from gradcheck_suite.bugs.base import SCALAR, SOURCE
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.recording import Bent, Recording
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.subject import InProcess, Subject
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.crew import ALONE, Crew
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.strategies.drawing import seed_for

__all__ = ["Kill", "Matrix", "bug_ids", "right_ids", "try_out"]

Watch = Callable[[str, int, int], None]
"""Gets what is going on, how much of it is done, and how much there is."""

_KNOWN: Final = ("reference", "torch")
_SUBMISSIONS: Final = SOURCE.parents[1]


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of one engine."""

    id: str
    failed: tuple[str, ...]
    """The properties of the exam that it fails, in the order of the catalogue."""
    blocked: tuple[str, ...]
    """The properties that rely on what failed, and were not judged."""
    live: str
    """The property by which the live check found it out; '' where it did not."""
    n_programs: int
    """Programs of the live check until its first finding, or all."""
    seconds: float
    """The same in time of the processor."""

    @property
    def is_killed(self) -> bool:
        """Tell whether the exam fails it."""
        return bool(self.failed)

    @property
    def is_named(self) -> bool:
        """Tell whether a property fails it that the catalogue names."""
        return not set(BUGS[self.id].killers).isdisjoint(self.failed)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Which bug is killed by which properties, and which right engines are."""

    kills: tuple[Kill, ...]
    rights: tuple[Kill, ...]
    """Right engines, and bugs that are none: all that is failed of them is a false alarm."""
    properties: tuple[str, ...]
    """The exam's."""
    seed: int
    n_cases: int
    n_exam: int
    """Programs of the exam."""

    @property
    def survivors(self) -> tuple[Kill, ...]:
        """Return the bugs that the exam does not see."""
        return tuple(kill for kill in self.kills if not kill.is_killed)

    @property
    def live_survivors(self) -> tuple[Kill, ...]:
        """Return the bugs that the live check does not see."""
        return tuple(kill for kill in self.kills if not kill.live)

    @property
    def unnamed(self) -> tuple[Kill, ...]:
        """Return the bugs that are killed by other properties than those that are named."""
        return tuple(kill for kill in self.kills if kill.is_killed and not kill.is_named)

    @property
    def false_alarms(self) -> tuple[Kill, ...]:
        """Return the right engines of which something is failed."""
        return tuple(kill for kill in self.rights if kill.failed or kill.live)

    @property
    def kill_rate(self) -> float:
        """Return the share of bugs that the exam kills; 1 where there is none."""
        return 1 - len(self.survivors) / len(self.kills) if self.kills else 1.0

    @property
    def live_kill_rate(self) -> float:
        """Return the share of bugs that the live check kills; 1 where there is none."""
        return 1 - len(self.live_survivors) / len(self.kills) if self.kills else 1.0

    @property
    def n_killers(self) -> Mapping[str, int]:
        """Return for each property how many bugs it kills."""
        return {name: sum(name in kill.failed for kill in self.kills) for name in self.properties}

    @property
    def idle(self) -> tuple[str, ...]:
        """Return the properties that kill nothing, and are blocked for no bug that names them."""
        named = {name for kill in self.kills for name in self._shadowed_by(kill)}
        return tuple(n for n, count in self.n_killers.items() if not count and n not in named)

    @property
    def shadowed(self) -> tuple[str, ...]:
        """Return those that kill nothing here, since what they rely on fails for the same bugs."""
        return tuple(n for n, count in self.n_killers.items() if not count and n not in self.idle)

    @staticmethod
    def _shadowed_by(kill: Kill) -> frozenset[str]:
        return frozenset(BUGS[kill.id].killers).intersection(kill.blocked)

    @property
    def to_first_finding(self) -> tuple[float, float]:
        """Return the medians of programs and seconds until the live check's first finding."""
        found = [kill for kill in self.kills if kill.live]
        if not found:
            return 0.0, 0.0
        return median(k.n_programs for k in found), median(k.seconds for k in found)


def bug_ids(sample: int | None = None, seed: int = 0) -> tuple[str, ...]:
    """Return the ids of the bugs, or of a sample that depends on the seed alone."""
    ids = [i for i, bug in BUGS.items() if not bug.equivalent and _can_be_made(i)]
    if sample is None:
        return tuple(ids)
    chosen = set(sorted(ids, key=lambda i: seed_for(seed, "mutants", i))[:sample])
    return tuple(i for i in ids if i in chosen)


def right_ids() -> tuple[str, ...]:
    """Return the names of the right engines: libraries, submissions, bugs that are none."""
    libraries = [name for name in _KNOWN if find_spec(name)]
    submissions = sorted(path.name for path in _SUBMISSIONS.glob("right_*"))
    variants = [i for i, bug in BUGS.items() if bug.equivalent and _can_be_made(i)]
    return (*libraries, *submissions, *variants)


def try_out(  # noqa: PLR0913 - what is tried, and how exams are drawn
    bugs: Sequence[str],
    rights: Sequence[str],
    *,
    ids: Sequence[str] = tuple(CATALOGUE),
    seed: int = 0,
    n_cases: int,
    crew: Crew = ALONE,
    watch: Watch | None = None,
) -> Matrix:
    """Return the kill matrix of ``bugs``, and what becomes of ``rights``.

    The exam has about ``n_cases`` programs for each of the properties ``ids``, the live check as
    many others. But for times, the same arguments give the same matrix.
    """
    say = watch or (lambda *_: None)
    draw = partial(build, ids, n_cases=n_cases, crew=crew)
    exams = [
        draw(seed=seed, on_progress=partial(say, "drawing the exam")),
        draw(seed=seed + 1, on_progress=partial(say, "drawing the live check")),
    ]
    names = (*bugs, *rights)
    kills: list[Kill] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "exams"
        path.write_bytes(pickle.dumps(exams))
        for kill in crew.map(partial(_try_one, str(path)), names):
            kills.append(kill)
            say("bugs", len(kills), len(names))
    return Matrix(
        kills=tuple(kills[: len(bugs)]),
        rights=tuple(kills[len(bugs) :]),
        properties=tuple(exams[0].cases),
        seed=seed,
        n_cases=n_cases,
        n_exam=exams[0].n_programs,
    )


def _can_be_made(name: str) -> bool:
    return BUGS[name].base != SCALAR or SOURCE.exists()


@cache
def _exams(path: str) -> tuple[list[Exam], Recording]:
    """Load both exams once in each process, and record what the right engine makes of them."""
    found: list[Exam] = pickle.loads(Path(path).read_bytes())  # noqa: S301 - written by try_out
    cases = (case for exam in found for of_one in exam.cases.values() for case in of_one)
    return found, Recording((case.program for case in cases), BUGS.values())


def _try_one(path: str, name: str) -> Kill:
    (exam, live), recording = _exams(path)
    with _engine(name, recording) as subject:
        results = examine(exam, subject, with_findings=False)
        subject.restart()
        spared = subject.seconds_spared if isinstance(subject, Bent) else 0.0
        started = process_time()
        first, n_programs = _first_finding(live, subject)
        seconds = process_time() - started
        if isinstance(subject, Bent):
            seconds += subject.seconds_spared - spared
    failed = tuple(r.property for r in results if r.verdict.is_bad)
    blocked = tuple(r.property for r in results if r.verdict == "blocked")
    return Kill(name, failed, blocked, first, n_programs, seconds)


def _first_finding(exam: Exam, subject: Subject) -> tuple[str, int]:
    """Return the property that fails first, the simplest of all, and the programs run until then.

    Until something has failed nothing is blocked, so that each property can be judged alone.
    """
    n_programs = 0
    for name in sorted(exam.cases, key=lambda i: CATALOGUE[i].level):
        alone = Exam({name: exam.cases[name]}, exam.seed, exam.n_cases, exam.witnesses)
        (result,) = examine(alone, subject, with_findings=False)
        n_programs += result.n_judged
        if result.verdict.is_bad:
            return name, n_programs
    return "", n_programs


@contextmanager
def _engine(name: str, recording: Recording) -> Iterator[Subject]:
    """Open a bug, a library or a submission of ours in this process."""
    if name in BUGS:
        with Bent(BUGS[name], recording) as bent:
            yield bent
    elif name in _KNOWN:
        yield InProcess(known_engine(name))
    else:
        from gradcheck_suite.engines.discovery import load

        yield InProcess(load(_SUBMISSIONS / name))
