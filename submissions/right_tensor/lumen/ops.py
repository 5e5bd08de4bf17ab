"""Operations on arrays: each returns its result and the rule for the gradients of its inputs."""

import numpy as np


def unbroadcast(g, shape):
    """Sum ``g`` over the axes along which an operand of ``shape`` was repeated."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axis=stretched, keepdims=True)


def add(a, b):
    return a + b, lambda g: (unbroadcast(g, a.shape), unbroadcast(g, b.shape))


def sub(a, b):
    return a - b, lambda g: (unbroadcast(g, a.shape), unbroadcast(-g, b.shape))


def mul(a, b):
    return a * b, lambda g: (unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape))


def div(a, b):
    out = a / b
    return out, lambda g: (unbroadcast(g / b, a.shape), unbroadcast(-g * out / b, b.shape))


def neg(a):
    return -a, lambda g: (-g,)


def pow(a, exponent):
    if exponent == 0:
        return a**exponent, lambda g: (np.zeros_like(g),)
    return a**exponent, lambda g: (g * exponent * a ** (exponent - 1),)


def power(a, b):
    out = a**b

    def rule(g):
        with np.errstate(all="ignore"):  # the branches that are not chosen may be infinite
            by_base = np.where(b == 0, 0, b * a ** (b - 1))
            by_exponent = np.where((a == 0) & (b >= 0), 0, out * np.log(a))
        return unbroadcast(g * by_base, a.shape), unbroadcast(g * by_exponent, b.shape)

    return out, rule


def matmul(a, b):
    def rule(g):
        rows = a if a.ndim > 1 else a[None, :]
        columns = b if b.ndim > 1 else b[:, None]
        g = g if a.ndim > 1 else np.expand_dims(g, -1 if b.ndim == 1 else -2)
        g = g if b.ndim > 1 else np.expand_dims(g, -1)
        by_a = unbroadcast(g @ np.swapaxes(columns, -1, -2), rows.shape)
        by_b = unbroadcast(np.swapaxes(rows, -1, -2) @ g, columns.shape)
        return by_a.reshape(a.shape), by_b.reshape(b.shape)

    return a @ b, rule


def exp(a):
    out = np.exp(a)
    return out, lambda g: (g * out,)


def log(a):
    return np.log(a), lambda g: (g / a,)


def sqrt(a):
    out = np.sqrt(a)
    return out, lambda g: (g / (2 * out),)


def sin(a):
    return np.sin(a), lambda g: (g * np.cos(a),)


def cos(a):
    return np.cos(a), lambda g: (-g * np.sin(a),)


def tanh(a):
    out = np.tanh(a)
    return out, lambda g: (g * (1 - out * out),)


def sigmoid(a):
    e = np.exp(-np.abs(a))  # at most 1: no overflow
    out = np.where(a >= 0, 1 / (1 + e), e / (1 + e))
    return out, lambda g: (g * out * (1 - out),)


def relu(a):
    return np.maximum(a, 0), lambda g: (g * (a > 0),)


def abs(a):
    return np.abs(a), lambda g: (g * np.sign(a),)


def maximum(a, b):
    return _choice(np.maximum(a, b), a, b)


def minimum(a, b):
    return _choice(np.minimum(a, b), a, b)


def _choice(out, a, b):
    """The gradient goes to the operand that was taken, and one half to each where they tie."""
    half = np.where(a == b, 0.5, 1)
    return out, lambda g: (
        unbroadcast(g * half * (a == out), a.shape),
        unbroadcast(g * half * (b == out), b.shape),
    )


def sum(a, axis, keepdims):
    kept = np.sum(a, axis=axis, keepdims=True)
    out = kept if keepdims else np.sum(a, axis=axis)
    return out, lambda g: (np.broadcast_to(g.reshape(kept.shape), a.shape),)


def mean(a, axis, keepdims):
    kept = np.mean(a, axis=axis, keepdims=True)
    out = kept if keepdims else np.mean(a, axis=axis)
    n = a.size / kept.size if kept.size else 1
    return out, lambda g: (np.broadcast_to(g.reshape(kept.shape) / n, a.shape),)


def max(a, axis, keepdims):
    return _extremum(np.max, a, axis, keepdims)


def min(a, axis, keepdims):
    return _extremum(np.min, a, axis, keepdims)


def _extremum(reduce, a, axis, keepdims):
    """Elements that tie share the gradient evenly."""
    kept = reduce(a, axis=axis, keepdims=True)
    hit = a == kept
    out = kept if keepdims else reduce(a, axis=axis)
    return out, lambda g: (g.reshape(kept.shape) * hit / hit.sum(axis=axis, keepdims=True),)


def reshape(a, shape):
    return a.reshape(shape), lambda g: (g.reshape(a.shape),)


def transpose(a, axes):
    axes = tuple(range(a.ndim))[::-1] if axes is None else tuple(i % a.ndim for i in axes)
    return a.transpose(axes), lambda g: (g.transpose(np.argsort(axes)),)


def broadcast_to(a, shape):
    return np.broadcast_to(a, shape), lambda g: (unbroadcast(g, a.shape),)


def getitem(a, index):
    def rule(g):
        out = np.zeros(a.shape, g.dtype)
        np.add.at(out, index, g)  # an index that occurs twice counts twice
        return (out,)

    return a[index], rule


def concatenate(*arrays, axis):
    ends = np.cumsum([a.shape[axis] for a in arrays])
    return np.concatenate(arrays, axis), lambda g: np.split(g, ends[:-1], axis)


def stack(*arrays, axis):
    return np.stack(arrays, axis), lambda g: tuple(np.moveaxis(g, axis, 0))


def where(a, b, condition):
    return np.where(condition, a, b), lambda g: (
        unbroadcast(np.where(condition, g, 0), a.shape),
        unbroadcast(np.where(condition, 0, g), b.shape),
    )


def softmax(a, axis):
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    out = e / e.sum(axis=axis, keepdims=True)
    return out, lambda g: (out * (g - (g * out).sum(axis=axis, keepdims=True)),)


def log_softmax(a, axis):
    shifted = a - a.max(axis=axis, keepdims=True)
    out = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return out, lambda g: (g - np.exp(out) * g.sum(axis=axis, keepdims=True),)
