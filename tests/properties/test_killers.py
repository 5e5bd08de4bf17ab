"""Every property has a killer: a small mutation of the reference engine that it fails."""

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import reference
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict

N_CASES = 8
SLIP = 1 + 1e-9  # float64 gradients are certified to some 1e-12: this has to be seen


class BentGradient(reference.Function):
    """The identity with a gradient that is off by the slip."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Hand the value through."""
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Bend the cotangent."""
        return cotangent * SLIP


def bent_if(condition: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    """Return a function of two operands and a result that bends the result's gradient."""
    return lambda x, y, result: BentGradient.apply(result) if condition(x, y) else result


@cache
def exam_of(name: str) -> Exam:
    """Return the exam of one property."""
    return build([name], seed=3, n_cases=N_CASES)


def engine_with(fields: Mapping[str, Any], ops: Mapping[str, str]) -> SpelledEngine:
    """Return the reference under a spelling in which some templates are replaced."""
    known = known_engine("reference")
    names = {
        "BentGradient": BentGradient,
        "if_broadcast": bent_if(lambda x, y: np.shape(x) != np.shape(y)),
        "if_plain": bent_if(lambda x, y: isinstance(x, float) or isinstance(y, float)),
        "nullcontext": nullcontext,
        "cut": cut,
        "kept": kept,
    }
    templates = tuple((dict(known.spelling.ops) | dict(ops)).items())
    changed = replace(known.spelling, **fields, ops=templates)
    return SpelledEngine(changed, {**known.namespace, **names})


def result_of(name: str, engine: SpelledEngine) -> PropertyResult:
    """Return the result of one property, judged alone so that nothing can block it."""
    (result,) = examine(exam_of(name), InProcess(engine), with_findings=False)
    return result


def cut(x: Any) -> Any:
    """Detach ``x`` itself instead of a copy."""
    x.node = None
    return x


def kept(x: Any) -> Any:
    """Return a gradient for results too, which nobody has summed."""
    return x.grad if x.grad is not None or x.is_leaf else np.ones(x.shape)


@dataclass(frozen=True)
class Mutation:
    """Templates to replace, and a patch of the reference's internals."""

    fields: Mapping[str, str] = field(default_factory=dict)
    ops: Mapping[str, str] = field(default_factory=dict)
    patch: Callable[[pytest.MonkeyPatch], None] = lambda patch: None


def module(name: str) -> Any:
    """Return a module of the reference; `reference.tensor` is a function too."""
    return sys.modules[f"reference.{name}"]


