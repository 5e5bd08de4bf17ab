"""Scalars that know their gradient: each one asks those it was made from, again for every path."""

import math


class Scalar:
    def __init__(self, value, inputs=()):
        self.value = float(value)
        self.inputs = inputs  # pairs: a Scalar, and the derivative with respect to it
        self.grad = 0.0

    def __repr__(self):
        return f"Scalar({self.value})"

    def backward(self, gradient=1.0):
        """Add ``gradient`` times the derivatives of this number to the leaves."""
        if not self.inputs:
            self.grad += gradient
        for source, derivative in self.inputs:
            source.backward(gradient * derivative)

    def zero_grad(self):
        self.grad = 0.0

    def __add__(self, other):
        other = wrap(other)
        return Scalar(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        other = wrap(other)
        return Scalar(self.value - other.value, ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        other = wrap(other)
        return Scalar(self.value * other.value, ((self, other.value), (other, self.value)))

    def __truediv__(self, other):
        other = wrap(other)
        y = self.value / other.value
        return Scalar(y, ((self, 1.0 / other.value), (other, -y / other.value)))

    def __pow__(self, n):
        if isinstance(n, Scalar):
            return NotImplemented
        slope = n * math.pow(self.value, n - 1) if n != 0 else 0.0
        return Scalar(math.pow(self.value, n), ((self, slope),))

    def __neg__(self):
        return Scalar(-self.value, ((self, -1.0),))

    def __radd__(self, other):
        return wrap(other) + self

    def __rsub__(self, other):
        return wrap(other) - self

    def __rmul__(self, other):
        return wrap(other) * self

    def __rtruediv__(self, other):
        return wrap(other) / self

    def exp(self):
        y = math.exp(self.value)
        return Scalar(y, ((self, y),))

    def tanh(self):
        y = math.tanh(self.value)
        return Scalar(y, ((self, 1.0 - y * y),))


def wrap(x):
    return x if isinstance(x, Scalar) else Scalar(x)
