"""Libraries known by name: their spellings are sound, whether they are installed or not."""

from importlib import import_module

import pytest

from gradcheck_suite.engines.everything import FORMS, every_form
from gradcheck_suite.engines.known import KNOWN
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import template


def spelling(name: str) -> Spelling:
    """Return the spelling of a known library."""
    module = import_module(f"gradcheck_suite.engines.libraries.{name}")
    return getattr(module, name.upper())


@pytest.mark.parametrize("name", KNOWN)
def test_every_op_is_one_of_the_table_in_a_form_that_it_has(name: str) -> None:
    """A template under a key that no program asks for would never be used."""
    keys = [key for key, _ in spelling(name).ops]
    assert len(keys) == len(set(keys))
    assert not [key for key in keys if "." in key and f"op:{key}" not in FORMS]
    assert all(isinstance(op_named(key.partition(".")[0]), Op) for key in keys)


@pytest.mark.parametrize("name", KNOWN)
def test_every_template_takes_all_operands(name: str) -> None:
    """An operand that a template forgets would be a wrong forward that is not the library's."""
    for key, text in spelling(name).ops:
        assert set(op_named(key.partition(".")[0]).arguments) <= template(text).names, key


@pytest.mark.parametrize("name", KNOWN)
def test_what_it_can_do_is_said_of_ops_that_it_has(name: str) -> None:
    """A form of an op that a library has not would be asked of it in vain."""
    found = spelling(name)
    ops = {key.partition(".")[0] for key, _ in found.ops}
    claimed = {need.removeprefix("op:").partition(".")[0] for need in found.can if "op:" in need}
    assert claimed <= ops


def test_an_op_with_templates_for_single_forms_alone_is_there_in_those() -> None:
    """``flip.axis`` says nothing of ``flip`` over all axes; ``sum`` does of all its forms."""
    forms = every_form((("flip.axis", "x.flip(axis)"), ("cumsum", "x.cumsum(axis)")))
    assert forms == {"op:cumsum", "op:cumsum.axis"}
