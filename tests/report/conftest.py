"""A small rubric and results to grade with; the ids are real, the verdicts are made up."""

from collections.abc import Callable

import pytest

from gradcheck_suite.grading.assignment import Assignment
from gradcheck_suite.grading.rubric import Graded, Rubric, rubric_of, score, totals
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.records import Comparison, Finding, Grade, PropertyResult, Verdict

IDS = ("value[tanh]", "gradient[tanh]", "two_losses")

PROGRAM = Program(
    (Leaf(Array.of(0.5)), Apply("tanh", (0,)), Backward(1), Observe("grad", 0)),
)
FINDING = Finding(
    title="tanh has a wrong derivative",
    lesson="The derivative of tanh(a) is 1 - tanh(a)**2.",
    program=PROGRAM,
    listing="a = Value(0.5)\nb = a.tanh()\nb.backward()\na.grad  # got 0.2, expected 0.8",
    snippet="print(a.grad)\n",
    comparisons=(Comparison(3, "a.grad", "0.8 +- 3e-16", "0.2", right=False, distance=2e15),),
    place="the op tanh",
    closed_form="a.grad = 1 - tanh(a)**2",
)


@pytest.fixture
def rubric() -> Rubric:
    """Return a rubric of three properties that are worth 1, 2 and 3 points."""
    return rubric_of(Assignment(properties={name: i + 1.0 for i, name in enumerate(IDS)}))


@pytest.fixture
def make_results(rubric: Rubric) -> Callable[..., tuple[PropertyResult, ...]]:
    """Return a function that makes one result for each verdict, in the rubric's order."""

    def make(*verdicts: Verdict) -> tuple[PropertyResult, ...]:
        return tuple(
            PropertyResult(
                property=row.property,
                theme=row.theme,
                code=row.code,
                title=row.title,
                verdict=verdict,
                n_judged=3,
                finding=FINDING if verdict.is_bad else None,
            )
            for row, verdict in zip(rubric.rows, verdicts, strict=True)
        )

    return make


@pytest.fixture
def make_graded(
    rubric: Rubric, make_results: Callable[..., tuple[PropertyResult, ...]]
) -> Callable[..., Graded]:
    """Return a function that makes a graded submission of a name and three verdicts."""

    def make(name: str, *verdicts: Verdict, problem: str = "") -> Graded:
        results = make_results(*verdicts) if verdicts else ()
        scores = score(rubric, results, problem)
        points, max_points = totals(scores)
        grade = Grade(
            submission=name,
            engine="" if problem else "Value",
            description="" if problem else "scalars, 9 ops",
            spelling=None if problem else Spelling("Value", "Value(number)", can=frozenset("ba")),
            results=results,
            points=points,
            max_points=max_points,
            problem=problem,
            isolation=3,
            conventions=(("second_backward", "adds"),),
        )
        return Graded(grade, scores)

    return make
