"""Small wrong engines on the reference, the exams that they sit, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import reference
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult

# Templates that compute a right value and give a wrong gradient.
WRONG_TANH = "x.tanh() * 1 + (x - x.detach()) * 0.01"
WRONG_MUL = "swapped(x, y)"
WRONG_EXP = "reference.exp(x.detach()) + (x - x.detach())"


class SwappedProduct(reference.Function):
    """x * y with the two gradients swapped."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        """Multiply."""
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Return each operand's own value times the cotangent."""
        x, y = ctx.saved_tensors
        return cotangent * x, cotangent * y


def swapped(x: Any, y: Any) -> Any:
    """Return the product of tensors or numbers, with its gradients swapped."""
    tensors = [v if isinstance(v, reference.Tensor) else reference.Tensor(v) for v in (x, y)]
    return SwappedProduct.apply(*tensors)


@cache
def exam_of(ids: tuple[str, ...], n_cases: int = 6) -> Exam:
    """Return an exam; the same one for the same ids."""
    return build(ids, seed=11, n_cases=n_cases)


@pytest.fixture(scope="session")
def make_exam() -> Callable[..., Exam]:
    """Return a function from ids (none: the whole catalogue) to an exam."""
    return lambda *ids: exam_of(ids or tuple(CATALOGUE))


@pytest.fixture(scope="session")
def make_engine() -> Callable[..., SpelledEngine]:
    """Return a function that makes the reference with other templates and names."""

    def make(
        ops: Mapping[str, str] | None = None,
        names: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> SpelledEngine:
        known = known_engine("reference")
        templates = tuple((dict(known.spelling.ops) | dict(ops or {})).items())
        changed = replace(known.spelling, **{"ops": templates, **fields})
        return SpelledEngine(changed, {**known.namespace, "swapped": swapped, **(names or {})})

    return make


@pytest.fixture(scope="session")
def verdicts_of(
    make_exam: Callable[..., Exam],
) -> Callable[..., dict[str, PropertyResult]]:
    """Return a function from an engine and ids to the results by id."""

    def results(engine: SpelledEngine, *ids: str, **more: Any) -> dict[str, PropertyResult]:
        found = examine(make_exam(*ids), InProcess(engine), **more)
        return {result.property: result for result in found}

    return results


@pytest.fixture(scope="session")
def wrong() -> Mapping[str, str]:
    """Return, by op, a template with a right value and a wrong gradient."""
    return {"tanh": WRONG_TANH, "mul": WRONG_MUL, "exp": WRONG_EXP}


@pytest.fixture(autouse=True)
def _recording():
    """Leave the reference recording, whatever an engine under test did."""
    yield
    reference.set_grad_enabled(True)
