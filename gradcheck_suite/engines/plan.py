"""Plans: a Program made ready to be run, once for all engines and all runs.

A plan is a list of steps. What steps have in common that one function of an engine can take care of
(an op that is called in the same way, a backward with the same flags) is their form: an engine is
asked once for the function of a form. What remains for a run is one look into a dict and one call
a step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol, TypeAlias

from gradcheck_suite.engines.outcome import Nothing, Outcome
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.program.instructions import (
    Apply,
    Attributes,
    Backward,
    Constant,
    Leaf,
)

__all__ = [
    "LOOKS",
    "READY",
    "Bound",
    "Form",
    "Plan",
    "Run",
    "Step",
    "apply",
    "as_it_stands",
]


class Run(Protocol):
    """What a step works on: an engine, the values made so far, and what was seen."""

    engine: Engine
    values: dict[int, Handle]
    seen: dict[int, Outcome]


Step: TypeAlias = Callable[[Any, int, Any], None]  # takes the run, the index and the operands


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What one function of an engine takes care of; equal to itself alone, so that it is found."""

    bind: Callable[[Any], Step]
    """Returns the step of an engine."""


class Bound(dict[Form, Step]):
    """The steps of one engine, each made when it is first asked for."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, form: Form) -> Step:
        self[form] = form.bind(self._engine)
        return self[form]


Plan: TypeAlias = tuple[tuple[Form, Any, int], ...]  # form, operands, index of the instruction


@cache
def as_it_stands(step: Step) -> Form:
    """Return the form of a step that is the same for every engine."""
    return Form(lambda _engine: step)


def apply(run: Run, index: int, i: Apply) -> None:
    """Apply an op, whatever its operands and settings are."""
    values = run.values
    values[index] = run.engine.apply(i.op, [values[a] for a in i.args], i.attrs)


def _leaf(engine: Engine) -> Step:
    make = engine.maker(constant=False)

    def step(run: Run, index: int, leaf: tuple[Numbers, bool]) -> None:
        numbers, requires_grad = leaf
        run.values[index] = make(numbers, requires_grad)

    return step


def _constant(engine: Engine) -> Step:
    make = engine.maker(constant=True)

    def step(run: Run, index: int, numbers: Numbers) -> None:
        run.values[index] = make(numbers, False)

    return step


def _call(engine: Engine, call: Call) -> Step:
    line = engine.caller(call)
    if line is None:
        return lambda run, index, operands: apply(run, index, operands[0])

    def unary(run: Run, index: int, operands: tuple[Any, ...]) -> None:
        _, _, x = operands
        values = run.values
        values[index] = line(values[x])

    def binary(run: Run, index: int, operands: tuple[Any, ...]) -> None:
        _, _, x, y = operands
        values = run.values
        values[index] = line(values[x], values[y])

    def with_settings(run: Run, index: int, operands: tuple[Any, ...]) -> None:
        _, settings, *args = operands
        values = run.values
        values[index] = line(*[values[a] for a in args], *settings)

    n = call.n_operands
    return {1: unary, 2: binary}.get(n, with_settings) if n == len(call.names) else with_settings


def _backward(engine: Engine, sweep: Sweep) -> Step:
    line = engine.sweeper(sweep)

    def step(run: Run, index: int, operands: tuple[int, Numbers | None]) -> None:
        x, cotangent = operands
        values = run.values
        values[index] = line(values[x], cotangent)

    return step


def _value(engine: Engine) -> Step:
    value = engine.value

    def step(run: Run, index: int, x: int) -> None:
        run.seen[index] = value(run.values[x])

    return step


def _grad(engine: Engine) -> Step:
    grad, nothing = engine.grad, Nothing()

    def step(run: Run, index: int, x: int) -> None:
        run.seen[index] = grad(run.values[x]) or nothing

    return step


_LEAF, _CONSTANT, _VALUE, _GRAD = map(Form, (_leaf, _constant, _value, _grad))


@cache
def _form_of_call(call: Call) -> Form:
    return Form(lambda engine: _call(engine, call))


@cache
def _form_of_sweep(*flags: bool) -> Form:
    return Form(lambda engine: _backward(engine, Sweep(*flags)))


def _given(run: Run, index: int, number: float) -> None:
    run.values[index] = number


def _plan_constant(i: Constant) -> tuple[Form, object]:
    numbers = Numbers.of(i.array)
    return (as_it_stands(_given), numbers.number) if i.plain else (_CONSTANT, numbers)


def _plan_apply(i: Apply) -> tuple[Form, object]:
    form, settings = _planned_call(i.op, i.attrs) if i.attrs else _planned_plain_call(i.op)
    return (form, (i, settings, *i.args)) if form else (as_it_stands(apply), i)


def _planned_call(op: str, attrs: Attributes) -> tuple[Form | None, tuple[Any, ...]]:
    found = Call.of(op, attrs)
    return (None, ()) if found is None else (_form_of_call(found[0]), found[1])


@cache
def _planned_plain_call(op: str) -> tuple[Form | None, tuple[Any, ...]]:
    return _planned_call(op, ())


def _plan_backward(i: Backward) -> tuple[Form, object]:
    given = None if i.cotangent is None else Numbers.of(i.cotangent)
    is_single = given is not None and given.number is not None
    form = _form_of_sweep(given is not None, is_single, i.retain_graph, i.create_graph)
    return form, (i.x, given)


READY: Final[Mapping[type, Callable[[Any], tuple[Form, object]]]] = {
    Leaf: lambda i: (_LEAF, (Numbers.of(i.array), i.requires_grad)),
    Constant: _plan_constant,
    Apply: _plan_apply,
    Backward: _plan_backward,
}
"""What engines are asked for most, as form and operands."""

LOOKS: Final[Mapping[str, Form]] = {"value": _VALUE, "shape": _VALUE, "grad": _GRAD}
"""Likewise what is looked at most; the operand is the index of the value."""
