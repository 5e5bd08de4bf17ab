"""What can be written on a tensor: ``x + y``, ``x.exp()``, ``x[0]``, ``x += y``.

Every method looks its operation up in the table ``OPS`` when it is called. That is why this file,
and with it ``tensor.py``, need not import the rules, which are themselves written on tensors.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from numbers import Number
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["OPS", "Axis", "Operators", "op"]

Axis: TypeAlias = int | tuple[int, ...] | None
F = TypeVar("F", bound=Callable[..., Any])

OPS: dict[str, Callable[..., Any]] = {}  # name -> operation; the rules' files fill it


def op(function: F) -> F:
    """Enter a function that is composed of other operations into the table, under its name."""
    OPS[function.__name__] = function
    return function


class Operators(ABC):
    """The operators and methods of a tensor, each one row of the table."""

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

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        if not isinstance(other, Operators | np.ndarray | Number):
            return NotImplemented
        return self._apply("not_equal", other)

    __hash__ = object.__hash__  # by identity, since == is elementwise

    # Elementwise functions.

    def exp(self) -> Self:
        """Return e to the power of each element."""
        return self._apply("exp")

    def log(self) -> Self:
        """Return the natural logarithm of each element."""
        return self._apply("log")

    def sqrt(self) -> Self:
        """Return the square root of each element."""
        return self._apply("sqrt")

    def sin(self) -> Self:
        """Return the sine of each element."""
        return self._apply("sin")

    def cos(self) -> Self:
        """Return the cosine of each element."""
        return self._apply("cos")

    def tanh(self) -> Self:
        """Return the hyperbolic tangent of each element."""
        return self._apply("tanh")

    def sigmoid(self) -> Self:
        """Return 1 / (1 + exp(-x)) of each element, without overflow."""
        return self._apply("sigmoid")

    def relu(self) -> Self:
        """Return the positive part of each element; the derivative at 0 is 0."""
        return self._apply("relu")

    def abs(self) -> Self:
        """Return the magnitude of each element; the derivative at 0 is 0."""
        return self._apply("abs")

    def pow(self, exponent: Any) -> Self:
        """Return each element to the power of ``exponent``, a number, array or tensor."""
        return self._apply("pow", exponent)

    def clone(self) -> Self:
        """Return a copy with its own data; gradients pass through."""
        return self._apply("clone")

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Return a copy of another dtype; gradients come back in this one's."""
        return self._apply("astype", dtype)

    # Reductions: `axis` is None (all axes), an int or a tuple of ints.

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the sum over ``axis``."""
        return self._apply("sum", axis, keepdims)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the mean over ``axis``."""
        return self._apply("mean", axis, keepdims)

    def max(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the maximum over ``axis``; ties share the gradient evenly."""
        return self._apply("max", axis, keepdims)

    def min(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the minimum over ``axis``; ties share the gradient evenly."""
        return self._apply("min", axis, keepdims)

    def softmax(self, axis: int) -> Self:
        """Return exp(x) / sum(exp(x)) along ``axis``, without overflow."""
        return self._apply("softmax", axis)

    def log_softmax(self, axis: int) -> Self:
        """Return log(softmax(x)) along ``axis``, without overflow."""
        return self._apply("log_softmax", axis)

    # Shapes. Results are copies, never views.

    def reshape(self, *shape: int | Sequence[int]) -> Self:
        """Return the elements in another shape: ``x.reshape(2, 3)`` or ``x.reshape((2, 3))``."""
        return self._apply("reshape", shape if _is_ints(shape) else shape[0])

    def transpose(self, axes: Sequence[int] | None = None) -> Self:
        """Return the axes permuted as ``axes`` says, or reversed."""
        return self._apply("transpose", axes)

    @property
    def T(self) -> Self:  # noqa: N802  # the field's name for it
        """The axes reversed."""
        return self._apply("transpose")

    def broadcast_to(self, shape: Sequence[int]) -> Self:
        """Return the elements repeated to ``shape``."""
        return self._apply("broadcast_to", shape)

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


def _is_ints(shape: Sequence[Any]) -> bool:
    return all(isinstance(length, int | np.integer) for length in shape)
