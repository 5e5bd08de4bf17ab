"""Coverage: what an exam asks of each op, read off its Programs, and what it does not ask.

A *use* is one argument of one op in one Program: the form of the call, the argument's position,
whether a gradient flows back to it, how it was stretched, how often its value is used, its rank,
and the level of the property. What there is to be covered comes from the op table: every calling
form, every rank at which the op can be called, each argument of an elementwise op stretched in
every way, and values that are used once, twice and more often.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from gradcheck_suite.engines.everything import FORMS
from gradcheck_suite.errors import ProgramError
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    GradOf,
    InPlace,
    Instruction,
    Leaf,
    Mode,
    Program,
    SetRequiresGrad,
)
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.shapes import Shape, shape_of_result, shapes
from gradcheck_suite.program.table import OPS, op_named
from gradcheck_suite.properties.catalogue import CATALOGUE

__all__ = ["FAN_OUTS", "RANKS", "STRETCHES", "Coverage", "OpCoverage", "Stretch", "Use", "uses"]

Stretch: TypeAlias = Literal["", "scalar", "leading", "ones", "leading+ones"]
STRETCHES: Final[tuple[Stretch, ...]] = ("scalar", "leading", "ones", "leading+ones")
"""How an operand was broadcast: from rank 0, by axes in front, along axes of extent 1, by both."""
RANKS: Final = (0, 1, 2, 3)
FAN_OUTS: Final = (1, 2, 3)
"""How often a value is used in its Program; 3 stands for more, too."""


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One argument of one op in a Program."""

    op: str
    form: str
    """As in ``op:sum.axis``, without the op: ``axis``."""
    argument: str
    """Its name in the op table: ``x``, ``y``; a list's members have the list's name."""
    tracked: bool
    """A backward pass brings it a gradient."""
    stretch: Stretch
    fan_out: int
    rank: int


@dataclass(frozen=True, slots=True)
class OpCoverage:
    """What is asked of one op, and what of all that there is is not."""

    op: str
    n_programs: int
    n_forms: tuple[int, int]
    """Covered, and how many there are."""
    arguments: tuple[str, ...]
    """Those that get a gradient."""
    ranks: tuple[int, ...]
    stretches: tuple[tuple[str, Stretch], ...]
    """(argument, pattern), with a gradient."""
    n_stretches: int
    """How many there are."""
    fan_outs: tuple[int, ...]
    levels: tuple[int, ...]
    no_form: tuple[str, ...]
    no_argument: tuple[str, ...]
    no_rank: tuple[int, ...]
    no_stretch: tuple[tuple[str, Stretch], ...]
    no_fan_out: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an exam asks, op by op."""

    counts: Mapping[tuple[Use, int], int]
    """In how many Programs a use occurs at a level."""
    ops: tuple[OpCoverage, ...]
    """The ops that the exam's properties are about, in the order of the op table."""

    @classmethod
    def of(cls, exam: Exam) -> "Coverage":
        """Read the coverage of ``exam`` off its Programs."""
        counts: Counter[tuple[Use, int]] = Counter()
        n_programs: Counter[str] = Counter()
        for name, cases in exam.cases.items():
            level = CATALOGUE[name].level
            for case in cases:
                found = uses(case.program)
                counts.update((use, level) for use in found)
                n_programs.update({use.op for use in found})
        asked = {CATALOGUE[name].op for name in exam.cases} | n_programs.keys()
        rows = tuple(
            _of_op(op, [pair for pair in counts if pair[0].op == op.name], n_programs[op.name])
            for op in OPS.values()
            if op.name in asked
        )
        return cls(dict(sorted(counts.items())), rows)


def uses(program: Program) -> frozenset[Use]:
    """Return every use of an op's argument in ``program``."""
    known = shapes(program)
    made = dict(program.numbered())
    reached = _reached(made, _carrying(program))
    times = Counter(x for i in made.values() for x in _arguments(i))
    return frozenset(
        _use(instruction, k, known, reached.get(index, frozenset()), times)
        for index, instruction in made.items()
        if isinstance(instruction, Apply)
        for k in range(len(instruction.args))
    )


def _use(
    apply: Apply,
    k: int,
    known: Mapping[int, Shape],
    reached: frozenset[int],
    times: Mapping[int, int],
) -> Use:
    row = op_named(apply.op)
    x = apply.args[k]
    operands = tuple(known[a] for a in apply.args)
    result = shape_of_result(apply.op, operands, apply.attrs)
    return Use(
        op=apply.op,
        form=op_key(apply, operands).partition(".")[2],
        argument=row.arguments[min(k, len(row.arguments) - 1)],
        tracked=x in reached,
        stretch=_stretch(known[x], result) if _stretches(row) else "",
        fan_out=min(times[x], FAN_OUTS[-1]),
        rank=len(known[x]),
    )


