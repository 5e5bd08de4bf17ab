"""The certified answer to a whole Program: what an engine must do at each observation."""

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.answer import (
    Answer,
    Answers,
    Interval,
    hull,
    mixture,
)
from gradcheck_suite.oracles.optimizers import RULES
from gradcheck_suite.oracles.reading import Asked, Reading, reading, readings
from gradcheck_suite.oracles.session import Session
from gradcheck_suite.program.instructions import (
    Apply,
    InPlace,
    Instruction,
    OptimizerStep,
    Program,
)
from gradcheck_suite.program.optimizers import settings_of
from gradcheck_suite.program.table import op_named

__all__ = ["Session", "answers"]


def answers(program: Program, dialect: Dialect, asked: Asked = "plain") -> Answers:
    """Return what an engine of ``dialect`` must do at each observation of ``program``.

    That is the hull of what the readings give. Raises UndecidableError where the answer cannot be
    enclosed tightly.
    """
    found: list[Answers] = []
    refused = UndecidableError("no leaf has a gradient")
    for chosen in readings(program, asked):
        try:
            found.append(_answers(program, dialect, chosen))
        except UndecidableError as error:
            if not chosen.nudge:
                raise
            refused = error  # a step that stays in the kink: another one leads out of it
    if not found:
        raise refused
    return tuple((index, _hull([dict(other)[index] for other in found])) for index, _ in found[0])


def _answers(program: Program, dialect: Dialect, chosen: Reading) -> Answers:
    """Return the answers under one reading.

    Engines may use any of an op's array formulas, mixed. Errors of different ops add up to first
    order, so the sum of the half-widths over the formulas holds every mixture.
    """
    n_variants = max((_n_forms(i) for _, i in program.numbered()), default=1)
    sheets = []
    refused: UndecidableError | None = None
    with reading(chosen):
        for variant in range(n_variants):
            try:
                sheets.append(Session(dialect, variant).run(program))
            except UndecidableError as error:
                refused = error
    if refused is not None and not (sheets and (chosen.only_finite or chosen.nudge)):
        raise refused
    return tuple(
        (index, _merged([sheet[index] for sheet in sheets])) for index in sorted(sheets[0])
    )


def _merged(variants: list[Answer]) -> Answer:
    first = variants[0]
    if not isinstance(first, Interval) or len(variants) == 1:
        return first
    return mixture([v for v in variants if isinstance(v, Interval)])


def _hull(found: list[Answer]) -> Answer:
    """Return the interval that holds all of ``found``; what is no number has to be the same."""
    first = found[0]
    if not isinstance(first, Interval) or len(found) == 1:
        return first
    return hull([v for v in found if isinstance(v, Interval)])


def _n_forms(instruction: Instruction) -> int:
    """Return in how many forms engines compute an instruction."""
    match instruction:
        case Apply(op=op) | InPlace(op=op):
            return len(op_named(op).array_formulas) or 1
        case OptimizerStep(rule=rule, settings=settings):
            settings_of(rule, settings)  # an unknown rule is told here
            return len(RULES[rule])
        case _:
            return 1
