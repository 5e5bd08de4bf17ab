"""The bug catalogue: each entry is whole, and bends an engine for as long as its block runs."""

import sys
from types import ModuleType

import pytest

from gradcheck_suite.bugs import catalogue
from gradcheck_suite.bugs.arguments import arguments_on
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.exams.build import draw_cases
from gradcheck_suite.program.instructions import Apply, Observe
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import judge
from reference.operators import OPS as ROWS
from reference.primitive import Primitive


def state() -> dict[str, object]:
    """Return whatever of the reference a patch could change, by name."""
    modules = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "reference"}
    found: dict[str, object] = {}
    for name, module in modules.items():
        for key, value in vars(module).items():
            found[f"{name}.{key}"] = value
            if isinstance(value, type) and value.__module__ == name:
                found |= {f"{name}.{key}.{k}": v for k, v in vars(value).items()}
    found |= {f"row {name}": op for name, op in ROWS.items()}
    found |= {f"rules of {n}": op.row for n, op in ROWS.items() if isinstance(op, Primitive)}
    found["mode"] = sys.modules["reference.modes"]._SWITCH.enabled
    return {k: v for k, v in found.items() if not isinstance(v, ModuleType)}


def test_no_two_bugs_have_one_id():
    """Every bug is there under an id of its own."""
    assert len(BUGS) == len(catalogue._ALL)


@pytest.mark.parametrize("bug", BUGS.values(), ids=list(BUGS))
def test_a_bug_names_what_there_is(bug):
    """Its killers are properties, its op is of the table, and its argument is one of that op's."""
    op, argument, claim = bug.place.op, bug.place.argument, bug.place.claim
    assert set(bug.killers) <= CATALOGUE.keys()
    assert bool(bug.killers) != bool(bug.equivalent)
    assert bool(op) != bool(claim)
    assert not op or op in OPS
    assert not argument or argument in OPS[op].arguments


def test_sentences_are_told_apart():
    """No two bugs are told a student in the same words."""
    assert len({bug.sentence for bug in BUGS.values()}) == len(BUGS)


@pytest.mark.parametrize("bug", BUGS.values(), ids=list(BUGS))
def test_a_bug_is_undone_exactly(bug):
    """After the block every function, rule and switch of the reference is the one it was."""
    before = state()
    with bug.engine():
        pass
    after = state()
    changed = [k for k in before.keys() | after.keys() if before.get(k) is not after.get(k)]
    assert changed == []


# Ops of several arguments that have a gradient each.
ARGUMENTS = [
    (op, position, argument)
    for op, row in OPS.items()
    for position, argument in enumerate(row.arguments)
    if len(row.arguments) > 1
    and f"gradient[{op}]" in CATALOGUE
    and argument not in {*row.constants, "condition", "xs"}
]


@pytest.mark.parametrize(
    ("op", "position", "argument"), ARGUMENTS, ids=[f"{op}.{name}" for op, _, name in ARGUMENTS]
)
def test_a_fault_of_one_argument_is_at_that_argument(op: str, position: int, argument: str):
    """Where an op sends no gradient to an argument, the others still get theirs."""
    entry = CATALOGUE[f"gradient[{op}]"]
    (missing, _) = arguments_on(op, argument, position)
    lost = set()
    for case in draw_cases(entry, "tensor", 1, 4):
        call = next(i for i in case.program.instructions if isinstance(i, Apply))
        with missing.engine() as engine:
            judgement = judge(case.sheets, run(case.program, engine), strict_shape=False)
        seen = dict(case.program.numbered())
        wrong = [seen[look.index] for look in judgement.looks if not look.right]
        lost |= {call.args.index(look.x) for look in wrong if isinstance(look, Observe)}
    assert lost == {position}
