"""Quantities and their slopes: arrays of double precision with reverse-mode differentiation.

Everything is a function: ``plus(times(a, b), c)``. A Quantity keeps, for each tracked quantity it
came from, a link: that quantity, and the function that pulls a slope back to it.
"""

import contextlib
import contextvars
import heapq
import itertools

import numpy as np

_tracking = contextvars.ContextVar("tracking", default=True)
_serial_numbers = itertools.count()


class Quantity:
    """An array, made with ``Quantity.of``. Tracked ones have a ``slope``, zero to begin with."""

    def __init__(self, array, track, links=()):
        self.array = array
        self.links = links
        self.slope = None
        self.track = track
        self.serial = next(_serial_numbers)  # what a quantity is made of has smaller numbers

    @classmethod
    def of(cls, values, track=True):
        return cls(np.array(values, dtype=np.float64), track)

    @property
    def track(self):
        """Whether slopes are carried to this quantity."""
        return self._track

    @track.setter
    def track(self, flag):
        if self.links and not flag:
            raise ValueError("track: what was computed cannot be given up; see frozen")
        self._track = flag
        if flag and not self.links and self.slope is None:
            self.slope = np.zeros_like(self.array)

    def __repr__(self):
        return f"Quantity.of({self.array.tolist()}, track={self.track})"

    def propagate(self, seed=None):
        """Add the slope of this quantity, times ``seed``, to every tracked quantity made with of.

        Quantities are visited from the youngest to the oldest, hence each one after everything
        that was made of it. Nothing is kept on the quantities in between.
        """
        if not self.track:
            raise ValueError("propagate: this quantity is not tracked")
        if seed is None:
            if self.array.size != 1:
                raise ValueError(f"propagate: a quantity of shape {self.array.shape} needs a seed")
            seed = np.ones_like(self.array)
        seed = np.array(seed, dtype=np.float64)
        if seed.shape != self.array.shape:
            raise ValueError(f"propagate: seed {seed.shape}, quantity {self.array.shape}")
        waiting, slopes = [(-self.serial, self)], {self.serial: seed}
        while waiting:
            _, quantity = heapq.heappop(waiting)
            slope = slopes.pop(quantity.serial)
            if not quantity.links:
                quantity.slope = np.array(quantity.slope + slope)
            for origin, pull in quantity.links:
                if origin.serial in slopes:
                    slopes[origin.serial] = slopes[origin.serial] + pull(slope)
                else:
                    slopes[origin.serial] = pull(slope)
                    heapq.heappush(waiting, (-origin.serial, origin))

    def forget(self):
        """Set the slope back to zero."""
        if self.slope is not None:
            self.slope = np.zeros_like(self.array)


def frozen(x):
    """A copy that is not tracked."""
    return Quantity.of(x.array, track=False)


@contextlib.contextmanager
def untracked():
    """What is computed inside is not tracked."""
    former = _tracking.set(False)
    try:
        yield
    finally:
        _tracking.reset(former)


def _made(array, *links):
    tracked = tuple(link for link in links if link[0].track) if _tracking.get() else ()
    return Quantity(np.asarray(array), bool(tracked), tracked)


def _quantities(*values):
    return [v if isinstance(v, Quantity) else Quantity.of(v, track=False) for v in values]


def _fit(slope, x):
    """Add up a slope over the axes along which ``x`` was spread."""
    while slope.ndim > x.array.ndim:
        slope = slope.sum(axis=0)
    for axis, length in enumerate(x.array.shape):
        if length == 1:
            slope = slope.sum(axis=axis, keepdims=True)
    return slope


def plus(x, y):
    x, y = _quantities(x, y)
    return _made(x.array + y.array, (x, lambda s: _fit(s, x)), (y, lambda s: _fit(s, y)))


def minus(x, y):
    x, y = _quantities(x, y)
    return _made(x.array - y.array, (x, lambda s: _fit(s, x)), (y, lambda s: _fit(-s, y)))


def times(x, y):
    x, y = _quantities(x, y)
    a, b = x.array, y.array
    return _made(a * b, (x, lambda s: _fit(s * b, x)), (y, lambda s: _fit(s * a, y)))


def over(x, y):
    x, y = _quantities(x, y)
    a, b = x.array, y.array
    return _made(a / b, (x, lambda s: _fit(s / b, x)), (y, lambda s: _fit(-s * (a / b) / b, y)))


def negative(x):
    return _made(-x.array, (x, lambda s: -s))


def raised_to(x, n):
    """``x`` to a power that is a plain number."""
    a = x.array
    # the zeroth power is constant, also at zero, where n * a**(n - 1) is not a number
    return _made(a**n, (x, lambda s: s * n * a ** (n - 1) if n != 0 else np.zeros_like(s)))


def to_the(x, y):
    """``x`` to a power that is itself a quantity."""
    x, y = _quantities(x, y)
    a, b = x.array, y.array

    def base(s):
        with np.errstate(divide="ignore", invalid="ignore"):
            return _fit(s * np.where(b == 0, 0.0, b * a ** (b - 1)), x)

    def exponent(s):
        with np.errstate(divide="ignore", invalid="ignore"):
            return _fit(s * np.where((a == 0) & (b >= 0), 0.0, a**b * np.log(a)), y)

    return _made(a**b, (x, base), (y, exponent))


