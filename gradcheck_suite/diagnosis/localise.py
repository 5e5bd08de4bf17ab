"""Localise a fault: is it the rule of one op, or the way in which gradients are put together?

Each op of a failing program is checked alone, at the values it had there and with a cotangent of
its own. If one is wrong it is named, with the argument and the element; if all are right the
structure is at fault.
"""

from collections.abc import Sequence

import numpy as np

from gradcheck_suite.diagnosis.claims import claim_of
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.outcome import Lost, Number
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.oracles.answer import Interval
from gradcheck_suite.oracles.semantics import Session
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import ops_used
from gradcheck_suite.program.instructions import Apply, Observe, Program
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.program.table import op_named
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import Judgement, Look
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import Fault
from gradcheck_suite.strategies.calls import Call, gradient_program

__all__ = ["place_of_fault"]

_GRAIN = 64  # local values are rounded to multiples of 1/64: exact in float32


def place_of_fault(
    entry: Property, failure: tuple[Case, Judgement], subject: Subject, reach: Reach
) -> tuple[Fault, str]:
    """Return where the fault is, as data and as a phrase."""
    case, judgement = failure
    blamed = _blamed(entry, case.program)
    if blamed:
        fault = _fault_of_op(blamed, case.program, judgement.looks)
        return fault, f"the op {blamed}{_argument_in_words(fault)}"
    if not entry.isolated and entry.asked != "limits":
        # Else the engine may be in the wrong mode by now; or rules are right at ordinary numbers.
        found = _wrong_alone(case, subject, reach)
        if found is not None:
            where = _argument_in_words(found) or ": its own rule"
            return found, f"the op {found.op}{where} is wrong at these values"
        right = "the rule of every op in it is right by itself: "
    else:
        right = ""
    claim = claim_of(entry, raised=judgement.raised)
    return Fault(claim=claim), f"{right}{entry.title}"


def _blamed(entry: Property, program: Program) -> str:
    """Return the op that a property is about, or the only one of a program that is about one."""
    if entry.op:
        return entry.op
    of_one_op = any("{op}" in feature for feature in entry.establishes) or entry.asked == "limits"
    used = ops_used(program)
    return next(iter(used)) if of_one_op and len(used) == 1 else ""


def _wrong_alone(case: Case, subject: Subject, reach: Reach) -> Fault | None:
    session = Session(Dialect(**dict(case.sheets[0].choices)))
    session.run(case.program)
    for index, instruction in case.program.numbered():
        if not isinstance(instruction, Apply) or index not in session.values:
            continue
        if f"gradient[{instruction.op}]" not in CATALOGUE:  # argmax, or a function of the user's
            continue
        operands = tuple(_rounded(session, a) for a in instruction.args)
        call = Call(instruction.op, operands, instruction.attrs)
        fault = _fault_alone(call, subject, reach)
        if fault is not None:
            return fault
    return None


def _rounded(session: Session, index: int) -> Array:
    variable = session.values[index]
    if variable.condition is not None:
        return Array.of(variable.condition)
    numbers = [round(float(n) * _GRAIN) / _GRAIN for n in variable.nodes.ravel().tolist()]
    return Array(variable.nodes.shape, tuple(numbers))


def _fault_alone(call: Call, subject: Subject, reach: Reach) -> Fault | None:
    entry = CATALOGUE.get(f"gradient[{call.op}]")
    if entry is None:  # it has no gradient
        return None
    shape = shape_of_result(call.op, tuple(a.shape for a in call.operands), call.attrs)
    program = gradient_program(call, _signed(shape), (True,) * len(call.operands))
    case = case_of(entry, program)
    if case is None or not reach.meets(case):
        return None
    outcomes = subject.run(program)
    if isinstance(outcomes, Lost):
        return None
    judgement = reach.judge(entry, case, outcomes)
    return None if judgement.right else _fault_of_op(call.op, program, judgement.looks)


def _fault_of_op(op: str, program: Program, looks: Sequence[Look]) -> Fault:
    """Return which argument and element of ``op`` are wrong, as far as one look tells."""
    instructions = dict(program.numbered())
    for look in looks:
        seen = instructions[look.index]
        if look.right or not isinstance(seen, Observe):
            continue
        return Fault(op, _argument(op, program, seen), _element(look))
    return Fault(op)


def _argument(op: str, program: Program, look: Observe) -> str:
    """Return the name of the argument whose gradient was looked at; '' for a value."""
    if look.what != "grad":
        return ""
    row = op_named(op)
    for _, instruction in program.numbered():
        if isinstance(instruction, Apply) and instruction.op == op and look.x in instruction.args:
            position = instruction.args.index(look.x)
            names = row.arguments
            is_alone = instruction.args.count(look.x) == 1
            return names[min(position, len(names) - 1)] if is_alone else ""
    return ""


def _element(look: Look) -> tuple[int, ...] | None:
    """Return the first element that is wrong, of several."""
    if not isinstance(look.answer, Interval) or not isinstance(look.outcome, Number):
        return None
    if look.misshapen or len(look.answer.middle) < 2:  # noqa: PLR2004 - of one there is no choice
        return None
    halves = look.answer.half32 if look.coarse else look.answer.half64
    numbers = zip(look.outcome.numbers, look.answer.middle, halves, strict=True)
    wrong = [k for k, (seen, middle, half) in enumerate(numbers) if not abs(seen - middle) <= half]
    if not wrong:
        return None
    return tuple(int(place) for place in np.unravel_index(wrong[0], look.answer.shape))


def _argument_in_words(fault: Fault) -> str:
    several = len(op_named(fault.op).arguments) > 1
    element = "" if fault.element is None else f", first at element {[*fault.element]}"
    if fault.argument and (several or element):
        return f": the gradient of its argument {fault.argument}{element}"
    return ""


def _signed(shape: Shape) -> Array:
    """Return a cotangent of different numbers of either sign: 1.5, -2, 2.5, -3, ..."""
    n = 1
    for extent in shape:
        n *= extent
    return Array(shape, tuple((1.5 + k / 2) * (-1) ** k for k in range(n)))
