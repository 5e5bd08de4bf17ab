"""Wrong engines in structure: what is walked, kept, cleared, tracked, and refused.

The reference with one mechanism broken. Values and gradients of single ops are right in all of
them.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pytest

import reference
from tests.properties.mutations import Mutation, module

PATIENCE: Final = 100_000  # steps of a walk: a clock would end it later
_LEAVES: list[Any] = []
_OF_INTEGERS: list[Any] = []


def recurse(patch: pytest.MonkeyPatch) -> None:
    """RECURSION: the order of the nodes by recursion, as deep as the graph."""

    def order(roots: Any) -> list[Any]:
        found: dict[Any, None] = {}

        def visit(node: Any) -> None:
            if node not in found:
                for parent in node.parents:
                    if parent is not None:
                        visit(parent)
                found[node] = None

        for root in roots:
            visit(root)
        return [*found][::-1]

    patch.setattr(module("backward"), "consumers_first", order)


def walk_every_path(patch: pytest.MonkeyPatch) -> None:
    """EXP-PATHS: go down from a node as often as it is come to."""
    original = module("backward").consumers_first

    def order(roots: Any) -> Any:
        stack, n_steps = [*roots], 0
        while stack:
            stack += [p for p in stack.pop().parents if p is not None]
            n_steps += 1
            if n_steps > PATIENCE:
                message = "too many steps"
                raise TimeoutError(message)
        return original(roots)

    patch.setattr(module("backward"), "consumers_first", order)


def count_twice_at_most(patch: pytest.MonkeyPatch) -> None:
    """Let what arrives at a leaf after two passes take the place of the second one's share."""
    before: dict[Any, list[Any]] = {}

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            shares = before.setdefault(owner, [])
            shares[:] = [*shares[:1], cotangent.clone()]
            owner.grad = sum(shares[1:], shares[0])

        return accumulate

    patch.setattr(module("tensor"), "_sink", sink)


def replay_first_graph(patch: pytest.MonkeyPatch) -> None:
    """Keep the graph of the first backward to a set of leaves, and run it for all later ones."""
    known: dict[Any, Any] = {}
    original = module("backward").backpropagate
    order = module("backward").consumers_first

    def replay(seeds: Any, **flags: Any) -> Any:
        leaves = frozenset(node for node in order(seeds) if node.is_leaf)
        roots = known.setdefault(leaves, [*seeds])
        flags["retain_graph"] = True
        return original(dict(zip(roots, seeds.values(), strict=True)), **flags)

    patch.setattr(module("tensor"), "backpropagate", replay)


def before_backward(
    change: Callable[[Any, Any], Any], *, runs: Callable[[Any], bool] = lambda _: True
) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a patch by which backward takes ``change(x, cotangent)``, if it ``runs`` at all."""
    original = reference.Tensor.backward

    def backward(x: Any, cotangent: Any = None, **flags: Any) -> None:
        """Run what is left of backward."""
        if runs(x):
            original(x, change(x, cotangent), **flags)

    return lambda patch: patch.setattr(reference.Tensor, "backward", backward)


def keep_roots(patch: pytest.MonkeyPatch) -> None:
    """Keep every root that was ever propagated from in a list."""
    tape: list[Any] = []

    def kept(x: Any, cotangent: Any) -> Any:
        tape.append(x)
        return cotangent

    before_backward(kept)(patch)


def one_switch_for_all(patch: pytest.MonkeyPatch) -> None:
    """Have one switch for all threads."""
    patch.setattr(module("modes"), "_SWITCH", SimpleNamespace(enabled=True))


def mean_of_ones(x: Any, cotangent: Any) -> Any:
    """Return what makes the gradient that of the mean."""
    if cotangent is not None or x.size == 1:
        return cotangent
    return reference.Tensor(np.full(x.shape, 1 / x.size))


def resized(x: Any, cotangent: Any) -> Any:
    """Return a cotangent of the root's shape, whatever was given."""
    return None if cotangent is None else reference.Tensor(np.resize(cotangent.data, x.shape))


def remembered(leaf: Any) -> Any:
    """Put a leaf on the list of all leaves."""
    _LEAVES.append(leaf)
    return leaf


