"""Findings: the smallest program, its listing, a snippet that runs, and the place of the fault."""

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

import reference
from gradcheck_suite.diagnosis.describe import describe
from gradcheck_suite.diagnosis.localise import place_of_fault
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.shrink import smallest_failure
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import case_of
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import Judgement, judge
from gradcheck_suite.records import Fault, Finding, PropertyResult

Results = dict[str, PropertyResult]


@pytest.fixture
def finding(
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
) -> Finding:
    """Return the finding of a tanh with a wrong derivative."""
    engine = make_engine({"tanh": wrong["tanh"]})
    found = verdicts_of(engine, "gradient[tanh]")["gradient[tanh]"].finding
    assert found is not None
    return found


def test_a_finding_is_shrunk_to_one_op_on_a_scalar(finding: Finding):
    """The smallest failing program is: a leaf of 1, one op, one backward, one look."""
    leaf = Leaf(Array((), (1.0,)))
    assert finding.program == Program((leaf, Apply("tanh", (0,)), Backward(1), Observe("grad", 0)))


def test_a_listing_has_what_came_beside_what_is_right(finding: Finding):
    """The last line of the listing shows the observation, the number and the interval."""
    last = finding.listing.splitlines()[-1]
    assert last.startswith("a.grad  # got 0.42997434161402")
    assert ", expected 0.41997434161402" in last
    assert " +- " in last


def test_a_snippet_prints_the_wrong_number(finding: Finding):
    """The snippet runs by itself and prints what the engine gave beside what was expected."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(finding.snippet, {})  # noqa: S102 - a finding's snippet is there to be run
    first, second = out.getvalue().splitlines()
    assert first.startswith("a.grad is ")
    assert "0.42997434" in first
    assert second.startswith("  expected 0.4199743416140")


def test_a_place_names_the_broken_op(finding: Finding):
    """A property about one op has its fault in that op."""
    assert finding.place == "the op tanh"


def test_a_closed_form_is_sympys_derivative(finding: Finding):
    """The right gradient of a small program is shown as a formula in the program's own names."""
    assert finding.closed_form == "a.grad = 1 - tanh(a)**2"


def test_a_comparison_counts_in_half_widths(finding: Finding):
    """An error of 0.01 is very many half-widths, and the look is wrong."""
    (comparison,) = finding.comparisons
    assert not comparison.right
    assert comparison.distance is not None
    assert comparison.distance > 1e10
    assert comparison.what == "a.grad"


def failing_case(name: str, program: Program, engine: SpelledEngine) -> tuple[Case, Judgement]:
    """Return the case of a Program and the judgement, which is against the engine."""
    case = case_of(CATALOGUE[name], program)
    assert case is not None
    judgement = judge(case.sheets, run(program, engine), strict_shape=False)
    assert not judgement.right
    return case, judgement


def test_the_broken_op_of_an_expression_is_localised(
    wrong: Mapping[str, str], make_engine: Callable[..., SpelledEngine]
):
    """Among the ops of a failing expression, the one whose rule is wrong alone is named."""
    engine = make_engine({"tanh": wrong["tanh"]})
    leaf = Leaf(Array((), (0.5,)))
    ops = (Apply("sin", (0,)), Apply("tanh", (1,)), Apply("exp", (2,)))
    program = Program((leaf, *ops, Backward(3), Observe("grad", 0)))
    case, judgement = failing_case("expressions", program, engine)
    subject = InProcess(engine)
    reach = Reach(subject.spelling, subject.capabilities)
    failure = (case, judgement)
    fault, place = place_of_fault(CATALOGUE["expressions"], failure, subject, reach)
    assert place == "the op tanh: its own rule is wrong at these values"
    assert fault == Fault("tanh", "x")


