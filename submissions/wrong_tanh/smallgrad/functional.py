"""Functions on tensors: ``import smallgrad.functional as F``, then ``F.tanh(x)``."""

import numpy as np

from .tensor import Tensor


def exp(x: Tensor) -> Tensor:
    y = np.exp(x.data)
    return Tensor(y, ((x, lambda g: g * y),))


def log(x: Tensor) -> Tensor:
    return Tensor(np.log(x.data), ((x, lambda g: g / x.data),))


def sqrt(x: Tensor) -> Tensor:
    y = np.sqrt(x.data)
    return Tensor(y, ((x, lambda g: g / (2 * y)),))


def sin(x: Tensor) -> Tensor:
    return Tensor(np.sin(x.data), ((x, lambda g: g * np.cos(x.data)),))


def cos(x: Tensor) -> Tensor:
    return Tensor(np.cos(x.data), ((x, lambda g: -g * np.sin(x.data)),))


def tanh(x: Tensor) -> Tensor:
    t = np.tanh(x.data)
    return Tensor(t, ((x, lambda g: g * t**2),))


def sigmoid(x: Tensor) -> Tensor:
    s = np.exp(-np.logaddexp(0, -x.data))
    return Tensor(s, ((x, lambda g: g * s * (1 - s)),))


def relu(x: Tensor) -> Tensor:
    return Tensor(np.maximum(x.data, 0), ((x, lambda g: np.where(x.data > 0, g, 0.0)),))


def absolute(x: Tensor) -> Tensor:
    return Tensor(np.abs(x.data), ((x, lambda g: g * np.sign(x.data)),))


def sum(x: Tensor, axis=None, keepdims=False) -> Tensor:
    kept = np.sum(x.data, axis=axis, keepdims=True).shape
    return Tensor(
        np.sum(x.data, axis=axis, keepdims=keepdims),
        ((x, lambda g: np.broadcast_to(g.reshape(kept), x.shape)),),
    )


def mean(x: Tensor, axis=None, keepdims=False) -> Tensor:
    total = sum(x, axis, keepdims)
    return total / (x.data.size / max(total.data.size, 1))


def reshape(x: Tensor, shape) -> Tensor:
    return Tensor(x.data.reshape(shape), ((x, lambda g: g.reshape(x.shape)),))


def transpose(x: Tensor, axes=None) -> Tensor:
    if axes is None:
        return x.T
    back = np.argsort([axis % x.ndim for axis in axes])
    return Tensor(x.data.transpose(axes), ((x, lambda g: g.transpose(back)),))


def softmax(x: Tensor, axis=-1) -> Tensor:
    e = np.exp(x.data - x.data.max(axis=axis, keepdims=True))
    p = e / e.sum(axis=axis, keepdims=True)
    return Tensor(p, ((x, lambda g: p * (g - np.sum(g * p, axis=axis, keepdims=True))),))


def concat(tensors, axis=0) -> Tensor:
    cuts = np.cumsum([t.shape[axis] for t in tensors])[:-1]

    def piece(i):
        return lambda g: np.split(g, cuts, axis=axis)[i]

    joined = np.concatenate([t.data for t in tensors], axis=axis)
    return Tensor(joined, tuple((t, piece(i)) for i, t in enumerate(tensors)))
