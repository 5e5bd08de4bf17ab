"""The numbers to hold, measured: one table, and the machine that it was made on.

Run by ``make bench``. Whatever is a ratio is taken in one run, in turns, and is the median over
``REPEATS`` rounds; what runs in this process is timed by the processor's time, so that other work
on the machine counts as little as it can. What goes through processes is timed by the wall clock.
``CASES`` is how many programs are drawn for each property of the catalogue.
"""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from shutil import copytree
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
from hand import by_hand, forward_by_hand, runs_through

from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.interpreter import silence
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import Audience, build
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.exams.store import exam_bytes, parse_exam
from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.examiner import SandboxExaminer
from gradcheck_suite.grading.rubric import rubric_of
from gradcheck_suite.grading.runner import run_class
from gradcheck_suite.grading.storage import folder_names
from gradcheck_suite.grading.submissions import find_submissions
from gradcheck_suite.program.array import Array
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge
from gradcheck_suite.properties.property import Property
from gradcheck_suite.report.pages import Sheet
from gradcheck_suite.report.site import Site
from gradcheck_suite.sandbox.supervisor import Supervisor
from gradcheck_suite.strategies.builder import Builder

SUBMISSIONS = Path(__file__).parents[2] / "submissions"
CASES = int(os.environ.get("CASES", "4"))
REPEATS = int(os.environ.get("REPEATS", "9"))
N_SUBMISSIONS, N_CLASS_CASES, N_JOBS = 200, 1000, 2
MICRO = 1e6  # microseconds in a second


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the table, with what it is to be."""

    what: str
    figure: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        target, held = "", ""
        if self.at_most is not None:
            target, held = f"at most {self.at_most:g}", _held(self.figure <= self.at_most)
        if self.at_least is not None:
            target, held = f"at least {self.at_least:g}", _held(self.figure >= self.at_least)
        return f"{self.what:<66} {self.figure:>8.3g} {self.unit:<11} {target:<13} {held}".rstrip()


def _held(is_held: bool) -> str:
    return "held" if is_held else "NOT HELD"


Asked = Sequence[tuple[Property, Case]]


def main() -> None:
    """Measure one after the other, and print each figure as soon as it is there."""
    say(machine(), "")
    begin = perf_counter()
    exam = build(tuple(CATALOGUE), seed=0, n_cases=CASES)
    seconds = perf_counter() - begin
    exam = parse_exam(exam_bytes(exam), "the exam")  # as a grader has it
    drawn = f"drawing and certifying {exam.n_programs:,} programs, by the jury"
    say(Row(drawn, exam.n_programs / seconds, "programs/s"))
    for name in ("right_scalar", "micrograd", "right_tensor", "reference", "torch"):
        say(*replaying(name, engine_named(name), exam))
    for name in ("right_scalar", "right_tensor"):
        say(*sandboxed(SUBMISSIONS / name, exam))
    say(*beside_gradcheck(exam))
    say(a_class())


def say(*rows: object) -> None:
    """Print lines at once."""
    for row in rows:
        sys.stdout.write(f"{row}\n")
    sys.stdout.flush()


def machine() -> str:
    """Describe where the numbers come from."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor()
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{cpu}, {os.cpu_count()} cores, {versions}; medians of {REPEATS} rounds"


def engine_named(name: str) -> SpelledEngine:
    """Return an engine of the sample class, a known one, or micrograd as it is on PyPI."""
    if name == "micrograd":
        return load(Path("micrograd.engine:Value"))
    if (SUBMISSIONS / name).exists():
        return load(SUBMISSIONS / name)
    if name == "torch":
        import torch

        torch.set_num_threads(1)  # others wait in a loop, which counts as the processor's time
    return known_engine(name)


def asked_of(engine: SpelledEngine, exam: Exam) -> Asked:
    """Return the cases that ``engine`` has the means for.

    Isolated properties are left out: a chain of 10,000 ops, or a garbage collection that is part of
    the question, takes as long as a thousand other cases.
    """
    reach = Reach(engine.spelling, engine.capabilities)
    named = [(CATALOGUE[name], case) for name, cases in exam.cases.items() for case in cases]
    return [(e, case) for e, case in named if reach.meets(case) and not e.isolated]


