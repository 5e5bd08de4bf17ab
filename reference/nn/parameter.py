"""A tensor that a module finds among its attributes."""

from typing import Any, final

import numpy.typing as npt

from reference.tensor import Tensor

__all__ = ["Parameter"]


@final
class Parameter(Tensor):
    """A leaf that is to be trained; what is computed from it is a ``Tensor`` like any other.

    Args:
        data: As of ``Tensor``; copied.
        requires_grad: Whether it is trained. A frozen parameter is one of its module's still.
        dtype: The dtype to convert to, if another one is wanted.
    """

    __slots__ = ()

    def __init__(
        self, data: Any, requires_grad: bool = True, dtype: npt.DTypeLike | None = None
    ) -> None:
        """Copy ``data`` into a new leaf."""
        super().__init__(data, requires_grad, dtype)
