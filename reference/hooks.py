"""Functions that see, and may replace, the cotangent of one value."""

import itertools
from collections.abc import Callable
from typing import final

from reference.graph import Cotangent, Node

__all__ = ["HookHandle", "add_hook"]

_KEYS = itertools.count()


@final
class HookHandle:
    """The means to remove a hook."""

    def __init__(self, node: Node, key: int) -> None:
        """Remember which hook of which node."""
        self._node = node
        self._key = key

    def remove(self) -> None:
        """Remove the hook; a second time does nothing."""
        self._node.hooks.pop(self._key, None)


def add_hook(node: Node, hook: Callable[[Cotangent], Cotangent | None]) -> HookHandle:
    """Call ``hook`` with the cotangent of the node, after the hooks that it already has."""
    key = next(_KEYS)
    node.hooks[key] = hook
    return HookHandle(node, key)
