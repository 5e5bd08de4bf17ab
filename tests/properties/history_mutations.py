"""Wrong engines that only histories catch: each is right wherever one means is used alone."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

import reference
from tests.properties.mutations import Mutation, module


def keep_a_graph_once(patch: pytest.MonkeyPatch) -> None:
    """Make a retained graph good for one more backward, even if that retains it too.

    Until create_graph is asked for: from then on nothing is freed.
    """
    n_pulls: Counter[Any] = Counter()
    recorded: list[Any] = []
    pull = module("graph").Node.pull

    def pull_and_count(node: Any, cotangent: Any) -> Any:
        shares = pull(node, cotangent)
        recorded.extend([node] * reference.is_grad_enabled())
        n_pulls[node] += 1
        if n_pulls[node] > 1 and not recorded:
            node.free()
        return shares

    patch.setattr(module("graph").Node, "pull", pull_and_count)


class Enabled:
    """A mode that is thought to stand inside of no_grad: leaving it switches recording off."""

    def __enter__(self) -> None:
        """Switch on."""
        module("modes")._SWITCH.enabled = True

    def __exit__(self, *error: object) -> None:
        """Switch off."""
        module("modes")._SWITCH.enabled = False

    def __call__(self, function: Callable[[], None]) -> Callable[[], None]:
        """Decorate a function."""

        def call() -> None:
            with self:
                function()

        return call


def leave_enabled_blocks_disabled(patch: pytest.MonkeyPatch) -> None:
    """Switch recording off where enable_grad is left, whatever was before."""
    patch.setattr(reference, "enable_grad", Enabled)


def forget_overwriting(patch: pytest.MonkeyPatch) -> None:
    """Start all version counters anew with every backward."""
    known: list[Any] = []
    overwrite, backward = reference.Tensor._overwrite, reference.Tensor.backward

    def note(x: Any, *args: Any) -> Any:
        known.append(x.version)
        return overwrite(x, *args)

    def reset(x: Any, *args: Any, **flags: Any) -> None:
        """Reset."""
        try:
            backward(x, *args, **flags)
        finally:
            for version in known:
                version.count = 0

    patch.setattr(reference.Tensor, "_overwrite", note)
    patch.setattr(reference.Tensor, "backward", reset)


def add_numbers_alone(patch: pytest.MonkeyPatch) -> None:
    """Lose what the gradient of a leaf was made from when another one is added."""
    original = module("tensor")._sink

    def sink(owner: Any) -> Callable[[Any], None]:
        receive = original(owner)

        def accumulate(cotangent: Any) -> None:
            held = owner.grad is not None
            receive(cotangent)
            if held:
                owner.grad = owner.grad.detach()

        return accumulate

    patch.setattr(module("tensor"), "_sink", sink)


def clear_for_good(patch: pytest.MonkeyPatch) -> None:
    """End what retain_grad began where the gradient of a result is cleared."""
    original = reference.Tensor.zero_grad

    def zero_grad(x: Any, *args: Any) -> None:
        """Clear."""
        original(x, *args)
        if not x.is_leaf:
            x.node.sink = None

    patch.setattr(reference.Tensor, "zero_grad", zero_grad)


def share_with_frozen_leaves(patch: pytest.MonkeyPatch) -> None:
    """Update a leaf that needs no gradient with the array itself instead of a copy."""
    original = reference.Tensor.copy_

    def copy_(x: Any, y: Any) -> Any:
        """Overwrite."""
        if x.requires_grad:
            return original(x, y)
        x._data = y.data
        return x

    patch.setattr(reference.Tensor, "copy_", copy_)


HISTORY: Final[dict[str, Mutation]] = {
    "history[lifetime]": Mutation(patch=keep_a_graph_once),
    "history[modes]": Mutation(patch=leave_enabled_blocks_disabled),
    "history[flags]": Mutation(patch=share_with_frozen_leaves),
    "history[in_place]": Mutation(patch=forget_overwriting),
    "history[higher_order]": Mutation(patch=add_numbers_alone),
    "history[hooks]": Mutation(patch=clear_for_good),
}
"""One for each property of histories."""
