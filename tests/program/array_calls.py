"""Calls of the ops on whole arrays, each with its result written down once more."""

import math
from typing import Any

import numpy as np

from gradcheck_suite.program.array import Array

X = np.array([[1.0, -2.0, 3.0], [4.0, 0.5, -6.0]])
Y = np.array([[2.0, 5.0], [-1.0, 3.0], [0.5, 7.0]])
SQUARE = np.array([[4.0, 1.0], [2.0, 3.0]])
CUBE = np.array([[4.0, 1.0, 0.5], [1.0, 5.0, -1.0], [0.0, 1.0, 3.0]])
IMAGE = np.arange(12.0).reshape(1, 1, 3, 4)
KERNEL = np.array([[[[1.0, -1.0], [2.0, 0.5]]]])
E = np.exp(X)
SPREAD = ((X - 1 / 12) ** 2).sum()
CLASSES = Array((2,), (2, 0), "int")
LOG_P = X - np.log(E.sum(1, keepdims=True))
PAIR = np.array([1.0, 3.0])
UNIT = 1 / math.sqrt(1 + 1e-5)  # what 1 and 3 are standardised to, with either sign


def indices(*values: Any) -> Array:
    """Return integers as an attribute holds them."""
    return Array.of(np.array(values))


# name, operands, attributes, what comes out
ARRAY_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("prod", (X,), {}, 72.0),
    ("prod", (X,), {"axis": 1, "keepdims": True}, [[-6.0], [-12.0]]),
    ("var", (X,), {}, SPREAD / 6),
    ("var", (X,), {"ddof": 1}, SPREAD / 5),
    ("var", (X,), {"axis": 0, "keepdims": True}, [[2.25, 1.5625, 20.25]]),
    ("std", (X,), {"axis": 0}, [1.5, 1.25, 4.5]),
    ("std", (X,), {"axis": (0, 1), "ddof": 1}, math.sqrt(SPREAD / 5)),
    ("norm", (X,), {}, math.sqrt(66.25)),
    ("norm", (X,), {"ord": 1, "axis": 1}, [6.0, 10.5]),
    ("norm", (X,), {"ord": math.inf, "axis": 0, "keepdims": True}, [[4.0, 2.0, 6.0]]),
    ("logsumexp", (X,), {}, math.log(E.sum())),
    ("logsumexp", (X,), {"axis": 0, "keepdims": True}, np.log(E.sum(0))[None].tolist()),
    ("logsumexp", (np.array([1000.0, 1000.0]),), {}, 1000 + math.log(2)),
    ("cumsum", (X,), {}, [[1.0, -1.0, 2.0], [4.0, 4.5, -1.5]]),
    ("cumsum", (X,), {"axis": 0}, [[1.0, -2.0, 3.0], [5.0, -1.5, -3.0]]),
    ("cumprod", (X,), {}, [[1.0, -2.0, -6.0], [4.0, 2.0, -12.0]]),
    ("flip", (X,), {}, [[-6.0, 0.5, 4.0], [3.0, -2.0, 1.0]]),
    ("flip", (X,), {"axis": 0}, [[4.0, 0.5, -6.0], [1.0, -2.0, 3.0]]),
    ("roll", (X,), {}, [[-6.0, 1.0, -2.0], [3.0, 4.0, 0.5]]),
    ("roll", (X,), {"shift": -1, "axis": 1}, [[-2.0, 3.0, 1.0], [0.5, -6.0, 4.0]]),
    ("tile", (X[0],), {"reps": (2,)}, [1.0, -2.0, 3.0, 1.0, -2.0, 3.0]),
    ("tile", (X[0],), {"reps": (2, 1)}, [[1.0, -2.0, 3.0]] * 2),
    ("repeat", (Y[0],), {}, [2.0, 2.0, 5.0, 5.0]),
    ("repeat", (Y[:2],), {"axis": 1}, [[2.0, 2.0, 5.0, 5.0], [-1.0, -1.0, 3.0, 3.0]]),
    ("pad", (Y[0],), {"pad_width": ((1, 2),)}, [0.0, 2.0, 5.0, 0.0, 0.0]),
    ("pad", (Y[0],), {"pad_width": ((0, 1),), "fill": 1.5}, [2.0, 5.0, 1.5]),
    ("squeeze", (X[None, :1],), {}, [1.0, -2.0, 3.0]),
    ("squeeze", (X[None, :1],), {"axis": 1}, [[1.0, -2.0, 3.0]]),
    ("unsqueeze", (Y[0],), {}, [[2.0, 5.0]]),
    ("unsqueeze", (Y[0],), {"axis": -1}, [[2.0], [5.0]]),
    ("swapaxes", (X,), {}, [[1.0, 4.0], [-2.0, 0.5], [3.0, -6.0]]),
    ("split", (X,), {"part": 1}, [[4.0, 0.5, -6.0]]),
    ("split", (X,), {"sections": (1, 2), "axis": 1, "part": 1}, [[-2.0], [0.5]]),
    ("max_with_indices", (X,), {}, [3.0, 4.0]),
    ("max_with_indices", (X,), {"axis": 0, "keepdims": True}, [[4.0, 0.5, 3.0]]),
    ("take", (X,), {"indices": indices(5, 0, 5)}, [-6.0, 1.0, -6.0]),
    ("take", (X,), {"indices": indices(2, 0), "axis": 1}, [[3.0, 1.0], [-6.0, 4.0]]),
    (
        "gather",
        (X,),
        {"axis": 1, "indices": indices([2, 2], [0, 1])},
        [[3.0, 3.0], [4.0, 0.5]],
    ),
    ("gather", (X,), {"axis": 0, "indices": indices([1, 0, 1])}, [[4.0, -2.0, -6.0]]),
    (
        "scatter_add",
        (X, Y[:2]),
        {"axis": 1, "indices": indices([2, 2], [0, 1])},
        [[1.0, -2.0, 10.0], [3.0, 3.5, -6.0]],
    ),
    ("embedding", (Y,), {"indices": indices(2, 0, 2)}, [[0.5, 7.0], [2.0, 5.0], [0.5, 7.0]]),
    ("embedding", (Y,), {"indices": indices([1], [0])}, [[[-1.0, 3.0]], [[2.0, 5.0]]]),
    ("outer", (Y[0], X[0]), {}, [[2.0, -4.0, 6.0], [5.0, -10.0, 15.0]]),
    ("dot", (X[0], X[1]), {}, -15.0),
    ("trace", (SQUARE,), {}, 7.0),
    ("tril", (X,), {}, [[1.0, 0.0, 0.0], [4.0, 0.5, 0.0]]),
    ("tril", (X,), {"offset": -1}, [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]),
    ("triu", (X,), {}, [[1.0, -2.0, 3.0], [0.0, 0.5, -6.0]]),
    ("triu", (X,), {"offset": 1}, [[0.0, -2.0, 3.0], [0.0, 0.0, -6.0]]),
    ("diagonal", (X,), {}, [1.0, 0.5]),
    ("diagonal", (X,), {"offset": 1}, [-2.0, -6.0]),
    ("linear", (Y, SQUARE, Y[0]), {}, [[15.0, 24.0], [1.0, 12.0], [11.0, 27.0]]),
    ("linear", (Y[0], SQUARE, Y[0]), {}, [15.0, 24.0]),
    ("einsum", (X, Y), {}, [[5.5, 20.0], [4.5, -20.5]]),
    ("einsum", (X, X), {"subscripts": "ij,ij->"}, 66.25),
    ("einsum", (Y, SQUARE), {"subscripts": "ij,kj->ki"}, [[13.0, -1.0, 9.0], [19.0, 7.0, 22.0]]),
    ("det", (SQUARE,), {}, 10.0),
    ("det", (CUBE,), {}, 61.5),
    ("inv", (SQUARE,), {}, [[0.3, -0.1], [-0.2, 0.4]]),
    ("solve", (SQUARE, Y[0]), {}, [0.1, 1.6]),
    ("solve", (SQUARE, Y[:2]), {}, [[0.7, 1.2], [-0.8, 0.2]]),
    ("conv1d", (IMAGE[:, 0, :1], KERNEL[0, :, :1]), {}, [[[-1.0, -1.0, -1.0]]]),
    (
        "conv1d",
        (IMAGE[:, 0, :1], KERNEL[0, :, :1]),
        {"stride": 2, "padding": 1},
        [[[0.0, -1.0, 3.0]]],
    ),
    ("conv2d", (IMAGE, KERNEL), {}, [[[[9.5, 12.0, 14.5], [19.5, 22.0, 24.5]]]]),
    ("conv2d", (IMAGE, KERNEL), {"stride": 2}, [[[[9.5, 14.5]]]]),
    (
        "conv2d",
        (IMAGE[..., :1, :1] + 1, KERNEL),
        {"padding": 1},
        [[[[0.5, 2.0], [-1.0, 1.0]]]],
    ),
    ("max_pool2d", (IMAGE,), {}, [[[[5.0, 7.0]]]]),
    ("max_pool2d", (-IMAGE,), {"stride": 1}, [[[[0.0, -1.0, -2.0], [-4.0, -5.0, -6.0]]]]),
    ("avg_pool2d", (IMAGE,), {}, [[[[2.5, 4.5]]]]),
    ("avg_pool2d", (IMAGE,), {"kernel": 3, "stride": 1}, [[[[5.0, 6.0]]]]),
    ("mse_loss", (Y[0], Y[1]), {}, 6.5),
    ("mse_loss", (Y[0], Y[1]), {"reduction": "none"}, [9.0, 4.0]),
    ("nll_loss", (X,), {"target": CLASSES}, -3.5),
    ("nll_loss", (X,), {"target": CLASSES, "reduction": "none"}, [-3.0, -4.0]),
    ("cross_entropy", (X,), {"target": CLASSES}, -(LOG_P[0, 2] + LOG_P[1, 0]) / 2),
    (
        "cross_entropy",
        (X,),
        {"target": CLASSES, "reduction": "sum"},
        -(LOG_P[0, 2] + LOG_P[1, 0]),
    ),
    (
        "binary_cross_entropy_with_logits",
        (X[0, :2], np.array([1.0, 0.25])),
        {"reduction": "none"},
        [math.log(1 + math.exp(-1)), math.log(1 + math.exp(-2)) + 0.5],
    ),
    (
        "binary_cross_entropy_with_logits",
        (np.array([-1000.0, 1000.0]), np.array([1.0, 1.0])),
        {},
        500.0,
    ),
    ("layer_norm", (PAIR[None], Y[0], Y[1]), {}, [[-1.0 - 2 * UNIT, 3.0 + 5 * UNIT]]),
    (
        "batch_norm",
        (PAIR[:, None] * [1.0, -1.0], Y[0], Y[1]),
        {},
        [[-1.0 - 2 * UNIT, 3.0 + 5 * UNIT], [-1.0 + 2 * UNIT, 3.0 - 5 * UNIT]],
    ),
]

