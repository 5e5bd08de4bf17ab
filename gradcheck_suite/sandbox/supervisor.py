"""The grader's side: one submission as a Subject, whatever its workers do."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.errors import ProgramError, SandboxError, SubmissionError, UsageError
from gradcheck_suite.program.codec import decode, encode
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.sandbox.answers import decode_answer
from gradcheck_suite.sandbox.clock import Clock
from gradcheck_suite.sandbox.isolation import Isolation, Reach
from gradcheck_suite.sandbox.limits import Limits
from gradcheck_suite.sandbox.plain import Discovery, unpack, unpack_discovery
from gradcheck_suite.sandbox.process import LostError, Process
from gradcheck_suite.sandbox.wire import NO_CASE, Kind, clean

__all__ = ["Supervisor"]

_OWN_SECONDS: Final = 30.0  # for what a worker does before the submission; 0.2 is usual
_SHORTEST: Final = 0.001  # seconds
_N_AHEAD: Final = 8  # Programs that a worker has been handed at a time
_MAX_DESCRIPTION: Final = 1 << 18  # bytes of a Spelling; the fullest known has 10,000


@dataclass(slots=True, eq=False)
class _Asked:
    """A Program whose answer is to come."""

    program: Program
    code: bytes
    process: Process | None = None
    """The worker that it was sent to; None before that."""
    case: int = NO_CASE


class Supervisor:
    """A submission that runs in workers of its own; a Subject, and a context manager.

    For one thread at a time; several Supervisors may run in as many threads.
    """

    def __init__(
        self,
        target: Path,
        *,
        entry: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        """Name the submission, a file or a folder, and the engine in it where it has several."""
        self._target = target.resolve()
        self._entry = entry
        self._limits = limits
        self._process: Process | None = None
        self._engine: tuple[Discovery, frozenset[str]] | None = None
        self._isolation: Isolation | None = None
        self._case = NO_CASE
        self._spent = 0.0
        self._n_deaths = 0

    def start(self) -> None:
        """Start a worker and find the engine.

        Raises SubmissionError where the submission cannot be graded, and SandboxError where the
        fault is not the submission's.
        """
        if self._engine is not None:
            return
        try:
            _, found = self._launch()
            self._engine = found, capabilities_of(found.spelling)
        except LostError as lost:
            self._stop()
            if lost.lost.kind == "infrastructure":
                raise SandboxError(str(lost)) from None
            msg = f"{self._target.name}: {lost} while it was imported and tried out"
            raise SubmissionError(msg) from None
        except (UsageError, RecursionError, MemoryError, ValueError) as error:
            self._stop()
            if isinstance(error, SubmissionError):
                raise
            msg = f"{self._target.name}: got an engine that cannot be described ({error})"
            raise SubmissionError(msg) from None
        except BaseException:
            self._stop()
            raise

    @property
    def spelling(self) -> Spelling:
        """Return how the engine is spoken to."""
        return self._started()[0].spelling

    @property
    def discovery(self) -> Discovery:
        """Return that, and what was not found and why."""
        return self._started()[0]

    @property
    def capabilities(self) -> frozenset[str]:
        """Return the needs that the engine meets."""
        return self._started()[1]

    @property
    def isolation(self) -> Isolation:
        """Return how far the workers were shut in: of several workers, the least."""
        if self._isolation is None:
            raise _not_started()
        return self._isolation

    @property
    def pid(self) -> int | None:
        """Return the process id of the worker that is there now."""
        return None if self._process is None else self._process.pid

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program; never raises on account of the submission."""
        (found,) = self.run_each((program,))
        return found

    def run_each(self, programs: Iterable[Program]) -> Iterator[Outcomes | Lost]:
        """Run one Program after the other; never raises on account of the submission.

        The worker is handed some of them ahead: it runs while the grader judges, and neither has to
        be woken for every case. Whose turn it is stays known, since replies come in the order of
        the requests; the clock of a case starts when the one before it was answered.
        """
        self._started()
        if self._process is not None and self._process.n_awaited:
            self._stop()  # somebody else is in the midst of asking it
        rest = iter(programs)
        asked: deque[_Asked] = deque()
        try:
            while True:
                asked += [_Asked(p, encode(p)) for p in islice(rest, _N_AHEAD - len(asked))]
                if not asked:
                    return
                found = self._answer(asked)
                asked.popleft()
                yield found
        finally:
            if any(one.process is not None and one.process is self._process for one in asked):
                self._stop()  # an interrupted case leaves an answer in the pipe

    def restart(self) -> None:
        """Let what comes next run in a fresh worker."""
        self._started()
        self._stop()

    def close(self) -> None:
        """End the worker without mercy. ``run`` would start another."""
        self._stop()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _started(self) -> tuple[Discovery, frozenset[str]]:
        if self._engine is None:
            raise _not_started()
        return self._engine

    def _refused(self) -> Lost | None:
        """Say why nothing more is run."""
        if self._n_deaths >= self._limits.max_deaths:
            return Lost("died", f"gave up after {self._n_deaths} deaths")
        if self._spent >= self._limits.submission_seconds:
            self._stop()
            seconds = self._limits.submission_seconds
            return Lost("deadline", f"the {seconds:g} s for the whole submission are used up")
        return None

    def _answer(self, asked: Sequence[_Asked]) -> Outcomes | Lost:
        """Return what came of the first of ``asked``, and send what has not been sent."""
        refused = self._refused()
        if refused is not None:
            return refused
        try:
            process = self._process or self._relaunch()
            for one in asked:
                if one.process is not process:
                    self._case += 1
                    one.process, one.case = process, self._case
                    process.request(one.case, one.code)
            return self._outcomes(asked[0], process)
        except LostError as error:
            self._stop()
            return self._lost(error.lost, asked[0].code)

    def _outcomes(self, one: _Asked, process: Process) -> Outcomes:
        clock = self._clock(process, self._limits.case_seconds)
        try:
            kind, body = process.reply(one.case, clock, self._limits.output_bytes)
        except LostError as lost:
            if lost.lost.kind == "died":
                raise LostError(Lost("died", f"{lost} while running the case")) from None
            raise
        finally:
            self._spent += clock.spent()
        if kind is not Kind.ANSWER:
            raise LostError(Lost("protocol", f"got a reply of kind {kind}, expected an answer"))
        try:
            return decode_answer(body, one.program)
        except SandboxError as error:
            raise LostError(Lost("protocol", str(error))) from None

    def _lost(self, lost: Lost, code: bytes) -> Lost:
        """Say why a case has no answer, and count it."""
        try:
            decode(code)
        except ProgramError as error:  # it broke the worker's reader, not its engine
            return Lost("infrastructure", str(error))
        if lost.kind == "timeout" and (refused := self._refused()) is not None:
            return refused
        self._n_deaths += lost.kind != "infrastructure"
        return lost

    def _relaunch(self) -> Process:
        """Start another worker, which must find the same engine."""
        try:
            process, found = self._launch()
        except SubmissionError as error:
            raise LostError(Lost("died", f"could not be started again: {error}")) from None
        except LostError as lost:
            raise LostError(Lost(lost.lost.kind, f"could not be started again: {lost}")) from None
        except SandboxError as error:
            raise LostError(Lost("infrastructure", str(error))) from None
        if found.spelling != self.spelling:
            raise LostError(Lost("protocol", "another engine was found in a fresh worker"))
        return process

    def _launch(self) -> tuple[Process, Discovery]:
        """Start a worker; return it and what it found.

        Raises SubmissionError as discovery does, LostError, and SandboxError without a process.
        """
        self._process = process = Process(self._target, self._entry, self._limits)
        self._shut_in(process)
        clock = self._clock(process, self._limits.import_seconds)
        try:
            kind, body = process.ask(NO_CASE, b"", clock, _MAX_DESCRIPTION)
        finally:
            self._spent += clock.spent()
        try:
            if kind is Kind.ENGINE:
                return process, unpack_discovery(body)
            reason = unpack(body) if kind is Kind.REFUSED else None
        except SandboxError as error:
            raise LostError(Lost("protocol", str(error))) from None
        if isinstance(reason, str):
            raise SubmissionError(clean(reason))
        raise LostError(Lost("protocol", f"got a reply of kind {kind}, expected an engine"))

    def _clock(self, process: Process, seconds: float) -> Clock:
        """Start a clock that stops with the submission's own at the latest."""
        left = self._limits.submission_seconds - self._spent
        return Clock(process.meter, max(min(seconds, left), _SHORTEST))

    def _shut_in(self, process: Process) -> None:
        """Wait until the worker has its layers on; whatever goes wrong here is not foreign."""
        try:
            reach = Reach.unpacked(process.set_up(Clock(process.meter, _OWN_SECONDS)))
        except LostError as lost:
            raise LostError(Lost("infrastructure", f"{lost} before the submission ran")) from None
        found = Isolation(reach)
        if self._isolation is None or found.level < self._isolation.level:
            self._isolation = found

    def _stop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


def _not_started() -> UsageError:
    return UsageError("got a Supervisor that was not started, expected start() to be called first")
