"""The catalogue in words."""

import pytest

from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.report.catalogue import explained, listed
from gradcheck_suite.report.student import plain


def test_every_property_is_listed_once():
    """The list has a line for each property, under a theme that is there."""
    rows = [line.text.strip() for line in listed(tuple(CATALOGUE)) if line.tone == "plain"]
    texts = [row.partition("  ")[0] for row in rows]
    assert sorted(texts) == sorted(CATALOGUE)


def test_a_property_is_explained_by_an_example():
    """The example is the smallest that can be decided, with the answers beside it."""
    text = plain(explained("broadcasting[add]"))
    assert "its gradient is the sum over the copies" in " ".join(text.split())
    assert "broadcast:add" in text
    assert "c = a + b" in text
    assert "b.grad  # 3.0 +- 7e-16" in text


@pytest.mark.parametrize("name", ["second_backward", "nonleaf_gradients"])
def test_where_right_engines_differ_is_said(name: str):
    """Each convention stands with the choices that are accepted."""
    text = plain(explained(name))
    assert "right engines differ here" in text
    assert all(f"{convention}: " in text for convention in CATALOGUE[name].conventions)


def test_a_claim_that_something_raises_is_explained():
    """An exception that is required stands beside the instruction that has to raise it."""
    assert "e.backward()  # an exception" in plain(explained("second_backward"))
