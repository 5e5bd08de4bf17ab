from __future__ import annotations

from collections.abc import Callable

import numpy as np

Vjp = Callable[[np.ndarray], np.ndarray]


class Tensor:
    """An array together with its history: pairs of (input, vector-Jacobian product)."""

    __array_ufunc__ = None

    def __init__(self, data, history: tuple[tuple[Tensor, Vjp], ...] = ()):
        self.data = np.asarray(data, dtype=float)
        self.grad: np.ndarray | None = None
        self._history = history

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def T(self) -> Tensor:
        return Tensor(self.data.T, ((self, lambda g: g.T),))

    def numpy(self) -> np.ndarray:
        return self.data

    def item(self) -> float:
        return self.data.item()

    def __repr__(self) -> str:
        return f"Tensor({self.data!r})"

    def __add__(self, other) -> Tensor:
        other = ensure_tensor(other)
        return Tensor(
            self.data + other.data,
            (
                (self, lambda g: reduce_to(g, self.shape)),
                (other, lambda g: reduce_to(g, other.shape)),
            ),
        )

    def __mul__(self, other) -> Tensor:
        other = ensure_tensor(other)
        return Tensor(
            self.data * other.data,
            (
                (self, lambda g: reduce_to(g * other.data, self.shape)),
                (other, lambda g: reduce_to(g * self.data, other.shape)),
            ),
        )

    def __truediv__(self, other) -> Tensor:
        other = ensure_tensor(other)
        return Tensor(
            self.data / other.data,
            (
                (self, lambda g: reduce_to(g / other.data, self.shape)),
                (other, lambda g: reduce_to(-g * self.data / other.data**2, other.shape)),
            ),
        )

    def __matmul__(self, other) -> Tensor:
        other = ensure_tensor(other)
        if self.ndim != 2 or other.ndim != 2:
            raise ValueError(f"@ is for two matrices, not for shapes {self.shape}, {other.shape}")
        return Tensor(
            self.data @ other.data,
            ((self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)),
        )

    def __pow__(self, exponent: float) -> Tensor:
        if isinstance(exponent, Tensor):
            return NotImplemented

        def vjp(g):
            return g * exponent * self.data ** (exponent - 1) if exponent else np.zeros_like(g)

        return Tensor(self.data**exponent, ((self, vjp),))

    def __neg__(self) -> Tensor:
        return Tensor(-self.data, ((self, lambda g: -g),))

    def __sub__(self, other) -> Tensor:
        return self + -ensure_tensor(other)

    def __radd__(self, other) -> Tensor:
        return ensure_tensor(other) + self

    def __rsub__(self, other) -> Tensor:
        return ensure_tensor(other) - self

    def __rmul__(self, other) -> Tensor:
        return ensure_tensor(other) * self

    def __rtruediv__(self, other) -> Tensor:
        return ensure_tensor(other) / self

    def __getitem__(self, index) -> Tensor:
        def vjp(g):
            out = np.zeros(self.shape)
            np.add.at(out, index, g)
            return out

        return Tensor(self.data[index], ((self, vjp),))

    def backward(self, gradient=None) -> None:
        """Add gradients to the ``grad`` of the tensors that were not computed from others."""
        if gradient is None:
            if self.data.size != 1:
                raise ValueError("backward() without a gradient is for tensors of one element")
            gradient = np.ones(self.shape)
        gradient = np.array(gradient, dtype=float)
        if gradient.shape != self.shape:
            raise ValueError(f"gradient of shape {gradient.shape} for shape {self.shape}")
        gradients = {self: gradient}
        for tensor in self._sorted():
            g = gradients.pop(tensor)
            for source, vjp in tensor._history:
                gradients[source] = gradients.get(source, 0.0) + vjp(g)
            if not tensor._history:
                tensor.grad = np.array(g if tensor.grad is None else tensor.grad + g)

    def _sorted(self) -> list[Tensor]:
        """Kahn's algorithm: a tensor comes when all that use it have come."""
        uses: dict[Tensor, int] = {self: 0}
        stack = [self]
        while stack:
            for source, _ in stack.pop()._history:
                if source not in uses:
                    uses[source] = 0
                    stack.append(source)
                uses[source] += 1
        order, ready = [], [self]
        while ready:
            tensor = ready.pop()
            order.append(tensor)
            for source, _ in tensor._history:
                uses[source] -= 1
                if uses[source] == 0:
                    ready.append(source)
        return order


def ensure_tensor(x) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


def reduce_to(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over what broadcasting to the shape of ``g`` has repeated."""
    extra = g.ndim - len(shape)
    repeated = [i for i, n in enumerate(shape, start=extra) if n == 1]
    return g.sum(axis=(*range(extra), *repeated), keepdims=True).reshape(shape)
