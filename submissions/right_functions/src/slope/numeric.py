"""Functions of arrays, with a rule for each argument: rule(g, result, *arguments)."""

import numpy as np

from .box import Box, bare, primitive

__all__ = [
    "add", "concatenate", "cos", "divide", "dot", "exp", "log", "multiply", "negative", "power",
    "reshape", "sin", "sqrt", "subtract", "sum", "tanh", "transpose",
]

add = primitive(np.add)
subtract = primitive(np.subtract)
multiply = primitive(np.multiply)
divide = primitive(np.true_divide)
negative = primitive(np.negative)
power = primitive(lambda x, n: np.power(np.asarray(x, dtype=float), n))
exp = primitive(np.exp)
log = primitive(np.log)
sin = primitive(np.sin)
cos = primitive(np.cos)
sqrt = primitive(np.sqrt)
tanh = primitive(np.tanh)
reshape = primitive(lambda x, shape: np.reshape(x, shape))
transpose = primitive(lambda x, axes=None: np.transpose(x, axes))
sum = primitive(lambda x, axis=None, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims))
dot = primitive(np.matmul)
spread = primitive(lambda x, shape: np.broadcast_to(x, shape))


def shape_of(x):
    return np.shape(bare(x))


def fit(g, x):
    """Sum over the axes along which x was spread."""
    shape = shape_of(x)
    extra = len(shape_of(g)) - len(shape)
    if extra:
        g = sum(g, axis=tuple(range(extra)))
    ones = tuple(k for k, n in enumerate(shape) if n == 1 and shape_of(g)[k] != 1)
    return sum(g, axis=ones, keepdims=True) if ones else g


def _pulled_from_sum(g, result, x, axis=None, keepdims=False):
    kept = np.sum(np.empty(shape_of(x)), axis=axis, keepdims=True).shape
    return spread(reshape(g, kept), shape_of(x))


def _swapped(x):
    return transpose(x, (*range(len(shape_of(x)) - 2), -1, -2))


def _matrices(g, x, y):
    """The operands of a product and its cotangent, as matrices."""
    if len(shape_of(y)) == 1:
        g, y = reshape(g, (*shape_of(g), 1)), reshape(y, (-1, 1))
    if len(shape_of(x)) == 1:
        g, x = reshape(g, (*shape_of(g)[:-1], 1, shape_of(g)[-1])), reshape(x, (1, -1))
    return g, x, y


def _left(g, result, x, y):
    g, a, b = _matrices(g, x, y)
    return reshape(fit(dot(g, _swapped(b)), a), shape_of(x))


def _right(g, result, x, y):
    g, a, b = _matrices(g, x, y)
    return reshape(fit(dot(_swapped(a), g), b), shape_of(y))


def _back(axes, x):
    return tuple(map(int, np.argsort([a % len(shape_of(x)) for a in axes]))) if axes else None


add.derivatives(lambda g, r, x, y: fit(g, x), lambda g, r, x, y: fit(g, y))
subtract.derivatives(lambda g, r, x, y: fit(g, x), lambda g, r, x, y: fit(negative(g), y))
multiply.derivatives(
    lambda g, r, x, y: fit(multiply(g, y), x),
    lambda g, r, x, y: fit(multiply(g, x), y),
)
divide.derivatives(
    lambda g, r, x, y: fit(divide(g, y), x),
    lambda g, r, x, y: fit(negative(divide(multiply(g, r), y)), y),
)
negative.derivatives(lambda g, r, x: negative(g))
power.derivatives(
    lambda g, r, x, n: multiply(g, multiply(n, power(x, n - 1))) if n else multiply(g, 0.0)
)
exp.derivatives(lambda g, r, x: multiply(g, exp(x)))
log.derivatives(lambda g, r, x: divide(g, x))
sin.derivatives(lambda g, r, x: multiply(g, cos(x)))
cos.derivatives(lambda g, r, x: negative(multiply(g, sin(x))))
sqrt.derivatives(lambda g, r, x: divide(g, multiply(2.0, sqrt(x))))
tanh.derivatives(lambda g, r, x: multiply(g, subtract(1.0, power(tanh(x), 2))))
reshape.derivatives(lambda g, r, x, shape: reshape(g, shape_of(x)))
transpose.derivatives(lambda g, r, x, axes=None: transpose(g, _back(axes, x)))
sum.derivatives(_pulled_from_sum)
spread.derivatives(lambda g, r, x, shape: fit(g, x))
dot.derivatives(_left, _right)

for name, op in (("add", add), ("sub", subtract), ("mul", multiply), ("truediv", divide)):
    setattr(Box, f"__{name}__", lambda x, y, op=op: op(x, y))
    setattr(Box, f"__r{name}__", lambda x, y, op=op: op(y, x))
Box.__neg__ = lambda x: negative(x)
Box.__pow__ = lambda x, n: power(x, n)
Box.__matmul__ = lambda x, y: dot(x, y)
Box.__rmatmul__ = lambda x, y: dot(y, x)


def concatenate(arrays, axis=0):
    return _concatenate(axis, *arrays)


_concatenate = primitive(lambda axis, *arrays: np.concatenate(arrays, axis))
_take = primitive(lambda x, axis, start, stop: _cut(x, axis, start, stop))
_put = primitive(lambda g, axis, start, length: _padded(g, axis, start, length))


def _cut(x, axis, start, stop):
    return np.moveaxis(np.moveaxis(x, axis, 0)[start:stop], 0, axis)


def _padded(g, axis, start, length):
    widths = [(0, 0)] * np.ndim(g)
    widths[axis] = (start, length - start - np.shape(g)[axis])
    return np.pad(g, widths)


def _piece(k):
    def rule(g, r, axis, *arrays):
        start = int(np.sum([shape_of(a)[axis] for a in arrays[:k]]))
        return _take(g, axis, start, start + shape_of(arrays[k])[axis])

    return rule


_concatenate.derivatives(None, *(_piece(k) for k in range(8)))
_take.derivatives(
    lambda g, r, x, axis, start, stop: _put(g, axis, start, shape_of(x)[axis]),
)
_put.derivatives(
    lambda g, r, x, axis, start, length: _take(g, axis, start, start + shape_of(x)[axis]),
)
