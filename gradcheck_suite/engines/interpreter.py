"""Run a Program on an Engine: every Observe, and every exception, becomes an Outcome."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from gradcheck_suite.engines.outcome import Flag, Nothing, Outcome, Outcomes, Raised
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    InPlace,
    Instruction,
    Leaf,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
)

__all__ = ["run"]

_MAX_KIND, _MAX_MESSAGE = 64, 300  # what fits a report; the wire format's own limits
_SILENCE: Final = ("ignore", None, Warning, None, 0)  # as warnings.simplefilter("ignore") puts it


class LeaveBlockError(Exception):
    """What the program itself raises inside a block, to see whether the mode is restored."""


class NeverMadeError(Exception):
    """An instruction uses a value whose own instruction raised: it is skipped."""


def run(program: Program, engine: Engine) -> Outcomes:
    """Run ``program`` on ``engine`` and return what was seen, by index of instruction.

    Nothing that the engine raises leaves this function, KeyboardInterrupt and SystemExit included:
    they come from the engine's code. What depends on a value that was never made has no outcome.
    """
    if warnings.filters[:1] == [_SILENCE]:  # as a worker's are: a context costs a microsecond
        return _Run(engine).program(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # else a caller's filter would turn them into exceptions
        return _Run(engine).program(program)


class _Values(dict[int, Handle]):
    """The values made so far, by the index of the instruction that made them."""

    def __missing__(self, index: int) -> Handle:
        raise NeverMadeError


class _Run:
    """The state of one run: the values made so far and what was seen."""

    __slots__ = ("engine", "next", "seen", "values")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.values = _Values()
        self.seen: dict[int, Outcome] = {}
        self.next = 0

    def program(self, program: Program) -> Outcomes:
        self.body(program.instructions)
        return self.seen

    def body(self, body: tuple[Instruction, ...]) -> None:
        for instruction in body:
            index = self.next
            self.next = index + 1
            try:
                _STEPS[type(instruction)](self, index, instruction)
            except NeverMadeError:
                continue
            except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
                self.seen[index] = _raised(error)


def _leaf(run: _Run, index: int, i: Leaf) -> None:
    run.values[index] = run.engine.leaf(i.array.numpy(), i.requires_grad)


def _constant(run: _Run, index: int, i: Constant) -> None:
    run.values[index] = run.engine.constant(i.array.numpy(), i.plain)


def _apply(run: _Run, index: int, i: Apply) -> None:
    values = run.values
    values[index] = run.engine.apply(i.op, [values[a] for a in i.args], i.attrs)


def _detach(run: _Run, index: int, i: Detach) -> None:
    run.values[index] = run.engine.detach(run.values[i.x])


def _grad_of(run: _Run, index: int, i: GradOf) -> None:
    run.values[index] = run.engine.grad_of(run.values[i.x])


def _backward(run: _Run, _index: int, i: Backward) -> None:
    cotangent = None if i.cotangent is None else i.cotangent.numpy()
    run.engine.backward(run.values[i.x], cotangent, i.retain_graph, i.create_graph)


def _clear_grad(run: _Run, _index: int, i: ClearGrad) -> None:
    run.engine.clear_grad(run.values[i.x])


def _retain_grad(run: _Run, _index: int, i: RetainGrad) -> None:
    run.engine.retain_grad(run.values[i.x])


def _set_requires_grad(run: _Run, _index: int, i: SetRequiresGrad) -> None:
    run.engine.set_requires_grad(run.values[i.x], i.flag)


def _in_place(run: _Run, index: int, i: InPlace) -> None:
    values = run.values
    values[index] = run.engine.apply_in_place(i.op, values[i.x], [values[a] for a in i.args])


def _assign(run: _Run, _index: int, i: Assign) -> None:
    run.engine.assign(run.values[i.x], run.values[i.y])


def _optimizer_step(run: _Run, _index: int, i: OptimizerStep) -> None:
    parameters = [run.values[p] for p in i.parameters]
    run.engine.optimizer_step(i.rule, parameters, i.settings)


def _observe(run: _Run, index: int, i: Observe) -> None:
    run.seen[index] = _look(run.engine, i.what, run.values[i.x])


def _mode(run: _Run, index: int, i: Mode) -> None:
    def body() -> None:
        run.body(i.body)
        if i.raises:
            raise LeaveBlockError

    try:
        with suppress(LeaveBlockError):
            if i.decorator:
                decorated: Callable[[], None] = run.engine.decorate(i.kind, body)
                decorated()
            else:
                with run.engine.mode(i.kind):
                    body()
    finally:  # the count goes on behind the block, however much of it was run
        run.next = index + _size(i)


# By the exact type: `match` tries up to 14 of them, which took a fifth of a run.
_STEPS: Final[Mapping[type, Callable[[_Run, int, Any], None]]] = {
    Leaf: _leaf,
    Constant: _constant,
    Apply: _apply,
    Detach: _detach,
    GradOf: _grad_of,
    Backward: _backward,
    ClearGrad: _clear_grad,
    RetainGrad: _retain_grad,
    SetRequiresGrad: _set_requires_grad,
    InPlace: _in_place,
    Assign: _assign,
    OptimizerStep: _optimizer_step,
    Observe: _observe,
    Mode: _mode,
}


def _look(engine: Engine, what: str, x: Handle) -> Outcome:
    match what:
        case "value" | "shape" | "dtype":
            return engine.value(x)
        case "grad":
            grad = engine.grad(x)
            return Nothing() if grad is None else grad
        case _:
            return Flag(engine.flag(what, x))


def _size(instruction: Instruction) -> int:
    """Return how many indices an instruction takes: a block's own, and those of its body."""
    return 1 + sum(map(_size, instruction.body)) if isinstance(instruction, Mode) else 1


def _raised(error: BaseException) -> Raised:
    """Describe an exception without trusting it: its ``__str__`` may raise too."""
    kind = type(error).__name__
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - foreign code again
        message = "(its message cannot be printed)"
    return Raised(str(kind)[:_MAX_KIND], str(message)[:_MAX_MESSAGE])
