"""When an engine did, at one look, what an engine with a known mistake does."""

import pytest

from gradcheck_suite.diagnosis.agreement import agree
from gradcheck_suite.diagnosis.fair import symptom
from gradcheck_suite.engines.outcome import Outcome, Raised
from gradcheck_suite.properties.judging import Judgement, Look

NO_GRAD = "element 0 of tensors does not require grad and has no graph"


def raised(outcome: Outcome) -> Look:
    """Return a look at an exception where none was to be raised."""
    return Look(1, right=False, answer=None, outcome=outcome)


@pytest.mark.parametrize(
    ("seen", "told", "is_alike"),
    [
        (Raised("ValueError", "x requires_grad=True"), Raised("RuntimeError", NO_GRAD), True),
        (Raised("ValueError", "matmul requires 1 axis"), Raised("RuntimeError", NO_GRAD), False),
        (Raised("ValueError", "shapes differ"), Raised("RuntimeError", "Shape (2,)"), True),
        (Raised("ValueError", "one thing"), Raised("ValueError", "another"), False),
        (Raised("RecursionError", ""), Raised("RecursionError", "maximum"), True),
    ],
)
def test_exceptions_are_alike_by_their_reason(seen: Raised, told: Raised, is_alike: bool) -> None:
    """A type that anything may have tells no reason, and a word may stand in another sentence."""
    assert agree(raised(seen), told) == is_alike


def test_an_exception_of_another_type_is_another_symptom() -> None:
    """What is made smaller has to fail as the program did that was found."""
    kinds = ("ValueError", "ValueError", "RuntimeError")
    found = [
        symptom(Judgement(False, (), 0, 0, False, ((), {}, True, False, False), (raised(r),)))
        for r in (Raised(kind, str(k)) for k, kind in enumerate(kinds))
    ]
    assert found[0] == found[1] != found[2]