def test_a_fault_of_structure_blames_no_op(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Where every op is right by itself, the place is the structural claim."""
    found = verdicts_of(make_engine(detach="x"), "detached_paths")["detached_paths"]
    assert found.finding is not None
    title = CATALOGUE["detached_paths"].title
    assert found.finding.place == f"the rule of every op in it is right by itself: {title}"


def test_a_shrunk_case_is_no_larger_and_fails(
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    make_exam: Callable[..., Exam],
):
    """Shrinking keeps the failure and never makes the program longer."""
    engine = make_engine({"exp": wrong["exp"]})
    entry = CATALOGUE["gradient[exp]"]
    subject = InProcess(engine)
    largest = make_exam(entry.id).cases[entry.id][-1]
    judgement = judge(largest.sheets, run(largest.program, engine), strict_shape=False)
    reach = Reach(subject.spelling, subject.capabilities)
    case, after = smallest_failure(entry, largest, judgement, subject, reach)
    assert not after.right
    assert len(case.program.instructions) <= len(largest.program.instructions)
    assert case.program.instructions[0] == Leaf(Array((), (1.0,)))


def test_a_mode_of_the_engine_is_not_left_switched(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Explaining a fault of the modes runs no op afterwards to blame it: the title is the place."""
    engine = make_engine(
        names={"forgetful": lambda: reference.set_grad_enabled(False)},
        no_grad="forgetful() and None",
    )
    result = verdicts_of(engine, "modes_restored")["modes_restored"]
    assert result.finding is not None
    assert result.finding.place == CATALOGUE["modes_restored"].title


def test_reach_says_what_is_missing_in_words(make_exam: Callable[..., Exam]):
    """The reason of a property that does not apply names ops, forms and ranks as a reader does."""
    spelling = known_engine("reference").spelling
    reach = Reach(spelling, frozenset({"cotangent"}))
    cases = make_exam("value[tanh]").cases["value[tanh]"]
    assert reach.what_is_missing(CATALOGUE["value[tanh]"], cases) == "tanh, arrays of rank 0"


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("op:sum.axis", "sum (axis)"),
        ("op:tanh", "tanh"),
        ("rank:2", "arrays of rank 2"),
        ("broadcast:add", "add with broadcasting"),
        ("plain:sub.left", "sub with a number on the left"),
        ("again", "a second backward on one graph"),
        ("own_modes", "a no_grad of its own"),
        ("retain_grad", "retain grad"),
        ("in_place:add", "in place add"),
    ],
)
def test_a_need_has_words(need: str, words: str):
    """Each kind of need is said in words."""
    spelling = known_engine("reference").spelling
    case = Case(Program(()), (), frozenset({need}), frozenset())
    assert Reach(spelling, frozenset()).what_is_missing(CATALOGUE["value[tanh]"], [case]) == words


def test_reach_blocks_what_relies_on_a_failed_property():
    """A case that relies on a feature of a failed property is blocked by that property."""
    spelling = known_engine("reference").spelling
    reach = Reach(spelling, frozenset())
    case = Case(Program(()), (), frozenset(), frozenset({"gradient:mul", "value:mul"}))
    assert not reach.blockers(case)
    reach.add_unsound(CATALOGUE["gradient[mul]"])
    assert reach.blockers(case) == {"gradient[mul]"}


def test_a_backward_without_cotangent_relies_on_the_ops_that_stand_in():
    """Where backward takes no cotangent, mul and sum stand for it and must be there."""
    spelling = replace(known_engine("reference").spelling, backward="x.backward()")
    reach = Reach(spelling, frozenset({"op:mul"}))
    seed = Array((2,), (1.0, -2.0))
    program = Program((Leaf(seed), Apply("tanh", (0,)), Backward(1, seed)))
    case = Case(program, (), frozenset({"cotangent"}), frozenset())
    assert reach.what_is_missing(CATALOGUE["value[tanh]"], [case]) == "sum"


def test_a_description_counts_ops_and_names_aspects():
    """An engine is described in one line."""
    assert describe(known_engine("reference").spelling) == (
        f"tensors, {len(OPS)} ops, detach, no_grad, requires_grad, higher order"
    )


def test_findings_are_the_same_twice(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """The search for the smallest case is seeded: two examinations find the same one."""
    engine = make_engine(detach="x")
    first, second = (verdicts_of(engine, "detached_paths") for _ in range(2))
    assert first["detached_paths"].finding == second["detached_paths"].finding