def overwrite_shares(patch: pytest.MonkeyPatch) -> None:
    """ACC-ASSIGN: a second use of a value overwrites the first one's share (= for +=)."""

    def assign(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                cotangents[parent] = share

    patch.setattr(module("backward"), "_add_shares", assign)


def overwrite_leaf(patch: pytest.MonkeyPatch) -> None:
    """Overwrite the gradient of a leaf in each backward pass."""

    def sink(owner: Any) -> Callable[[Any], None]:
        return lambda cotangent: setattr(owner, "grad", cotangent.clone())

    patch.setattr(module("tensor"), "_sink", sink)


def breadth_first(patch: pytest.MonkeyPatch) -> None:
    """NO-TOPO: nodes run in the order in which they are met, not after all their consumers."""

    def order(roots: Any) -> list[Any]:
        found = list(roots)
        for node in found:
            found += [p for p in node.parents if p is not None and p not in found]
        return found

    patch.setattr(module("backward"), "consumers_first", order)


def keep_stale(patch: pytest.MonkeyPatch) -> None:
    """ACC-INTERMEDIATE: what an intermediate node received before is sent on once more."""
    before: dict[Any, Any] = {}
    original = module("graph").Node.hooked

    def hooked(node: Any, cotangent: Any) -> Any:
        total = original(node, cotangent)
        if node.parents:
            total = before[node] = total + before[node] if node in before else total
        return total

    patch.setattr(module("graph").Node, "hooked", hooked)


def keep_stale_and_graph(patch: pytest.MonkeyPatch) -> None:
    """Do the same in an engine that never frees its graph."""
    keep_stale(patch)
    patch.setattr(module("graph").Node, "free", lambda node: None)


def leave_roots_alone(patch: pytest.MonkeyPatch) -> None:
    """Give a leaf that is itself the root no gradient."""
    original = reference.Tensor.backward

    def backward(x: Any, *args: Any, **flags: Any) -> None:
        """Bend the cotangent."""
        if not x.is_leaf:
            original(x, *args, **flags)

    patch.setattr(reference.Tensor, "backward", backward)


def record_nothing_inside(patch: pytest.MonkeyPatch) -> None:
    """NOGRAD-NESTED: leaving a block switches recording on, whatever was before."""

    def leave(mode: Any, *error: Any) -> None:
        mode._outer.pop()
        module("modes")._SWITCH.enabled = True

    patch.setattr(module("modes").GradMode, "__exit__", leave)


def forget_after_an_exception(patch: pytest.MonkeyPatch) -> None:
    """NOGRAD-EXC: an exception in the block leaves the mode as it was inside."""
    original = module("modes").GradMode.__exit__

    def leave(mode: Any, kind: Any, *error: Any) -> None:
        if kind is None:
            original(mode, kind, *error)

    patch.setattr(module("modes").GradMode, "__exit__", leave)


def stop_early(patch: pytest.MonkeyPatch) -> None:
    """Give up after five nodes: small graphs are right."""
    original = module("backward").consumers_first
    patch.setattr(module("backward"), "consumers_first", lambda roots: list(original(roots))[:5])


BENT = "BentGradient.apply({})"
STRUCTURAL: dict[str, Mutation] = {
    "operand_twice": Mutation(patch=overwrite_shares),
    "accumulation": Mutation(patch=overwrite_leaf),
    "fan_out": Mutation(patch=breadth_first),
    "roots_and_branches": Mutation(patch=leave_roots_alone),
    "two_losses": Mutation(patch=keep_stale),
    "clear_and_repeat": Mutation(patch=keep_stale),
    "retained_backward": Mutation(patch=keep_stale),
    "second_backward": Mutation(patch=keep_stale_and_graph),
    "middle_then_end": Mutation(patch=keep_stale),
    "requires_grad_flags": Mutation({"requires_grad": "x.requires_grad and x.is_leaf"}),
    "is_leaf_flags": Mutation({"is_leaf": "True"}),
    "nonleaf_gradients": Mutation({"grad": "kept(x)"}),
    "retained_gradients": Mutation({"retain_grad": "None"}),
    "detached_paths": Mutation({"detach": "x"}),
    "detach_leaves_upstream": Mutation({"detach": "cut(x)"}),
    "no_grad_results": Mutation({"no_grad": "nullcontext()"}),
    "enable_grad_inside": Mutation({"enable_grad": "nullcontext()"}),
    "modes_restored": Mutation(patch=record_nothing_inside),
    "expressions": Mutation(patch=stop_early),
    "training_step": Mutation(patch=stop_early),
    "gradient_descent": Mutation({"clear": "None"}),
}


NAIVE = {
    "sigmoid": "1 / (1 + reference.exp(-x))",
    "softmax": "reference.exp(x) / reference.exp(x).sum(axis=axis, keepdims=True)",
    "log_softmax": "reference.log(reference.exp(x) / "
    "reference.exp(x).sum(axis=axis, keepdims=True))",
}


@pytest.mark.parametrize("op", NAIVE)
def test_a_naive_form_loses_the_point_for_stability_alone(op: str):
    """Value and gradient at ordinary inputs are right, whatever happens at 1000."""
    naive = engine_with({}, {op: NAIVE[op]})
    verdicts = [result_of(f"{what}[{op}]", naive).verdict for what in ("value", "gradient")]
    assert verdicts == [Verdict.PASS, Verdict.PASS]


FLAT = ("sign", "floor")  # a gradient of zero cannot be bent: it is handed through instead


def mutation_of(name: str) -> Mutation:
    """Return the killer of a property: of its own, or the one of its family."""
    if name in STRUCTURAL:
        return STRUCTURAL[name]
    op = CATALOGUE[name].op
    text = dict(known_engine("reference").spelling.ops)[op]
    family = {
        "value": f"({text}) * {SLIP!r}",
        "gradient": f"({text}) + (x - x.detach())" if op in FLAT else f"BentGradient.apply({text})",
        "broadcasting": f"if_broadcast(x, y, {text})",
        "numbers": f"if_plain(x, y, {text})",
        "kinks": f"({text}) + 3 * (x - x.detach()){'' if OPS[op].is_elementwise else '.sum()'}",
        "stable": NAIVE.get(op, ""),
    }
    return Mutation(ops={op: family[name.partition("[")[0]]})


@pytest.fixture(autouse=True)
def _modes_as_before():
    """Put the reference's recording mode back, whatever a mutation left."""
    yield
    module("modes")._SWITCH.enabled = True


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_property_fails_on_its_killer(name: str, monkeypatch: pytest.MonkeyPatch):
    """A wrong engine exists that the property fails: one that none fails would claim nothing."""
    exam_of(name)  # the jury sits before the reference is mutated
    mutation = mutation_of(name)
    mutation.patch(monkeypatch)
    result = result_of(name, engine_with(mutation.fields, mutation.ops))
    assert result.verdict.is_bad, result


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_property_passes_on_the_unpatched_reference(name: str):
    """The reference itself passes, with every case judged: the killers alone make the failures."""
    result = result_of(name, engine_with({}, {}))
    assert (result.verdict, result.n_judged) == (Verdict.PASS, len(exam_of(name).cases[name]))


def test_every_structural_property_has_a_killer_of_its_own():
    """The table names every property that is not about one op."""
    assert set(STRUCTURAL) == {entry.id for entry in CATALOGUE.values() if not entry.op}


@pytest.mark.parametrize(
    ("name", "patch"),
    [
        ("modes_restored", forget_after_an_exception),
        ("fan_out", stop_early),
        ("gradient_descent", overwrite_shares),
    ],
)
def test_a_second_mechanism_is_caught_too(
    name: str, patch: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
):
    """The property is not bound to the one mutation of the table."""
    exam_of(name)
    patch(monkeypatch)
    assert result_of(name, engine_with({}, {})).verdict.is_bad


@pytest.mark.parametrize("op", list(OPS))
def test_a_bent_gradient_leaves_the_value_alone(op: str):
    """A wrong derivative costs nothing under the value of the op."""
    mutation = mutation_of(f"gradient[{op}]")
    result = result_of(f"value[{op}]", engine_with(mutation.fields, mutation.ops))
    assert result.verdict is Verdict.PASS
