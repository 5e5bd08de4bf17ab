"""Texts of submissions are shown as what they are."""

import pytest

from gradcheck_suite.grading.untrusted import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größer ≥ 2", "größer ≥ 2"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\rb\x00", "a\\x0db\\x00"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u2028b", "a\\u2028b"),
        ("one\ntwo", "one\ntwo"),
        ("\tx", "    x"),
    ],
)
def test_shapeless_characters_are_spelled_out(text: str, shown: str) -> None:
    """Controls, bidirectional overrides and surrogates appear as escapes; letters stay."""
    assert visible(text) == shown


def test_marks_that_pile_up_are_cut() -> None:
    """A letter keeps four combining marks; the rest is spelled out."""
    assert visible("e" + "\u0301" * 6).count("\u0301") == 4


def test_it_is_idempotent() -> None:
    """Making a text visible twice is the same as once."""
    once = visible("\x1b[0m\u202e" + "\u0301" * 9)
    assert visible(once) == once


def test_one_line_cuts_long_texts() -> None:
    """A long text of several lines becomes one line of the limit, with an ellipsis."""
    assert one_line("a\nb") == "a b"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
