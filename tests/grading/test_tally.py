"""Counts over properties, themes and classes."""

from collections.abc import Callable

from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.grading.tally import Tally, by_theme, pass_rates, short_name, tally
from gradcheck_suite.records import PropertyResult, Verdict

Make = Callable[..., tuple[PropertyResult, ...]]


def test_every_verdict_is_counted_once() -> None:
    """The counts of a tally add up to the verdicts."""
    found = tally([*Verdict])
    assert found == Tally(1, 2, 1, 1, 1, 1)
    assert found.judged == 4


def test_a_theme_is_absent_when_nothing_applies() -> None:
    """Not applicable alone is absent; blocked is not."""
    assert tally([Verdict.NOT_APPLICABLE]).is_absent
    assert not tally([Verdict.NOT_APPLICABLE, Verdict.BLOCKED]).is_absent


def test_themes_keep_their_order(rubric: Rubric, make_results: Make) -> None:
    """Results are grouped in the order of the themes, without empty ones."""
    results = make_results(Verdict.PASS, Verdict.PASS, Verdict.PASS)
    assert tuple(by_theme(results, (*rubric.themes, "no such theme"))) == rubric.themes


def test_the_hardest_property_comes_first(
    rubric: Rubric, make_graded: Callable[..., Graded]
) -> None:
    """Pass rates rise; what nobody was judged on comes last; the ungradable do not count."""
    graded = [
        make_graded("a", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED),
        make_graded("b", Verdict.PASS, Verdict.PASS, Verdict.NOT_APPLICABLE),
        make_graded("c", problem="no engine"),
    ]
    rates = [(r.name, r.rate) for r in pass_rates(rubric, graded)]
    assert rates == [("gradient[tanh]", 0.5), ("value[tanh]", 1.0), ("two_losses", None)]


def test_short_names_tell_properties_of_a_theme_apart(make_results: Make) -> None:
    """The op stands for a property about an op, the words of the id for another."""
    results = make_results(Verdict.PASS, Verdict.PASS, Verdict.PASS)
    assert [short_name(r) for r in results] == ["tanh", "tanh", "two losses"]
