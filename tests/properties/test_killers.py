"""Every property has a killer: a small mutation of the reference engine that it fails."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
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
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.table import OPS
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict
from tests.properties import (
    higher_mutations,
    history_mutations,
    structure_mutations,
    textbook_mutations,
)
from tests.properties.mutations import Mutation, module
from tests.properties.naive_forms import NAIVE, NAMES

N_CASES = 8
N_HISTORIES = 40
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


class Rounded(reference.Function):
    """The identity by way of float32, in either direction."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Round the value."""
        return x.data.astype(np.float32).astype(np.float64)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Round the cotangent."""
        return cotangent.data.astype(np.float32).astype(np.float64)


class LogarithmInGradient(reference.Function):
    """POW-LOG-NEG: the identity with a gradient that is NaN for negative numbers."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Hand the value through."""
        ctx.logarithm = np.log(x.data)
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Add the other operand's part, times zero."""
        return cotangent + 0 * ctx.logarithm


def bent_if(condition: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    """Return a function of two operands and a result that bends the result's gradient."""
    return lambda x, y, result: BentGradient.apply(result) if condition(x, y) else result


@cache
def exam_of(name: str) -> Exam:
    """Return the exam of one property: of histories a long one, since each of them is another."""
    n_cases = N_HISTORIES if CATALOGUE[name].theme == "histories" else N_CASES
    return build([name], seed=3, n_cases=n_cases)


def engine_with(fields: Mapping[str, Any], ops: Mapping[str, str]) -> SpelledEngine:
    """Return the reference under a spelling in which some templates are replaced."""
    known = known_engine("reference")
    names = {
        "BentGradient": BentGradient,
        "if_broadcast": bent_if(lambda x, y: np.shape(x) != np.shape(y)),
        "if_plain": bent_if(lambda x, y: isinstance(x, float) or isinstance(y, float)),
        "LogarithmInGradient": LogarithmInGradient,
        "if_rank_4": bent_if(lambda x, y: x.ndim == 4),
        "in_memory": in_memory,
        "nullcontext": nullcontext,
        "Rounded": Rounded,
        "clipped": clipped,
        "coarse": coarse,
        "flat": flat,
        "taken": taken,
        "cut": cut,
        "kept": kept,
        **NAMES,
        **higher_mutations.NAMES,
        **structure_mutations.NAMES,
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


def clipped(x: Any) -> Any:
    """Return relu(x), written into ``x`` as well."""
    result = reference.relu(x)
    np.maximum(x.data, 0, out=x.data)
    return result


def flat(x: Any) -> Any:
    """Return the gradient without the axes of size 1."""
    return None if x.grad is None else np.atleast_1d(np.squeeze(x.grad.data))


def coarse(x: Any) -> Any:
    """Return the gradient in float32."""
    return None if x.grad is None else x.grad.data.astype(np.float32)


def taken(cotangent: Any) -> Any:
    """Return a tensor of the cotangent, and use the array for something else."""
    result = reference.Tensor(cotangent.copy())
    cotangent += 1
    return result


def in_memory(data: Any) -> Any:
    """Return the numbers of an array in the order in which they lie in memory."""
    return np.ravel(data, order="K").reshape(np.shape(data))


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


def share_leaves(patch: pytest.MonkeyPatch) -> None:
    """GRAD-BUFFER-ALIAS: keep whatever array arrives at a leaf, and add to it with +=."""

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            if owner.grad is None:
                owner.grad = cotangent
            else:
                owner.grad.data[...] += cotangent.data

        return accumulate

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


def clip_gradients(patch: pytest.MonkeyPatch) -> None:
    """Limit what reaches a leaf to a million to either side."""
    original = module("tensor")._sink

    def sink(owner: Any) -> Callable[[Any], None]:
        receive = original(owner)
        return lambda g: receive(reference.Tensor(np.clip(g.data, -1e6, 1e6)))

    patch.setattr(module("tensor"), "_sink", sink)


def read_cotangents_in_memory(patch: pytest.MonkeyPatch) -> None:
    """Take the numbers of a cotangent in the order in which they lie in memory."""
    original = reference.Tensor.backward

    def backward(x: Any, cotangent: Any, **flags: Any) -> None:
        """Put them in order by memory."""
        original(x, reference.Tensor(in_memory(cotangent.data)), **flags)

    patch.setattr(reference.Tensor, "backward", backward)


BENT = "BentGradient.apply({})"
SUM = "x.sum(axis=axis, keepdims=keepdims)"
FLAG = "requires_grad=requires_grad"
# Every optimizer of the reference, with steps that are longer by the slip.
FASTER = tuple(
    (rule, text.replace("lr=lr", f"lr=lr * {SLIP!r}"))
    for rule, text in known_engine("reference").spelling.optimizers
)
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
    "precision": Mutation(ops={"sum": "Rounded.apply(x.sum(axis=axis, keepdims=keepdims))"}),
    "inputs_unchanged": Mutation(ops={"relu": "clipped(x)"}),
    "gradient_shapes": Mutation({"grad": "flat(x)"}),
    "gradient_dtype": Mutation({"grad": "coarse(x)"}),
    "gradients_apart": Mutation(patch=share_leaves),
    "cotangent_unchanged": Mutation({"backward": "x.backward(taken(cotangent))"}),
    "training_step": Mutation(patch=stop_early),
    "gradient_descent": Mutation({"clear": "None"}),
    "momentum": Mutation({"clear": "None"}),
    "mini_batches": Mutation({"clear": "None"}),
    "gradients_kept": Mutation(patch=overwrite_leaf),
    "decreasing_losses": Mutation({"assign": "None"}),
    **{f"optimizer[{rule}]": Mutation({"optimizers": FASTER}) for rule in OPTIMIZERS},
    "zero_size": Mutation(ops={"sum": f"{SUM} + 0 * x[(0,) * x.ndim]"}),
    "rank_4": Mutation(ops={"tanh": "if_rank_4(x, x, reference.tanh(x))"}),
    "magnitudes": Mutation(ops={"sqrt": "reference.sqrt(x + 1e-24)"}),
    "non_contiguous": Mutation({"leaf": f"reference.Tensor(in_memory(data), {FLAG})"}),
    "ieee_values": Mutation(ops={"log": "reference.log(reference.maximum(x, 1e-300))"}),
    "infinite_inputs": Mutation(
        ops={"softmax": "reference.softmax(x - x.min(axis=axis, keepdims=True), axis=axis)"}
    ),
    "masked_nan": Mutation(ops={"where": "x * np.where(condition, 1, 0) + y * (1 - condition)"}),
    "negative_base": Mutation(ops={"power": "LogarithmInGradient.apply(x) ** y"}),
    **higher_mutations.HIGHER,
    **history_mutations.HISTORY,
    **structure_mutations.STRUCTURE,
    **textbook_mutations.TEXTBOOK_KILLERS,
}
# What each of them does to ordinary arrays: nothing.
EDGES = {
    "zero_size": "sum",
    "rank_4": "tanh",
    "magnitudes": "sqrt",
    "non_contiguous": "sum",
    "ieee_values": "log",
    "infinite_inputs": "softmax",
    "masked_nan": "where",
    "negative_base": "power",
}


@pytest.mark.parametrize("name", EDGES)
def test_an_edge_is_lost_alone(name: str):
    """The killer of an edge has right values and gradients everywhere else."""
    mutation = STRUCTURAL[name]
    engine = engine_with(mutation.fields, mutation.ops)
    found = [result_of(f"{what}[{EDGES[name]}]", engine).verdict for what in ("value", "gradient")]
    assert found == [Verdict.PASS, Verdict.PASS]


# Equal operands of logaddexp, an ordinary point, are drawn by chance wherever it is asked for.
@pytest.mark.parametrize("name", sorted(NAIVE.keys() - {"kinks[logaddexp]"}))
def test_a_naive_form_loses_the_point_of_its_edge_alone(name: str):
    """Value and gradient at ordinary points are right, whatever happens at the edge."""
    op = CATALOGUE[name].op
    naive = engine_with({}, {op: NAIVE[name]})
    with np.errstate(all="ignore"):
        verdicts = [result_of(f"{what}[{op}]", naive).verdict for what in ("value", "gradient")]
    assert verdicts == [Verdict.PASS, Verdict.PASS]


FLAT = ("sign", "floor")  # a gradient of zero cannot be bent: it is handed through instead


def mutation_of(name: str) -> Mutation:
    """Return the killer of a property: of its own, or the one of its family."""
    if name in STRUCTURAL:
        return STRUCTURAL[name]
    if name in higher_mutations.OF_OPS:
        return higher_mutations.OF_OPS[name]
    op = CATALOGUE[name].op
    text = dict(known_engine("reference").spelling.ops)[op]
    family = {
        "value": f"({text}) * {SLIP!r}",
        "gradient": f"({text}) + (x - x.detach())" if op in FLAT else f"BentGradient.apply({text})",
        "broadcasting": f"if_broadcast(x, y, {text})",
        "numbers": f"if_plain(x, y, {text})",
        "kinks": f"({text}) + 3 * (x - x.detach()){'' if OPS[op].is_elementwise else '.sum()'}",
        "forward_mode": f"({text}) + moving(x)" if op in FLAT else f"bent_tangent({text})",
        "second_derivative": f"FlatGradient.apply({text})",
    }
    if name in NAIVE:
        return Mutation(ops={op: NAIVE[name]})
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
        ("magnitudes", clip_gradients),
        ("non_contiguous", read_cotangents_in_memory),
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