def _arguments(instruction: Instruction) -> tuple[int, ...]:
    match instruction:
        case Apply(args=args):
            return args
        case InPlace(x=x, args=args):
            return (x, *args)
        case _:
            return ()


def _stretches(row: Op) -> bool:
    return row.signature in {"binary", "where"}


def _stretch(shape: Shape, result: Shape) -> Stretch:
    if shape == result:
        return ""
    if shape == ():
        return "scalar"
    leading = len(result) > len(shape)
    ones = result[len(result) - len(shape) :] != shape
    return "leading+ones" if leading and ones else "leading" if leading else "ones"


def _carrying(program: Program) -> frozenset[int]:
    """Return the values that require a gradient, by the flags alone."""
    found: set[int] = set()
    modes: list[tuple[int, bool]] = []  # where each open block ends, and what held before it
    enabled = True
    for index, instruction in program.numbered():
        while modes and index >= modes[-1][0]:
            enabled = modes.pop()[1]
        match instruction:
            case Mode(kind=kind, body=body):
                modes.append((index + 1 + sum(1 for _ in Program(body).numbered()), enabled))
                enabled = kind == "enable_grad"
            case Leaf(requires_grad=True) | GradOf():
                found.add(index)
            case SetRequiresGrad(x=x, flag=flag):
                (found.add if flag else found.discard)(x)
            case Apply() | InPlace() if enabled and found & set(_arguments(instruction)):
                found.add(index)
            case _:
                pass
    return frozenset(found)


def _reached(
    made: Mapping[int, Instruction], carrying: frozenset[int]
) -> dict[int, frozenset[int]]:
    """Return the values that a backward pass goes through, each with the arguments it reaches."""
    stack = [i.x for i in made.values() if isinstance(i, Backward) and i.x in carrying]
    found: dict[int, frozenset[int]] = {}
    while stack:
        index = stack.pop()
        if index not in found:
            found[index] = frozenset(_arguments(made[index])) & carrying
            stack += found[index]
    return found


# What there is to be covered


def _of_op(op: Op, pairs: Iterable[tuple[Use, int]], n_programs: int) -> OpCoverage:
    every = list(pairs)
    tracked = [use for use, _ in every if use.tracked]
    forms = {use.form for use, _ in every}
    arguments = {use.argument for use in tracked}
    ranks = {use.rank for use, _ in every}
    stretched = {(use.argument, use.stretch) for use in tracked if use.stretch}
    fan_outs = {use.fan_out for use in tracked}
    all_forms, all_ranks = _forms_of(op), _ranks_of(op)
    all_stretches = _stretches_of(op)
    return OpCoverage(
        op=op.name,
        n_programs=n_programs,
        n_forms=(len(forms.intersection(all_forms)), len(all_forms)),
        arguments=tuple(a for a in _tracked_arguments(op) if a in arguments),
        ranks=tuple(sorted(ranks)),
        stretches=tuple(pair for pair in all_stretches if pair in stretched),
        n_stretches=len(all_stretches),
        fan_outs=tuple(sorted(fan_outs)),
        levels=tuple(sorted({level for _, level in every})),
        no_form=tuple(form for form in all_forms if form not in forms),
        no_argument=tuple(a for a in _tracked_arguments(op) if a not in arguments),
        no_rank=tuple(rank for rank in all_ranks if rank not in ranks),
        no_stretch=tuple(pair for pair in all_stretches if pair not in stretched),
        no_fan_out=tuple(n for n in FAN_OUTS if n not in fan_outs),
    )


def _forms_of(op: Op) -> tuple[str, ...]:
    """Return every calling form of an op, plainest first."""
    names = (need.removeprefix("op:").partition(".") for need in FORMS)
    return tuple(sorted((f for n, _, f in names if n == op.name), key=lambda f: (f.count("+"), f)))


def _tracked_arguments(op: Op) -> tuple[str, ...]:
    """Return the arguments that can have a gradient: all but conditions and targets."""
    return tuple(a for a in op.arguments if a != "condition" and a not in op.constants)


def _stretches_of(op: Op) -> tuple[tuple[str, Stretch], ...]:
    if not _stretches(op):
        return ()
    return tuple((a, pattern) for a in _tracked_arguments(op) for pattern in STRETCHES)


@cache
def _ranks_of(op: Op) -> tuple[int, ...]:
    """Return the ranks at which the op can be called: what its own forward takes."""
    if op.examples:
        return tuple(sorted({len(s) for given, _ in op.examples for s in given} & {*RANKS}))
    return tuple(rank for rank in RANKS if _takes(op, (2,) * rank))


def _takes(op: Op, shape: Shape) -> bool:
    try:
        shape_of_result(op.name, (shape,) * len(op.arguments), op.attributes)
    except ProgramError:
        # An attribute that has to fit the shape has no default that fits them all.
        return op.signature == "broadcast_to"
    return True