def clear_all() -> None:
    """Clear the gradient of every leaf there is."""
    for leaf in _LEAVES:
        leaf.grad = None


def of_floats(data: Any, requires_grad: bool) -> Any:
    """Return a leaf of floats, and remember it if integers were given."""
    leaf = reference.Tensor(np.asarray(data, dtype=float), requires_grad=requires_grad)
    if data.dtype.kind == "i":
        _OF_INTEGERS.append(leaf)
    return leaf


def as_given(leaf: Any) -> Any:
    """INT-GRAD-DTYPE: the gradient in the dtype of what the leaf was made from."""
    if leaf.grad is None or not any(leaf is x for x in _OF_INTEGERS):
        return leaf.grad
    return np.trunc(leaf.grad.data)


def given_up(x: Any, y: Any) -> None:
    """Copy ``y`` to ``x``, which is made anew and asks for no gradient."""
    with reference.no_grad():
        x.copy_(y)
    x.requires_grad = False


def recorded(operator: str, x: Any, y: Any) -> Any:
    """Return the result of an operator, recorded whatever the mode."""
    with reference.enable_grad():
        return getattr(x, operator)(y)


def zipped(operator: str, x: Any, y: Any) -> Any:
    """Return an operator of what two arrays of one rank have in common, as zip would."""
    if x.ndim == y.ndim and x.shape != y.shape and 1 not in x.shape + y.shape:
        common = tuple(slice(min(n, m)) for n, m in zip(x.shape, y.shape, strict=True))
        x, y = x[common], y[common]
    return getattr(x, operator)(y)


_OPERATORS: Final = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__"}

NAMES: Final[dict[str, Any]] = {
    "as_given": as_given,
    "clear_all": clear_all,
    "given_up": given_up,
    "of_floats": of_floats,
    "recorded": recorded,
    "remembered": remembered,
    "zipped": zipped,
}
LEAF: Final = "reference.Tensor(data, requires_grad=requires_grad)"
STRUCTURE: Final[dict[str, Mutation]] = {
    "micro_batches": Mutation(patch=count_twice_at_most),
    "cleared_gradients": Mutation({"leaf": f"remembered({LEAF})", "clear": "clear_all()"}),
    "graph_that_ran": Mutation(patch=replay_first_graph),
    "deep_chains": Mutation(patch=recurse),
    "stacked_doublings": Mutation(patch=walk_every_path),
    "differentiable_gradients": Mutation(
        {"backward": "x.backward(reference.Tensor(cotangent), create_graph=True)"}
    ),
    "released_graphs": Mutation(patch=keep_roots),
    "integer_leaves": Mutation({"leaf": "of_floats(data, requires_grad)", "grad": "as_given(x)"}),
    "switched_leaves": Mutation(
        {"leaf": LEAF.replace("=requires_grad", "=True"), "set_requires_grad": "None"}
    ),
    "switched_results": Mutation({"set_requires_grad": "None"}),
    "masks": Mutation(ops={"greater": "(x > y) + (x - x.detach())"}),
    "assigned_parameters": Mutation({"assign": "given_up(x, y)"}),
    "parameters_in_place": Mutation(
        {
            "in_place": tuple(
                (op, f"x = recorded({name!r}, x, y)") for op, name in _OPERATORS.items()
            )
        }
    ),
    "modes_of_threads": Mutation(patch=one_switch_for_all),
    "nonscalar_backward": Mutation(patch=before_backward(mean_of_ones)),
    "misshapen_cotangent": Mutation(patch=before_backward(resized)),
    "backward_without_gradient": Mutation(
        patch=before_backward(lambda _, c: c, runs=lambda x: x.requires_grad or x.ndim == 0)
    ),
    "mismatched_shapes": Mutation(
        ops={op: f"zipped({name!r}, x, y)" for op, name in _OPERATORS.items()}
    ),
    "broken_rule": Mutation(ops={"custom_broken": "x * 1.0"}),
    "no_derivative": Mutation(
        ops={"argmax": "x.argmax() + (x * 0.0).sum()", "greater": "(x > y) + x * 0.0"}
    ),
}
