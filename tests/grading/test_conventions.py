"""What a grade tells of the conventions that an engine chose."""

from collections.abc import Callable
from dataclasses import replace

from gradcheck_suite.grading.conventions import chosen
from gradcheck_suite.records import PropertyResult, Verdict

Make = Callable[..., tuple[PropertyResult, ...]]
ADDS, RAISES = (("second_backward", "adds"),), (("second_backward", "raises"),)


def test_a_settled_choice_is_told(make_results: Make) -> None:
    """A result that one choice alone fits names it."""
    first, *rest = make_results(Verdict.PASS, Verdict.PASS, Verdict.FAIL)
    assert chosen((replace(first, choices=(ADDS,)), *rest)) == ADDS


def test_what_several_choices_fit_is_not_settled(make_results: Make) -> None:
    """Where nothing was seen that tells two choices apart, none is claimed."""
    first, *rest = make_results(Verdict.PASS, Verdict.PASS, Verdict.FAIL)
    assert chosen((replace(first, choices=(ADDS, RAISES)), *rest)) == ()


def test_what_all_choices_share_is_settled(make_results: Make) -> None:
    """Of two conventions one may be told where the other one is not."""
    first, *rest = make_results(Verdict.PASS, Verdict.PASS, Verdict.FAIL)
    both = tuple((("in_place", choice), ("views", "shared")) for choice in ("mutates", "refuses"))
    assert chosen((replace(first, choices=both), *rest)) == (("views", "shared"),)
