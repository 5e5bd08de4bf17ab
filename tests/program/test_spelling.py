"""Spelling: plain data with torch-like defaults."""

from dataclasses import FrozenInstanceError, fields

import pytest

from gradcheck_suite.engines.libraries.reference import REFERENCE
from gradcheck_suite.engines.libraries.torch import TORCH
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS
from gradcheck_suite.program.template import template

_WORDS = {"name", "imports", "ops", "in_place", "optimizers", "can", "dtype", "kind"}


def test_name_and_leaf_are_enough():
    """The least engine has a leaf, data, a gradient and a backward; an optimizer would step."""
    least = Spelling(name="Value", leaf="Value(number)")
    templates = {f.name for f in fields(least) if f.name not in _WORDS and getattr(least, f.name)}
    assert templates == {"leaf", "value", "grad", "backward", "step"}


def test_spellings_are_values():
    """A spelling is frozen and hashable: it is compared and kept as a key."""
    least = Spelling(name="Value", leaf="Value(number)")
    assert len({least, Spelling(name="Value", leaf="Value(number)")}) == 1
    with pytest.raises(FrozenInstanceError):
        least.name = "other"


@pytest.mark.parametrize("spelling", [REFERENCE, TORCH], ids=lambda s: s.name)
def test_libraries_spell_every_op(spelling):
    """Each op of the table has a template that mentions all of its array arguments."""
    for op in OPS.values():
        names = template(dict(spelling.ops)[op.name]).names
        assert set(op.arguments) <= names, op.name


@pytest.mark.parametrize("spelling", [REFERENCE, TORCH], ids=lambda s: s.name)
def test_every_template_is_python(spelling):
    """No template of a library is broken."""
    texts = [getattr(spelling, f.name) for f in fields(spelling) if f.name not in _WORDS]
    texts += [text for _, text in (*spelling.ops, *spelling.in_place, *spelling.optimizers)]
    assert len([template(text) for text in texts if text]) > len(OPS)
