import numpy as np

from .table import FORWARDS, VJPS


class Array:
    """``Array(2.0)``: the numbers are ``value``; ``backward()`` leaves gradients in ``adjoint``."""

    __array_ufunc__ = None

    def __init__(self, value):
        self.value = np.array(value, dtype=np.float64)
        self.adjoint = None
        self.call = None  # the name of the primitive, its operands, its settings

    @property
    def shape(self):
        return self.value.shape

    def __repr__(self):
        return f"Array({self.value.tolist()})"

    def backward(self, seed=None):
        """Add to the adjoint of everything that this was made from, itself included."""
        if seed is None and self.value.size != 1:
            raise ValueError("backward() of several numbers needs a seed")
        seed = np.ones(self.shape) if seed is None else np.array(seed, dtype=np.float64)
        if seed.shape != self.shape:
            raise ValueError(f"a seed of shape {seed.shape} for shape {self.shape}")
        cotangents = {self: seed}
        for array in reversed(made_before(self)):
            g = cotangents.pop(array)
            if array.call is None:
                array.adjoint = g + (0.0 if array.adjoint is None else array.adjoint)
                continue
            name, operands, settings = array.call
            values = [x.value for x in operands]
            for x, vjp in zip(operands, VJPS[name]):
                share = fold(vjp(g, array.value, *values, *settings), x.shape)
                cotangents[x] = cotangents[x] + share if x in cotangents else share

    def clear_gradient(self):
        self.adjoint = None

    def __add__(self, other):
        return apply("add", self, other)

    def __radd__(self, other):
        return apply("add", other, self)

    def __sub__(self, other):
        return apply("sub", self, other)

    def __rsub__(self, other):
        return apply("sub", other, self)

    def __mul__(self, other):
        return apply("mul", self, other)

    def __rmul__(self, other):
        return apply("mul", other, self)

    def __truediv__(self, other):
        return apply("div", self, other)

    def __rtruediv__(self, other):
        return apply("div", other, self)

    def __matmul__(self, other):
        return apply("matmul", self, other)

    def __neg__(self):
        return apply("neg", self)

    def __pow__(self, n):
        return apply("pow", self, settings=(n,))


def apply(name, *operands, settings=()):
    """Run a primitive on arrays or numbers, and remember the call."""
    operands = [x if isinstance(x, Array) else Array(x) for x in operands]
    result = Array(FORWARDS[name](*(x.value for x in operands), *settings))
    result.call = name, operands, settings
    return result


def fold(g, shape):
    """Sum over the axes along which an operand was stretched."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(k for k, n in enumerate(shape) if n == 1)
    return g.sum(axis=stretched, keepdims=True)


def made_before(root):
    """Return everything that ``root`` was made from, in the order in which it was made."""
    found, order, stack = set(), [], [root]
    while stack:
        array = stack[-1]
        waiting = [x for x in (array.call[1] if array.call else ()) if x not in found]
        if waiting:
            stack += waiting
        else:
            stack.pop()
            if array not in found:
                found.add(array)
                order.append(array)
    return order
