"""Choosing properties: what keys stand for, and what they leave out."""

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.selection import selected
from gradcheck_suite.properties.catalogue import CATALOGUE


def test_a_key_with_an_exclamation_mark_leaves_out() -> None:
    """Alone, it leaves everything else; beside others, it takes from what they stand for."""
    assert set(CATALOGUE) - set(selected(["!value[*]"])) == set(selected(["value[*]"]))
    assert selected(["!value[add]", "value[a*]", "fan_out"]) == tuple(
        name for name in selected(["value[a*]", "fan_out"]) if name != "value[add]"
    )


def test_what_is_left_out_has_to_exist() -> None:
    """A wrong name behind the mark is told as any other."""
    with pytest.raises(UsageError, match="got the property 'nothing'"):
        selected(["!nothing"])
