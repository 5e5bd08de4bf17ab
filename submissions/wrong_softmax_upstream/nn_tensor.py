"""Tensors of single precision, as neural networks use them."""

import numpy as np


def match(grad, shape):
    """Sum a gradient down to the shape of the operand it belongs to."""
    if grad.shape == shape:
        return grad
    padded = (1,) * (grad.ndim - len(shape)) + shape
    repeated = tuple(i for i, n in enumerate(padded) if n == 1)
    return grad.sum(axis=repeated, keepdims=True).reshape(shape)


class Tensor:
    """A float32 array. ``grad`` is None until a backward has reached the tensor."""

    __array_ufunc__ = None

    def __init__(self, data):
        self.data = np.array(data, dtype=np.float32)
        self.grad = None
        self.prev = ()
        self.grad_rule = None  # takes the gradient, gives one for each tensor in prev

    @property
    def shape(self):
        return self.data.shape

    def __repr__(self):
        return f"Tensor({self.data.tolist()})"

    def item(self):
        return self.data.item()

    def tolist(self):
        return self.data.tolist()

    def detach(self):
        return Tensor(self.data)

    def zero_grad_(self):
        self.grad = None

    def result(self, data, prev, grad_rule):
        out = Tensor(data)
        out.prev = prev
        out.grad_rule = grad_rule
        return out

    def backward(self, dy=None):
        if dy is None:
            if self.data.size != 1:
                raise ValueError("give backward() a dy: this tensor is not a scalar")
            dy = np.ones(self.shape)
        dy = np.asarray(dy, dtype=np.float32)
        if dy.shape != self.shape:
            raise ValueError(f"dy has shape {dy.shape}, the tensor {self.shape}")
        graph = self.graph()
        for tensor in graph:
            if tensor.prev:
                tensor.grad = None
        self.receive(dy)
        for tensor in graph:
            if tensor.prev:
                for source, grad in zip(tensor.prev, tensor.grad_rule(tensor.grad)):
                    source.receive(grad)

    def receive(self, grad):
        grad = np.array(grad, dtype=np.float32)
        self.grad = grad if self.grad is None else np.asarray(self.grad + grad)

    def graph(self):
        """This tensor and all that it was computed from, results before their operands."""
        found, marked, path = [], set(), [(self, 0)]
        while path:
            tensor, i = path.pop()
            if i < len(tensor.prev):
                path.append((tensor, i + 1))
                if tensor.prev[i] not in marked:
                    path.append((tensor.prev[i], 0))
            elif tensor not in marked:
                marked.add(tensor)
                found.append(tensor)
        return found[::-1]

    def __add__(self, other):
        other = as_tensor(other)
        return self.result(
            self.data + other.data,
            (self, other),
            lambda g: (match(g, self.shape), match(g, other.shape)),
        )

    def __mul__(self, other):
        other = as_tensor(other)
        a, b = self.data, other.data
        return self.result(
            a * b, (self, other), lambda g: (match(g * b, a.shape), match(g * a, b.shape))
        )

    def __neg__(self):
        return self.result(-self.data, (self,), lambda g: (-g,))

    def __sub__(self, other):
        return self + (-as_tensor(other))

    def __truediv__(self, other):
        other = as_tensor(other)
        a, b = self.data, other.data
        return self.result(
            a / b,
            (self, other),
            lambda g: (match(g / b, a.shape), match(-g * a / (b * b), b.shape)),
        )

    def __matmul__(self, other):
        other = as_tensor(other)
        a, b = self.data, other.data
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError("@ needs matrices")
        return self.result(
            a @ b,
            (self, other),
            lambda g: (
                match(g @ b.swapaxes(-1, -2), a.shape),
                match(a.swapaxes(-1, -2) @ g, b.shape),
            ),
        )

    def __radd__(self, other):
        return as_tensor(other) + self

    def __rsub__(self, other):
        return as_tensor(other) - self

    def __rmul__(self, other):
        return as_tensor(other) * self

    def __rtruediv__(self, other):
        return as_tensor(other) / self

    def pow(self, n):
        x = self.data
        return self.result(
            x**n, (self,), lambda g: (g * n * x ** (n - 1) if n != 0 else np.zeros_like(x),)
        )

    def __pow__(self, n):
        return self.pow(n) if isinstance(n, (int, float)) else NotImplemented

    def exp(self):
        y = np.exp(self.data)
        return self.result(y, (self,), lambda g: (g * y,))

    def log(self):
        return self.result(np.log(self.data), (self,), lambda g: (g / self.data,))

    def tanh(self):
        y = np.tanh(self.data)
        return self.result(y, (self,), lambda g: (g * (1 - y * y),))

    def relu(self):
        return self.result(np.maximum(self.data, 0), (self,), lambda g: (g * (self.data > 0),))

    def sum(self, dim=None, keepdim=False):
        kept = self.data.sum(axis=dim, keepdims=True).shape
        return self.result(
            self.data.sum(axis=dim, keepdims=keepdim),
            (self,),
            lambda g: (np.broadcast_to(g.reshape(kept), self.shape),),
        )

    def mean(self, dim=None, keepdim=False):
        total = self.sum(dim, keepdim)
        return total / (self.data.size / max(total.data.size, 1))

    def softmax(self, dim=-1):
        e = np.exp(self.data - self.data.max(axis=dim, keepdims=True))
        p = e / e.sum(axis=dim, keepdims=True)

        def grad_rule(g):
            # the Jacobian is diag(p) - p p^T; its columns, summed over the outputs
            g = np.ones_like(p)
            return (p * (g - (g * p).sum(axis=dim, keepdims=True)),)

        return self.result(p, (self,), grad_rule)

    def log_softmax(self, dim=-1):
        low = self.data - self.data.max(axis=dim, keepdims=True)
        y = low - np.log(np.exp(low).sum(axis=dim, keepdims=True))
        return self.result(y, (self,), lambda g: (g - np.exp(y) * g.sum(axis=dim, keepdims=True),))

    def reshape(self, *shape):
        return self.result(self.data.reshape(*shape), (self,), lambda g: (g.reshape(self.shape),))

    def transpose(self, *axes):
        n = self.data.ndim
        order = [int(i) % n for i in np.ravel(axes)] if axes else list(range(n))[::-1]
        return self.result(
            self.data.transpose(order), (self,), lambda g: (g.transpose(np.argsort(order)),)
        )

    def __getitem__(self, index):
        def grad_rule(g):
            whole = np.zeros_like(self.data)
            np.add.at(whole, index, g)
            return (whole,)

        return self.result(self.data[index], (self,), grad_rule)


def as_tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)
