"""A small class through the sandbox: what students really hand in."""

import pytest

from gradcheck_suite.exams.build import build
from gradcheck_suite.grading.assignment import Assignment, LimitsSection
from gradcheck_suite.grading.events import ClassFinished
from gradcheck_suite.grading.examiner import SandboxExaminer
from gradcheck_suite.grading.results import result_bytes
from gradcheck_suite.grading.rubric import Graded, rubric_of
from gradcheck_suite.grading.runner import run_class
from gradcheck_suite.grading.submissions import find_submissions
from gradcheck_suite.records import Verdict

ENGINE = """
class {name}:
    def __init__(self, data, children=()):
        self.data, self.grad, self._children, self._pull = data, 0.0, children, lambda: None
    def __add__(self, other):
        other = other if isinstance(other, {name}) else {name}(other)
        out = {name}(self.data + other.data, (self, other))
        def pull():
            self.grad += out.grad
            other.grad += out.grad
        out._pull = pull
        return out
    def __mul__(self, other):
        other = other if isinstance(other, {name}) else {name}(other)
        out = {name}(self.data * other.data, (self, other))
        def pull():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._pull = pull
        return out
    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v._children:
                    visit(child)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._pull()
"""
RIGHT = ENGINE.format(name="Value")
FILES: dict[str, bytes] = {
    "right.py": RIGHT.encode(),
    "wrong_mul.py": RIGHT.replace("other.grad += self.data", "other.grad -= self.data").encode(),
    "empty.py": b"",
    "binary.py": bytes(range(256)),
    "syntax.py": b"class Value(:",
    "imports.py": b"import a_module_that_is_not_there\n" + RIGHT.encode(),
    "two/a.py": RIGHT.encode(),
    "two/b.py": ENGINE.format(name="Node").encode(),
    "exits.py": b"import os\nos._exit(0)\n",
    "loud.py": b"print('x' * 3_000_000)\n" + RIGHT.encode(),
    "crashes.py": RIGHT.replace("order, seen = [], set()", "__import__('os')._exit(3)").encode(),
    "hangs.py": RIGHT.replace("order, seen = [], set()", "\n        while True: pass").encode(),
}
IDS = ("value[add]", "gradient[add]", "value[mul]", "gradient[mul]", "operand_twice")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graded]:
    """Grade the class twice, with one worker and with four; both must come to the same."""
    folder = tmp_path_factory.mktemp("class")
    for name, data in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "empty_folder").mkdir()
    limits = LimitsSection(case_seconds=0.5, import_seconds=3, submission_seconds=10, deaths=3)
    assignment = Assignment(ops=("add",), properties=dict.fromkeys(IDS, 1.0), limits=limits)
    rubric = rubric_of(assignment)
    examiner = SandboxExaminer(assignment, build(rubric.ids, seed=0, n_cases=2))
    classes = []
    for n_jobs in (1, 4):
        *_, last = run_class(find_submissions(folder), rubric, examiner, n_jobs)
        assert isinstance(last, ClassFinished)
        classes.append(last.graded)
    one, four = ([result_bytes(g, "hw") for g in found] for found in classes)
    assert one == four
    return {g.grade.submission: g for g in classes[0]}


def _verdicts(graded: Graded) -> dict[str, Verdict]:
    return {r.property: r.verdict for r in graded.grade.results}


@pytest.mark.parametrize("name", ["right.py", "loud.py"])
def test_a_right_engine_keeps_every_point(graded: dict[str, Graded], name: str) -> None:
    """An engine that is right, however much it prints, has all of its points."""
    grade = graded[name].grade
    assert (grade.problem, grade.points, grade.max_points) == ("", 5, 5)


def test_a_wrong_rule_is_found_and_counted_once(graded: dict[str, Graded]) -> None:
    """A wrong multiplication fails its own gradient, and addition keeps its points."""
    verdicts = _verdicts(graded["wrong_mul.py"])
    assert verdicts["gradient[mul]"] is Verdict.FAIL
    assert verdicts["gradient[add]"] is Verdict.PASS


@pytest.mark.parametrize(
    "name", ["empty.py", "binary.py", "syntax.py", "imports.py", "exits.py", "empty_folder", "two"]
)
def test_what_holds_no_engine_has_a_problem(graded: dict[str, Graded], name: str) -> None:
    """A submission without one engine is told why, and earns nothing."""
    grade = graded[name].grade
    assert grade.problem
    assert "our fault" not in grade.problem
    assert (grade.points, grade.max_points) == (0, 5)


@pytest.mark.parametrize("name", ["crashes.py", "hangs.py"])
def test_an_engine_that_dies_in_every_backward_earns_nothing(
    graded: dict[str, Graded], name: str
) -> None:
    """Crashes and hangs are the submission's, and they end."""
    assert graded[name].grade.points <= 2  # the values, where discovery still finds an engine
    assert Verdict.INFRASTRUCTURE not in _verdicts(graded[name]).values()
