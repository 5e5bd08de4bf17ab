"""Training runs that fail: cut to the first wrong step, and told which parameter, and why."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from gradcheck_suite.diagnosis.agreement import are_near
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.wrong_rules import MISTAKES, Run, WrongRule
from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.engines.outcome import Flag, Lost, Number, Raised
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.oracles.answer import Answer, FlagIs, Interval, Sheet
from gradcheck_suite.oracles.reading import Reading, reading
from gradcheck_suite.oracles.session import Session
from gradcheck_suite.program.blocks import Line
from gradcheck_suite.program.instructions import (
    Assign,
    ClearGrad,
    Instruction,
    Leaf,
    Observe,
    OptimizerStep,
    Program,
)
from gradcheck_suite.properties.judging import Judgement, Look
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import Mistake

__all__ = [
    "cut_to_first_wrong_step",
    "first_wrong_step",
    "is_run",
    "mistake_in_run",
]

Failure = tuple[Case, Judgement]

_FEW: Final = 2  # runs: what fits more of them does not by chance
_WHATEVER_WIDTH: Final = Reading(grain=2.0**64)  # wrong runs lead to where few digits are left
_CHANGED: Final = (
    "the step changes the gradient itself, which is the user's until it is cleared: compute with a "
    "copy"
)
_OF_UPDATE: Final = (Assign, ClearGrad, Observe, OptimizerStep)


def is_run(entry: Property, program: Program) -> bool:
    """Tell whether a Program of a training property moves parameters."""
    moves = any(isinstance(i, (Assign, OptimizerStep)) for i in program.instructions)
    return moves and entry.code.startswith("T")


def cut_to_first_wrong_step(
    entry: Property, failure: Failure, subject: Subject, reach: Reach
) -> Failure:
    """Return the failure without the steps after the first that is wrong, if that still fails."""
    case, judgement = failure
    known = _steps(case.program)
    step = known[_first_wrong(judgement).index]
    end = 1 + max(look.index for look in judgement.looks if known[look.index] == step)
    cut = case_of(entry, _beginning(case.program, end))
    if cut is None or not reach.meets(cut):
        return failure
    outcomes = subject.run(cut.program)
    if isinstance(outcomes, Lost):
        return failure
    again = reach.judge(entry, cut, outcomes)
    return failure if again.right else (cut, again)


def first_wrong_step(failure: Failure, printed: Sequence[Line]) -> str:
    """Return ``step 2 is the first that is wrong, at a and the gradient of b``."""
    case, judgement = failure
    known = _steps(case.program)
    instructions = dict(case.program.numbered())
    names = {
        line.index: line.text.partition(" = ")[0] for line in printed if line.index is not None
    }
    step = known[_first_wrong(judgement).index]
    found = []
    for look in judgement.looks:
        seen = instructions[look.index]
        if look.right or known[look.index] != step:
            continue
        if isinstance(look.outcome, Raised) or not isinstance(seen, Observe):
            return f"step {step} raises"
        is_parameter = isinstance(instructions[seen.x], Leaf)
        name = names.get(seen.x, "") if is_parameter else "the loss"
        found.append(f"the gradient of {name}" if seen.what == "grad" else name)
    return f"step {step} is the first that is wrong, at {' and '.join(found)}"


def mistake_in_run(failures: Sequence[Failure]) -> Mistake | None:
    """Return the first mistake that explains every number of all ``failures``; None if none does.

    A failure in which nobody can say where the mistake leads to, by a division by zero, has no say.
    """
    if all(_changes_gradients_alone(*failure) for failure in failures):
        return Mistake((_CHANGED,), "likely", "every parameter is right, and gradients are not")
    for mistake in MISTAKES:
        told = {_explains(mistake, *failure) for failure in failures} - {None}
        if told == {True}:
            n = len(failures)
            evidence = f"it gives what came out in {'all ' if n > 1 else ''}{n} runs that are wrong"
            return Mistake((mistake.reason,), "sure" if n > _FEW else "likely", evidence)
    return None


def _steps(program: Program) -> dict[int, int]:
    """Return the number of its step for each instruction: each parameter is updated once in it."""
    found = {}
    step = 1
    updated: set[int] = set()
    for index, instruction in program.numbered():
        moved = _moved(instruction)
        if updated & moved or (updated and not isinstance(instruction, _OF_UPDATE)):
            step, updated = step + 1, set()
        updated |= moved
        found[index] = step
    return found


def _moved(instruction: Instruction) -> set[int]:
    match instruction:
        case Assign(x=x):
            return {x}
        case OptimizerStep(parameters=parameters):
            return {*parameters}
        case _:
            return set()


def _first_wrong(judgement: Judgement) -> Look:
    return next(look for look in judgement.looks if not look.right)


def _beginning(program: Program, end: int) -> Program:
    """Return the instructions before index ``end``, blocks whole."""
    kept, index = [], 0
    for instruction in program.instructions:
        if index >= end:
            break
        kept.append(instruction)
        index += sum(1 for _ in Program((instruction,)).numbered())
    return Program(tuple(kept))


def _changes_gradients_alone(case: Case, judgement: Judgement) -> bool:
    """Tell whether gradients are wrong after an optimizer's step, and every parameter is right."""
    instructions = dict(case.program.numbered())
    wrong = [instructions[look.index] for look in judgement.looks if not look.right]
    steps = any(isinstance(i, OptimizerStep) for i in instructions.values())
    return steps and all(isinstance(i, Observe) and i.what == "grad" for i in wrong)


def _explains(mistake: WrongRule, case: Case, judgement: Judgement) -> bool | None:
    """Tell whether every number comes out as it did when the oracle makes the same mistake."""
    if not any(isinstance(look.outcome, Number) for look in judgement.looks if not look.right):
        return False
    dialects = (Dialect(**dict(s.choices)) for s in case.sheets if _has_its_flags(s, judgement))
    runs = (mistake.change(Run(case.program, dialect)) for dialect in dialects)
    told = [_comes_out(run, judgement) for run in runs if run is not None]
    return True if True in told else None if None in told else False


def _has_its_flags(sheet: Sheet, judgement: Judgement) -> bool:
    """Tell whether the engine follows the conventions of a sheet, as far as flags tell."""
    seen = {look.index: look.outcome for look in judgement.looks}
    told = [(index, a.value) for index, a in sheet.answers if isinstance(a, FlagIs)]
    return all(seen.get(index, Flag(value)) == Flag(value) for index, value in told)


def _comes_out(run: Run, judgement: Judgement) -> bool | None:
    try:
        with reading(_WHATEVER_WIDTH), np.errstate(all="ignore"):
            found = Session(run.dialect, rules=run.rules).run(run.program)
    except (UndecidableError, ArithmeticError):
        return None
    except ValueError:  # shapes that do not fit: an engine that made this mistake would have raised
        return False
    return all(_agrees(found.get(look.index), look) for look in judgement.looks)


def _agrees(answer: Answer | None, look: Look) -> bool:
    """Tell whether a number that was seen is that of the wrong run; other looks do not count."""
    if not isinstance(look.outcome, Number) or not isinstance(look.answer, Interval):
        return not isinstance(look.outcome, Raised)
    if not isinstance(answer, Interval) or look.misshapen:
        return False
    half = answer.half32 if look.coarse else answer.half64
    return are_near(look.outcome.numbers, answer.middle, half)
