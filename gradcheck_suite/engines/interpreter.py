"""Run a Program on an Engine: every Observe, and every exception, becomes an Outcome."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress

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


class LeaveBlockError(Exception):
    """What the program itself raises inside a block, to see whether the mode is restored."""


def run(program: Program, engine: Engine) -> Outcomes:
    """Run ``program`` on ``engine`` and return what was seen, by index of instruction.

    Nothing that the engine raises leaves this function, KeyboardInterrupt and SystemExit included:
    they come from the engine's code. What depends on a value that was never made has no outcome.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # else a caller's filter would turn them into exceptions
        return _Run(engine).program(program)


class _Run:
    """The state of one run: the values made so far and what was seen."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._values: dict[int, Handle] = {}
        self._seen: dict[int, Outcome] = {}
        self._next = 0

    def program(self, program: Program) -> Outcomes:
        self._body(program.instructions)
        return self._seen

    def _body(self, body: tuple[Instruction, ...]) -> None:
        for instruction in body:
            index = self._next
            self._next += 1
            if all(x in self._values for x in _operands(instruction)):
                self._attempt(index, instruction)
            elif isinstance(instruction, Mode):
                self._next += _size(instruction.body)

    def _attempt(self, index: int, instruction: Instruction) -> None:
        end = self._next + (_size(instruction.body) if isinstance(instruction, Mode) else 0)
        try:
            self._execute(index, instruction)
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            self._seen[index] = _raised(error)
        self._next = end

    def _execute(self, index: int, instruction: Instruction) -> None:
        engine, values = self._engine, self._values
        match instruction:
            case Leaf(array, requires_grad):
                values[index] = engine.leaf(array.numpy(), requires_grad)
            case Constant(array, plain):
                values[index] = engine.constant(array.numpy(), plain)
            case Apply(op, args, attrs):
                values[index] = engine.apply(op, [values[a] for a in args], attrs)
            case Detach(x):
                values[index] = engine.detach(values[x])
            case GradOf(x):
                values[index] = engine.grad_of(values[x])
            case Backward(x, cotangent, retain_graph, create_graph):
                seed = None if cotangent is None else cotangent.numpy()
                engine.backward(values[x], seed, retain_graph, create_graph)
            case ClearGrad(x):
                engine.clear_grad(values[x])
            case RetainGrad(x):
                engine.retain_grad(values[x])
            case SetRequiresGrad(x, flag):
                engine.set_requires_grad(values[x], flag)
            case InPlace(op, x, args):
                values[index] = engine.apply_in_place(op, values[x], [values[a] for a in args])
            case Assign(x, y):
                engine.assign(values[x], values[y])
            case OptimizerStep(rule, parameters, settings):
                engine.optimizer_step(rule, [values[p] for p in parameters], settings)
            case Observe(what, x):
                self._seen[index] = _look(engine, what, values[x])
            case Mode():
                self._mode(instruction)

    def _mode(self, mode: Mode) -> None:
        def body() -> None:
            self._body(mode.body)
            if mode.raises:
                raise LeaveBlockError

        with suppress(LeaveBlockError):
            if mode.decorator:
                decorated: Callable[[], None] = self._engine.decorate(mode.kind, body)
                decorated()
            else:
                with self._engine.mode(mode.kind):
                    body()


def _look(engine: Engine, what: str, x: Handle) -> Outcome:
    match what:
        case "value" | "shape" | "dtype":
            return engine.value(x)
        case "grad":
            grad = engine.grad(x)
            return Nothing() if grad is None else grad
        case _:
            return Flag(engine.flag(what, x))


def _operands(instruction: Instruction) -> Sequence[int]:
    match instruction:
        case Leaf() | Constant() | Mode():
            return ()
        case Apply(args=args):
            return args
        case InPlace(x=x, args=args):
            return (x, *args)
        case Assign(x, y):
            return (x, y)
        case OptimizerStep(parameters=parameters):
            return parameters
        case _:
            return (instruction.x,)


def _size(body: tuple[Instruction, ...]) -> int:
    return sum(1 + (_size(i.body) if isinstance(i, Mode) else 0) for i in body)


def _raised(error: BaseException) -> Raised:
    """Describe an exception without trusting it: its ``__str__`` may raise too."""
    kind = type(error).__name__
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - foreign code again
        message = "(its message cannot be printed)"
    return Raised(str(kind)[:_MAX_KIND], str(message)[:_MAX_MESSAGE])
