"""Matrices with gradients: everything has two axes, and shapes have to agree."""

import contextlib
import threading

import numpy as np

_state = threading.local()


@contextlib.contextmanager
def no_autodiff():
    before, _state.quiet = getattr(_state, "quiet", False), True
    try:
        yield
    finally:
        _state.quiet = before


class Parameter:
    """A matrix. There is no ``grad`` before the first backward."""

    def __init__(self, array):
        array = np.array(array, dtype=float)
        if array.ndim != 2:
            raise ValueError(f"expected a matrix, got {array.ndim} axes")
        self.array = array
        self.sources = ()

    @property
    def shape(self):
        return self.array.shape

    def to_numpy(self):
        return self.array

    def clear_grad(self):
        self.__dict__.pop("grad", None)

    def backward(self, upper_grad=None):
        """Add up the gradients of all matrices that this one was computed from."""
        if upper_grad is None:
            if self.array.size != 1:
                raise ValueError(f"a matrix of shape {self.shape} needs an upper_grad")
            upper_grad = np.ones(self.shape)
        if np.shape(upper_grad) != self.shape:
            raise ValueError(f"upper_grad of shape {np.shape(upper_grad)} for {self.shape}")
        order, seen = [], set()

        def visit(x):
            if id(x) not in seen:
                seen.add(id(x))
                for source, _ in x.sources:
                    visit(source)
                order.append(x)

        visit(self)
        flows = {id(self): np.array(upper_grad, dtype=float)}
        for x in reversed(order):
            flow = flows[id(x)]
            if not x.sources:
                x.grad = x.grad + flow if hasattr(x, "grad") else flow
            for source, pull in x.sources:
                part = pull(flow)
                known = flows.get(id(source))
                flows[id(source)] = part if known is None else known + part

    def __add__(self, other):
        _same(self, other)
        return _made(self.array + other.array, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        _same(self, other)
        return _made(self.array - other.array, (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other):
        _same(self, other)
        a, b = self.array, other.array
        return _made(a * b, (self, lambda g: g * b), (other, lambda g: g * a))

    def __truediv__(self, other):
        _same(self, other)
        a, b = self.array, other.array
        return _made(a / b, (self, lambda g: g / b), (other, lambda g: -g * a / b / b))

    def __neg__(self):
        return _made(-self.array, (self, lambda g: -g))

    def __pow__(self, n):
        a = self.array
        slope = n * a ** (n - 1) if n != 0 else np.zeros_like(a)
        return _made(a**n, (self, lambda g: g * slope))

    def dot(self, other):
        a, b = self.array, other.array
        return _made(a @ b, (self, lambda g: g @ b.T), (other, lambda g: a.T @ g))

    @property
    def T(self):
        return _made(self.array.T, (self, lambda g: g.T))


def _same(x, y):
    if x.shape != y.shape:
        raise ValueError(f"shapes {x.shape} and {y.shape} differ")


def _made(array, *sources):
    result = Parameter(array)
    if not getattr(_state, "quiet", False):
        result.sources = sources
    return result


def exp(x):
    e = np.exp(x.array)
    return _made(e, (x, lambda g: g * e))


def tanh(x):
    t = np.tanh(x.array)
    return _made(t, (x, lambda g: g * (1 - t * t)))


def reduce_sum(x, dim=None):
    """Add up along one axis, which stays, or both."""
    total = x.array.sum(axis=dim, keepdims=True)
    return _made(total, (x, lambda g: np.broadcast_to(g, x.shape)))
