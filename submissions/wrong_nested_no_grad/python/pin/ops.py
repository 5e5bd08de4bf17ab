import numpy as np

from .autograd import Op, Tensor


def constant(x):
    return x if isinstance(x, Tensor) else Tensor(x, requires_grad=False)


def unbroadcast(grad, shape):
    lead = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(lead)))
    return grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


class EWiseAdd(Op):
    def compute(self, a, b):
        return a + b

    def gradient(self, out_grad, out, a, b):
        return unbroadcast(out_grad, a.shape), unbroadcast(out_grad, b.shape)


def add(a, b):
    return EWiseAdd()(constant(a), constant(b))


class EWiseSub(Op):
    def compute(self, a, b):
        return a - b

    def gradient(self, out_grad, out, a, b):
        return unbroadcast(out_grad, a.shape), unbroadcast(-out_grad, b.shape)


def subtract(a, b):
    return EWiseSub()(constant(a), constant(b))


class EWiseMul(Op):
    def compute(self, a, b):
        return a * b

    def gradient(self, out_grad, out, a, b):
        return unbroadcast(out_grad * b, a.shape), unbroadcast(out_grad * a, b.shape)


def multiply(a, b):
    return EWiseMul()(constant(a), constant(b))


class EWiseDiv(Op):
    def compute(self, a, b):
        return a / b

    def gradient(self, out_grad, out, a, b):
        return unbroadcast(out_grad / b, a.shape), unbroadcast(-out_grad * out / b, b.shape)


def divide(a, b):
    return EWiseDiv()(constant(a), constant(b))


class PowerScalar(Op):
    def __init__(self, scalar):
        if not isinstance(scalar, (int, float)):
            raise TypeError(f"the exponent must be a number, not {type(scalar).__name__}")
        self.scalar = scalar

    def compute(self, a):
        return a**self.scalar

    def gradient(self, out_grad, out, a):
        if self.scalar == 0:
            return (np.zeros_like(a),)
        return (out_grad * self.scalar * a ** (self.scalar - 1),)


def power_scalar(a, scalar):
    return PowerScalar(scalar)(a)


class Negate(Op):
    def compute(self, a):
        return -a

    def gradient(self, out_grad, out, a):
        return (-out_grad,)


def negate(a):
    return Negate()(a)


class MatMul(Op):
    def compute(self, a, b):
        if a.ndim < 2 or b.ndim < 2:
            raise ValueError(f"matmul of shapes {a.shape} and {b.shape}")
        return a @ b

    def gradient(self, out_grad, out, a, b):
        grad_a = out_grad @ np.swapaxes(b, -1, -2)
        grad_b = np.swapaxes(a, -1, -2) @ out_grad
        return unbroadcast(grad_a, a.shape), unbroadcast(grad_b, b.shape)


def matmul(a, b):
    return MatMul()(constant(a), constant(b))


class Exp(Op):
    def compute(self, a):
        return np.exp(a)

    def gradient(self, out_grad, out, a):
        return (out_grad * out,)


def exp(a):
    return Exp()(a)


class Log(Op):
    def compute(self, a):
        return np.log(a)

    def gradient(self, out_grad, out, a):
        return (out_grad / a,)


def log(a):
    return Log()(a)


class Tanh(Op):
    def compute(self, a):
        return np.tanh(a)

    def gradient(self, out_grad, out, a):
        return (out_grad * (1 - out**2),)


def tanh(a):
    return Tanh()(a)


class ReLU(Op):
    def compute(self, a):
        return np.maximum(a, 0)

    def gradient(self, out_grad, out, a):
        return (out_grad * (a > 0),)


def relu(a):
    return ReLU()(a)


class Summation(Op):
    def __init__(self, axes):
        self.axes = axes

    def compute(self, a):
        return np.sum(a, axis=self.axes)

    def gradient(self, out_grad, out, a):
        kept = np.sum(a, axis=self.axes, keepdims=True).shape
        return (np.broadcast_to(out_grad.reshape(kept), a.shape),)


def summation(a, axes=None):
    return Summation(axes)(a)


class Reshape(Op):
    def __init__(self, shape):
        self.shape = shape

    def compute(self, a):
        return a.reshape(self.shape)

    def gradient(self, out_grad, out, a):
        return (out_grad.reshape(a.shape),)


def reshape(a, shape):
    return Reshape(shape)(a)


class BroadcastTo(Op):
    def __init__(self, shape):
        self.shape = shape

    def compute(self, a):
        return np.broadcast_to(a, self.shape)

    def gradient(self, out_grad, out, a):
        return (unbroadcast(out_grad, a.shape),)


def broadcast_to(a, shape):
    return BroadcastTo(shape)(a)


class Transpose(Op):
    def __init__(self, axes):
        self.axes = axes

    def compute(self, a):
        return np.transpose(a, self.axes)

    def gradient(self, out_grad, out, a):
        if self.axes is None:
            return (out_grad.transpose(),)
        return (out_grad.transpose(np.argsort([i % a.ndim for i in self.axes])),)


def transpose(a, axes=None):
    return Transpose(axes)(a)
