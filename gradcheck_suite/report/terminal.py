"""The terminal: lines with colour where there is one, progress, and the table of a class."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from gradcheck_suite.grading.events import (
    CaseProgress,
    ClassFinished,
    ClassStarted,
    Event,
    SubmissionGraded,
    SubmissionStarted,
)
from gradcheck_suite.grading.rubric import Graded
from gradcheck_suite.grading.tally import tally
from gradcheck_suite.grading.untrusted import one_line
from gradcheck_suite.report.student import Line, Tone
from gradcheck_suite.report.words import NOTHING, STRONG, counted, points
from gradcheck_suite.sandbox.isolation import CLAIMS

__all__ = [
    "ClassDisplay",
    "class_summary",
    "class_table",
    "isolation_line",
    "print_lines",
    "seconds",
    "watching",
]

STYLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "head": "bold",
        "good": "green",
        "bad": "red",
        "part": "yellow",
        "quiet": "dim",
        "code": "cyan",
        "plain": "",
    },
)


def print_lines(console: Console, lines: Iterable[Line]) -> None:
    """Print lines as they are: no markup is read in them, and none is wrapped."""
    for line in lines:
        console.print(Text(line.text, STYLES[line.tone]), soft_wrap=True)


def isolation_line(graded: Sequence[Graded]) -> Line | None:
    """Return the weakest isolation under which anything ran, and what may be claimed of it."""
    levels = [one.grade.isolation for one in graded if one.grade.spelling is not None]
    if not levels:
        return None
    level = min(levels)
    tone: Tone = "quiet" if level >= STRONG else "part"
    return Line(f"Isolation level {level} of 4: {CLAIMS[level]}.", tone)


def class_table(graded: Sequence[Graded]) -> Table:
    """Return one row for each submission: its engine, score, counts and first finding."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("submission", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for name in ("score", "passed", "failed", "left out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("first finding", overflow="fold")
    for one in graded:
        table.add_row(*_cells(one))
    return table


def seconds(value: float) -> str:
    """Return a duration as people read it: ``0.4 s``, ``12 s``, ``3 min 5 s``."""
    for bound, form in ((10, ".1f"), (60, ".0f")):
        if value < bound:
            return f"{value:{form}} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def class_summary(console: Console, graded: Sequence[Graded], page: Path) -> None:
    """Print the table of a class, under which isolation it ran, and where its page is."""
    console.print()
    console.print(class_table(graded))
    console.print()
    isolation = isolation_line(graded)
    print_lines(console, [isolation] if isolation else [])
    print_lines(console, [Line(f"Report: {page}")])


@contextmanager
def watching() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar on the error stream, for as long as the block runs."""
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        bar = bars.add_task("", total=None)

        def progress(stage: str, n_done: int, n_total: int) -> None:
            bars.update(bar, description=stage, completed=n_done, total=n_total)

        yield progress


class ClassDisplay:
    """Shows what happens: a bar with the time left, or plain lines where nobody watches."""

    def __init__(self, console: Console) -> None:
        """Show on ``console``."""
        self._console = console
        self._is_live = console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not self._is_live,
        )
        self._exam: TaskID | None = None
        self._class: TaskID | None = None
        self._running: dict[str, TaskID] = {}
        self._n_done = 0
        self._n_all = 0
        self.graded: tuple[Graded, ...] = ()
        """The grades in the order of the submissions, once the class is finished."""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def exam(self, n_done: int, n_total: int) -> None:
        """Show that the exam is ``n_done`` of ``n_total`` built."""
        if self._exam is None:
            self._exam = self._bars.add_task("building the exam", total=n_total)
            self._say("building the exam")
        self._bars.update(self._exam, completed=n_done, total=n_total)
        if n_done >= n_total:
            self._bars.update(self._exam, visible=False)

    def take(self, event: Event) -> None:
        """Show ``event``."""
        match event:
            case ClassStarted(names, n_jobs):
                self._n_all = len(names)
                self._class = self._bars.add_task("submissions", total=len(names))
                workers = counted(n_jobs, "worker")
                self._say(f"grading {counted(len(names), 'submission')} with {workers}")
            case SubmissionStarted(name):
                shown = f"  {one_line(name, 40)}"
                self._running[name] = self._bars.add_task(shown, total=None)
            case CaseProgress(name, stage, n_done, n_total):
                shown = f"  {one_line(name, 40)}: {stage}"
                bar = self._running[name]
                self._bars.update(bar, description=shown, completed=n_done, total=n_total)
            case SubmissionGraded(graded, duration):
                self._finish(graded, duration)
            case ClassFinished(all_graded, duration):
                self.graded = all_graded
                n = counted(len(all_graded), "submission")
                self._say(f"graded {n} in {seconds(duration)}")

    def _finish(self, graded: Graded, duration: float) -> None:
        grade = graded.grade
        self._n_done += 1
        bar = self._running.pop(grade.submission, None)
        if bar is not None:
            self._bars.remove_task(bar)
        if self._class is not None:
            self._bars.advance(self._class)
        score = f"{points(grade.points)} of {points(grade.max_points)} points"
        what = f"not graded: {one_line(grade.problem, 120)}" if grade.problem else score
        name = one_line(grade.submission, 60)
        self._say(f"[{self._n_done}/{self._n_all}] {name}: {what} ({seconds(duration)})")

    def _say(self, text: str) -> None:
        if not self._is_live:
            self._console.print(Text(text), soft_wrap=True)


def _cells(one: Graded) -> tuple[Text, ...]:
    grade = one.grade
    found = tally(r.verdict for r in grade.results)
    score = Text(f"{points(grade.points)} / {points(grade.max_points)}")
    name = Text(one_line(grade.submission, 32))
    if grade.problem:
        problem = Text(one_line(grade.problem, 200), STYLES["part"])
        return (name, Text(NOTHING, "dim"), score, Text(), Text(), Text(), problem)
    bad = [r for r in grade.results if r.verdict.is_bad]
    first = ""
    if bad:
        first = bad[0].finding.title if bad[0].finding else f"{bad[0].property}: {bad[0].reason}"
    return (
        name,
        Text(one_line(grade.engine, 16)),
        score,
        Text(str(found.passed), STYLES["good"] if found.passed else ""),
        Text(str(found.failed), STYLES["bad"] if found.failed else ""),
        Text(str(found.blocked), "dim"),
        Text(one_line(first, 100)),
    )
