"""What a student reads in a terminal."""

from collections.abc import Callable
from dataclasses import replace

from gradcheck_suite.grading.practice import Practice
from gradcheck_suite.grading.rubric import Rubric
from gradcheck_suite.records import PropertyResult, Verdict
from gradcheck_suite.report.student import (
    finding_lines,
    header,
    is_right,
    is_wrong,
    plain,
    result_lines,
    theme_lines,
    whole_lines,
)

Make = Callable[..., tuple[PropertyResult, ...]]


def test_the_header_says_what_was_examined(make_results: Make) -> None:
    """One line has the target, the engine's name and its description."""
    found = Practice("Value", "scalars, 9 ops", make_results(*[Verdict.PASS] * 3))
    assert header("engine.py", found).text == "engine.py Value: scalars, 9 ops"


def test_a_theme_has_one_line(rubric: Rubric, make_results: Make) -> None:
    """A line has the theme, how many passed, and the names of what failed."""
    results = make_results(Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE)
    assert plain(theme_lines(results, rubric.themes)).splitlines() == [
        "  value of each op          1 of 1",
        "  gradient of each op       0 of 1    tanh",
        "  sharing and accumulation  not there",
    ]


def test_a_finding_shows_program_lesson_and_what_to_run(make_results: Make) -> None:
    """The title, the program indented, the lesson, and the command for the rest."""
    result = make_results(Verdict.PASS, Verdict.FAIL, Verdict.PASS)[1]
    assert plain(finding_lines(result, "gradcheck-suite show e.py")).splitlines() == [
        "tanh has a wrong derivative",
        "",
        "    a = Value(0.5)",
        "    b = a.tanh()",
        "    b.backward()",
        "    a.grad  # got 0.2, expected 0.8",
        "",
        "  The derivative of tanh(a) is 1 - tanh(a)**2.",
        "  Run it: gradcheck-suite show e.py 'gradient[tanh]'",
    ]


def test_the_whole_finding_has_place_form_and_script(make_results: Make) -> None:
    """``show`` adds where the fault is, the closed form and the script."""
    text = plain(whole_lines(make_results(Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)))
    for part in ("Where: the op tanh", "closed form: a.grad = 1", "    print(a.grad)"):
        assert part in text
    assert "value[tanh]: passed" in text


def test_a_failure_without_a_program_says_why(make_results: Make) -> None:
    """A required op that is missing has a reason and no program."""
    first = make_results(Verdict.FAIL, Verdict.PASS, Verdict.PASS)[0]
    result = replace(first, finding=None, reason="tanh is required, and was not found")
    assert plain(finding_lines(result)) == "value[tanh]: tanh is required, and was not found"


def test_what_was_left_out_is_counted(make_results: Make) -> None:
    """Blocked properties are named in one line."""
    text = plain(result_lines(make_results(Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)))
    assert "1 other check relies on what failed, left out: two_losses" in text


def test_what_an_engine_says_cannot_repaint_the_terminal(make_results: Make) -> None:
    """Escape sequences in a listing are spelled out."""
    result = make_results(Verdict.PASS, Verdict.FAIL, Verdict.PASS)[1]
    assert result.finding is not None
    hostile = replace(result, finding=replace(result.finding, listing="\x1b[2Jx", title="\x1b]0;"))
    assert "\x1b" not in plain(finding_lines(hostile, whole=True))


def test_right_needs_a_pass_and_nothing_against(make_results: Make) -> None:
    """A failure, or a clock that ran out, is not right; nothing judged is neither."""
    one, two = Verdict.PASS, Verdict.BLOCKED
    assert is_right(make_results(one, two, two))
    assert not is_right(make_results(two, two, two))
    assert not is_wrong(make_results(two, two, two))
    for bad in (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE):
        assert is_wrong(make_results(one, bad, one))
