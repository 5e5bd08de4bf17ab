"""A small exam with every sort of answer in it, made once."""

import pytest

from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.exams.store import exam_bytes

# Numbers, a gradient of zero or nothing, flags, an exception that is required, conventions.
IDS = ("value[tanh]", "gradient[mul]", "second_backward", "requires_grad_flags")


@pytest.fixture(scope="session")
def small() -> Exam:
    """Return an exam of four properties."""
    return build(IDS, seed=5, n_cases=2)


@pytest.fixture(scope="session")
def stored(small: Exam) -> bytes:
    """Return the file of the small exam."""
    return exam_bytes(small)
