"""Points: what selects them, and what each verdict earns."""

from collections.abc import Callable

import pytest

from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.rubric import Rubric, rubric_of, score, totals
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.records import PropertyResult, Verdict

Make = Callable[..., tuple[PropertyResult, ...]]


def _worth(properties: dict[str, float]) -> dict[str, float]:
    return {row.property: row.worth for row in rubric_of(Assignment(properties=properties)).rows}


def test_the_default_asks_for_everything() -> None:
    """Without points, every property of the catalogue is worth one."""
    assert rubric_of(Assignment()).ids == tuple(CATALOGUE)


def test_what_no_key_selects_is_not_asked_for() -> None:
    """A rubric holds the selected properties and no other."""
    assert _worth({"gradient[tanh]": 2.0}) == {"gradient[tanh]": 2.0}


def test_an_id_goes_before_a_theme_and_a_theme_before_a_pattern() -> None:
    """The narrowest key gives the points, wherever it stands."""
    worth = _worth({"gradient[tanh]": 7.0, "gradient of each op": 5.0, "*": 1.0})
    assert (worth["gradient[tanh]"], worth["gradient[exp]"], worth["two_losses"]) == (7, 5, 1)


def test_of_two_patterns_the_later_holds() -> None:
    """Patterns alike in rank are read in order."""
    assert _worth({"*": 1.0, "gradient[*]": 2.0})["gradient[tanh]"] == 2
    assert _worth({"gradient[*]": 2.0, "*": 1.0})["gradient[tanh]"] == 1


def test_square_brackets_stand_for_themselves() -> None:
    """A pattern with brackets selects ids with brackets, not a class of letters."""
    assert set(_worth({"gradient[tan*]": 1.0})) == {"gradient[tan]", "gradient[tanh]"}


def test_themes_come_in_the_order_of_the_catalogue() -> None:
    """A report shows themes as the catalogue orders them."""
    assert rubric_of(Assignment()).themes == THEMES


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.PASS, (1, 1)),
        (Verdict.FAIL, (0, 1)),
        (Verdict.ERROR, (0, 1)),
        (Verdict.INCONCLUSIVE, (0, 1)),
        (Verdict.BLOCKED, (0, 0)),
        (Verdict.NOT_APPLICABLE, (0, 0)),
        (Verdict.INFRASTRUCTURE, (0, 0)),
    ],
)
def test_each_verdict_has_its_points(
    rubric: Rubric, make_results: Make, verdict: Verdict, expected: tuple[float, float]
) -> None:
    """A pass earns; a failure does not; what was not judged leaves the maximum."""
    scores = score(rubric, make_results(verdict, Verdict.PASS, Verdict.PASS))
    assert (scores[0].earned, scores[0].possible) == expected


def test_what_is_required_is_lost_where_it_is_not_there(make_results: Make) -> None:
    """A required property that does not apply stays in the maximum."""
    points = {"value[tanh]": 1.0, "gradient[tanh]": 1.0, "two_losses": 1.0}
    strict = rubric_of(Assignment(properties=points, required=("two_losses",)))
    results = make_results(Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE)
    assert totals(score(strict, results)) == (1, 2)


def test_a_submission_without_an_engine_loses_everything(rubric: Rubric) -> None:
    """With a problem in place of results, nothing is earned of the whole maximum."""
    assert totals(score(rubric, (), "no engine")) == (0, 6)


def test_a_result_that_we_lost_costs_nothing(rubric: Rubric, make_results: Make) -> None:
    """A property without a result is our fault and leaves the maximum."""
    results = make_results(Verdict.PASS, Verdict.PASS, Verdict.PASS)[:1]
    assert totals(score(rubric, results)) == (1, 1)
