"""What can be written on a tensor: ``x + y``, ``x[0]``, ``x += y``.

Every operator looks its operation up in the table ``OPS`` when it is called. That is why this
file, and with it ``methods.py`` and ``tensor.py``, need not import the rules, which are themselves
written on tensors.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Number
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np

__all__ = ["OPS", "Axis", "Operators", "op"]

Axis: TypeAlias = int | tuple[int, ...] | None
F = TypeVar("F", bound=Callable[..., Any])

OPS: dict[str, Callable[..., Any]] = {}  # name -> operation; the rules' files fill it


def op(function: F) -> F:
    """Enter a function that is composed of other operations into the table, under its name."""
    OPS[function.__name__] = function
    return function


class Operators(ABC):
    """The operators of a tensor, each one row of the table."""

    __slots__ = ()
    __array_ufunc__: ClassVar[None] = None  # an array on the left hands over to our reflected op
    __array_priority__: ClassVar[float] = 1000.0  # the same request, in NumPy's older protocol

    @abstractmethod
    def _overwrite(self, name: str, *args: Any) -> Self:
        """Put the result of operation ``name`` on this tensor in its own place."""

    def _apply(self, name: str, *args: Any, **attributes: Any) -> Self:
        result: Self = OPS[name](self, *args, **attributes)
        return result

    def _reflected(self, name: str, other: Any) -> Self:
        result: Self = OPS[name](other, self)
        return result

    # Arithmetic: `other` is a tensor, an array or a number.

    def __neg__(self) -> Self:
        return self._apply("neg")

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._apply("abs")

    def __add__(self, other: Any) -> Self:
        return self._apply("add", other)

    def __radd__(self, other: Any) -> Self:
        return self._reflected("add", other)

    def __sub__(self, other: Any) -> Self:
        return self._apply("sub", other)

    def __rsub__(self, other: Any) -> Self:
        return self._reflected("sub", other)

    def __mul__(self, other: Any) -> Self:
        return self._apply("mul", other)

    def __rmul__(self, other: Any) -> Self:
        return self._reflected("mul", other)

    def __truediv__(self, other: Any) -> Self:
        return self._apply("div", other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._reflected("div", other)

    def __pow__(self, other: Any) -> Self:
        return self._apply("pow", other)

    def __rpow__(self, other: Any) -> Self:
        return self._reflected("power", other)

    def __matmul__(self, other: Any) -> Self:
        return self._apply("matmul", other)

    def __rmatmul__(self, other: Any) -> Self:
        return self._reflected("matmul", other)

    # Comparisons: boolean tensors, which need no gradient.

    def __lt__(self, other: Any) -> Self:
        return self._apply("less", other)

    def __le__(self, other: Any) -> Self:
        return self._apply("less_equal", other)

    def __gt__(self, other: Any) -> Self:
        return self._apply("greater", other)

    def __ge__(self, other: Any) -> Self:
        return self._apply("greater_equal", other)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]  # elementwise, not bool
        if not isinstance(other, Operators | np.ndarray | Number):
            return NotImplemented  # `x == None` is False, not an error
        return self._apply("equal", other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]  # elementwise too
        if not isinstance(other, Operators | np.ndarray | Number):
            return NotImplemented
        return self._apply("not_equal", other)

    __hash__ = object.__hash__  # by identity, since == is elementwise

    # Elements.

    def __getitem__(self, index: Any) -> Self:
        return self._apply("getitem", index)

    # In place. On a leaf that requires a gradient these raise, except under no_grad.

    def add_(self, other: Any) -> Self:
        """Add in place."""
        return self._overwrite("add", other)

    def sub_(self, other: Any) -> Self:
        """Subtract in place."""
        return self._overwrite("sub", other)

    def mul_(self, other: Any) -> Self:
        """Multiply in place."""
        return self._overwrite("mul", other)

    def div_(self, other: Any) -> Self:
        """Divide in place."""
        return self._overwrite("div", other)

    def pow_(self, exponent: Any) -> Self:
        """Raise to a power in place."""
        return self._overwrite("pow", exponent)

    def copy_(self, other: Any) -> Self:
        """Overwrite every element with those of ``other``, broadcast to this shape."""
        return self._overwrite("setitem", other, ...)

    def fill_(self, value: Any) -> Self:
        """Overwrite every element with one value."""
        return self._overwrite("setitem", value, ...)

    def zero_(self) -> Self:
        """Overwrite every element with zero."""
        return self._overwrite("setitem", 0, ...)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._overwrite("setitem", value, index)

    __iadd__ = add_
    __isub__ = sub_
    __imul__ = mul_
    __itruediv__ = div_
    __ipow__ = pow_
