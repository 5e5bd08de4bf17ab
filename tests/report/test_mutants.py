"""The kill matrix in words, as an object, and as a page."""

import json

import pytest

from gradcheck_suite.grading.mutants import Kill, Matrix
from gradcheck_suite.report.mutants import matrix_json, matrix_lines, matrix_page
from gradcheck_suite.report.student import plain

KILLS = (
    Kill("tanh.as_sigmoid", ("gradient[tanh]", "expressions"), (), "gradient[tanh]", 120, 0.5),
    Kill("sin.minus", ("expressions",), (), "expressions", 300, 1.5),
    Kill("acc-assign", (), ("operand_twice",), "", 900, 4.0),
)
RIGHTS = (Kill("reference", (), (), "", 900, 4.0), Kill("torch", ("numbers[sub]",), (), "", 9, 0.1))
PROPERTIES = ("gradient[tanh]", "gradient[sin]", "expressions", "operand_twice")


@pytest.fixture
def matrix() -> Matrix:
    """Return a matrix with a survivor, a false alarm, an idle property and a blocked one."""
    return Matrix(KILLS, RIGHTS, PROPERTIES, seed=0, n_cases=4, n_exam=24)


def test_the_object_has_the_figures(matrix: Matrix):
    """Total, killed, kill rate, survivors, false alarms and the matrix itself."""
    found = json.loads(matrix_json(matrix))
    assert (found["total"], found["killed"], found["survivors"]) == (3, 2, ["acc-assign"])
    assert found["kill_rate"] == pytest.approx(2 / 3)
    assert found["killed_as_named"] == 1
    assert found["false_alarms"] == {"torch": ["numbers[sub]"]}
    assert found["kill_nothing"] == ["gradient[sin]"]
    assert found["blocked"] == ["operand_twice"]
    assert found["matrix"]["tanh.as_sigmoid"] == ["gradient[tanh]", "expressions"]
    assert found["programs_to_first_finding"] == 210


def test_the_object_tells_no_times(matrix: Matrix):
    """The same arguments give the same bytes: what a clock said is left out."""
    slower = Matrix(
        tuple(Kill(k.id, k.failed, k.blocked, k.live, k.n_programs, 99.0) for k in KILLS),
        RIGHTS,
        PROPERTIES,
        seed=0,
        n_cases=4,
        n_exam=24,
    )
    assert matrix_json(slower) == matrix_json(matrix)


def test_the_lines_tell_what_survives_and_who_is_failed_unjustly(matrix: Matrix):
    """Survivors with their sentence, false alarms with the property, idle properties by name."""
    told = plain(matrix_lines(matrix))
    assert "exam: 2 of 3 bugs killed (66.7 %), 1 by a property that is named for them" in told
    assert "survives: acc-assign: a closure writes its share with = and not +=" in told
    assert "killed, but not by gradient[sin]: sin.minus" in told
    assert "false alarm: torch: numbers[sub]" in told
    assert "kill nothing: gradient[sin]" in told
    assert "blocked: operand_twice" in told
    assert "properties: 2 of 4 kill something; 1 more are blocked" in told
    assert "after 210 programs, 1.00 s" in told


def test_the_page_draws_a_row_for_each_bug(matrix: Matrix):
    """Each bug stands there with its sentence; a cell counts the properties of a theme."""
    page = matrix_page(matrix)
    for kill in KILLS:
        assert f"<code>{kill.id}</code>" in page
    assert '<td class="hit1">1</td>' in page
    assert "66.7 %" in page


def test_equivalent_changes_are_explained(matrix: Matrix):
    """The page and the object give the reason for what nothing can kill."""
    reason = "the same function, by a formula that courses accept"
    assert reason in matrix_page(matrix)
    assert json.loads(matrix_json(matrix))["equivalent"]["sub.variant"] == reason
