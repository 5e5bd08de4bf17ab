"""The Tensor class: an array, its gradient, and the operation that it came from."""

import numpy as np

from . import ops
from .graph import Node, run_backward
from .modes import is_grad_enabled


class Tensor:
    """An n-dimensional array. The data given are copied; ``grad`` is a Tensor or None."""

    __array_ufunc__ = None  # so that array - tensor arrives at __rsub__

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data.data if isinstance(data, Tensor) else data)
        self.grad = None
        self.retains_grad = False
        self._node = None
        self._requires_grad = False
        self.requires_grad = requires_grad

    @classmethod
    def _wrap(cls, array):
        """A tensor on the array itself, without a copy and without a history."""
        out = cls(0.0)
        out.data = np.asarray(array)
        return out

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if not self.is_leaf:
            raise RuntimeError("requires_grad can be set on leaves only: use detach()")
        if flag and not np.issubdtype(self.data.dtype, np.floating):
            raise RuntimeError(f"a tensor of {self.data.dtype} cannot require a gradient")
        self._requires_grad = bool(flag)

    @property
    def is_leaf(self):
        return self._node is None

    @property
    def shape(self):
        return self.data.shape

    @property
    def ndim(self):
        return self.data.ndim

    @property
    def dtype(self):
        return self.data.dtype

    def numpy(self):
        return self.data

    def item(self):
        return self.data.item()

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        flag = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({np.array2string(self.data, separator=', ')}{flag})"

    def backward(self, gradient=None, retain_graph=False):
        """Add the gradient of this tensor, times ``gradient``, to the leaves that ask for it."""
        if not self.requires_grad:
            raise RuntimeError("backward of a tensor that does not require a gradient")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(f"backward of shape {self.shape} needs a gradient argument")
            gradient = np.ones_like(self.data)
        gradient = gradient.data if isinstance(gradient, Tensor) else np.asarray(gradient)
        if gradient.shape != self.shape:
            raise RuntimeError(f"gradient has shape {gradient.shape}, tensor {self.shape}")
        run_backward(self, gradient.astype(self.dtype), retain_graph)

    def _accumulate(self, g):
        g = np.array(g, dtype=self.dtype)  # a copy: gradients never share memory
        self.grad = Tensor._wrap(g if self.grad is None else self.grad.data + g)

    def zero_grad(self):
        self.grad = None

    def retain_grad(self):
        if not self.requires_grad:
            raise RuntimeError("retain_grad of a tensor that does not require a gradient")
        self.retains_grad = not self.is_leaf

    def detach(self):
        """The same data, out of the graph."""
        return Tensor._wrap(self.data)

    def _like(self, other):
        """``other`` as a tensor; a plain number takes this tensor's precision."""
        if isinstance(other, Tensor):
            return other
        weak = isinstance(other, (int, float)) and np.issubdtype(self.dtype, np.floating)
        return Tensor._wrap(np.asarray(other, dtype=self.dtype if weak else None))

    def __add__(self, other):
        return apply(ops.add, self, self._like(other))

    def __sub__(self, other):
        return apply(ops.sub, self, self._like(other))

    def __mul__(self, other):
        return apply(ops.mul, self, self._like(other))

    def __truediv__(self, other):
        return apply(ops.div, self, self._like(other))

    def __matmul__(self, other):
        return apply(ops.matmul, self, self._like(other))

    def __pow__(self, other):
        if isinstance(other, (int, float)):
            return apply(ops.pow, self, exponent=other)
        return apply(ops.power, self, self._like(other))

    def __radd__(self, other):
        return self._like(other) + self

    def __rsub__(self, other):
        return self._like(other) - self

    def __rmul__(self, other):
        return self._like(other) * self

    def __rtruediv__(self, other):
        return self._like(other) / self

    def __rmatmul__(self, other):
        return self._like(other) @ self

    def __rpow__(self, other):
        return self._like(other) ** self

    def __neg__(self):
        return apply(ops.neg, self)

    def __getitem__(self, index):
        return apply(ops.getitem, self, index=index.data if isinstance(index, Tensor) else index)

    def __lt__(self, other):
        return Tensor._wrap(self.data < self._like(other).data)

    def __gt__(self, other):
        return Tensor._wrap(self.data > self._like(other).data)

    def exp(self):
        return apply(ops.exp, self)

    def log(self):
        return apply(ops.log, self)

    def sqrt(self):
        return apply(ops.sqrt, self)

    def sin(self):
        return apply(ops.sin, self)

    def cos(self):
        return apply(ops.cos, self)

    def tanh(self):
        return apply(ops.tanh, self)

    def sigmoid(self):
        return apply(ops.sigmoid, self)

    def relu(self):
        return apply(ops.relu, self)

    def abs(self):
        return apply(ops.abs, self)

    def sum(self, axis=None, keepdims=False):
        return apply(ops.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        return apply(ops.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis=None, keepdims=False):
        return apply(ops.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis=None, keepdims=False):
        return apply(ops.min, self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape):
        return apply(ops.reshape, self, shape=_unpack(shape))

    def transpose(self, *axes):
        return apply(ops.transpose, self, axes=_unpack(axes) if axes else None)

    @property
    def T(self):
        return self.transpose()

    def broadcast_to(self, shape):
        return apply(ops.broadcast_to, self, shape=shape)

    def softmax(self, axis=-1):
        return apply(ops.softmax, self, axis=axis)

    def log_softmax(self, axis=-1):
        return apply(ops.log_softmax, self, axis=axis)


def _unpack(arguments):
    """``reshape(2, 3)`` and ``reshape((2, 3))`` are the same."""
    return arguments[0] if not arguments or not isinstance(arguments[0], int) else arguments


def apply(op, *inputs, **attributes):
    """Carry out one operation, and record it if a gradient may be asked for."""
    data, rule = op(*(t.data for t in inputs), **attributes)
    out = Tensor._wrap(data)
    if is_grad_enabled() and any(t.requires_grad for t in inputs):
        out._requires_grad = True
        out._node = Node(inputs, rule)
    return out
