"""Run a Program on an Engine: every Observe, and every exception, becomes an Outcome."""

import gc
import threading
import warnings
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

from gradcheck_suite.engines.deadline import OutOfTimeError
from gradcheck_suite.engines.outcome import Flag, Outcome, Outcomes, Raised
from gradcheck_suite.engines.plan import (
    BINARY,
    LOOKS,
    MAKE,
    READY,
    SWEEP,
    UNARY,
    VIEW,
    Form,
    Plan,
    Planned,
    Step,
    as_it_stands,
)
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.instructions import (
    BLOCKS,
    Constant,
    Hook,
    HookRule,
    InPlace,
    Instruction,
    Leaf,
    Meanwhile,
    Misapply,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    SetRequiresGrad,
    Thread,
    Unhook,
)
from gradcheck_suite.program.kept import Kept
from gradcheck_suite.program.paths import path

__all__ = ["run", "silence"]

_MAX_KIND, _MAX_MESSAGE = 64, 300  # what fits a report; the wire format's own limits
_SILENCE: Final = ("ignore", None, Warning, None, 0)  # as warnings.simplefilter("ignore") puts it


_Turn: TypeAlias = tuple[Plan, Plan]  # inside of a generator, and outside while it waits


class LeaveBlockError(Exception):
    """What the program itself raises inside a block, to see whether the mode is restored."""


class NeverMadeError(Exception):
    """An instruction uses a value whose own instruction raised: it is skipped."""


def run(program: Program, engine: Engine) -> Outcomes:
    """Run ``program`` on ``engine`` and return what was seen, by index of instruction.

    Nothing that the engine raises leaves this function, KeyboardInterrupt and SystemExit included:
    they come from the engine's code. OutOfTimeError alone does, where a deadline was set. What
    depends on a value that was never made has no outcome.
    """
    this = _Run(program, engine)
    plan = _plan_of(program)
    if warnings.filters[:1] == [_SILENCE]:  # as a worker's are: a context costs a microsecond
        this.body(plan)
    else:
        with silence():
            this.body(plan)
    return this.seen


