import contextlib
import threading

import numpy as np


class _GradMode(threading.local):
    enabled = True


_grad_mode = _GradMode()


@contextlib.contextmanager
def set_grad_enabled(mode):
    previous = _grad_mode.enabled
    _grad_mode.enabled = mode
    yield
    _grad_mode.enabled = previous


def no_grad():
    return set_grad_enabled(False)


def enable_grad():
    return set_grad_enabled(True)


def is_grad_enabled():
    return _grad_mode.enabled


def _unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for dim, size in enumerate(shape):
        if size == 1 and grad.shape[dim] != 1:
            grad = grad.sum(axis=dim, keepdims=True)
    return grad


class Tensor:
    """torch.Tensor in small: always float64, and the graph may be used again and again."""

    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=np.float64)
        self.grad = None
        self._requires_grad = requires_grad
        self._parents = ()
        self._grad_fn = None

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if not self.is_leaf:
            raise RuntimeError("you can only change requires_grad flags of leaf tensors")
        self._requires_grad = flag

    @property
    def is_leaf(self):
        return self._grad_fn is None

    @property
    def shape(self):
        return self.data.shape

    def __repr__(self):
        return f"tensor({self.data}, requires_grad={self.requires_grad})"

    def numpy(self):
        return self.data

    def item(self):
        return self.data.item()

    def detach(self):
        out = Tensor(0.0)
        out.data = self.data
        return out

    def zero_grad(self):
        self.grad = None

    def backward(self, grad=None):
        if not self.requires_grad:
            raise RuntimeError("tensor does not require grad")
        if grad is None:
            if self.data.size != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            grad = np.ones(self.shape)
        grad = np.asarray(grad.data if isinstance(grad, Tensor) else grad, dtype=np.float64)
        if grad.shape != self.shape:
            raise RuntimeError(f"grad has shape {grad.shape}, but the tensor {self.shape}")
        grads = {id(self): grad}
        for t in self._toposort():
            g = grads.pop(id(t))
            if t.is_leaf:
                t.grad = np.array(g) if t.grad is None else np.array(t.grad + g)
                continue
            for parent, parent_grad in zip(t._parents, t._grad_fn(g)):
                if parent is None:
                    continue
                if id(parent) in grads:
                    parent_grad = parent_grad + grads[id(parent)]
                grads[id(parent)] = parent_grad

    def _toposort(self):
        order, visited, stack = [], set(), [(self, False)]
        while stack:
            t, done = stack.pop()
            if done:
                order.append(t)
            elif id(t) not in visited:
                visited.add(id(t))
                stack.append((t, True))
                stack.extend((p, False) for p in t._parents if p is not None)
        return reversed(order)

    def __add__(self, other):
        a, b = self, _tensor(other)
        return _make(
            a.data + b.data,
            (a, b),
            lambda g: (_unbroadcast(g, a.shape), _unbroadcast(g, b.shape)),
        )

    def __mul__(self, other):
        a, b = self, _tensor(other)
        x, y = a.data, b.data
        return _make(
            x * y,
            (a, b),
            lambda g: (_unbroadcast(g * y, x.shape), _unbroadcast(g * x, y.shape)),
        )

    def __truediv__(self, other):
        a, b = self, _tensor(other)
        x, y = a.data, b.data
        return _make(
            x / y,
            (a, b),
            lambda g: (_unbroadcast(g / y, x.shape), _unbroadcast(-g * x / y**2, y.shape)),
        )

    def __matmul__(self, other):
        a, b = self, _tensor(other)
        x, y = a.data, b.data
        if x.ndim != 2 or y.ndim != 2:
            raise RuntimeError("matmul: 2-D tensors expected")
        return _make(x @ y, (a, b), lambda g: (g @ y.T, x.T @ g))

    def __pow__(self, exponent):
        if not isinstance(exponent, (int, float)):
            raise TypeError("only a number can be an exponent")
        x = self.data

        def grad_fn(g):
            return (g * exponent * x ** (exponent - 1) if exponent != 0 else np.zeros_like(g),)

        return _make(x**exponent, (self,), grad_fn)

    def __neg__(self):
        return _make(-self.data, (self,), lambda g: (-g,))

    def __sub__(self, other):
        return self + (-_tensor(other))

    def __rsub__(self, other):
        return _tensor(other) - self

    def __rtruediv__(self, other):
        return _tensor(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __getitem__(self, index):
        def grad_fn(g):
            out = np.zeros(self.shape)
            np.add.at(out, index, g)
            return (out,)

        return _make(self.data[index], (self,), grad_fn)

    def exp(self):
        out = np.exp(self.data)
        return _make(out, (self,), lambda g: (g * out,))

    def log(self):
        x = self.data
        return _make(np.log(x), (self,), lambda g: (g / x,))

    def tanh(self):
        out = np.tanh(self.data)
        return _make(out, (self,), lambda g: (g * (1 - out**2),))

    def sigmoid(self):
        e = np.exp(-np.abs(self.data))
        out = np.where(self.data >= 0, 1.0, e) / (1.0 + e)
        return _make(out, (self,), lambda g: (g * out * (1 - out),))

    def relu(self):
        mask = self.data > 0
        return _make(np.maximum(self.data, 0.0), (self,), lambda g: (g * mask,))

    def sum(self, dim=None, keepdim=False):
        kept = self.data.sum(axis=dim, keepdims=True).shape
        return _make(
            self.data.sum(axis=dim, keepdims=keepdim),
            (self,),
            lambda g: (np.broadcast_to(g.reshape(kept), self.shape),),
        )

    def mean(self, dim=None, keepdim=False):
        out = self.sum(dim, keepdim)
        return out * (max(out.data.size, 1) / self.data.size if self.data.size else np.nan)

    def view(self, *shape):
        return _make(self.data.reshape(*shape), (self,), lambda g: (g.reshape(self.shape),))

    reshape = view

    def t(self):
        return _make(self.data.T, (self,), lambda g: (g.T,))

    @property
    def T(self):
        return self.t()


def _tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def _make(data, parents, grad_fn):
    out = Tensor(data)
    if _grad_mode.enabled and any(p.requires_grad for p in parents):
        out._requires_grad = True
        out._parents = tuple(p if p.requires_grad else None for p in parents)
        out._grad_fn = grad_fn
    return out
