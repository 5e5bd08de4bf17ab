"""Dialects: the conventions in which right engines differ."""

from dataclasses import replace

import pytest

from gradcheck_suite.engines.dialect import CONVENTIONS, FREE, PRESETS, Dialect, dialects


def test_without_conventions_there_is_one_dialect():
    """Where a property leaves nothing open, torch's choices hold."""
    assert list(dialects(())) == [Dialect()]


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_a_convention_is_tried_in_each_choice(name: str):
    """Every choice of an open convention is yielded, the others stay torch's."""
    found = list(dialects((name,)))
    assert [getattr(d, name) for d in found] == list(CONVENTIONS[name])
    others = set(CONVENTIONS) - {name}
    assert {getattr(d, other) for d in found for other in others} == {
        CONVENTIONS[other][0] for other in others
    }


def test_two_conventions_are_tried_in_every_combination():
    """Choices are independent of each other."""
    names = ("second_backward", "nonleaf_grad")
    found = [d.choices(names) for d in dialects(names)]
    assert len(set(found)) == 4
    assert found[0] == (("second_backward", "raises"), ("nonleaf_grad", "none"))


def test_the_first_choice_of_each_convention_is_torchs():
    """The default dialect is the first of every list."""
    assert {name: getattr(PRESETS["torch"], name) for name in CONVENTIONS} == {
        name: choices[0] for name, choices in CONVENTIONS.items()
    }


def test_needle_makes_the_other_choice_nearly_everywhere():
    """As torch it has no gradient before the first backward, and modes that leak; else not."""
    needle = PRESETS["needle"]
    torchs = {name for name, choices in CONVENTIONS.items() if getattr(needle, name) == choices[0]}
    assert torchs == {"unset_gradient", "suspended_generator"} | FREE
    others = CONVENTIONS.keys() - torchs
    assert all(getattr(needle, name) == CONVENTIONS[name][1] for name in others)


def test_micrograd_differs_from_needle_in_what_counts_as_wrong_alone():
    """Micrograd adds up over backward passes, from zeros; needle puts a new gradient in place."""
    micrograd = replace(PRESETS["micrograd"], accumulation="overwrites", unset_gradient="none")
    assert micrograd == PRESETS["needle"]


def test_an_unknown_convention_is_refused():
    """A misspelt convention would silently mean torch's choice."""
    with pytest.raises(AssertionError, match="expected conventions"):
        list(dialects(("second_backwards",)))
