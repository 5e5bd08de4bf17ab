"""The engine under judgement, wherever it runs: in this process or behind a sandbox."""

from collections.abc import Iterable, Iterator
from math import inf, isinf
from typing import Protocol

from gradcheck_suite.engines.deadline import OutOfTimeError, deadline
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.engines.protocol import Engine
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.spelling import Spelling

__all__ = ["InProcess", "Subject"]


class Subject(Protocol):
    """What the floors above ask of an engine under judgement."""

    @property
    def spelling(self) -> Spelling:
        """How the engine is spoken to."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """The needs that it meets."""
        ...

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program; never raises on account of the engine."""
        ...

    def run_each(self, programs: Iterable[Program]) -> Iterator[Outcomes | Lost]:
        """Run one Program after the other, and yield what came of each.

        A subject may run ahead of its caller.
        """
        ...

    def restart(self) -> None:
        """Forget whatever earlier Programs may have left behind, as far as that is possible."""
        ...


class InProcess:
    """An engine that runs in this process: code that is trusted, at full speed."""

    def __init__(self, engine: Engine, seconds: float = inf) -> None:
        """Wrap ``engine``, which has so many ``seconds`` of the processor for each Program."""
        self._engine = engine
        self._seconds = seconds
        self.spelling = engine.spelling
        self.capabilities = engine.capabilities

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program; an exception of the engine is an Outcome."""
        if isinf(self._seconds):  # a context that does nothing costs a microsecond
            return run(program, self._engine)
        try:
            with deadline(self._seconds):
                return run(program, self._engine)
        except OutOfTimeError:
            return Lost("timeout", f"no answer within {self._seconds:g} s of the processor")

    def run_each(self, programs: Iterable[Program]) -> Iterator[Outcomes | Lost]:
        """Run one Program when it is asked for."""
        return map(self.run, programs)

    def restart(self) -> None:
        """Do nothing: what an engine leaves behind in this process stays."""