def in_turns(
    *loops: Callable[[], object], clock: Callable[[], float] = process_time
) -> list[list[float]]:
    """Return the seconds of each loop in each round, after one that is not counted."""
    for loop in loops:
        loop()
    times: list[list[float]] = [[] for _ in loops]
    for _ in range(REPEATS):
        for seconds, loop in zip(times, loops, strict=True):
            begin = clock()
            loop()
            seconds.append(clock() - begin)
    return times


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median of the ratios, round by round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def replaying(name: str, engine: SpelledEngine, exam: Exam) -> list[Row]:
    """Replay in process what can be written by hand, too: it does not raise."""
    functions, asked = [], []
    for entry, case in asked_of(engine, exam):
        with silence():
            try:
                function = by_hand(case.program, engine)
            except SyntaxError:
                continue
            if runs_through(function):
                functions.append(function)
                asked.append((entry, case))
    subject = InProcess(engine)
    outcomes = [subject.run(case.program) for _, case in asked]

    def by_hand_all() -> None:
        for function in functions:
            function()

    def run_all() -> None:
        for _, case in asked:
            subject.run(case.program)

    def judge_all() -> None:
        for (entry, case), seen in zip(asked, outcomes, strict=True):
            assert not isinstance(seen, Lost)
            judge(case.sheets, seen, strict_shape=entry.strict_shape)

    hand, run, judged = in_turns(*(partial(quietly, f) for f in (by_hand_all, run_all, judge_all)))
    n = len(asked)
    whole = [a + b for a, b in zip(run, judged, strict=True)]
    own = f"{name}, {n:,} programs of {median(hand) / n * MICRO:.1f} us by hand"
    return [
        Row(f"{own}: running", ratio(run, hand), "times"),
        Row(f"{name}: running and judging", ratio(whole, hand), "times", at_most=1.5),
        Row(f"{name}: judging alone", median(judged) / n * MICRO, "us/program"),
    ]


def quietly(loop: Callable[[], None]) -> None:
    """Run a loop without warnings: one context for all, as ``examine`` has it for an exam."""
    with silence():
        loop()


def sandboxed(path: Path, exam: Exam) -> list[Row]:
    """Replay property by property, as an exam is: through the sandbox and, in turns, in process."""
    engine = load(path)
    subject = InProcess(engine)
    by_property = groupby(asked_of(engine, exam), key=lambda pair: pair[0].id)
    groups = [[case.program for _, case in pairs] for _, pairs in by_property]
    n = sum(map(len, groups))
    with Supervisor(path) as supervisor:
        inside, outside = in_turns(
            lambda: [list(subject.run_each(g)) for g in groups],
            lambda: [list(supervisor.run_each(g)) for g in groups],
            clock=perf_counter,
        )
        resident = resident_mib(supervisor.pid or 0)
    over = median(b - a for a, b in zip(inside, outside, strict=True)) / n * MICRO
    name = path.name
    return [
        Row(f"{name}, {n:,} programs: a case through the sandbox", over, "us more", 80),
        Row(f"{name}: a worker's resident memory after them", resident, "MiB", at_most=64),
    ]


