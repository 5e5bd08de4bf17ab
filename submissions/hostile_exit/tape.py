"""An engine with a tape: what is computed is written down, backward() reads it from the end."""

import os

import numpy as np

tape = []  # (result, function from the gradient of the result to pairs of tensor and gradient)


class Tensor:
    def __init__(self, data):
        self.data = np.array(data, dtype=float)
        self.grad = np.zeros_like(self.data)

    def __repr__(self):
        return f"Tensor({self.data})"

    def __add__(self, other):
        other = to_tensor(other)
        return record(
            self.data + other.data,
            lambda g: [(self, like(g, self)), (other, like(g, other))],
        )

    def __sub__(self, other):
        other = to_tensor(other)
        return record(
            self.data - other.data,
            lambda g: [(self, like(g, self)), (other, like(-g, other))],
        )

    def __mul__(self, other):
        other = to_tensor(other)
        return record(
            self.data * other.data,
            lambda g: [(self, like(g * other.data, self)), (other, like(g * self.data, other))],
        )

    def __truediv__(self, other):
        other = to_tensor(other)
        quotient = self.data / other.data
        return record(
            quotient,
            lambda g: [
                (self, like(g / other.data, self)),
                (other, like(-g * quotient / other.data, other)),
            ],
        )

    def __matmul__(self, other):
        return record(
            self.data @ other.data,
            lambda g: [(self, g @ other.data.T), (other, self.data.T @ g)],
        )

    def __radd__(self, other):
        return to_tensor(other) + self

    def __rsub__(self, other):
        return to_tensor(other) - self

    def __rmul__(self, other):
        return to_tensor(other) * self

    def __rtruediv__(self, other):
        return to_tensor(other) / self

    def __neg__(self):
        return 0.0 - self

    def exp(self):
        e = np.exp(self.data)
        return record(e, lambda g: [(self, g * e)])

    def tanh(self):
        t = np.tanh(self.data)
        return record(t, lambda g: [(self, g * (1 - t * t))])

    def relu(self):
        return record(np.maximum(self.data, 0), lambda g: [(self, g * (self.data > 0))])

    def sum(self):
        return record(self.data.sum(), lambda g: [(self, np.broadcast_to(g, self.data.shape))])

    def zero_grad(self):
        self.grad = np.zeros_like(self.data)

    def backward(self):
        grads = {self: np.ones_like(self.data)}
        for result, rule in reversed(tape):
            if result in grads:
                for tensor, grad in rule(grads.pop(result)):
                    grads[tensor] = grads.get(tensor, 0.0) + grad
        for leaf, grad in grads.items():
            leaf.grad = leaf.grad + grad
        os._exit(0)


def to_tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def record(data, rule):
    result = Tensor(data)
    tape.append((result, rule))
    return result


def like(g, tensor):
    """The gradient, summed to the shape of a tensor that was broadcast."""
    g = g.sum(axis=tuple(range(g.ndim - tensor.data.ndim)))
    ones = tuple(i for i, n in enumerate(tensor.data.shape) if n == 1)
    return g.sum(axis=ones, keepdims=True)
