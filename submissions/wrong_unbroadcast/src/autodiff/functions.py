import numpy as np

from .variable import Function, Variable, sum_to


class Add(Function):
    def forward(self, a, b):
        self.shapes = a.shape, b.shape
        return a + b

    def backward(self, dy):
        return sum_to(dy, self.shapes[0]), sum_to(dy, self.shapes[1])


class Sub(Function):
    def forward(self, a, b):
        self.shapes = a.shape, b.shape
        return a - b

    def backward(self, dy):
        return sum_to(dy, self.shapes[0]), sum_to(-dy, self.shapes[1])


class Mul(Function):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, dy):
        return sum_to(dy * self.b, self.a.shape), sum_to(dy * self.a, self.b.shape)


class Div(Function):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a / b

    def backward(self, dy):
        a, b = self.a, self.b
        return sum_to(dy / b, a.shape), sum_to(-dy * a / b**2, b.shape)


class Neg(Function):
    def forward(self, a):
        return -a

    def backward(self, dy):
        return (-dy,)


class Pow(Function):  # c
    def forward(self, a):
        self.a = a
        return a**self.c

    def backward(self, dy):
        if self.c == 0:
            return (np.zeros_like(dy),)
        return (dy * self.c * self.a ** (self.c - 1),)


class MatMul(Function):
    def forward(self, a, b):
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError("matmul is for matrices")
        self.a, self.b = a, b
        return a @ b

    def backward(self, dy):
        a, b = self.a, self.b
        return sum_to(dy @ b.swapaxes(-1, -2), a.shape), sum_to(a.swapaxes(-1, -2) @ dy, b.shape)


class Exp(Function):
    def forward(self, a):
        self.y = np.exp(a)
        return self.y

    def backward(self, dy):
        return (dy * self.y,)


class Log(Function):
    def forward(self, a):
        self.a = a
        return np.log(a)

    def backward(self, dy):
        return (dy / self.a,)


class Sin(Function):
    def forward(self, a):
        self.a = a
        return np.sin(a)

    def backward(self, dy):
        return (dy * np.cos(self.a),)


class Cos(Function):
    def forward(self, a):
        self.a = a
        return np.cos(a)

    def backward(self, dy):
        return (-dy * np.sin(self.a),)


class Tanh(Function):
    def forward(self, a):
        self.y = np.tanh(a)
        return self.y

    def backward(self, dy):
        return (dy * (1 - self.y * self.y),)


class Sigmoid(Function):
    def forward(self, a):
        self.y = 0.5 + 0.5 * np.tanh(0.5 * a)
        return self.y

    def backward(self, dy):
        return (dy * self.y * (1 - self.y),)


class ReLU(Function):
    def forward(self, a):
        self.a = a
        return np.maximum(a, 0)

    def backward(self, dy):
        return (dy * (self.a > 0),)


class Softmax(Function):  # axis
    def forward(self, a):
        e = np.exp(a - a.max(axis=self.axis, keepdims=True))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y

    def backward(self, dy):
        return (self.y * (dy - (dy * self.y).sum(axis=self.axis, keepdims=True)),)


class Sum(Function):  # axis, keepdims
    def forward(self, a):
        self.shape = a.shape
        self.kept = a.sum(axis=self.axis, keepdims=True).shape
        return a.sum(axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy):
        return (np.broadcast_to(dy.reshape(self.kept), self.shape),)


class Max(Function):  # axis, keepdims
    def forward(self, a):
        self.kept = a.max(axis=self.axis, keepdims=True)
        self.mask = a == self.kept
        return a.max(axis=self.axis, keepdims=self.keepdims)

    def backward(self, dy):
        winners = self.mask.sum(axis=self.axis, keepdims=True)
        return (dy.reshape(self.kept.shape) * self.mask / winners,)


class Reshape(Function):  # to
    def forward(self, a):
        self.shape = a.shape
        return a.reshape(self.to)

    def backward(self, dy):
        return (dy.reshape(self.shape),)


class Transpose(Function):  # axes
    def forward(self, a):
        if self.axes is None:
            self.axes = range(a.ndim)[::-1]
        self.axes = [i % a.ndim for i in self.axes]
        return a.transpose(self.axes)

    def backward(self, dy):
        return (dy.transpose(*np.argsort(self.axes)),)


class GetItem(Function):  # index
    def forward(self, a):
        self.shape = a.shape
        return a[self.index]

    def backward(self, dy):
        da = np.zeros(self.shape)
        np.add.at(da, self.index, dy)
        return (da,)


exp, log, sin, cos = Exp.apply, Log.apply, Sin.apply, Cos.apply
tanh, sigmoid, relu, matmul = Tanh.apply, Sigmoid.apply, ReLU.apply, MatMul.apply


def softmax(x, axis=-1):
    return Softmax.apply(x, axis=axis)


def sum(x, axis=None, keepdims=False):
    return Sum.apply(x, axis=axis, keepdims=keepdims)


def mean(x, axis=None, keepdims=False):
    y = sum(x, axis, keepdims)
    return Mul.apply(y, y.data.size / x.data.size if x.data.size else np.nan)


def max(x, axis=None, keepdims=False):
    return Max.apply(x, axis=axis, keepdims=keepdims)


def reshape(x, shape):
    return Reshape.apply(x, to=shape)


def transpose(x, axes=None):
    return Transpose.apply(x, axes=axes)


def pow(x, c):
    return NotImplemented if isinstance(c, Variable) else Pow.apply(x, c=c)


Variable.__add__ = Variable.__radd__ = lambda self, other: Add.apply(self, other)
Variable.__mul__ = Variable.__rmul__ = lambda self, other: Mul.apply(self, other)
Variable.__sub__ = lambda self, other: Sub.apply(self, other)
Variable.__rsub__ = lambda self, other: Sub.apply(other, self)
Variable.__truediv__ = lambda self, other: Div.apply(self, other)
Variable.__rtruediv__ = lambda self, other: Div.apply(other, self)
Variable.__matmul__ = lambda self, other: MatMul.apply(self, other)
Variable.__neg__ = lambda self: Neg.apply(self)
Variable.__pow__ = pow
Variable.__getitem__ = lambda self, index: GetItem.apply(self, index=index)
Variable.T = property(transpose)
