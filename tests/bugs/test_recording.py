"""What is taken from a recording of the right engine is what a run on the wrong one gives."""

import sys

import pytest

from gradcheck_suite.bugs.bug import Bug, Patches, Place
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.recording import Bent, Recording
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.records import PropertyResult

ASKED = (
    *("value[tanh]", "gradient[tanh]", "value[mul]", "gradient[mul]", "gradient[sum]"),
    *("broadcasting[add]", "precision", "operand_twice", "accumulation", "two_losses"),
    *("second_backward", "modes_restored", "no_grad_results", "switched_leaves"),
    *("in_place_on_results", "hooks_on_leaves", "hessians", "momentum", "numbers[add]"),
)
EVERY = 9  # of some 500 bugs: each is run twice, once on everything
SAMPLE = [*list(BUGS.values())[::EVERY], BUGS["nograd-exc"], BUGS["one-switch"]]


@pytest.fixture(scope="module")
def exam() -> Exam:
    """Draw an exam of a property of each kind."""
    return build(ASKED, seed=2, n_cases=2)


@pytest.fixture(scope="module")
def recording(exam: Exam) -> Recording:
    """Record it, watching what the whole catalogue changes."""
    return Recording(programs_of(exam), BUGS.values())


def programs_of(exam: Exam) -> list[Program]:
    """Return the programs of an exam."""
    return [case.program for cases in exam.cases.values() for case in cases]


def results(exam: Exam, bug: Bug, recording: Recording | None) -> tuple[PropertyResult, ...]:
    """Return what the exam says of a bug, run on everything or with a recording."""
    with Bent(bug, recording) as subject:
        return examine(exam, subject, with_findings=False)


@pytest.mark.parametrize("bug", SAMPLE, ids=lambda bug: bug.id)
def test_a_recording_changes_no_result(bug: Bug, exam: Exam, recording: Recording):
    """Verdicts, counts and what was seen are those of a run on everything."""
    assert results(exam, bug, recording) == results(exam, bug, None)


def test_what_a_bug_cannot_touch_is_not_run_again(exam: Exam, recording: Recording):
    """A bug of tanh is run on programs with tanh alone, one of backward on all that have one."""
    with Bent(BUGS["tanh.as_sigmoid"], recording) as subject:
        examine(exam, subject, with_findings=False)
        spared_by_op = subject.seconds_spared
    with Bent(BUGS["acc-assign"], recording) as subject:
        examine(exam, subject, with_findings=False)
        spared_by_structure = subject.seconds_spared
    assert spared_by_op > spared_by_structure > 0.0


def program_of(op: str) -> Program:
    """Return the gradient of one op at 0.5."""
    leaf = Leaf(Array((), (0.5,)))
    return Program((leaf, Apply(op, (0,)), Backward(1), Observe("grad", 0)))


def switching(patches: Patches) -> None:
    """Have tanh switch recording off for good."""
    import reference

    modes, tanh = sys.modules["reference.modes"], reference.tanh

    def call(x: object) -> object:
        modes._SWITCH.enabled = False
        return tanh(x)

    patches.setattr(reference, "tanh", call)


def test_after_a_mode_was_left_switched_everything_is_run():
    """What a bug leaves behind shows in programs that it cannot touch, until a restart."""
    bug = Bug("switching", "tanh switches recording off", "", (), Place("tanh"), switching)
    tanh, exp = program_of("tanh"), program_of("exp")
    right = run(exp, known_engine("reference"))
    with Bent(bug, Recording([tanh, exp], [bug])) as subject:
        assert subject.run(exp)[3].numbers == right[3].numbers
        subject.run(tanh)
        assert type(subject.run(exp)[2]).__name__ == "Raised"
        subject.restart()
        assert subject.run(exp)[3].numbers == right[3].numbers


def test_a_program_that_was_not_recorded_is_run():
    """An equal program is another one: 0.0 equals -0.0."""
    bug = BUGS["tanh.as_sigmoid"]
    with Bent(bug, Recording([program_of("exp")], [bug])) as subject:
        assert subject.run(program_of("exp"))[3].numbers
        assert subject.seconds_spared == 0.0


def test_watching_leaves_the_reference_as_it_was():
    """After a recording every function and row is the one that it was."""
    import reference
    from reference.operators import OPS

    before = {**vars(reference), **OPS, **vars(reference.Tensor)}
    Recording([program_of("tanh")], BUGS.values())
    after = {**vars(reference), **OPS, **vars(reference.Tensor)}
    assert [k for k in before.keys() | after.keys() if before.get(k) is not after.get(k)] == []