# name, shapes, attributes, calling form
ARRAY_VARIANTS: list[tuple[str, tuple[tuple[int, ...], ...], dict[str, Any], str]] = [
    ("var", ((2, 3),), {}, ""),
    ("var", ((2, 3),), {"axis": 0, "ddof": 1}, "axis+ddof"),
    ("std", ((2, 3),), {"axis": (0, 1), "keepdims": True}, "axes+keepdims"),
    ("norm", ((2, 3),), {"ord": math.inf, "axis": 1}, "ord_inf+axis"),
    ("norm", ((2, 3),), {"keepdims": True}, "keepdims"),
    ("cumsum", ((2, 3),), {"axis": 0}, "axis"),
    ("flip", ((2, 3),), {"axis": (0, 1)}, "axes"),
    ("pad", ((2,),), {"pad_width": ((1, 1),), "fill": 1.0}, "fill"),
    ("split", ((2, 3),), {"sections": (1,), "axis": 1}, "cuts+axis"),
    ("take", ((2, 3),), {"axis": 0}, "axis"),
    ("linear", ((3,), (2, 3), (2,)), {}, "vector"),
    ("solve", ((2, 2), (2,)), {}, "vector"),
    ("conv2d", ((1, 1, 3, 3), (1, 1, 2, 2)), {"stride": 2, "padding": 1}, "stride+padding"),
    ("max_pool2d", ((1, 1, 4, 4),), {"stride": 1}, "stride"),
    ("mse_loss", ((2,), (2,)), {"reduction": "sum"}, "sum"),
    ("layer_norm", ((2, 2, 3), (2, 3), (2, 3)), {}, "axes"),
    ("batch_norm", ((2, 3, 2), (3,), (3,)), {}, "places"),
]
