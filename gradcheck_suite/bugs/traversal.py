"""Bugs of the walk over the graph: its order, its depth, what it visits."""

from typing import Any, Final

import reference
from gradcheck_suite.bugs.bug import Patches, module, structural

__all__ = ["TRAVERSAL"]

THEME: Final = "traversal"


PATIENCE: Final = 100_000  # steps of a walk: a clock would end it later


def recurse(patch: Patches) -> None:
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


def walk_every_path(patch: Patches) -> None:
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


def breadth_first(patch: Patches) -> None:
    """NO-TOPO: nodes run in the order in which they are met, not after all their consumers."""

    def order(roots: Any) -> list[Any]:
        found = list(roots)
        for node in found:
            found += [p for p in node.parents if p is not None and p not in found]
        return found

    patch.setattr(module("backward"), "consumers_first", order)


def stop_early(patch: Patches) -> None:
    """Give up after five nodes: small graphs are right."""
    original = module("backward").consumers_first
    patch.setattr(module("backward"), "consumers_first", lambda roots: list(original(roots))[:5])


def leave_roots_alone(patch: Patches) -> None:
    """Give a leaf that is itself the root no gradient."""
    original = reference.Tensor.backward

    def backward(x: Any, *args: Any, **flags: Any) -> None:
        """Bend the cotangent."""
        if not x.is_leaf:
            original(x, *args, **flags)

    patch.setattr(reference.Tensor, "backward", backward)


def descend(patches: Patches) -> None:
    """NO-TOPO: go down from a node at once, before its other consumers have run."""

    def order(roots: Any) -> list[Any]:
        found: list[Any] = []
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node not in found:
                found.append(node)
                stack.extend(p for p in node.parents if p is not None)
        return found

    patches.setattr(module("backward"), "consumers_first", order)


def forget_last(patches: Patches) -> None:
    """Leave out the node that comes last, where there are more than three."""
    original = module("backward").consumers_first

    def order(roots: Any) -> list[Any]:
        found = list(original(roots))
        return found[:-1] if len(found) > 3 else found  # noqa: PLR2004 - small graphs are right

    patches.setattr(module("backward"), "consumers_first", order)


def first_parent_alone(patches: Patches) -> None:
    """Follow the first of two operands that are both results."""
    original = module("graph").Node.pull

    def pull(node: Any, cotangent: Any) -> Any:
        shares = list(original(node, cotangent))
        results = [k for k, p in enumerate(node.parents) if p is not None and not p.is_leaf]
        for k in results[1:]:
            if node.parents[k] is not node.parents[results[0]]:
                shares[k] = None
        return shares

    patches.setattr(module("graph").Node, "pull", pull)


_bug: Final = structural(THEME)
TRAVERSAL: Final = (
    _bug(
        "no-topo",
        "order",
        "a node runs as soon as it is met, and not after all of its consumers: what comes later "
        "does not go on to its operands",
        "fan_out",
        breadth_first,
    ),
    _bug(
        "no-topo-depth",
        "order",
        "backward goes down from each node at once, without a topological order: a node that is "
        "used twice runs before its gradient is complete",
        "fan_out",
        descend,
    ),
    _bug(
        "recursion",
        "depth",
        "backward recurses as deep as the graph: a chain of some thousand ops is a RecursionError",
        "deep_chains",
        recurse,
    ),
    _bug(
        "exp-paths",
        "paths",
        "backward goes down every path, not to every node: doubling 30 times takes a billion steps",
        "stacked_doublings",
        walk_every_path,
    ),
    _bug(
        "stop-early",
        "order",
        "backward visits five nodes and no more",
        "expressions training_step",
        stop_early,
    ),
    _bug(
        "last-forgotten",
        "order",
        "the node that comes last in the order is left out of every larger graph",
        "expressions",
        forget_last,
    ),
    _bug(
        "first-branch-alone",
        "sharing",
        "where both operands are results, backward follows the first one alone",
        "expressions",
        first_parent_alone,
    ),
    _bug(
        "roots-alone",
        "roots",
        "backward from a leaf itself leaves it without a gradient",
        "roots_and_branches",
        leave_roots_alone,
    ),
)
