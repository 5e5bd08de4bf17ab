"""What can be called on a tensor by name: ``x.exp()``, ``x.sum(axis)``, ``x.reshape(2, 3)``.

Like the operators, every method looks its operation up in the table when it is called. Here is
what is natural on the value itself; losses, layers and the rest are functions alone.
"""

from abc import ABC
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reference.operators import OPS, Axis, Operators

__all__ = ["Methods"]


class Methods(Operators, ABC):
    """The named operations of a tensor, each one row of the table."""

    __slots__ = ()

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

    def tan(self) -> Self:
        """Return the tangent of each element."""
        return self._apply("tan")

    def expm1(self) -> Self:
        """Return exp(x) - 1 of each element, accurate near 0."""
        return self._apply("expm1")

    def log1p(self) -> Self:
        """Return log(1 + x) of each element, accurate near 0."""
        return self._apply("log1p")

    def square(self) -> Self:
        """Return the square of each element."""
        return self._apply("square")

    def rsqrt(self) -> Self:
        """Return 1 / sqrt(x) of each element."""
        return self._apply("rsqrt")

    def reciprocal(self) -> Self:
        """Return 1 / x of each element."""
        return self._apply("reciprocal")

    def sign(self) -> Self:
        """Return -1, 0 or 1 for each element; the derivative is 0."""
        return self._apply("sign")

    def floor(self) -> Self:
        """Return the largest integer up to each element; the derivative is 0."""
        return self._apply("floor")

    def round(self) -> Self:
        """Return the nearest integer to each element, of two the even one; without gradient."""
        return self._apply("round")

    def clip(self, min: Any = None, max: Any = None) -> Self:  # noqa: A002 - NumPy's names
        """Return each element, or the bound that it passes; at a bound the derivative is 1."""
        return self._apply("clip", min, max)

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

    def prod(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return the product over ``axis``; the derivative is right at zeros too."""
        return self._apply("prod", axis, keepdims)

    def var(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Self:
        """Return the variance over ``axis``, with ``n - ddof`` as divisor."""
        return self._apply("var", axis, ddof, keepdims)

    def std(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Self:
        """Return the root of the variance over ``axis``; the derivative at 0 is 0."""
        return self._apply("std", axis, ddof, keepdims)

    def norm(self, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Self:  # noqa: A002 - NumPy's name
        """Return the vector norm of order 1, 2 or infinity over ``axis``."""
        return self._apply("norm", ord, axis, keepdims)

    def logsumexp(self, axis: Axis = None, keepdims: bool = False) -> Self:
        """Return log(sum(exp(x))) over ``axis``, without overflow."""
        return self._apply("logsumexp", axis, keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """Return where along ``axis`` the first maximum is, as integers."""
        return self._apply("argmax", axis, keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """Return where along ``axis`` the first minimum is, as integers."""
        return self._apply("argmin", axis, keepdims)

    def cumsum(self, axis: int) -> Self:
        """Return the sums of all elements up to each one along ``axis``."""
        return self._apply("cumsum", axis)

    def cumprod(self, axis: int) -> Self:
        """Return the products of all elements up to each one along ``axis``."""
        return self._apply("cumprod", axis)

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
    def T(self) -> Self:  # noqa: N802 - the field's name for it
        """The axes reversed."""
        return self._apply("transpose")

    def broadcast_to(self, shape: Sequence[int]) -> Self:
        """Return the elements repeated to ``shape``."""
        return self._apply("broadcast_to", shape)

    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """Return two axes exchanged."""
        return self._apply("swapaxes", axis1, axis2)

    def squeeze(self, axis: Axis = None) -> Self:
        """Return the elements without those of the axes that have length 1."""
        return self._apply("squeeze", axis)

    def unsqueeze(self, axis: int) -> Self:
        """Return the elements with a new axis of length 1."""
        return self._apply("unsqueeze", axis)

    def flip(self, axis: Axis = None) -> Self:
        """Return the elements in reverse order along ``axis``."""
        return self._apply("flip", axis)

    def roll(self, shift: Any, axis: Axis = None) -> Self:
        """Return the elements moved along ``axis``; those that fall off come in again."""
        return self._apply("roll", shift, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Self:
        """Return each element repeated along ``axis``."""
        return self._apply("repeat", repeats, axis)

    def tril(self, k: int = 0) -> Self:
        """Return the lower triangle up to the k-th diagonal, zeros above."""
        return self._apply("tril", k)

    def triu(self, k: int = 0) -> Self:
        """Return the upper triangle from the k-th diagonal, zeros below."""
        return self._apply("triu", k)

    def diagonal(self, offset: int = 0) -> Self:
        """Return a diagonal of a matrix."""
        return self._apply("diagonal", offset)

    def trace(self) -> Self:
        """Return the sum of a matrix's diagonal."""
        return self._apply("trace")

    def take(self, indices: Any, axis: int | None = None) -> Self:
        """Return the elements at positions along ``axis``."""
        return self._apply("take", indices, axis)

    def gather(self, axis: int, index: Any) -> Self:
        """Return one element along ``axis`` for each element of ``index``."""
        return self._apply("gather", axis, index)

    def scatter_add(self, axis: int, index: Any, src: Any) -> Self:
        """Return a copy with ``src`` added at positions along ``axis``."""
        return self._apply("scatter_add", axis, index, src)

    def split(self, sections: int | Sequence[int], axis: int = 0) -> tuple[Self, ...]:
        """Return equal pieces along ``axis``, or those between positions."""
        pieces: tuple[Self, ...] = OPS["split"](self, sections, axis)
        return pieces


def _is_ints(shape: Sequence[Any]) -> bool:
    return all(isinstance(length, int | np.integer) for length in shape)
