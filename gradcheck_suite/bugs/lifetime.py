"""Bugs of the life of a graph and of what was saved in it."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import reference
from gradcheck_suite.bugs.bug import Patches, module, structural

__all__ = ["LIFETIME"]

THEME: Final = "graph lifetime"


def replay_first_graph(patch: Patches) -> None:
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


def keep_roots(patch: Patches) -> None:
    """Keep every root that was ever propagated from in a list."""
    tape: list[Any] = []

    def kept(x: Any, cotangent: Any) -> Any:
        tape.append(x)
        return cotangent

    before_backward(kept)(patch)


def before_backward(
    change: Callable[[Any, Any], Any], *, runs: Callable[[Any], bool] = lambda _: True
) -> Callable[[Patches], None]:
    """Return a patch by which backward takes ``change(x, cotangent)``, if it ``runs`` at all."""
    original = reference.Tensor.backward

    def backward(x: Any, cotangent: Any = None, **flags: Any) -> None:
        """Run what is left of backward."""
        if runs(x):
            original(x, change(x, cotangent), **flags)

    return lambda patch: patch.setattr(reference.Tensor, "backward", backward)


def keep_a_graph_once(patch: Patches) -> None:
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


def keep_old_history(patch: Patches) -> None:
    """Change the numbers in place, and leave the history as it was."""
    patch.setattr(reference.Tensor, "_rebind", lambda x, node: None)


def trust_what_was_saved(patch: Patches) -> None:
    """SAVED-MUTATED: use what was saved, whatever happened to it since."""

    def unpack(saved: Any) -> Any:
        return module("tensor").wrap(saved._array, saved._link(), saved._version)

    patch.setattr(module("saved").Saved, "unpack", unpack)


def forget_overwriting(patch: Patches) -> None:
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


def second_does_nothing(patches: Patches) -> None:
    """Let a second backward through a retained graph pass without a trace."""
    done: list[Any] = []
    original = module("tensor").backpropagate

    def once(seeds: Any, **flags: Any) -> Any:
        if any(root in done for root in seeds):
            return {}
        done.extend(root for root in seeds if root.parents)
        return original(seeds, **flags)

    patches.setattr(module("tensor"), "backpropagate", once)


def free_retained(patches: Patches) -> None:
    """Free the graph whether it is to be retained or not."""
    original = module("tensor").backpropagate

    def freeing(seeds: Any, **flags: Any) -> Any:
        return original(seeds, **{**flags, "retain_graph": False})

    patches.setattr(module("tensor"), "backpropagate", freeing)


_bug: Final = structural(THEME)
LIFETIME: Final = (
    _bug(
        "graph-replayed",
        "lifetime",
        "the graph of the first backward to a set of leaves is run again for all later ones",
        "graph_that_ran",
        replay_first_graph,
    ),
    _bug(
        "roots-kept",
        "lifetime",
        "every root that backward ran from is kept in a list: no graph's memory is given back",
        "released_graphs",
        keep_roots,
    ),
    _bug(
        "retained-once",
        "lifetime",
        "retain_graph keeps a graph for one more backward, and not for a third",
        "history[lifetime]",
        keep_a_graph_once,
    ),
    _bug(
        "retained-freed",
        "lifetime",
        "retain_graph is ignored: the graph is freed all the same",
        "retained_backward",
        free_retained,
    ),
    _bug(
        "second-backward-idle",
        "lifetime",
        "a second backward from one root does nothing, and says nothing, though the graph was "
        "retained",
        "retained_backward",
        second_does_nothing,
    ),
    _bug(
        "saved-mutated",
        "saved values",
        "what a rule saved is used though it was overwritten in place since: no version is looked "
        "at",
        "result_changed[mul] leaf_changed[mul] constant_changed[mul] result_changed[matmul] "
        "leaf_changed[matmul] constant_changed[matmul]",
        trust_what_was_saved,
    ),
    _bug(
        "versions-forgotten",
        "saved values",
        "each backward sets all version counters back: what was overwritten before is not noticed "
        "after",
        "history[in_place]",
        forget_overwriting,
    ),
    _bug(
        "old-history",
        "in place",
        "a change in place changes the numbers and not the history: the old derivative remains",
        "in_place_on_results",
        keep_old_history,
    ),
)
