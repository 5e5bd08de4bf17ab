"""Wording that the terminal and the pages share."""

from collections.abc import Callable

import pytest

from gradcheck_suite.grading.rubric import Graded
from gradcheck_suite.grading.tally import Tally, tally
from gradcheck_suite.records import Verdict
from gradcheck_suite.report.words import MARKS, counted, mark_of, points, sentence
from gradcheck_suite.sandbox.isolation import CLAIMS

P, F, B = Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ((P, P, P), "All 3 properties hold."),
        ((P, F, P), "2 of 3 properties hold, 1 does not."),
        (
            (P, F, B),
            "1 of 2 properties hold, 1 does not; 1 more was left out because of what failed",
        ),
        ((Verdict.NOT_APPLICABLE,) * 3, "Nothing could be judged: the engine has no means"),
        ((P, P, Verdict.INCONCLUSIVE), "2 of 3 properties hold, 1 ran out of time."),
    ],
)
def test_a_grade_in_a_sentence(
    make_graded: Callable[..., Graded], verdicts: tuple[Verdict, ...], text: str
) -> None:
    """The sentence counts what holds, what does not, and what was left out."""
    grade = make_graded("ada", *verdicts).grade
    assert sentence(grade, tally(verdicts)).startswith(text)


def test_every_verdict_and_level_has_words() -> None:
    """No verdict and no isolation level is without its wording."""
    assert set(MARKS) == set(Verdict)
    assert len(CLAIMS) == 5


@pytest.mark.parametrize(
    ("found", "symbol"),
    [
        (Tally(passed=2), "✓"),
        (Tally(passed=1, failed=1), "◐"),
        (Tally(failed=1, blocked=1), "✗"),
        (Tally(inconclusive=1), "?"),
        (Tally(blocked=1, not_applicable=1), "⊘"),
        (Tally(infrastructure=1, blocked=1), "!"),
        (Tally(not_applicable=1), "\N{EN DASH}"),
    ],
)
def test_properties_together_have_one_mark(found: Tally, symbol: str) -> None:
    """The mark of a theme follows from its counts."""
    assert mark_of(found).symbol == symbol


def test_numbers_read_well() -> None:
    """Points lose their zeros, and nouns their s."""
    assert [points(2.0), points(7.5), points(0.1 + 0.2)] == ["2", "7.5", "0.3"]
    assert [counted(1, "property", "properties"), counted(0, "check")] == ["1 property", "0 checks"]
