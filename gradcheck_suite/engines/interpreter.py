"""Run a Program on an Engine: every Observe, and every exception, becomes an Outcome."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from gradcheck_suite.engines.deadline import OutOfTimeError
from gradcheck_suite.engines.outcome import Outcome, Outcomes, Raised
from gradcheck_suite.engines.plan import (
    BINARY,
    MAKE,
    STEP,
    SWEEP,
    UNARY,
    VIEW,
    BoundPlan,
    Plan,
    StraightPlan,
)
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.steps import Values
from gradcheck_suite.program.instructions import Program

__all__ = ["run", "silence"]

_MAX_KIND, _MAX_MESSAGE = 64, 300  # what fits a report; the wire format's own limits
_SILENCE: Final = ("ignore", None, Warning, None, 0)  # as warnings.simplefilter("ignore") puts it


def run(program: Program, engine: Engine) -> Outcomes:
    """Run ``program`` on ``engine`` and return what was seen, by index of instruction.

    Nothing that the engine raises leaves this function, KeyboardInterrupt and SystemExit included:
    they come from the engine's code. OutOfTimeError alone does, where a deadline was set. What
    depends on a value that was never made has no outcome.
    """
    this = _Run(program, engine)
    is_straight, steps = engine.bound.of_program(program)
    go = this.straight if is_straight else this.steps
    filters = warnings.filters
    if filters and filters[0] == _SILENCE:  # as a worker's are: a context costs a microsecond
        go(steps)
    else:
        with silence():
            go(steps)
    return this.seen


@contextmanager
def silence() -> Iterator[None]:
    """Ignore warnings, which a caller's filter may turn into exceptions; once for many runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Run:
    """The state of one run: the values made so far and what was seen."""

    __slots__ = ("engine", "seen", "source", "values")

    def __init__(self, source: Program, engine: Engine) -> None:
        self.source = source
        self.engine = engine
        self.values: Values = {}
        self.seen: dict[int, Outcome] = {}

    def body(self, plan: Plan) -> None:
        """Run the plan of a block's body."""
        self.steps(self.engine.bound.of(plan))

    def straight(self, steps: StraightPlan) -> None:
        """Run steps that come one after the other, up to the first exception as fast as it goes.

        No calls in between: micrograd itself needs no more than one or two a step.
        """
        values: list[Handle] = []  # up to there, each instruction has its place
        self.values, seen = values, self.seen
        how = STEP
        try:
            for function, how, x, y in steps:
                if how == BINARY:
                    values.append(function(values[x], values[y]))
                elif how == UNARY:
                    values.append(function(values[x]))
                elif how == VIEW:
                    seen[len(values)] = function(values[x])
                    values.append(None)
                elif how == SWEEP:
                    values.append(function(values[x], y))
                elif how == MAKE:
                    values.append(function(x, y))
                else:
                    values.append(None)
                    function(self, len(values) - 1, x)
        except OutOfTimeError:
            raise
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            index = len(values) - (how == STEP)
            seen[index] = _raised(error)
        else:
            return
        # The rest is run out here, where the exception and all that it holds is gone.
        self.values = dict(enumerate(values[:index]))
        self.steps([(*step, k) for k, step in enumerate(steps) if k > index])

    def steps(self, steps: BoundPlan) -> None:
        """Run steps, and pass over those that need a value that was never made."""
        values, seen = self.values, self.seen
        assert isinstance(values, dict)
        for function, how, x, y, index in steps:
            try:
                if how == BINARY:
                    values[index] = function(values[x], values[y])
                elif how == UNARY:
                    values[index] = function(values[x])
                elif how == VIEW:
                    seen[index] = function(values[x])
                elif how == SWEEP:
                    values[index] = function(values[x], y)
                elif how == MAKE:
                    values[index] = function(x, y)
                else:
                    function(self, index, x)
            except OutOfTimeError:
                raise
            except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
                if values.keys() >= _needed(how, x, y):
                    seen[index] = _raised(error)


def _needed(how: int, x: Any, y: Any) -> set[int]:  # noqa: ANN401 - operands, whatever they are
    """Return the indices of the values that a step needs: it is skipped where one was never made.

    A block needs none: what stands in it is skipped by itself.
    """
    if how == BINARY:
        return {x, y}
    if how in _OF_ONE:
        return {x}
    return set(y) if how == STEP else set()


_OF_ONE: Final = frozenset({UNARY, SWEEP, VIEW})


def _raised(error: BaseException) -> Raised:
    """Describe an exception without trusting it: its ``__str__`` may raise too."""
    kind = type(error).__name__
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - foreign code again
        message = "(its message cannot be printed)"
    return Raised(str(kind)[:_MAX_KIND], str(message)[:_MAX_MESSAGE])
