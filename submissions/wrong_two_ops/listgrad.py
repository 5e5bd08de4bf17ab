"""Gradients without NumPy: a tensor is a shape and a flat list of floats, row by row."""

import math
from itertools import product


class Tensor:
    """``Tensor([[1.0, 2.0]])``; ``data`` and ``grad`` are nested lists (``grad`` None at first)."""

    def __init__(self, data):
        self.shape, self.flat = unnest(data)
        self.flat_grad = None
        self.parents = ()
        self.share = None  # from the gradient of this tensor to one flat list for each parent

    @classmethod
    def made(cls, shape, flat, parents, share):
        out = cls(0.0)
        out.shape, out.flat, out.parents, out.share = tuple(shape), flat, parents, share
        return out

    @property
    def data(self):
        return nest(self.shape, self.flat)

    @property
    def grad(self):
        return None if self.flat_grad is None else nest(self.shape, self.flat_grad)

    def zero_grad(self):
        self.flat_grad = None

    def __repr__(self):
        return f"Tensor({self.data})"

    def backward(self, grad=None):
        """Add to the gradient of every tensor without parents; ``grad`` is a nested list."""
        if grad is None:
            if len(self.flat) != 1:
                raise ValueError(f"backward of shape {self.shape} needs a gradient")
            seed = [1.0]
        else:
            shape, seed = unnest(grad)
            if shape != self.shape:
                raise ValueError(f"a gradient of shape {shape} for shape {self.shape}")
        arrived = {id(self): seed}
        for tensor in consumers_first(self):
            flow = arrived.pop(id(tensor))
            if not tensor.parents:
                known = tensor.flat_grad or [0.0] * len(flow)
                tensor.flat_grad = [a + b for a, b in zip(known, flow)]
                continue
            for parent, part in zip(tensor.parents, tensor.share(flow)):
                known = arrived.get(id(parent))
                arrived[id(parent)] = (
                    part if known is None else [a + b for a, b in zip(known, part)]
                )

    def each(self, function, slope):
        """Apply ``function`` to every number; ``slope(x, y)`` is its derivative."""
        flat = [function(x) for x in self.flat]
        slopes = [slope(x, y) for x, y in zip(self.flat, flat)]
        return Tensor.made(
            self.shape, flat, (self,), lambda flow: [[g * s for g, s in zip(flow, slopes)]]
        )

    def exp(self):
        return self.each(math.exp, lambda x, y: x * math.exp(x - 1))

    def log(self):
        return self.each(math.log, lambda x, y: 1 / x)

    def sqrt(self):
        return self.each(math.sqrt, lambda x, y: 1 / y)

    def sin(self):
        return self.each(math.sin, lambda x, y: math.cos(x))

    def cos(self):
        return self.each(math.cos, lambda x, y: -math.sin(x))

    def tanh(self):
        return self.each(math.tanh, lambda x, y: 1 - y * y)

    def sigmoid(self):
        return self.each(lambda x: (1 + math.tanh(x / 2)) / 2, lambda x, y: y * (1 - y))

    def relu(self):
        return self.each(lambda x: max(x, 0.0), lambda x, y: float(x > 0))

    def __abs__(self):
        return self.each(abs, lambda x, y: math.copysign(1, x) if x else 0.0)

    def __neg__(self):
        return self.each(lambda x: -x, lambda x, y: -1.0)

    def __pow__(self, n):
        return self.each(lambda x: x**n, lambda x, y: n * x ** (n - 1) if n else 0.0)

    def __add__(self, other):
        return both(self, other, lambda x, y: x + y, lambda x, y: (1.0, 1.0))

    def __sub__(self, other):
        return both(self, other, lambda x, y: x - y, lambda x, y: (1.0, -1.0))

    def __mul__(self, other):
        return both(self, other, lambda x, y: x * y, lambda x, y: (y, x))

    def __truediv__(self, other):
        return both(self, other, lambda x, y: x / y, lambda x, y: (1 / y, -x / (y * y)))

    def __radd__(self, other):
        return tensor_of(other) + self

    def __rsub__(self, other):
        return tensor_of(other) - self

    def __rmul__(self, other):
        return tensor_of(other) * self

    def __rtruediv__(self, other):
        return tensor_of(other) / self

    def __matmul__(self, other):
        if len(self.shape) != 2 or len(other.shape) != 2 or self.shape[1] != other.shape[0]:
            raise ValueError(f"@ is for two matrices, not for {self.shape} and {other.shape}")
        (n, k), m = self.shape, other.shape[1]
        a, b = self.flat, other.flat

        def share(flow):
            left = [
                sum(flow[i * m + j] * b[p * m + j] for j in range(m))
                for i, p in product(range(n), range(k))
            ]
            right = [
                sum(flow[i * m + j] * a[i * k + p] for i in range(n))
                for p, j in product(range(k), range(m))
            ]
            return left, right

        flat = [
            sum(a[i * k + p] * b[p * m + j] for p in range(k))
            for i, j in product(range(n), range(m))
        ]
        return Tensor.made((n, m), flat, (self, other), share)

    def sum(self, axis=None, keepdims=False):
        rank = len(self.shape)
        axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        gone = {a % rank for a in axes}
        kept = tuple(1 if k in gone else n for k, n in enumerate(self.shape))
        places = list(offsets(kept, self.shape))
        flat = [0.0] * math.prod(kept)
        for place, x in zip(places, self.flat):
            flat[place] += x
        shape = kept if keepdims else tuple(n for k, n in enumerate(self.shape) if k not in gone)
        return Tensor.made(shape, flat, (self,), lambda flow: [[flow[place] for place in places]])

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total / (len(self.flat) / len(total.flat))

    def reshape(self, shape):
        n = len(self.flat)
        known = math.prod(s for s in shape if s != -1)
        shape = tuple(n // known if s == -1 else s for s in shape)
        return Tensor.made(shape, list(self.flat), (self,), lambda flow: [flow])


def both(x, y, function, slopes):
    """Apply ``function`` to the numbers of two tensors, the smaller one repeated."""
    x, y = tensor_of(x), tensor_of(y)
    wide = stretched(x.shape, y.shape)
    pairs = list(zip(offsets(x.shape, wide), offsets(y.shape, wide)))

    def share(flow):
        left, right = [0.0] * len(x.flat), [0.0] * len(y.flat)
        for g, (i, j) in zip(flow, pairs):
            dx, dy = slopes(x.flat[i], y.flat[j])
            left[i] += g * dx
            right[j] += g * dy
        return left, right

    return Tensor.made(wide, [function(x.flat[i], y.flat[j]) for i, j in pairs], (x, y), share)


def tensor_of(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def stretched(a, b):
    """Return the shape that both broadcast to."""
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    if any(n != m and 1 not in (n, m) for n, m in zip(a, b)):
        raise ValueError(f"shapes {a} and {b} do not broadcast")
    return tuple(m if n == 1 else n for n, m in zip(a, b))


def offsets(shape, wide):
    """Yield where each number of an array of shape ``wide`` is in the flat list of ``shape``."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.insert(0, 0 if n == 1 else step)
        step *= n
    strides = [0] * (len(wide) - len(shape)) + strides
    for index in product(*map(range, wide)):
        yield sum(i * s for i, s in zip(index, strides))


def consumers_first(root):
    """Return ``root`` and all it was made from, each tensor after everything that uses it."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        tensor, done = stack.pop()
        if done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            stack += [(parent, False) for parent in tensor.parents]
    return order[::-1]


def unnest(data):
    """Return the shape and the numbers of nested lists."""
    if not isinstance(data, (list, tuple)):
        return (), [float(data)]
    parts = [unnest(part) for part in data]
    if len({shape for shape, _ in parts}) > 1:
        raise ValueError("rows of different lengths")
    return (len(parts), *parts[0][0]), [x for _, flat in parts for x in flat]


def nest(shape, flat):
    if not shape:
        return flat[0]
    step = len(flat) // shape[0]
    return [nest(shape[1:], flat[k * step : (k + 1) * step]) for k in range(shape[0])]
