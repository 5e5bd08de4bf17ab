"""Steps: what an instruction does that one function of an engine cannot do by itself."""

import gc
import threading
import weakref
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias

from gradcheck_suite.engines.outcome import Flag, Outcome
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.instructions import (
    Apply,
    Constant,
    Hook,
    HookRule,
    InPlace,
    Leaf,
    Misapply,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    SetRequiresGrad,
    Unhook,
)
from gradcheck_suite.program.paths import path

__all__ = [
    "LOOK_STEPS",
    "STEPS",
    "Run",
    "Step",
    "Values",
    "apply",
    "at_once",
    "flag",
    "generator",
    "mode",
    "thread",
]


Body: TypeAlias = Any  # the plan of a block's body: plans are made of steps, and come later


# By the index of the instruction. A list where all were made so far, and the step is straight.
Values: TypeAlias = dict[int, Handle] | list[Handle]


class Run(Protocol):
    """What a step works on: an engine, the values made so far, and what was seen."""

    source: Program
    engine: Engine
    values: Values
    seen: dict[int, Outcome]

    def body(self, plan: Body) -> None:
        """Run the plan of a block's body."""
        ...


Step: TypeAlias = Callable[[Any, int, Any], None]  # takes the run, the index and the operand


class LeaveBlockError(Exception):
    """What the program itself raises inside a block, to see whether the mode is restored."""


def apply(run: Run, index: int, i: Apply) -> None:
    """Apply an op, whatever its operands and settings are."""
    values = run.values
    values[index] = run.engine.apply(i.op, [values[a] for a in i.args], i.attrs)


def _misapply(run: Run, _index: int, i: Misapply) -> None:
    run.engine.apply(i.op, [run.values[a] for a in i.args], i.attrs)


def _set_requires_grad(run: Run, _index: int, i: SetRequiresGrad) -> None:
    run.engine.set_requires_grad(run.values[i.x], i.flag)


def _in_place(run: Run, index: int, i: InPlace) -> None:
    values = run.values
    others = [values[a] for a in i.args]
    values[index] = run.engine.apply_in_place(i.op, values[i.x], others, i.attrs)


def _hook(run: Run, index: int, i: Hook) -> None:
    run.values[index] = run.engine.hook(run.values[i.x], _HOOKS[i.rule])


def _unhook(run: Run, _index: int, i: Unhook) -> None:
    run.engine.unhook(run.values[i.hook])


def _push_forward(run: Run, index: int, i: PushForward) -> None:
    steps = path(run.source, i.x, i.leaves)

    values = run.values
    assert isinstance(values, dict)

    def function(*primals: Handle) -> Handle:
        known = {**values, **dict(zip(i.leaves, primals, strict=True))}
        for k, step in steps:
            known[k] = run.engine.apply(step.op, [known[a] for a in step.args], step.attrs)
        return known[i.x]

    primals = [run.values[leaf] for leaf in i.leaves]
    tangents = [tangent.numpy() for tangent in i.tangents]
    run.values[index] = run.engine.push_forward(function, primals, tangents)


def _optimizer_step(run: Run, _index: int, i: OptimizerStep) -> None:
    parameters = [run.values[p] for p in i.parameters]
    run.engine.optimizer_step(i.rule, parameters, i.settings)


def _optimizer_clear(run: Run, _index: int, i: OptimizerClear) -> None:
    parameters = [run.values[p] for p in i.parameters]
    run.engine.optimizer_clear(i.rule, parameters, i.settings)


def flag(run: Run, index: int, i: Observe) -> None:
    """Look at what is true or not."""
    run.seen[index] = Flag(run.engine.flag(i.what, run.values[i.x]))


def _cotangent(run: Run, index: int, i: Observe) -> None:
    run.seen[index] = unwrap(run.values[i.x])


def _released(run: Run, index: int, i: Observe) -> None:
    run.seen[index] = Flag(_is_released(run, i.x))


def _is_released(run: Run, x: int) -> bool:
    """Let go of all results and gradients, and tell whether the result at ``x`` is gone.

    A gradient may have a graph of its own, which leads to results; some engines give one to
    constants, too.
    """
    values = run.values
    assert isinstance(values, dict)
    is_gone = _watched(values[x])
    made = {k for k, i in run.source.numbered() if isinstance(i, (Leaf, Constant))}
    for k in [k for k in values if k not in made]:
        del values[k]
    for one in values.values():
        with suppress(Exception):  # it may have no way to
            run.engine.clear_grad(one)
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


def thread(run: Run, _index: int, plan: Body) -> None:
    """Run the body in a thread of its own, and wait for it."""
    other = threading.Thread(target=run.body, args=(plan,))
    other.start()
    other.join()


def mode(run: Run, _index: int, block: tuple[Mode, Body]) -> None:
    """Run the body inside a gradient mode, by ``with`` or by a decorator."""
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


def at_once(run: Run, _index: int, plan: Body) -> None:
    """Run the body as if it stood outside of its block."""
    run.body(plan)


def generator(
    run: Run, _index: int, block: tuple[Mode, tuple[tuple[Body, Body], ...], Body]
) -> None:
    """Run the body inside a mode in a generator.

    The block has the Mode, what is run before each suspension and what outside meanwhile, and what
    remains to be run.
    """
    i, turns, rest = block

    def steps() -> Generator[None, None, None]:
        with run.engine.mode(i.kind):
            for inside, _ in turns:
                run.body(inside)
                yield
            run.body(rest)
            if i.raises:
                raise LeaveBlockError

    begun = steps()
    for _, outside in turns:
        next(begun)
        run.body(outside)
    if not rest and not i.raises:
        begun.close()
    else:
        with suppress(LeaveBlockError):
            next(begun, None)


STEPS: Final[Mapping[type, Step]] = {
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


LOOK_STEPS: Final[Mapping[str, Step]] = {"cotangent": _cotangent, "released": _released}
