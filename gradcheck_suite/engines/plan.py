"""Plans: a Program made ready to be run, once for all engines and all runs.

A plan is a list of steps. What steps have in common that one function of an engine can take care of
(an op that is called in the same way, a backward with the same flags) is their form: an engine is
asked once for the function of a form, and a plan with an engine's functions in the place of forms
is bound to it. What remains for a run is one call a step, since the loop itself hands over operands
and puts away results in the few ways there are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from operator import attrgetter
from typing import Any, Final, NoReturn, TypeAlias

from gradcheck_suite.engines.protocol import Engine, Handle
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.engines.steps import (
    LOOK_STEPS,
    STEPS,
    Run,
    Step,
    apply,
    at_once,
    flag,
    generator,
    mode,
    thread,
)
from gradcheck_suite.program.editing import operands
from gradcheck_suite.program.instructions import (
    BLOCKS,
    Apply,
    Assign,
    Attributes,
    Backward,
    BackwardFrom,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    Instruction,
    Leaf,
    Meanwhile,
    Mode,
    Observe,
    Program,
    PushForward,
    RetainGrad,
    Thread,
)
from gradcheck_suite.program.kept import Kept

__all__ = [
    "BINARY",
    "MAKE",
    "STEP",
    "SWEEP",
    "UNARY",
    "VIEW",
    "Bound",
    "BoundPlan",
    "Form",
    "Plan",
    "StraightPlan",
    "plan_of",
]

MAKE, UNARY, BINARY, SWEEP, VIEW, STEP = range(6)
"""How the function of a form is called, and what becomes of the result.

``MAKE``: with two operands as they are; the result is a value. ``UNARY``, ``BINARY``: with the
values at one or two indices; likewise. ``SWEEP``: with the value at an index, and an operand as it
is; likewise. ``VIEW``: with the value at an index; the result was seen. ``STEP``: as a Step, which
does everything by itself; beside its operand are the indices of the values that it needs.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What one function of an engine takes care of; equal to itself alone, so that it is found."""

    how: int
    """How that function is called: ``MAKE`` and so on."""
    bind: Callable[[Any], Callable[..., Any]]
    """Returns the function of an engine."""


Planned: TypeAlias = tuple[Form, Any, Any]  # a form and up to two operands
Plan: TypeAlias = tuple[tuple[Form, int, Any, Any, int], ...]
"""For each step the form, how it is called, the operands, and the index of the instruction."""
BoundPlan: TypeAlias = list[tuple[Callable[..., Any], int, Any, Any, int]]
"""The same with the functions of one engine."""
StraightPlan: TypeAlias = list[tuple[Callable[..., Any], int, Any, Any]]
"""Likewise of a Program without blocks: the steps have the places of their instructions."""


class Bound(dict[Form, Callable[..., Any]]):
    """The functions of one engine, each made when it is first asked for."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.of_program = Kept(self._of_program)

    def __missing__(self, form: Form) -> Callable[..., Any]:
        try:
            self[form] = form.bind(self._engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the step
            self[form] = partial(_raise, error)
        return self[form]

    def of(self, plan: Plan) -> BoundPlan:
        """Return ``plan`` with this engine's functions."""
        return [(self[form], how, x, y, index) for form, how, x, y, index in plan]

    def _of_program(self, program: Program) -> tuple[bool, BoundPlan | StraightPlan]:
        """Return the plan of a Program, and whether it is straight."""
        plan = plan_of(program)
        if any(form in _NOT_STRAIGHT for form, *_ in plan):
            return False, self.of(plan)
        return True, [(self[form], how, x, y) for form, how, x, y, _ in plan]


@cache
def _as_it_stands(step: Step) -> Form:
    """Return the form of a step that is the same for every engine."""
    return Form(STEP, lambda _engine: step)


def _raise(error: Exception, *_operands: object) -> NoReturn:
    raise error.with_traceback(None)  # which would grow by each time that it is raised


def _plain(engine: Engine, call: Call) -> Callable[..., Handle]:
    """Return an op without settings, as a function of values."""
    return engine.caller(call) or (lambda *args: engine.apply(call.op, args, ()))


def _with_settings(engine: Engine, call: Call) -> Step:
    line = engine.caller(call)
    if line is None:
        return lambda run, index, given: apply(run, index, given[0])

    def step(run: Run, index: int, given: tuple[Any, ...]) -> None:
        i, settings = given
        values = run.values
        values[index] = line(*[values[a] for a in i.args], *settings)

    return step


_LEAF: Final = Form(MAKE, lambda engine: engine.maker(constant=False))
_CONSTANT: Final = Form(MAKE, lambda engine: engine.maker(constant=True))
_PLAIN_CONSTANT: Final = Form(MAKE, lambda _engine: lambda number, _: number)
_ASSIGN: Final = Form(BINARY, lambda engine: engine.assign)
_VALUE: Final = Form(VIEW, lambda engine: engine.viewer("value"))
_GRAD: Final = Form(VIEW, lambda engine: engine.viewer("grad"))


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
        return _as_it_stands(apply), i, i.args
    if form.how == STEP:
        return form, (i, settings), i.args
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


_READY: Final[Mapping[type, Callable[[Any], Planned]]] = {
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

_LOOKS: Final[Mapping[str, Form]] = {"value": _VALUE, "shape": _VALUE, "grad": _GRAD}
"""Likewise what is looked at most; the operand is the index of the value."""


_BLOCKS: Final = frozenset(BLOCKS)
_Turn: TypeAlias = tuple[Plan, Plan]  # inside of a generator, and outside while it waits


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

plan_of: Final = Kept(lambda program: _plan(program.instructions, 0))


def _planned(i: Instruction, index: int) -> Planned:
    """Return the form of an instruction's step, and its operands."""
    if type(i) in _READY:
        return _READY[type(i)](i)
    match i:
        case Observe(what, x):
            if what in _LOOKS:
                return _LOOKS[what], x, None
            return _as_it_stands(LOOK_STEPS.get(what, flag)), i, (x,)
        case Mode(body=body) if not i.decorator and any(isinstance(b, Meanwhile) for b in body):
            return _as_it_stands(generator), (i, *_turns(body, index + 1)), ()
        case Mode():
            return _as_it_stands(mode), (i, _plan(i.body, index + 1)), ()
        case Meanwhile():
            return _as_it_stands(at_once), _plan(i.body, index + 1), ()
        case Thread():
            return _as_it_stands(thread), _plan(i.body, index + 1), ()
        case PushForward(leaves=leaves):
            return _as_it_stands(STEPS[PushForward]), i, leaves
        case _:
            return _as_it_stands(STEPS[type(i)]), i, operands(i)


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


# Steps that run others, skip them or look at all values: the values need names for them.
_NOT_STRAIGHT: Final = frozenset(
    map(
        _as_it_stands,
        (at_once, generator, mode, thread, LOOK_STEPS["released"], STEPS[PushForward]),
    )
)
