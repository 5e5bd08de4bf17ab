"""Values and operations: an operation is an object that is called on values, ``ReLU()(x)``."""

import numpy as np


class V:
    """A value: a number or an array, and the gradient that the last backward() left in it."""

    __array_priority__ = 100.0

    def __init__(self, val, op=None, args=()):
        self.val = np.array(val, dtype=np.float64)
        self.grad = np.zeros(self.val.shape)
        self.op = op
        self.args = args

    def __repr__(self):
        return f"V({self.val})"

    def __add__(self, other):
        return Add()(self, other)

    def __radd__(self, other):
        return Add()(other, self)

    def __sub__(self, other):
        return Sub()(self, other)

    def __rsub__(self, other):
        return Sub()(other, self)

    def __mul__(self, other):
        return Mul()(self, other)

    def __rmul__(self, other):
        return Mul()(other, self)

    def __truediv__(self, other):
        return Div()(self, other)

    def __rtruediv__(self, other):
        return Div()(other, self)

    def __pow__(self, n):
        return Pow(n)(self)

    def __neg__(self):
        return Neg()(self)

    def __getitem__(self, index):
        return GetItem(index)(self)

    def dot(self, other):
        return Dot()(self, other)

    def sum(self, axes=None, keepdims=False):
        return Sum(axes, keepdims)(self)

    def reshape(self, shape):
        return Reshape(shape)(self)

    def null_grad(self):
        self.grad = np.zeros(self.val.shape)

    def backward(self, init=None):
        """Differentiate sum(self * init), init being ones if it is not given."""
        init = np.ones(self.val.shape) if init is None else np.asarray(init, dtype=np.float64)
        if init.shape != self.val.shape:
            raise ValueError(f"init has shape {init.shape}, the value has shape {self.val.shape}")
        order = self._order()
        for v in order:
            if v.op is not None:
                v.null_grad()
        self.grad = self.grad + init
        for v in reversed(order):
            if v.op is not None:
                for arg, share in zip(v.args, v.op.backward(v.grad, v.val, *arrays(v.args))):
                    arg.grad = arg.grad + fit(share, arg.val.shape)

    def _order(self):
        order, seen, stack = [], set(), [(self, iter(self.args))]
        seen.add(self)
        while stack:
            v, remaining = stack[-1]
            arg = next(remaining, None)
            if arg is None:
                order.append(v)
                stack.pop()
            elif arg not in seen:
                seen.add(arg)
                stack.append((arg, iter(arg.args)))
        return order


def arrays(values):
    return [v.val for v in values]


def fit(grad, shape):
    """The gradient of an operand that was broadcast, in the operand's own shape."""
    grad = np.asarray(grad)
    if grad.shape == shape:
        return grad
    lead = grad.ndim - len(shape)
    ones = tuple(lead + i for i, n in enumerate(shape) if n == 1)
    return grad.sum(axis=tuple(range(lead)) + ones).reshape(shape)


class Op:
    def __call__(self, *args):
        args = tuple(a if isinstance(a, V) else V(a) for a in args)
        return V(self.forward(*arrays(args)), self, args)

    def forward(self, *xs):
        raise NotImplementedError

    def backward(self, g, y, *xs):
        """For each x the gradient, from the gradient g of the result y."""
        raise NotImplementedError


class Add(Op):
    def forward(self, a, b):
        return a + b

    def backward(self, g, y, a, b):
        return g, g


class Sub(Op):
    def forward(self, a, b):
        return a - b

    def backward(self, g, y, a, b):
        return g, -g


class Mul(Op):
    def forward(self, a, b):
        return a * b

    def backward(self, g, y, a, b):
        return g * b, g * a


class Div(Op):
    def forward(self, a, b):
        return a / b

    def backward(self, g, y, a, b):
        return g / b, -g * y / b


class Neg(Op):
    def forward(self, x):
        return -x

    def backward(self, g, y, x):
        return (-g,)


class Pow(Op):
    def __init__(self, n):
        if not isinstance(n, (int, float)):
            raise TypeError("the exponent has to be a number")
        self.n = n

    def forward(self, x):
        return x**self.n

    def backward(self, g, y, x):
        return (g * self.n * x ** (self.n - 1) if self.n else 0 * g,)


class Dot(Op):
    def forward(self, a, b):
        if not a.ndim == b.ndim == 2:
            raise ValueError("dot: two matrices are needed")
        return a @ b

    def backward(self, g, y, a, b):
        return g @ b.T, a.T @ g


class Exp(Op):
    def forward(self, x):
        return np.exp(x)

    def backward(self, g, y, x):
        return (g * y,)


class Log(Op):
    def forward(self, x):
        return np.log(x)

    def backward(self, g, y, x):
        return (g / x,)


class Tanh(Op):
    def forward(self, x):
        return np.tanh(x)

    def backward(self, g, y, x):
        return (g * (1 - y) * (1 + y),)


class ReLU(Op):
    def forward(self, x):
        return np.maximum(x, 0)

    def backward(self, g, y, x):
        return (g * (x > 0),)


class Sum(Op):
    def __init__(self, axes=None, keepdims=False):
        self.axes = axes
        self.keepdims = keepdims

    def forward(self, x):
        return np.sum(x, axis=self.axes, keepdims=self.keepdims)

    def backward(self, g, y, x):
        kept = np.sum(x, axis=self.axes, keepdims=True).shape
        return (np.broadcast_to(g.reshape(kept), x.shape),)


class Reshape(Op):
    def __init__(self, shape):
        self.shape = shape

    def forward(self, x):
        return x.reshape(self.shape)

    def backward(self, g, y, x):
        return (g.reshape(x.shape),)


class GetItem(Op):
    def __init__(self, index):
        self.index = index

    def forward(self, x):
        return x[self.index]

    def backward(self, g, y, x):
        gx = np.zeros(x.shape)
        gx[self.index] += g
        return (gx,)
