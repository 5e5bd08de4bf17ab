"""Tensors over lazy buffers; the gradient of one is a tensor, and is set by hand at the root."""

import threading

import numpy as np

from lazyflow.buffer import Buffer

_state = threading.local()


def set_grad_enabled(flag):
    _state.enabled = flag


class Tensor:
    __array_priority__ = 100

    def __init__(self, data, requires_grad=True):
        self.lazydata = data if isinstance(data, Buffer) else Buffer.of(data)
        self._ctx = None
        self.requires_grad = requires_grad
        self.grad = None

    def __repr__(self):
        return f"Tensor({self.numpy()})"

    @property
    def requires_grad(self):
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag):
        if self._ctx is not None and not flag:
            raise ValueError("a result needs a gradient as its operands do: detach it")
        self._requires_grad = flag

    @property
    def data(self):
        """The same numbers, cut off."""
        return Tensor(self.lazydata, requires_grad=False)

    @property
    def shape(self):
        return self.lazydata.realize().shape

    def numpy(self):
        return self.lazydata.numpy()

    def item(self):
        return self.numpy().item()

    def detach(self):
        return Tensor(self.lazydata, requires_grad=False)

    def zero_grad(self):
        self.grad = None

    def backward(self):
        """Hand on the gradient that was set: ``loss.grad = Tensor(1.0)`` comes before."""
        if self.grad is None:
            raise RuntimeError("set the gradient of the root first")
        if not self.requires_grad:
            raise RuntimeError("nothing here needs a gradient")
        if self._ctx is None:
            return
        start, self.grad = self.grad, None
        start = start.numpy() if isinstance(start, Tensor) else start
        flows = {id(self): np.broadcast_to(np.asarray(start, dtype=float), self.shape)}
        for x in reversed(_upstream(self)):
            flow = flows[id(x)]
            if x._ctx is None:
                x.grad = Tensor(flow if x.grad is None else x.grad.numpy() + flow, False)
                continue
            for y, rule in x._ctx:
                if y.requires_grad:
                    part = _fit(rule(flow), y.shape)
                    known = flows.get(id(y))
                    flows[id(y)] = part if known is None else known + part

    def __add__(self, other):
        return _apply(np.add, self, other, rules=(lambda g: g, lambda g: g))

    def __sub__(self, other):
        return _apply(np.subtract, self, other, rules=(lambda g: g, lambda g: -g))

    def __mul__(self, other):
        x, y = self, _tensor(other)
        return _apply(np.multiply, x, y, rules=(lambda g: g * y.numpy(), lambda g: g * x.numpy()))

    def __truediv__(self, other):
        x, y = self, _tensor(other)
        by_y = lambda g: -g * x.numpy() / y.numpy() / y.numpy()
        return _apply(np.true_divide, x, y, rules=(lambda g: g / y.numpy(), by_y))

    def __neg__(self):
        return _apply(np.negative, self, rules=(lambda g: -g,))

    def __pow__(self, n):
        def rule(g):
            return g * n * self.numpy() ** (n - 1) if n != 0 else np.zeros_like(g)

        return _apply(lambda a: a**n, self, rules=(rule,))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return _tensor(other) - self

    def __rtruediv__(self, other):
        return _tensor(other) / self

    def sum(self, axes=None, keep=False):
        def rule(g):
            kept = np.sum(self.numpy(), axis=axes, keepdims=True).shape
            return np.broadcast_to(g.reshape(kept), self.shape)

        return _apply(lambda a: np.sum(a, axis=axes, keepdims=keep), self, rules=(rule,))

    def mm(self, other):
        if len(self.shape) != 2 or len(other.shape) != 2:
            raise ValueError("mm: both have to be matrices")
        by_x = lambda g: g @ other.numpy().T
        by_y = lambda g: self.numpy().T @ g
        return _apply(np.matmul, self, other, rules=(by_x, by_y))


def _tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x, requires_grad=False)


def _apply(forward, *operands, rules):
    operands = [_tensor(x) for x in operands]
    if forward is not np.matmul:
        np.broadcast_shapes(*[x.shape for x in operands])  # an error here, and not when it is used
    needs = getattr(_state, "enabled", True) and any(x.requires_grad for x in operands)
    out = Tensor(Buffer(forward, *[x.lazydata for x in operands]), requires_grad=needs)
    if needs:
        out._ctx = tuple(zip(operands, rules))
    return out


def _fit(flow, shape):
    while flow.ndim > len(shape):
        flow = flow.sum(axis=0)
    ones = tuple(k for k, n in enumerate(shape) if n == 1)
    return flow.sum(axis=ones, keepdims=True) if ones else flow


def _upstream(root):
    order, seen, todo = [], set(), [(root, False)]
    while todo:
        x, done = todo.pop()
        if done:
            order.append(x)
        elif id(x) not in seen:
            seen.add(id(x))
            todo.append((x, True))
            todo += [(y, False) for y, _ in x._ctx or () if y.requires_grad]
    return order
