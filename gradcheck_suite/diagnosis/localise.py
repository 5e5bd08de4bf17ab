"""Localise a fault: is it the rule of one op, or the way in which gradients are put together?

Each op of a failing program is checked alone, at the values it had there and with a cotangent of
its own. If one is wrong it is named; if all are right the structure is at fault.
"""

from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.oracles.semantics import Session
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import ops_used
from gradcheck_suite.program.instructions import Apply
from gradcheck_suite.program.shapes import Shape, shape_of_result
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property
from gradcheck_suite.strategies.calls import Call, gradient_program

__all__ = ["place_of_fault"]

_GRAIN = 64  # local values are rounded to multiples of 1/64: exact in float32


def place_of_fault(entry: Property, case: Case, subject: Subject, reach: Reach) -> str:
    """Return one sentence on where the fault is."""
    if entry.op:
        return f"the op {entry.op}"
    if any("{op}" in feature for feature in entry.establishes):
        blamed = sorted(ops_used(case.program))
        if len(blamed) == 1:
            return f"the op {blamed[0]}"
    if entry.isolated or entry.asked == "limits":
        # The engine may be in the wrong mode by now; or the rules are right at ordinary numbers.
        return entry.title
    session = Session(Dialect(**dict(case.sheets[0].choices)))
    session.run(case.program)
    for index, instruction in case.program.numbered():
        if not isinstance(instruction, Apply) or index not in session.values:
            continue
        if f"gradient[{instruction.op}]" not in CATALOGUE:  # argmax, or a function of the user's
            continue
        operands = tuple(_rounded(session, a) for a in instruction.args)
        call = Call(instruction.op, operands, instruction.attrs)
        if _is_wrong_alone(call, subject, reach):
            return f"the op {instruction.op}: its own rule is wrong at these values"
    return "the rule of every op in it is right by itself: " + entry.title


def _rounded(session: Session, index: int) -> Array:
    variable = session.values[index]
    if variable.condition is not None:
        return Array.of(variable.condition)
    numbers = [round(float(n) * _GRAIN) / _GRAIN for n in variable.nodes.ravel().tolist()]
    return Array(variable.nodes.shape, tuple(numbers))


def _is_wrong_alone(call: Call, subject: Subject, reach: Reach) -> bool:
    shape = shape_of_result(call.op, tuple(a.shape for a in call.operands), call.attrs)
    program = gradient_program(call, _signed(shape), (True,) * len(call.operands))
    entry = CATALOGUE.get(f"gradient[{call.op}]")
    if entry is None:
        return False
    case = case_of(entry, program)
    if case is None or not reach.meets(case):
        return False
    outcomes = subject.run(program)
    if isinstance(outcomes, Lost):
        return False
    return not reach.judge(entry, case, outcomes).right


def _signed(shape: Shape) -> Array:
    """Return a cotangent of different numbers of either sign: 1.5, -2, 2.5, -3, ..."""
    n = 1
    for extent in shape:
        n *= extent
    return Array(shape, tuple((1.5 + k / 2) * (-1) ** k for k in range(n)))
