"""Who tests the tester: a fixed sample of bugs is killed, right engines are not."""

import pytest

from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.grading.mutants import Matrix, bug_ids, right_ids, try_out

SAMPLE = bug_ids(8, seed=1)


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    """Put the sample, and some right engines, to the properties that are named for it."""
    named = tuple(dict.fromkeys(BUGS[name].killers[0] for name in SAMPLE))
    rights = ("reference", "right_scalar", "sub.variant", "value-seed-assigned")
    return try_out(SAMPLE, rights, ids=named, n_cases=4)


def test_every_bug_of_the_sample_is_killed_by_what_is_named_for_it(matrix: Matrix):
    """The exam fails each of them, by a property of which the catalogue says so."""
    assert [kill.id for kill in matrix.survivors] == []
    assert [kill.id for kill in matrix.unnamed] == []
    assert matrix.kill_rate == 1.0


def test_the_live_check_kills_them_too(matrix: Matrix):
    """Other programs of the same properties find them as well, and stop at the first finding."""
    assert [kill.id for kill in matrix.live_survivors] == []
    assert all(0 < kill.n_programs <= matrix.n_exam for kill in matrix.kills)


def test_no_right_engine_is_failed(matrix: Matrix):
    """The reference, a submission, another formula and an equivalent change lose nothing."""
    assert [kill.id for kill in matrix.false_alarms] == []
    assert len(matrix.rights) == 4


def test_each_property_of_the_exam_kills_something(matrix: Matrix):
    """What is named for a bug of the sample is not idle."""
    assert (matrix.idle, matrix.shadowed) == ((), ())


def test_a_bug_that_is_not_asked_for_survives():
    """Where no property asks for what is broken, the bug is told as a survivor."""
    matrix = try_out(["tanh.as_sigmoid"], ["reference"], ids=["gradient[sin]"], n_cases=2)
    assert [kill.id for kill in matrix.survivors] == ["tanh.as_sigmoid"]
    assert [kill.id for kill in matrix.live_survivors] == ["tanh.as_sigmoid"]
    assert (matrix.kill_rate, matrix.live_kill_rate) == (0.0, 0.0)


def test_a_right_engine_that_is_failed_is_a_false_alarm():
    """A wrong engine among the right ones is told as a false alarm."""
    matrix = try_out([], ["sin.minus"], ids=["gradient[sin]"], n_cases=2)
    assert [kill.id for kill in matrix.false_alarms] == ["sin.minus"]


def test_a_sample_depends_on_its_seed_alone():
    """The same seed picks the same bugs, in the catalogue's order; another picks others."""
    assert bug_ids(20, seed=1) == bug_ids(20, seed=1)
    assert bug_ids(20, seed=1) != bug_ids(20, seed=2)
    assert [name for name in bug_ids() if name in bug_ids(20, seed=1)] == [*bug_ids(20, seed=1)]


def test_equivalent_changes_are_put_among_the_right_engines():
    """What nothing can kill is no bug: to fail it would be a false alarm."""
    equivalent = {name for name, bug in BUGS.items() if bug.equivalent}
    assert equivalent <= {*right_ids()}
    assert equivalent.isdisjoint(bug_ids())
