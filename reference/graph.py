"""The graph: who was computed from whom.

A node stands for one value. It knows the nodes of the values that it was computed from, how to
pull a cotangent back to them, and how to push their tangents forward to itself. It knows nothing
of arrays: a cotangent is anything that can be added.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, final

from reference.errors import GraphFreedError

__all__ = ["Cotangent", "Node", "consumers_first", "leading_to"]

Cotangent: TypeAlias = Any  # whatever has a `+`: a Tensor, or a bundle of them
Pull: TypeAlias = Callable[[Cotangent], Sequence[Cotangent | None]]
Push: TypeAlias = Callable[[Sequence[Any]], Any]


@final
class Node:
    """One value of the graph.

    ``parents`` has one entry for each argument of the operation: the argument's node, or None
    where the argument needs no gradient. A leaf has no parents at all.
    """

    __slots__ = ("__weakref__", "_pull", "_push", "hooks", "name", "parents", "sink")

    def __init__(
        self,
        name: str,
        parents: "tuple[Node | None, ...]" = (),
        pull: Pull | None = None,
        push: Push | None = None,
    ) -> None:
        """Make the node of a value that operation ``name`` computed from ``parents``."""
        self.name = name
        self.parents = parents
        self._pull = pull
        self._push = push
        self.hooks: dict[int, Callable[[Cotangent], Cotangent | None]] = {}
        self.sink: Callable[[Cotangent], None] | None = None  # writes to some tensor's .grad

    def __repr__(self) -> str:
        """Show the operation's name."""
        return f"<{self.name}>"

    @property
    def is_leaf(self) -> bool:
        """Whether the value was given, not computed."""
        return not self.parents

    def pull(self, cotangent: Cotangent) -> Sequence[Cotangent | None]:
        """Return the parents' shares of the cotangent, None for a parent without a share."""
        if self._pull is None:
            message = (
                f"backward a second time through {self.name}, whose saved values were freed by "
                "the first; pass retain_graph=True to the first backward to keep them"
            )
            raise GraphFreedError(message)
        return self._pull(cotangent)

    def push(self, tangents: Sequence[Any]) -> Any:
        """Return this value's tangent from its parents' (None where a parent has none)."""
        if self._push is None:
            message = f"forward through {self.name}, whose saved values were freed"
            raise GraphFreedError(message)
        return self._push(tangents)

    def hooked(self, cotangent: Cotangent) -> Cotangent:
        """Show the cotangent to the hooks, in order; each may put another in its place."""
        for hook in list(self.hooks.values()):  # a copy: a hook may remove itself
            replacement = hook(cotangent)
            if replacement is not None:
                cotangent = replacement
        return cotangent

    def free(self) -> None:
        """Drop what was saved for the rules; the links stay, so that a second pass ends here."""
        self._pull = self._push = None


def consumers_first(roots: Iterable[Node]) -> Iterator[Node]:
    """Yield every node that the roots depend on, each once and after all of its consumers.

    Iterative, since a chain may be longer than Python's stack is deep; linear in the number of
    edges, since a value that is used twice is visited once.
    """
    roots = list(roots)
    waiting = Counter(roots)  # how many consumers each node waits for; a root also for its start
    stack = list(waiting)
    while stack:
        for parent in stack.pop().parents:
            if parent is None:
                continue
            if parent not in waiting:
                stack.append(parent)
            waiting[parent] += 1
    done = roots  # one entry of a node for each of its consumers that is done
    while done:
        node = done.pop()
        waiting[node] -= 1
        if not waiting[node]:
            yield node
            done.extend(parent for parent in node.parents if parent is not None)


def leading_to(targets: Iterable[Node], order: Sequence[Node]) -> set[Node]:
    """Return the nodes of ``order`` (consumers first) that depend on a target, or are one."""
    found = set(targets)
    for node in reversed(order):
        if any(parent in found for parent in node.parents):
            found.add(node)
    return found