def matrix_product(x, y):
    """The product of two matrices, of stacks of them, or of vectors (a row, a column)."""
    x, y = _quantities(x, y)
    if x.array.ndim == 1:
        product = matrix_product(reshaped(x, (1, -1)), y)
        shape = product.array.shape
        return reshaped(product, shape[:-2] + shape[-1:] if y.array.ndim > 1 else ())
    if y.array.ndim == 1:
        product = matrix_product(x, reshaped(y, (-1, 1)))
        return reshaped(product, product.array.shape[:-1])
    a, b = x.array, y.array
    return _made(
        a @ b,
        (x, lambda s: _fit(s @ b.swapaxes(-1, -2), x)),
        (y, lambda s: _fit(a.swapaxes(-1, -2) @ s, y)),
    )


def exponential(x):
    e = np.exp(x.array)
    return _made(e, (x, lambda s: s * e))


def natural_logarithm(x):
    return _made(np.log(x.array), (x, lambda s: s / x.array))


def square_root(x):
    root = np.sqrt(x.array)
    return _made(root, (x, lambda s: 0.5 * s / root))


def sine(x):
    return _made(np.sin(x.array), (x, lambda s: s * np.cos(x.array)))


def cosine(x):
    return _made(np.cos(x.array), (x, lambda s: -s * np.sin(x.array)))


def hyperbolic_tangent(x):
    t = np.tanh(x.array)
    return _made(t, (x, lambda s: s * (1 - t**2)))


def logistic(x):
    e = np.exp(-np.abs(x.array))
    p = np.where(x.array < 0, e, 1.0) / (1 + e)
    return _made(p, (x, lambda s: s * p * (1 - p)))


def rectified(x):
    return _made(np.maximum(x.array, 0.0), (x, lambda s: s * (x.array > 0)))


def magnitude(x):
    return _made(np.abs(x.array), (x, lambda s: s * np.sign(x.array)))


def _picked(result, x, y):
    """Where the two tie, each one has half of the slope."""
    part = np.where(x.array == y.array, 0.5, 1.0)
    return _made(
        result,
        (x, lambda s: _fit(s * part * (x.array == result), x)),
        (y, lambda s: _fit(s * part * (y.array == result), y)),
    )


def larger(x, y):
    x, y = _quantities(x, y)
    return _picked(np.maximum(x.array, y.array), x, y)


def smaller(x, y):
    x, y = _quantities(x, y)
    return _picked(np.minimum(x.array, y.array), x, y)


def total(x, along=None, keep=False):
    a = x.array
    shape = np.sum(a, axis=along, keepdims=True).shape

    def pull(s):
        return np.broadcast_to(s.reshape(shape), a.shape)

    return _made(np.sum(a, axis=along, keepdims=keep), (x, pull))


def average(x, along=None, keep=False):
    added = total(x, along, keep)
    return over(added, x.array.size / max(added.array.size, 1))


def _extreme(reduce, x, along, keep):
    a = x.array
    best = reduce(a, axis=along, keepdims=True)
    weight = (a == best) / np.sum(a == best, axis=along, keepdims=True)

    def pull(s):
        return s.reshape(best.shape) * weight

    return _made(reduce(a, axis=along, keepdims=keep), (x, pull))


def largest(x, along=None, keep=False):
    return _extreme(np.max, x, along, keep)


def smallest(x, along=None, keep=False):
    return _extreme(np.min, x, along, keep)


def reshaped(x, shape):
    return _made(x.array.reshape(shape), (x, lambda s: s.reshape(x.array.shape)))


def rearranged(x, order=None):
    """The axes in another order; backwards where none is given."""
    order = range(x.array.ndim)[::-1] if order is None else [i % x.array.ndim for i in order]
    back = tuple(sorted(range(x.array.ndim), key=lambda i: order[i]))
    return _made(x.array.transpose(tuple(order)), (x, lambda s: s.transpose(back)))


def spread(x, shape):
    return _made(np.broadcast_to(x.array, shape), (x, lambda s: _fit(s, x)))


def entry(x, index):
    def pull(s):
        whole = np.zeros_like(x.array)
        np.add.at(whole, index, s)
        return whole

    return _made(x.array[index], (x, pull))


def joined(xs, along=0):
    xs = _quantities(*xs)
    ends = np.cumsum([x.array.shape[along] for x in xs])[:-1]

    def part(i):
        return lambda s: np.split(s, ends, axis=along)[i]

    whole = np.concatenate([x.array for x in xs], axis=along)
    return _made(whole, *((x, part(i)) for i, x in enumerate(xs)))


def piled(xs, along=0):
    xs = _quantities(*xs)

    def part(i):
        return lambda s: s.take(i, axis=along)

    whole = np.stack([x.array for x in xs], axis=along)
    return _made(whole, *((x, part(i)) for i, x in enumerate(xs)))


def chosen(condition, x, y):
    x, y = _quantities(x, y)
    if isinstance(condition, Quantity):
        condition = condition.array
    condition = np.asarray(condition, dtype=bool)
    return _made(
        np.where(condition, x.array, y.array),
        (x, lambda s: _fit(np.where(condition, s, 0.0), x)),
        (y, lambda s: _fit(np.where(condition, 0.0, s), y)),
    )


def shares(x, along=-1):
    """The softmax."""
    e = np.exp(x.array - x.array.max(axis=along, keepdims=True))
    p = e / e.sum(axis=along, keepdims=True)
    return _made(p, (x, lambda s: p * (s - np.sum(s * p, axis=along, keepdims=True))))


def log_shares(x, along=-1):
    low = x.array - x.array.max(axis=along, keepdims=True)
    out = low - np.log(np.sum(np.exp(low), axis=along, keepdims=True))
    return _made(out, (x, lambda s: s - np.exp(out) * np.sum(s, axis=along, keepdims=True)))
