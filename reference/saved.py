"""A value kept for a derivative rule, and the check that it is still the value it was."""

from collections.abc import Callable
from typing import final

from reference.errors import ModifiedInPlaceError
from reference.graph import Node
from reference.tensor import Tensor, wrap

__all__ = ["Saved"]


@final
class Saved:
    """A tensor's array, kept for the rule of operation ``user``.

    A rule may need the operation's own result (exp's does). The node would then hold the tensor
    that holds the node, a circle that only the garbage collector breaks. So the array is kept, not
    the tensor, and whoever saves a result passes a ``link`` that finds the node without holding it.
    """

    __slots__ = ("_array", "_count", "_link", "_user", "_version")

    def __init__(
        self, tensor: Tensor, user: str, link: Callable[[], Node | None] | None = None
    ) -> None:
        """Keep the array and its version; the node too, unless there is a link to it."""
        node = tensor.node
        self._array = tensor.data
        self._version = tensor.version
        self._count = tensor.version.count
        self._user = user
        self._link: Callable[[], Node | None] = link or (lambda: node)

    def unpack(self) -> Tensor:
        """Return the tensor; raise ModifiedInPlaceError if it was overwritten meanwhile."""
        changes = self._version.count - self._count
        if changes:
            message = (
                f"a value of shape {self._array.shape} that the derivative of {self._user} needs "
                f"was overwritten {changes} time(s) since; overwrite a clone() of it instead"
            )
            raise ModifiedInPlaceError(message)
        return wrap(self._array, self._link(), self._version)
