"""Functions of elements: (name, ours, theirs, shapes, low, high)."""

import numpy as np

import reference as ref

SHAPES = [(), (3,), (2, 3)]
UNARY = {  # the domain on which to try it; away from kinks, which have a test of their own
    "tan": (-1.5, 1.5),
    "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9),
    "arctan": (-4.0, 4.0),
    "sinh": (-2.0, 2.0),
    "cosh": (-2.0, 2.0),
    "expm1": (-2.0, 2.0),
    "log1p": (-0.9, 4.0),
    "log2": (0.0, 4.0),
    "log10": (0.0, 4.0),
    "rsqrt": (0.25, 4.0),
    "square": (-2.0, 2.0),
    "reciprocal": (0.25, 4.0),
    "erf": (-3.0, 3.0),
    "softplus": (-8.0, 8.0),
    "gelu": (-3.0, 3.0),
    "silu": (-4.0, 4.0),
}
WITH_ATTRIBUTES = {  # ours, torch's
    "gelu_tanh": (
        lambda x: ref.gelu(x, "tanh"),
        lambda t, x: t.nn.functional.gelu(x, approximate="tanh"),
    ),
    "elu": (lambda x: ref.elu(x, 0.5), lambda t, x: t.nn.functional.elu(x, 0.5)),
    # Times x, so that there is a second derivative.
    "leaky_relu": (
        lambda x: ref.leaky_relu(x, 0.25) * x,
        lambda t, x: t.nn.functional.leaky_relu(x, 0.25) * x,
    ),
    "hardtanh": (
        lambda x: ref.hardtanh(x, -0.5, 0.75) * x,
        lambda t, x: t.nn.functional.hardtanh(x, -0.5, 0.75) * x,
    ),
    "clip": (lambda x: x.clip(-0.5, 0.75) * x, lambda t, x: x.clamp(-0.5, 0.75) * x),
    "clip_below": (lambda x: ref.clip(x, min=0.5) * x, lambda t, x: x.clamp(min=0.5) * x),
    "clip_above": (lambda x: ref.clip(x, max=0.5) * x, lambda t, x: x.clamp(max=0.5) * x),
    "clip_crossed": (lambda x: ref.clip(x, 0.5, -0.5) * x, lambda t, x: x.clamp(0.5, -0.5) * x),
    "sign": (lambda x: x.sign() * x, lambda t, x: x.sign() * x),
    "floor": (lambda x: x.floor() * x, lambda t, x: x.floor() * x),
    "cbrt": (ref.cbrt, lambda t, x: x.sign() * x.abs() ** (1 / 3)),
}
BINARY = {
    "logaddexp": (ref.logaddexp, lambda t, x, y: t.logaddexp(x, y)),
    "atan2": (ref.atan2, lambda t, y, x: t.atan2(y, x)),
    "hypot": (ref.hypot, lambda t, x, y: t.hypot(x, y)),
    "clip_by_tensors": (
        lambda x, y: ref.clip(x * 2, y, y + 1) * x,
        lambda t, x, y: (x * 2).clamp(y, y + 1) * x,
    ),
}
BROADCASTS = [((), ()), ((2, 3), (3,)), ((2, 1), (1, 3)), ((0, 3), (3,))]


def _theirs(name):
    def function(t, x):
        return getattr(t if hasattr(t, name) else t.nn.functional, name)(x)

    return function


ROWS = [
    *(
        (f"{name}{shape}".replace(" ", ""), getattr(ref, name), _theirs(name), (shape,), *domain)
        for name, domain in UNARY.items()
        for shape in SHAPES
    ),
    *((name, *both, ((2, 4),)) for name, both in WITH_ATTRIBUTES.items()),
    *(
        (f"{name}{x}{y}".replace(" ", ""), *both, (x, y))
        for name, both in BINARY.items()
        for x, y in BROADCASTS
    ),
    ("outer", ref.outer, lambda t, x, y: t.outer(x, y), ((2,), (3,))),
    ("dot", ref.dot, lambda t, x, y: t.dot(x, y), ((3,), (3,))),
    (
        "where_of_a_floor",
        lambda x: ref.where(x.floor() == 0, x.square(), np.int64(2) * x),
        lambda t, x: t.where(x.floor() == 0, x.square(), 2 * x),
        ((2, 3),),
    ),
]
