"""Plans: a Program made ready to be run, once for all engines and all runs.

A plan is a list of steps. What steps have in common that one function of an engine can take care of
(an op that is called in the same way, a backward with the same flags) is their form: an engine is
asked once for the function of a form. What remains for a run is one look into a dict and one call
a step, since the loop itself hands over operands and puts away results in the few ways there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, Protocol, TypeAlias

from gradcheck_suite.engines.outcome import Nothing, Outcome
from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attributes,
    Backward,
    BackwardFrom,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Leaf,
    RetainGrad,
)

__all__ = [
    "BINARY",
    "LOOKS",
    "MAKE",
    "READY",
    "SWEEP",
    "UNARY",
    "VIEW",
    "Bound",
    "Form",
    "Plan",
    "Planned",
    "Run",
    "Step",
    "as_it_stands",
]

MAKE, UNARY, BINARY, SWEEP, VIEW, STEP = range(6)
"""How the function of a form is called, and what becomes of the result.

``MAKE``: with two operands as they are; the result is a value. ``UNARY``, ``BINARY``: with the
values at one or two indices; likewise. ``SWEEP``: with the value at an index, and an operand as it
is; likewise. ``VIEW``: with the value at an index; the result was seen. ``STEP``: as a Step, which
does everything by itself.
"""


class Run(Protocol):
    """What a step works on: an engine, the values made so far, and what was seen."""

    engine: Engine
    values: dict[int, Handle]
    seen: dict[int, Outcome]


Step: TypeAlias = Callable[[Any, int, Any], None]  # takes the run, the index and the operand


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What one function of an engine takes care of; equal to itself alone, so that it is found."""

    how: int
    """How that function is called: ``MAKE`` and so on."""
    bind: Callable[[Any], Callable[..., Any]]
    """Returns the function of an engine."""


class Bound(dict[Form, Callable[..., Any]]):
    """The functions of one engine, each made when it is first asked for."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, form: Form) -> Callable[..., Any]:
        self[form] = form.bind(self._engine)
        return self[form]


Planned: TypeAlias = tuple[Form, Any, Any]  # a form and up to two operands
Plan: TypeAlias = tuple[tuple[Form, int, Any, Any, int], ...]
"""For each step the form, how it is called, the operands, and the index of the instruction."""


@cache
def as_it_stands(step: Step) -> Form:
    """Return the form of a step that is the same for every engine."""
    return Form(STEP, lambda _engine: step)


def _apply(run: Run, index: int, i: Apply) -> None:
    """Apply an op, whatever its operands and settings are."""
    values = run.values
    values[index] = run.engine.apply(i.op, [values[a] for a in i.args], i.attrs)


def _plain(engine: Engine, call: Call) -> Callable[..., Handle]:
    """Return an op without settings, as a function of values."""
    return engine.caller(call) or (lambda *args: engine.apply(call.op, args, ()))


def _with_settings(engine: Engine, call: Call) -> Step:
    line = engine.caller(call)
    if line is None:
        return lambda run, index, operands: _apply(run, index, operands[0])

    def step(run: Run, index: int, operands: tuple[Any, ...]) -> None:
        i, settings = operands
        values = run.values
        values[index] = line(*[values[a] for a in i.args], *settings)

    return step


def _grad(engine: Engine) -> Callable[[Handle], Outcome]:
    grad, nothing = engine.grad, Nothing()
    return lambda x: grad(x) or nothing


_LEAF: Final = Form(MAKE, lambda engine: engine.maker(constant=False))
_CONSTANT: Final = Form(MAKE, lambda engine: engine.maker(constant=True))
_PLAIN_CONSTANT: Final = Form(MAKE, lambda _engine: lambda number, _: number)
_ASSIGN: Final = Form(BINARY, lambda engine: engine.assign)
_VALUE: Final = Form(VIEW, lambda engine: engine.value)


@cache
def _form_of_call(call: Call) -> Form:
    n = call.n_operands
    if n == len(call.names) and n in _BY_ARITY:
        return Form(_BY_ARITY[n], lambda engine: _plain(engine, call))
    return Form(STEP, lambda engine: _with_settings(engine, call))


_BY_ARITY: Final = {1: UNARY, 2: BINARY}


@cache
def _form_of_sweep(*flags: bool) -> Form:
    return Form(SWEEP, lambda engine: engine.sweeper(Sweep(*flags)))


def _plan_constant(i: Constant) -> Planned:
    numbers = Numbers.of(i.array)
    return (_PLAIN_CONSTANT, numbers.number, None) if i.plain else (_CONSTANT, numbers, False)


def _plan_apply(i: Apply) -> Planned:
    form, settings = _planned_call(i.op, i.attrs) if i.attrs else _planned_plain_call(i.op)
    if form is None:
        return as_it_stands(_apply), i, None
    if form.how == STEP:
        return form, (i, settings), None
    return form, i.args[0], i.args[-1]


def _planned_call(op: str, attrs: Attributes) -> tuple[Form | None, tuple[Any, ...]]:
    found = Call.of(op, attrs)
    return (None, ()) if found is None else (_form_of_call(found[0]), found[1])


@cache
def _planned_plain_call(op: str) -> tuple[Form | None, tuple[Any, ...]]:
    return _planned_call(op, ())


def _plan_backward(i: Backward) -> Planned:
    given = None if i.cotangent is None else Numbers.of(i.cotangent)
    is_single = given is not None and given.number is not None
    is_own = isinstance(i, BackwardFrom)
    form = _form_of_sweep(given is not None, is_single, i.retain_graph, i.create_graph, is_own)
    return form, i.x, given


def _of_one(name: str) -> Callable[[Any], Planned]:
    """Return what plans an instruction over ``x`` that one method of an engine does."""
    form = Form(UNARY, attrgetter(name))
    return lambda i: (form, i.x, None)


READY: Final[Mapping[type, Callable[[Any], Planned]]] = {
    Leaf: lambda i: (_LEAF, Numbers.of(i.array), i.requires_grad),
    Constant: _plan_constant,
    Apply: _plan_apply,
    Backward: _plan_backward,
    BackwardFrom: _plan_backward,
    Assign: lambda i: (_ASSIGN, i.x, i.y),
    Detach: _of_one("detach"),
    GradOf: _of_one("grad_of"),
    ClearGrad: _of_one("clear_grad"),
    RetainGrad: _of_one("retain_grad"),
}
"""What engines are asked for most, as form and operands."""

LOOKS: Final[Mapping[str, Form]] = {"value": _VALUE, "shape": _VALUE, "grad": Form(VIEW, _grad)}
"""Likewise what is looked at most; the operand is the index of the value."""
