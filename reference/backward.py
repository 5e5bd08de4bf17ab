"""Reverse mode: cotangents walk from the results to the leaves.

All of reverse mode is in the loop of ``backpropagate``. That a value used in several places sums
what comes back is one line of it; that no rule runs before the sum is complete is the order of
``consumers_first``.
"""

from collections.abc import Collection, Iterable, Mapping

from reference.graph import Cotangent, Node, consumers_first, leading_to

__all__ = ["backpropagate"]


def backpropagate(
    seeds: Mapping[Node, Cotangent],
    *,
    retain_graph: bool,
    targets: Collection[Node] | None = None,
) -> dict[Node, Cotangent]:
    """Pull the seeds' cotangents back through the graph.

    Without ``targets``, every sink on the way (leaves, ``retain_grad``) receives its cotangent
    and nothing is returned. With them, the targets' cotangents are returned (a target that the
    seeds do not depend on is missing), no sink is touched, and only rules on the way run.
    """
    cotangents = dict(seeds)
    found: dict[Node, Cotangent] = {}
    order = list(consumers_first(seeds))
    wanted = set(order) if targets is None else leading_to(targets, order)
    for node in order:
        if node not in wanted or node not in cotangents:
            continue
        cotangent = node.hooked(cotangents.pop(node))
        if targets is None:
            if node.sink is not None:
                node.sink(cotangent)
        elif node in targets:
            found[node] = cotangent
        if any(parent in wanted for parent in node.parents):
            _add_shares(cotangents, node.parents, node.pull(cotangent))
            if not retain_graph:
                node.free()
    return found


def _add_shares(
    cotangents: dict[Node, Cotangent],
    parents: Iterable[Node | None],
    shares: Iterable[Cotangent | None],
) -> None:
    """Add each parent's share to what other consumers sent it; never in place: shares alias."""
    for parent, share in zip(parents, shares, strict=True):
        if parent is not None and share is not None:
            known = cotangents.get(parent)
            cotangents[parent] = share if known is None else known + share
