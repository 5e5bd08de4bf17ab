"""Wrong engines beyond the first gradient: what fails, what is named, and what is not counted."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import reference
from gradcheck_suite.bugs.bending import unlisted
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.higher import BareOutput, half_recorded
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import PropertyResult, Verdict
from reference.primitive import primitive

SOME = ("tanh", "mul", "sum")
BINARY = {"add": "x + y", "sub": "x - y", "mul": "x * y", "div": "x / y"}


class FlatGradient(reference.Function):
    """The identity with a backward on bare arrays."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Hand the value through."""
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Hand the numbers of the cotangent through, and not its history."""
        return cotangent.detach()


class KeptProduct(reference.Function):
    """x * y by copies of both, in an engine that counts no changes."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        """Keep copies."""
        ctx.kept = x.data.copy(), y.data.copy()
        return reference.Tensor(np.multiply(*ctx.kept))

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Use the copies."""
        x, y = ctx.kept
        return cotangent * y, cotangent * x


def locked(x: Any, y: Any) -> Any:
    """Return x * y, which locks the numbers of both."""
    for factor in (x, y):
        factor.data.flags.writeable = False
    return x * y


def refuse_locked(x: Any) -> None:
    """Raise where the numbers of x are needed."""
    if not x.data.flags.writeable:
        msg = "a product needs these numbers"
        raise RuntimeError(msg)


NAMES = {
    "locked": locked,
    "refuse_locked": refuse_locked,
    "BareOutput": BareOutput,
    "bent_tangent": unlisted(
        primitive(
            "bent_tangent",
            lambda x: x.copy(),
            vjps={"x": lambda g: g},
            jvps={"x": lambda t: t * 1.001},
        )
    ),
    "FlatGradient": FlatGradient,
    "half_recorded": half_recorded,
    "KeptProduct": KeptProduct,
}


@cache
def exam_of(ids: tuple[str, ...]) -> Exam:
    """Return an exam of a few cases; the same one for the same ids."""
    return build(ids, seed=7, n_cases=4)


def results_of(
    ids: tuple[str, ...], ops: Mapping[str, str], with_findings: bool = False, **fields: Any
) -> dict[str, PropertyResult]:
    """Return what comes of the reference with other templates, by property."""
    known = known_engine("reference")
    texts = dict(known.spelling.ops)
    filled = {op: text.format(texts[op]) for op, text in ops.items()}
    changed = replace(known.spelling, ops=tuple({**texts, **filled}.items()), **fields)
    engine = SpelledEngine(changed, {**known.namespace, **NAMES})
    found = examine(exam_of(ids), InProcess(engine), with_findings=with_findings)
    return {result.property: result for result in found}


def failed(results: Mapping[str, PropertyResult]) -> set[str]:
    """Return the properties that failed."""
    return {name for name, result in results.items() if result.verdict.is_bad}


def theme(name: str) -> tuple[str, ...]:
    """Return the properties of a theme that are not about one op."""
    return tuple(e.id for e in CATALOGUE.values() if e.theme == name and "[" not in e.id)


@pytest.mark.parametrize(
    ("family", "wrong"),
    [("forward_mode", "bent_tangent({})"), ("second_derivative", "FlatGradient.apply({})")],
)
def test_every_wrong_rule_is_found_and_named(family: str, wrong: str):
    """Of several ops with a wrong rule each fails by itself; values and gradients are right."""
    ids = tuple(f"{what}[{op}]" for what in ("value", "gradient", family) for op in SOME)
    broken = ("tanh", "sum")
    found = results_of(ids, dict.fromkeys(broken, wrong), with_findings=True)
    assert failed(found) == {f"{family}[{op}]" for op in broken}
    for op in broken:
        finding = found[f"{family}[{op}]"].finding
        assert finding is not None
        assert finding.place == f"the op {op}"


def test_a_result_that_was_saved_bare_is_found():
    """A rule that keeps its output as an array gives a gradient that depends on nothing."""
    ids = ("gradient[tanh]", "second_derivative[tanh]")
    assert failed(results_of(ids, {"tanh": "BareOutput.apply(x)"})) == {"second_derivative[tanh]"}