def resident_mib(pid: int) -> float:
    """Return the most that a process has had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def beside_gradcheck(exam: Exam) -> list[Row]:
    """Judge gradients of torch in float64, and let torch.autograd.gradcheck do the same."""
    engine = engine_named("torch")
    drawn = gradchecked(engine, asked_of(engine, exam))
    layer = gradchecked(engine, [a_layer()])
    what = f"torch, {drawn.n:,} programs judged: over gradcheck"
    fast = ratio(drawn.fast, drawn.ours)
    ceiling = ratio(drawn.normal, drawn.alone)
    return [
        Row(what, ratio(drawn.normal, drawn.ours), "times", at_least=50),
        Row("torch: over gradcheck(fast_mode=True)", fast, "times", at_least=5),
        Row("torch: running and judging", median(drawn.ours) / drawn.n * MICRO, "us/program"),
        Row("torch: gradcheck", median(drawn.normal) / drawn.n * MICRO, "us/program"),
        Row("torch: gradcheck over torch alone, by hand: no more is possible", ceiling, "times"),
        Row(
            "torch, a layer of 336 numbers: over gradcheck",
            ratio(layer.normal, layer.ours),
            "times",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Gradchecked:
    """Seconds of each round, for the same programs."""

    n: int
    ours: list[float]
    normal: list[float]
    fast: list[float]
    alone: list[float]
    """Torch by itself, by hand."""


def gradchecked(engine: SpelledEngine, asked: Asked) -> Gradchecked:
    """Time those of ``asked`` that gradcheck can be asked, too."""
    import torch

    subject = InProcess(engine)
    kept, theirs, bare = [], [], []
    for entry, case in asked:
        made = forward_by_hand(case.program, engine)
        if not made or not runs_through(check := partial(torch.autograd.gradcheck, *made)):
            continue
        with silence():
            function = by_hand(case.program, engine)
            if runs_through(function):
                kept.append((entry, case))
                theirs.append(check)
                bare.append(function)

    def ours() -> None:
        for entry, case in kept:
            seen = subject.run(case.program)
            assert not isinstance(seen, Lost)
            assert judge(case.sheets, seen, strict_shape=entry.strict_shape).right

    def gradchecks(**how: bool) -> None:
        for check in theirs:
            check(**how)

    def torch_alone() -> None:
        for function in bare:
            function()

    fast = partial(gradchecks, fast_mode=True)
    times = in_turns(ours, gradchecks, fast, partial(quietly, torch_alone))
    return Gradchecked(len(kept), *times)


def a_layer() -> tuple[Property, Case]:
    """Return ``mean(tanh(x @ w + b) ** 2)`` for 4 rows of 16: gradcheck runs it for each number."""
    rng = np.random.default_rng(0)
    b = Builder()
    x, w, bias = (b.leaf(Array.of(rng.integers(-8, 9, n) / 16)) for n in ((4, 16), (16, 16), 16))
    y = b.apply("tanh", b.apply("add", b.apply("matmul", x, w), bias))
    b.backward(b.apply("mean", b.apply("mul", y, y)))
    b.observe("grad", x, w, bias)
    entry = CATALOGUE["expressions"]
    case = case_of(entry, b.program())
    assert case is not None
    return entry, case


def a_class() -> Row:
    """Grade a class with an exam that was made before: sandbox, results and pages included."""
    task = Assignment()
    rubric = rubric_of(task)
    engine = load(SUBMISSIONS / "right_scalar")
    n_each = 1
    while True:  # as many programs for each property as the whole number takes
        exam = build(rubric.ids, seed=0, n_cases=n_each, audience=Audience(("scalar",)))
        asked = asked_of(engine, exam)
        if len(asked) >= N_CLASS_CASES:
            break
        n_each *= 2
    cases: dict[str, tuple[Case, ...]] = {}
    for entry, case in spread(asked, N_CLASS_CASES):
        cases[entry.id] = (*cases.get(entry.id, ()), case)
    exam = replace(exam, cases={name: cases.get(name, ()) for name in exam.cases})
    with TemporaryDirectory() as folder:
        for k in range(N_SUBMISSIONS):
            copytree(SUBMISSIONS / "right_scalar", Path(folder, "class", f"student_{k:03}"))
        submissions = find_submissions(Path(folder, "class"))
        begin = perf_counter()
        names = folder_names(s.name for s in submissions)
        site = Site(Path(folder, "out"), Sheet(task.title, rubric, names))
        with closing(run_class(submissions, rubric, SandboxExaminer(task, exam), N_JOBS)) as events:
            for event in events:
                site.take(event)
        seconds = perf_counter() - begin
    what = f"a class of {N_SUBMISSIONS}, {exam.n_programs:,} cases, {N_JOBS} jobs: right_scalar"
    return Row(what, seconds, "s", at_most=90)


def spread(asked: Asked, n: int) -> Asked:
    """Return ``n`` cases at even distances."""
    return [asked[k * len(asked) // n] for k in range(n)]


if __name__ == "__main__":
    main()
