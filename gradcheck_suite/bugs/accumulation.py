"""Bugs of accumulation: what arrives at a value that is used twice, or gets a second pass."""

from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bug import Patches, module, structural

__all__ = ["ACCUMULATION"]

THEME: Final = "accumulation"


def overwrite_shares(patch: Patches) -> None:
    """ACC-ASSIGN: a second use of a value overwrites the first one's share (= for +=)."""

    def assign(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                cotangents[parent] = share

    patch.setattr(module("backward"), "_add_shares", assign)


def overwrite_leaf(patch: Patches) -> None:
    """Overwrite the gradient of a leaf in each backward pass."""

    def sink(owner: Any) -> Callable[[Any], None]:
        return lambda cotangent: setattr(owner, "grad", cotangent.clone())

    patch.setattr(module("tensor"), "_sink", sink)


def keep_stale(patch: Patches) -> None:
    """ACC-INTERMEDIATE: what an intermediate node received before is sent on once more."""
    before: dict[Any, Any] = {}
    original = module("graph").Node.hooked

    def hooked(node: Any, cotangent: Any) -> Any:
        total = original(node, cotangent)
        if node.parents:
            total = before[node] = total + before[node] if node in before else total
        return total

    patch.setattr(module("graph").Node, "hooked", hooked)


def keep_stale_and_graph(patch: Patches) -> None:
    """Do the same in an engine that never frees its graph."""
    keep_stale(patch)
    patch.setattr(module("graph").Node, "free", lambda node: None)


def keep_stale_below_root(patch: Patches) -> None:
    """Do the same in an engine that sets the gradient of the root to 1 in every pass."""
    before: dict[Any, Any] = {}
    roots: set[Any] = set()
    node_class, tensor = module("graph").Node, module("tensor")
    original, backpropagate = node_class.hooked, tensor.backpropagate

    def hooked(node: Any, cotangent: Any) -> Any:
        total = original(node, cotangent)
        if node.parents:
            stale = node in before and node not in roots
            total = before[node] = total + before[node] if stale else total
        return total

    def from_roots(seeds: Any, **how: Any) -> Any:
        roots.clear()
        roots.update(seeds)
        return backpropagate(seeds, **how)

    patch.setattr(node_class, "hooked", hooked)
    patch.setattr(tensor, "backpropagate", from_roots)


def share_leaves(patch: Patches) -> None:
    """GRAD-BUFFER-ALIAS: keep whatever array arrives at a leaf, and add to it with +=."""

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            if owner.grad is None:
                owner.grad = cotangent
            else:
                owner.grad.data[...] += cotangent.data

        return accumulate

    patch.setattr(module("tensor"), "_sink", sink)


def cut(x: Any) -> Any:
    """Detach ``x`` itself instead of a copy."""
    x.node = None
    return x


def count_twice_at_most(patch: Patches) -> None:
    """Let what arrives at a leaf after two passes take the place of the second one's share."""
    before: dict[Any, list[Any]] = {}

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            shares = before.setdefault(owner, [])
            shares[:] = [*shares[:1], cotangent.clone()]
            owner.grad = sum(shares[1:], shares[0])

        return accumulate

    patch.setattr(module("tensor"), "_sink", sink)


def add_numbers_alone(patch: Patches) -> None:
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


def accumulate_in_place(patches: Patches) -> None:
    """GRAD-BUFFER-ALIAS: sum shares with +=, into an array that belongs to another operand too."""

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                known = cotangents.get(parent)
                if known is None:
                    cotangents[parent] = share
                else:
                    known.data[...] += share.data

    patches.setattr(module("backward"), "_add_shares", add)


def average_shares(patches: Patches) -> None:
    """Take the mean of what two consumers send."""

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                known = cotangents.get(parent)
                cotangents[parent] = share if known is None else (known + share) / 2

    patches.setattr(module("backward"), "_add_shares", add)


def keep_first_share(patches: Patches) -> None:
    """Keep what the first consumer sent."""

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                cotangents.setdefault(parent, share)

    patches.setattr(module("backward"), "_add_shares", add)


def twice_is_once(patches: Patches) -> None:
    """Send an operand that stands twice in one call the last of its two shares."""
    original = module("backward")._add_shares

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        once = dict(zip(parents, shares, strict=True))
        original(cotangents, list(once), list(once.values()))

    patches.setattr(module("backward"), "_add_shares", add)


def slip_where_shared(patches: Patches) -> None:
    """Multiply a sum of two shares by 1.001."""

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                known = cotangents.get(parent)
                cotangents[parent] = share if known is None else (known + share) * 1.001

    patches.setattr(module("backward"), "_add_shares", add)


def add_twice_to_leaves(patches: Patches) -> None:
    """Add a gradient twice to a leaf that has one already."""

    def sink(owner: Any) -> Callable[[Any], None]:
        def accumulate(cotangent: Any) -> None:
            held = owner.grad
            owner.grad = cotangent.clone() if held is None else held + cotangent + cotangent

        return accumulate

    patches.setattr(module("tensor"), "_sink", sink)


_bug: Final = structural(THEME)
ACCUMULATION: Final = (
    _bug(
        "acc-assign",
        "sharing",
        "a closure writes its share with = and not +=: a value that is used twice keeps the last "
        "contribution alone",
        "operand_twice",
        overwrite_shares,
    ),
    _bug(
        "acc-first",
        "sharing",
        "a value that is used twice keeps the first contribution alone",
        "operand_twice fan_out",
        keep_first_share,
    ),
    _bug(
        "acc-twice-is-once",
        "sharing",
        "an operand that stands twice in one call, as in x * x, gets one of its two shares",
        "operand_twice",
        twice_is_once,
    ),
    _bug(
        "acc-mean",
        "sharing",
        "what several consumers send is averaged, and not summed",
        "operand_twice fan_out",
        average_shares,
    ),
    _bug(
        "acc-slip",
        "sharing",
        "the sum of what two consumers send is off by 0.1 %",
        "operand_twice fan_out",
        slip_where_shared,
    ),
    _bug(
        "acc-in-place",
        "sharing",
        "shares are summed with += into an array that another operand holds too",
        "fan_out",
        accumulate_in_place,
    ),
    _bug(
        "acc-overwrite-leaf",
        "accumulation",
        "a second backward overwrites the gradient of a leaf, where the first one's should be "
        "added to, in training runs too",
        "gradients_kept",
        overwrite_leaf,
    ),
    _bug(
        "acc-leaf-twice",
        "accumulation",
        "a leaf that has a gradient already gets the new one twice",
        "accumulation",
        add_twice_to_leaves,
    ),
    _bug(
        "acc-micro-batches",
        "accumulation",
        "the gradient that a third backward leaves takes the place of the second one's",
        "micro_batches",
        count_twice_at_most,
    ),
    _bug(
        "acc-intermediate",
        "second pass",
        "intermediate gradients of the last pass are still there in the next, and are sent on "
        "once more",
        "two_losses clear_and_repeat retained_backward middle_then_end",
        keep_stale,
    ),
    _bug(
        "acc-below-root",
        "second pass",
        "intermediate gradients of the last pass are sent on once more in the next, while the "
        "root's is set to 1 each time",
        "two_losses clear_and_repeat retained_backward middle_then_end",
        keep_stale_below_root,
    ),
    _bug(
        "zerograd-leafonly",
        "second pass",
        "the graph is never freed, and clearing the leaves leaves the gradients of intermediate "
        "values: a second backward sends them on again",
        "second_backward",
        keep_stale_and_graph,
    ),
    _bug(
        "acc-history-lost",
        "accumulation",
        "where a second gradient is added to a leaf's, what both were made from is lost",
        "history[higher_order]",
        add_numbers_alone,
    ),
    _bug(
        "grad-buffer-alias",
        "aliasing",
        "a leaf keeps the very array that arrives as its gradient, and adds to it in place: "
        "another leaf holds the same array",
        "gradients_apart",
        share_leaves,
    ),
)