def test_a_wrong_second_derivative_is_counted_once():
    """Hessians, third derivatives and penalties are judged by the ops that are right."""
    later = ("hessians", "third_derivatives", "gradient_penalties")
    ids = ("second_derivative[mul]", "second_derivative[tanh]", *later)
    found = results_of(ids, {"mul": "half_recorded(x, y)", "tanh": "BareOutput.apply(x)"})
    assert failed(found) == {"second_derivative[mul]", "second_derivative[tanh]"}
    assert {found[name].verdict for name in later} == {Verdict.PASS}


def test_a_wrong_tangent_is_counted_once():
    """Expressions in forward mode are judged by the ops that are right."""
    ids = ("forward_mode[mul]", "forward_expressions")
    found = results_of(ids, {"mul": "bent_tangent({})"})
    assert [result.verdict for result in found.values()] == [Verdict.FAIL, Verdict.PASS]


@pytest.mark.parametrize(
    ("name", "bug", "first"),
    [
        ("hooks", "hooks-see-shares", "hooks_on_results"),
        ("in place", "old-history", "in_place_on_results"),
    ],
)
def test_a_fault_of_a_theme_is_counted_once(name: str, bug: str, first: str):
    """What rests on the broken mechanism is blocked, not failed again."""
    ids = theme(name)
    exam = exam_of(ids)
    with BUGS[bug].engine() as engine:
        results = examine(exam, InProcess(engine), with_findings=False)
    found = {result.property: result for result in results}
    assert failed(found) == {first}
    assert {found[other].verdict for other in ids if other != first} == {Verdict.BLOCKED}


def in_place_properties() -> list[Property]:
    """Return what is asked of values that are changed in place."""
    return [entry for entry in CATALOGUE.values() if entry.theme == "in place"]


def test_an_engine_whose_operators_rebind_passes():
    """An engine without in-place operators of its own makes new results: each choice is right."""
    ids = tuple(entry.id for entry in in_place_properties())
    texts = {**BINARY, "pow": "x ** exponent"}
    rebinding = tuple((op, f"x = {text}") for op, text in texts.items())
    found = results_of(ids, {}, in_place=rebinding)
    assert failed(found) == set()
    assert found["in_place_on_leaves"].choices == ((("in_place", "rebinds"),),)
    assert found["leaf_changed[mul]"].choices == ((("in_place", "rebinds"),),)
    assert found["set_items"].verdict is Verdict.NOT_APPLICABLE


def test_an_engine_that_refuses_the_change_itself_passes():
    """A number that a product needs may be locked: the change raises, and the backward is right."""
    known = known_engine("reference").spelling.in_place
    guarded = tuple((op, f"refuse_locked(x); {text}") for op, text in known)
    found = results_of(
        tuple(entry.id for entry in in_place_properties()),
        {"mul": "locked(x, y)"},
        in_place=guarded,
    )
    assert failed(found) == set()
    for name in ("result_changed[mul]", "leaf_changed[mul]", "constant_changed[mul]"):
        assert found[name].choices == ((("in_place", "refuses"),),)


def test_an_engine_that_keeps_copies_passes():
    """What was changed in place does not matter to whoever kept a copy: no wrong number is seen."""
    ids = ("result_changed[mul]", "leaf_changed[mul]", "constant_changed[mul]")
    found = results_of(ids, {"mul": "KeptProduct.apply(x, y)"})
    assert {result.verdict for result in found.values()} == {Verdict.PASS}


@pytest.mark.parametrize("name", ["forward_mode[tanh]", "second_derivative[tanh]", "custom_calls"])
def test_an_engine_without_the_means_is_not_asked(name: str):
    """No forward mode, no create_graph, no custom functions: not applicable, and not wrong."""
    known = known_engine("reference").spelling
    without = replace(
        known,
        push_forward="",
        backward="x.backward(reference.Tensor(cotangent), retain_graph=retain_graph)",
        ops=tuple(pair for pair in known.ops if not pair[0].startswith("custom_")),
        can=known.can - {"create_graph", "op:custom_cube", "op:custom_scale"},
    )
    engine = SpelledEngine(without, known_engine("reference").namespace)
    (result,) = examine(exam_of((name,)), InProcess(engine), with_findings=False)
    assert result.verdict is Verdict.NOT_APPLICABLE
