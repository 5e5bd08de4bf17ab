"""The bug catalogue: each entry is whole, and bends an engine for as long as its block runs."""

import sys
from types import ModuleType

import pytest

from gradcheck_suite.bugs import catalogue
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
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