@contextmanager
def silence() -> Iterator[None]:
    """Ignore warnings, which a caller's filter may turn into exceptions; once for many runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Values(dict[int, Handle]):
    """The values made so far, by the index of the instruction that made them."""

    def __missing__(self, index: int) -> Handle:
        raise NeverMadeError


class _Run:
    """The state of one run: the values made so far and what was seen."""

    __slots__ = ("engine", "seen", "source", "values")

    def __init__(self, source: Program, engine: Engine) -> None:
        self.source = source
        self.engine = engine
        self.values = _Values()
        self.seen: dict[int, Outcome] = {}

    def body(self, plan: Plan) -> None:
        bound, values, seen = self.engine.bound, self.values, self.seen
        for form, how, x, y, index in plan:
            try:  # no calls in between: micrograd itself needs no more than one or two a step
                if how == BINARY:
                    values[index] = bound[form](values[x], values[y])
                elif how == UNARY:
                    values[index] = bound[form](values[x])
                elif how == VIEW:
                    seen[index] = bound[form](values[x])
                elif how == SWEEP:
                    values[index] = bound[form](values[x], y)
                elif how == MAKE:
                    values[index] = bound[form](x, y)
                else:
                    bound[form](self, index, x)
            except NeverMadeError:
                continue
            except OutOfTimeError:
                raise
            except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
                seen[index] = _raised(error)


# A step takes the run, the index and the instruction. What engines are asked for most is in `plan`.


def _misapply(run: _Run, _index: int, i: Misapply) -> None:
    run.engine.apply(i.op, [run.values[a] for a in i.args], i.attrs)


def _set_requires_grad(run: _Run, _index: int, i: SetRequiresGrad) -> None:
    run.engine.set_requires_grad(run.values[i.x], i.flag)


def _in_place(run: _Run, index: int, i: InPlace) -> None:
    values = run.values
    others = [values[a] for a in i.args]
    values[index] = run.engine.apply_in_place(i.op, values[i.x], others, i.attrs)


def _hook(run: _Run, index: int, i: Hook) -> None:
    run.values[index] = run.engine.hook(run.values[i.x], _HOOKS[i.rule])


def _unhook(run: _Run, _index: int, i: Unhook) -> None:
    run.engine.unhook(run.values[i.hook])


def _push_forward(run: _Run, index: int, i: PushForward) -> None:
    steps = path(run.source, i.x, i.leaves)

    def function(*primals: Handle) -> Handle:
        known = {**run.values, **dict(zip(i.leaves, primals, strict=True))}
        for k, apply in steps:
            known[k] = run.engine.apply(apply.op, [known[a] for a in apply.args], apply.attrs)
        return known[i.x]

    primals = [run.values[leaf] for leaf in i.leaves]
    tangents = [tangent.numpy() for tangent in i.tangents]
    run.values[index] = run.engine.push_forward(function, primals, tangents)


def _optimizer_step(run: _Run, _index: int, i: OptimizerStep) -> None:
    parameters = [run.values[p] for p in i.parameters]
    run.engine.optimizer_step(i.rule, parameters, i.settings)


def _optimizer_clear(run: _Run, _index: int, i: OptimizerClear) -> None:
    parameters = [run.values[p] for p in i.parameters]
    run.engine.optimizer_clear(i.rule, parameters, i.settings)


def _flag(run: _Run, index: int, i: Observe) -> None:
    run.seen[index] = Flag(run.engine.flag(i.what, run.values[i.x]))


def _cotangent(run: _Run, index: int, i: Observe) -> None:
    run.seen[index] = unwrap(run.values[i.x])


def _released(run: _Run, index: int, i: Observe) -> None:
    run.seen[index] = Flag(_is_released(run, i.x))


def _is_released(run: _Run, x: int) -> bool:
    """Let go of all results, and tell whether that at ``x`` is gone."""
    is_gone = _watched(run.values[x])
    made = {k for k, i in run.source.numbered() if isinstance(i, (Leaf, Constant))}
    for k in [k for k in run.values if k not in made]:
        del run.values[k]
    for generation in range(3):  # most go with the youngest: looking at everything takes long
        gc.collect(generation)
        if is_gone():
            return True
    return False


def _watched(x: Handle) -> Callable[[], bool]:
    """Return a function that tells whether ``x`` is gone, and does not keep it."""
    try:
        reference = weakref.ref(x)
    except TypeError:  # a class with __slots__
        mark = type(x), id(x)
        return lambda: mark not in [(type(o), id(o)) for o in gc.get_objects()]
    return lambda: reference() is None


def _thread(run: _Run, _index: int, plan: Plan) -> None:
    thread = threading.Thread(target=run.body, args=(plan,))
    thread.start()
    thread.join()


def _mode(run: _Run, _index: int, block: tuple[Mode, Plan]) -> None:
    i, plan = block

    def body() -> None:
        run.body(plan)
        if i.raises:
            raise LeaveBlockError

    with suppress(LeaveBlockError):
        if i.decorator:
            decorated: Callable[[], None] = run.engine.decorate(i.kind, body)
            decorated()
        else:
            with run.engine.mode(i.kind):
                body()


def _at_once(run: _Run, _index: int, plan: Plan) -> None:
    run.body(plan)


def _generator(run: _Run, _index: int, block: tuple[Mode, tuple[_Turn, ...], Plan]) -> None:
    i, turns, rest = block

    def steps() -> Generator[None, None, None]:
        with run.engine.mode(i.kind):
            for inside, _ in turns:
                run.body(inside)
                yield
            run.body(rest)
            if i.raises:
                raise LeaveBlockError

    generator = steps()
    for _, outside in turns:
        next(generator)
        run.body(outside)
    if not rest and not i.raises:
        generator.close()
    else:
        with suppress(LeaveBlockError):
            next(generator, None)


_STEPS: Final[Mapping[type, Step]] = {
    Misapply: _misapply,
    SetRequiresGrad: _set_requires_grad,
    InPlace: _in_place,
    OptimizerStep: _optimizer_step,
    OptimizerClear: _optimizer_clear,
    Hook: _hook,
    Unhook: _unhook,
    PushForward: _push_forward,
}

_HOOKS: Final[Mapping[HookRule, Callable[[Any], Any]]] = {
    "square": lambda gradient: gradient * gradient,
    "double": lambda gradient: gradient * 2.0,
    "nothing": lambda _gradient: None,
}


_LOOKS: Final[Mapping[str, Step]] = {"cotangent": _cotangent, "released": _released}


_BLOCKS: Final = frozenset(BLOCKS)


def _plan(body: tuple[Instruction, ...], index: int) -> Plan:
    """Return the plan of a body whose first instruction is at ``index``."""
    steps: list[tuple[Form, int, Any, Any, int]] = []
    for i in body:
        if type(i) in _BLOCKS:
            form, x, y = _planned(i, index)
            steps.append((form, form.how, x, y, index))
            index += _size(i)
            continue
        found = _PLANNED.get(id(i))
        if found is None:
            if len(_PLANNED) >= _MAX_PLANNED:
                _PLANNED.clear()
            form, x, y = _planned(i, index)
            _PLANNED[id(i)] = found = (form, form.how, x, y, i)
        steps.append((*found[:4], index))
        index += 1
    return tuple(steps)


# Of instructions that several Programs have, as those have that were read from bytes. Each is held,
# so that its id is not another's.
_PLANNED: Final[dict[int, tuple[Form, int, Any, Any, Instruction]]] = {}
_MAX_PLANNED: Final = 8192  # as many as the codec keeps

_plan_of: Final = Kept(lambda program: _plan(program.instructions, 0))


def _planned(i: Instruction, index: int) -> Planned:
    """Return the form of an instruction's step, and its operands."""
    if type(i) in READY:
        return READY[type(i)](i)
    match i:
        case Observe(what, x):
            if what in LOOKS:
                return LOOKS[what], x, None
            return as_it_stands(_LOOKS.get(what, _flag)), i, None
        case Mode(body=body) if not i.decorator and any(isinstance(b, Meanwhile) for b in body):
            return as_it_stands(_generator), (i, *_turns(body, index + 1)), None
        case Mode():
            return as_it_stands(_mode), (i, _plan(i.body, index + 1)), None
        case Meanwhile():
            return as_it_stands(_at_once), _plan(i.body, index + 1), None
        case Thread():
            return as_it_stands(_thread), _plan(i.body, index + 1), None
        case _:
            return as_it_stands(_STEPS[type(i)]), i, None


def _turns(body: tuple[Instruction, ...], index: int) -> tuple[tuple[_Turn, ...], Plan]:
    """Return what a generator's block runs before each suspension, beside what is run meanwhile.

    And what remains for the block to run after the last one.
    """
    turns: list[_Turn] = []
    begun: list[Instruction] = []
    start = index
    for i in body:
        if isinstance(i, Meanwhile):
            turns.append((_plan(tuple(begun), start), _plan(i.body, index + 1)))
            begun, start = [], index + _size(i)
        else:
            begun.append(i)
        index += _size(i)
    return tuple(turns), _plan(tuple(begun), start)


def _size(instruction: Instruction) -> int:
    """Return how many indices an instruction takes: a block's own, and those of its body."""
    return 1 + sum(map(_size, instruction.body)) if isinstance(instruction, BLOCKS) else 1


def _raised(error: BaseException) -> Raised:
    """Describe an exception without trusting it: its ``__str__`` may raise too."""
    kind = type(error).__name__
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - foreign code again
        message = "(its message cannot be printed)"
    return Raised(str(kind)[:_MAX_KIND], str(message)[:_MAX_MESSAGE])
