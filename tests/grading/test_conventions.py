"""Conventions that a course fixes."""

from collections.abc import Callable
from dataclasses import replace

from gradcheck_suite.grading.conventions import chosen, hold_to
from gradcheck_suite.records import PropertyResult, Verdict

Make = Callable[..., tuple[PropertyResult, ...]]


def _choosing(make_results: Make, choice: str) -> tuple[PropertyResult, ...]:
    first, *rest = make_results(Verdict.PASS, Verdict.PASS, Verdict.FAIL)
    return (replace(first, reason=f"second_backward: {choice}"), *rest)


def test_what_was_chosen_is_read_from_the_results(make_results: Make) -> None:
    """A result that holds names the choice; other reasons are no choices."""
    assert chosen(_choosing(make_results, "adds")) == (("second_backward", "adds"),)
    assert chosen(_choosing(make_results, "sings")) == ()


def test_an_open_convention_fails_nobody(make_results: Make) -> None:
    """Without a choice fixed, the results stay as they are."""
    results = _choosing(make_results, "adds")
    assert hold_to({}, results) == results


def test_another_choice_than_the_fixed_one_fails(make_results: Make) -> None:
    """The reason says what was chosen and what the course expects."""
    first, second, _ = hold_to({"second_backward": "raises"}, _choosing(make_results, "adds"))
    assert first.verdict is Verdict.FAIL
    assert first.reason.startswith("got the convention second_backward = adds, expected raises")
    assert second.verdict is Verdict.PASS


def test_the_fixed_choice_passes(make_results: Make) -> None:
    """An engine that does as the course says is right."""
    results = _choosing(make_results, "raises")
    assert hold_to({"second_backward": "raises"}, results) == results
