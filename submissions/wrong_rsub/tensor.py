import numpy as np


def sum_to_shape(grad, shape):
    """Undo broadcasting: sum grad so that it has the given shape."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    for i, n in enumerate(shape):
        if n == 1:
            grad = grad.sum(axis=i, keepdims=True)
    return grad


class Tensor:
    """A NumPy array that knows how it was computed. Every tensor has a gradient."""

    __array_priority__ = 1000  # array + tensor calls our __radd__

    def __init__(self, data, children=()):
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.children = children
        self._backward = lambda: None

    @property
    def shape(self):
        return self.data.shape

    def __repr__(self):
        return f"Tensor({self.data})"

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data + other.data, (self, other))

        def _backward():
            self.grad += sum_to_shape(out.grad, self.shape)
            other.grad += sum_to_shape(out.grad, other.shape)

        out._backward = _backward
        return out

    def __sub__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data - other.data, (self, other))

        def _backward():
            self.grad += sum_to_shape(out.grad, self.shape)
            other.grad -= sum_to_shape(out.grad, other.shape)

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, (self, other))

        def _backward():
            self.grad += sum_to_shape(out.grad * other.data, self.shape)
            other.grad += sum_to_shape(out.grad * self.data, other.shape)

        out._backward = _backward
        return out

    def __truediv__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data / other.data, (self, other))

        def _backward():
            self.grad += sum_to_shape(out.grad / other.data, self.shape)
            other.grad -= sum_to_shape(out.grad * self.data / other.data**2, other.shape)

        out._backward = _backward
        return out

    __radd__ = __add__
    __rsub__ = __sub__
    __rmul__ = __mul__

    def __rtruediv__(self, other):
        return Tensor(other) / self

    def __neg__(self):
        return self * -1.0

    def __pow__(self, n):
        if not isinstance(n, (int, float)):
            raise TypeError("the exponent must be a number")
        out = Tensor(self.data**n, (self,))

        def _backward():
            if n != 0:
                self.grad += out.grad * n * self.data ** (n - 1)

        out._backward = _backward
        return out

    def __matmul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        if self.data.ndim < 2 or other.data.ndim < 2:
            raise ValueError("matmul needs at least two dimensions on each side")
        out = Tensor(self.data @ other.data, (self, other))

        def _backward():
            self.grad += sum_to_shape(out.grad @ other.data.swapaxes(-1, -2), self.shape)
            other.grad += sum_to_shape(self.data.swapaxes(-1, -2) @ out.grad, other.shape)

        out._backward = _backward
        return out

    def __getitem__(self, index):
        out = Tensor(self.data[index], (self,))

        def _backward():
            np.add.at(self.grad, index, out.grad)

        out._backward = _backward
        return out

    def exp(self):
        out = Tensor(np.exp(self.data), (self,))

        def _backward():
            self.grad += out.grad * out.data

        out._backward = _backward
        return out

    def log(self):
        out = Tensor(np.log(self.data), (self,))

        def _backward():
            self.grad += out.grad / self.data

        out._backward = _backward
        return out

    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))

        def _backward():
            self.grad += out.grad * (1 - out.data**2)

        out._backward = _backward
        return out

    def relu(self):
        out = Tensor(np.maximum(self.data, 0), (self,))

        def _backward():
            self.grad += out.grad * (self.data > 0)

        out._backward = _backward
        return out

    def sum(self, axis=None, keepdims=False):
        out = Tensor(self.data.sum(axis=axis, keepdims=keepdims), (self,))
        kept = self.data.sum(axis=axis, keepdims=True).shape

        def _backward():
            self.grad += out.grad.reshape(kept)

        out._backward = _backward
        return out

    def mean(self, axis=None, keepdims=False):
        out = self.sum(axis=axis, keepdims=keepdims)
        return out / (self.data.size / max(out.data.size, 1))

    def reshape(self, *shape):
        out = Tensor(self.data.reshape(*shape), (self,))

        def _backward():
            self.grad += out.grad.reshape(self.shape)

        out._backward = _backward
        return out

    def transpose(self, *axes):
        out = Tensor(self.data.transpose(*axes), (self,))
        n = self.data.ndim
        order = np.ravel(axes) % n if axes and axes[0] is not None else np.arange(n)[::-1]

        def _backward():
            self.grad += out.grad.transpose(np.argsort(order))

        out._backward = _backward
        return out

    @property
    def T(self):
        return self.transpose()

    def zero_grad(self):
        self.grad = np.zeros_like(self.data)

    def backward(self):
        """Gradient of the sum of this tensor, added to the grad of the tensors it came from."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            tensor, ready = stack.pop()
            if ready:
                order.append(tensor)
            elif tensor not in seen:
                seen.add(tensor)
                stack.append((tensor, True))
                stack.extend((child, False) for child in tensor.children)
        for tensor in order:
            if tensor.children:
                tensor.zero_grad()
        self.grad += 1.0
        for tensor in reversed(order):
            tensor._backward()
