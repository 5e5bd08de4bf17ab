"""Other honest ways to compute the ops on whole arrays, and their gradients."""

from typing import Any

import numpy as np

Array = Any


def keep(x: Array, axis: Any) -> tuple[int, ...]:
    """Return the shape of ``x`` with extent 1 along the reduced axes."""
    return np.sum(x, axis=axis, keepdims=True).shape


def wide(g: Array, x: Array, axis: Any) -> Array:
    """Repeat what was reduced over the axes that it was reduced over."""
    return np.broadcast_to(np.reshape(g, keep(x, axis)), x.shape)


def count(x: Array, axis: Any) -> int:
    """Return how many elements are reduced to one."""
    return x.size // max(np.sum(x, axis=axis).size, 1)


def spread_vjp(g: Array, v: Array, x: Array, *, axis: Any, ddof: int, keepdims: bool) -> Array:
    """Return the derivative of the variance in closed form."""
    d = x - x.mean(axis=axis, keepdims=True)
    return wide(g, x, axis) * 2 * d / (count(x, axis) - ddof)


def root_vjp(g: Array, v: Array, x: Array, *, axis: Any, ddof: int, keepdims: bool) -> Array:
    """Return the derivative of the standard deviation by its value."""
    d = x - x.mean(axis=axis, keepdims=True)
    return wide(g, x, axis) * d / ((count(x, axis) - ddof) * wide(v, x, axis))


def norm(x: Array, *, axis: Any, keepdims: bool, **order: float) -> Array:
    """Compute the order 2 by a root, the others as they are defined."""
    if order["ord"] == 2:
        return (x**2).sum(axis=axis, keepdims=keepdims) ** np.asarray(0.5, x.dtype)
    return (np.max if order["ord"] > 2 else np.sum)(np.abs(x), axis=axis, keepdims=keepdims)


def norm_vjp(g: Array, v: Array, x: Array, *, axis: Any, keepdims: bool, **order: float) -> Array:
    """Divide by the length; or take the signs, of the largest alone for the order infinity."""
    flow = wide(g, x, axis)
    if order["ord"] == 2:
        return flow * (x / wide(v, x, axis))
    largest = np.abs(x) == wide(v, x, axis)
    return flow * np.sign(x) * (largest if order["ord"] > 2 else 1)


def backwards_sum(g: Array, axis: int) -> Array:
    """Sum from the end."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def by_triangle(x: Array, *, axis: int) -> Array:
    """Multiply by a triangle of ones."""
    n = x.shape[axis]
    return np.moveaxis(np.moveaxis(x, axis, -1) @ np.tri(n, dtype=x.dtype).T, -1, axis)


def einsum_vjps(g: Array, x: Array, y: Array, subscripts: str) -> tuple[Array, Array]:
    """Contract the cotangent with the other operand, as BLAS does where it can."""
    inputs, _, output = subscripts.partition("->")
    left, right = inputs.split(",")
    return (
        np.einsum(f"{output},{right}->{left}", g, y, optimize=True),
        np.einsum(f"{output},{left}->{right}", g, x, optimize=True),
    )


def framed(x: Array, padding: int) -> Array:
    """Return images with a margin of zeros."""
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def slabs(x: Array, w: Array, out: tuple[int, ...], stride: int) -> Any:
    """Yield each place of the kernel with the pixels that it meets."""
    for p, q in np.ndindex(*w.shape[2:]):
        rows = slice(p, p + stride * (out[0] - 1) + 1, stride)
        yield (
            (p, q),
            (slice(None), slice(None), rows, slice(q, q + stride * (out[1] - 1) + 1, stride)),
        )


def conv2d(x: Array, w: Array, *, stride: int, padding: int) -> Array:
    """Add up the products at one place of the kernel after the other."""
    padded = framed(x, padding)
    out = [(n - k) // stride + 1 for n, k in zip(padded.shape[2:], w.shape[2:], strict=True)]
    total = np.zeros((len(x), len(w), *out), x.dtype)
    for (p, q), met in slabs(padded, w, out, stride):
        total += np.einsum("nchw,dc->ndhw", padded[met], w[:, :, p, q])
    return total


def conv2d_x(g: Array, v: Array, x: Array, w: Array, *, stride: int, padding: int) -> Array:
    """Add each place's share to the pixels that it met."""
    padded = np.zeros_like(framed(x, padding))
    for (p, q), met in slabs(padded, w, v.shape[2:], stride):
        padded[met] += np.einsum("ndhw,dc->nchw", g, w[:, :, p, q])
    inner = slice(padding, -padding or None)
    return padded[:, :, inner, inner]


def conv2d_w(g: Array, v: Array, x: Array, w: Array, *, stride: int, padding: int) -> Array:
    """Sum over all windows, for each place by itself."""
    padded, found = framed(x, padding), np.zeros_like(w)
    for (p, q), met in slabs(padded, w, v.shape[2:], stride):
        found[:, :, p, q] = np.einsum("ndhw,nchw->dc", g, padded[met])
    return found


def pool_slabs(x: Array, kernel: int, stride: int | None) -> Any:
    """Return the pixels at each place of the windows."""
    step = stride or kernel
    out = [(n - kernel) // step + 1 for n in x.shape[2:]]
    return slabs(x, np.zeros((1, 1, kernel, kernel)), tuple(out), step)


def avg_pool2d(x: Array, *, kernel: int, stride: int | None) -> Array:
    """Add up a share of each place."""
    shares = [x[met] / kernel**2 for _, met in pool_slabs(x, kernel, stride)]
    return sum(shares[1:], shares[0])


def avg_pool2d_vjp(g: Array, v: Array, x: Array, *, kernel: int, stride: int | None) -> Array:
    """Give each place its share."""
    found = np.zeros_like(x)
    for _, met in pool_slabs(x, kernel, stride):
        found[met] += g / kernel**2
    return found


def reduced(losses: Array, reduction: str) -> Array:
    """Return the mean, the sum, or the losses."""
    return losses if reduction == "none" else getattr(losses, reduction)()


def each(g: Array, n: int, reduction: str) -> Array:
    """Return what flows to each loss."""
    return g / n if reduction == "mean" else g


def one_hot(x: Array, target: Array) -> Array:
    """Return 1 for the right classes."""
    return np.eye(x.shape[1], dtype=x.dtype)[target]


def softmax(x: Array) -> Array:
    """Divide the exponentials by their sum."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def rows(g: Array, x: Array, reduction: str) -> Array:
    """Return what flows to each sample, as a column."""
    return np.broadcast_to(each(g, len(x), reduction), (len(x),))[:, None]


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def plain_bce(x: Array, target: Array, *, reduction: str) -> Array:
    """Take the logarithms of a probability and of its complement."""
    p = sigmoid(x)
    return reduced(-(target * np.log(p) + (1 - target) * np.log(1 - p)), reduction)


def plain_bce_vjp(g: Array, v: Array, x: Array, target: Array, *, reduction: str) -> Array:
    """Follow the logarithms and the sigmoid one after the other."""
    p = sigmoid(x)
    slope = -target / p + (1 - target) / (1 - p)
    return each(g, x.size, reduction) * slope * (p * (1 - p))


def standardised_vjp(g: Array, x: Array, axes: Any, eps: float) -> tuple[Array, Array]:
    """Return the standardised input, and the gradient through it in closed form."""
    root = np.sqrt(x.var(axis=axes, keepdims=True) + np.asarray(eps, x.dtype))
    h = (x - x.mean(axis=axes, keepdims=True)) / root
    inner = g - g.mean(axis=axes, keepdims=True) - h * (g * h).mean(axis=axes, keepdims=True)
    return h, inner / root


def last_axes(w: Array) -> tuple[int, ...]:
    """Return the axes that a weight has."""
    return tuple(range(-w.ndim, 0))


def no_gradient(g: Array, v: Array, x: Array, target: Array, **_attrs: Any) -> Array:
    """Return zeros for a target."""
    return np.zeros_like(target)


_N = "(x.size // x.sum(axis=axis).size)"
_MEAN = "x.mean(axis=axis, keepdims={})"
_OF_SQUARES = (
    f"((x * x).mean(axis=axis, keepdims=keepdims) - {_MEAN.format('keepdims')} ** 2)"
    f" * ({_N} / ({_N} - ddof))"
)
_OF_POWERS = (
    f"((x - {_MEAN.format('True')}) ** 2).sum(axis=axis, keepdims=keepdims) / ({_N} - ddof)"
)
_AXES = "tuple(range(-weight.ndim, 0))"
_PLACES = "(0, *range(2, x.ndim))"
_CHANNELS = "(-1, *[1] * (x.ndim - 2))"

ARRAYS: dict[str, dict[str, Any]] = {
    "prod": {
        "over-the-factor": (
            lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
            lambda g, v, x, axis, keepdims: wide(g, x, axis) * wide(v, x, axis) / x,
        ),
        "through-logarithms": "reference.exp(reference.log(abs(x)).sum(axis=axis, "
        "keepdims=keepdims)) * (x.data / abs(x.data)).prod(axis=axis, keepdims=keepdims)",
    },
    "var": {
        "of-squares": _OF_SQUARES,
        "of-powers": _OF_POWERS,
        "closed": (
            lambda x, axis, ddof, keepdims: np.var(x, axis=axis, ddof=ddof, keepdims=keepdims),
            spread_vjp,
        ),
    },
    "std": {
        "of-squares": f"reference.sqrt({_OF_SQUARES})",
        "power": f"({_OF_POWERS}) ** 0.5",
        "closed": (
            lambda x, axis, ddof, keepdims: np.std(x, axis=axis, ddof=ddof, keepdims=keepdims),
            root_vjp,
        ),
    },
    "norm": {"by-output": (norm, norm_vjp)},
    "logsumexp": {
        "unshifted": "reference.log(reference.exp(x).sum(axis=axis, keepdims=keepdims))",
        "by-output": (
            lambda x, axis, keepdims: np.log(np.exp(x).sum(axis=axis, keepdims=keepdims)),
            lambda g, v, x, axis, keepdims: wide(g, x, axis) * np.exp(x - wide(v, x, axis)),
        ),
    },
    "cumsum": {
        "triangle": (by_triangle, lambda g, v, x, axis: backwards_sum(g, axis)),
        "total-less": (
            np.cumsum,
            lambda g, v, x, axis: np.flip(by_triangle(np.flip(g, axis), axis=axis), axis),
        ),
    },
    "cumprod": {
        "over-the-factor": (
            np.cumprod,
            lambda g, v, x, axis: backwards_sum(g * v, axis) / x,
        ),
    },
    "scatter_add": {
        "loop": (
            lambda x, y, axis, indices: (
                x
                + sum(
                    np.put_along_axis(
                        z := np.zeros_like(x),
                        np.take(indices, [k], axis),
                        np.take(y, [k], axis),
                        axis,
                    )
                    or z
                    for k in range(indices.shape[axis])
                )
            ),
            lambda g, v, x, y, axis, indices: g,
            lambda g, v, x, y, axis, indices: np.take_along_axis(g, indices, axis),
        ),
    },
    "outer": {"matmul": "x.reshape((-1, 1)) @ y.reshape((1, -1))"},
    "dot": {"sum": "(x * y).sum()", "matmul": "x @ y"},
    "trace": {"identity": "(x * np.eye(x.shape[0], dtype=x.dtype)).sum()"},
    "linear": {
        "broadcasting": "(x.reshape((*x.shape[:-1], 1, -1)) * weight).sum(axis=-1) + bias",
        "bias-first": "bias + x @ weight.transpose()",
    },
    "einsum": {
        "contractions": (
            lambda x, y, subscripts: np.einsum(subscripts, x, y, optimize=True),
            lambda g, v, x, y, subscripts: einsum_vjps(g, x, y, subscripts)[0],
            lambda g, v, x, y, subscripts: einsum_vjps(g, x, y, subscripts)[1],
        ),
    },
    "det": {
        "inverse": (np.linalg.det, lambda g, v, x: g * v * np.linalg.inv(x).T),
    },
    "inv": {
        "solved": (
            lambda x: np.linalg.solve(x, np.eye(len(x), dtype=x.dtype)),
            lambda g, v, x: -np.linalg.solve(x.T, g) @ v.T,
        ),
    },
    "solve": {"inverse": "reference.inv(x) @ y"},
    "conv1d": {
        "two-dimensions": "reference.conv2d(reference.pad(x, ((0, 0), (0, 0), (padding, padding)))"
        ".unsqueeze(3), weight.unsqueeze(3), stride=(stride, 1)).squeeze(axis=3)",
    },
    "conv2d": {"places": (conv2d, conv2d_x, conv2d_w)},
    "avg_pool2d": {"places": (avg_pool2d, avg_pool2d_vjp)},
    "mse_loss": {
        "closed": (
            lambda x, target, reduction: reduced((x - target) ** 2, reduction),
            lambda g, v, x, target, reduction: 2 * each(g, x.size, reduction) * (x - target),
            no_gradient,
        ),
        "two-over-n": (
            lambda x, target, reduction: reduced(np.square(target - x), reduction),
            lambda g, v, x, target, reduction: (x - target) * each(2.0, x.size, reduction) * g,
            no_gradient,
        ),
    },
    "nll_loss": {
        "one-hot": (
            lambda x, target, reduction: reduced(-(x * one_hot(x, target)).sum(1), reduction),
            lambda g, v, x, target, reduction: -rows(g, x, reduction) * one_hot(x, target),
        ),
    },
    "cross_entropy": {
        "log-of-softmax": "reference.nll_loss(reference.log(reference.softmax(x, axis=1)), "
        "target, reduction=reduction)",
        "closed": (
            lambda x, target, reduction: reduced(
                np.log(np.exp(x).sum(1)) - (x * one_hot(x, target)).sum(1), reduction
            ),
            lambda g, v, x, target, reduction: (
                (softmax(x) - one_hot(x, target)) * rows(g, x, reduction)
            ),
        ),
        "of-probabilities": (
            lambda x, target, reduction: reduced(
                -np.log((softmax(x) * one_hot(x, target)).sum(1)), reduction
            ),
            lambda g, v, x, target, reduction: (
                softmax(x) * rows(g, x, reduction) - one_hot(x, target) * rows(g, x, reduction)
            ),
        ),
    },
    "binary_cross_entropy_with_logits": {
        "closed": (
            lambda x, target, reduction: reduced(
                np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x))), reduction
            ),
            lambda g, v, x, target, reduction: (sigmoid(x) - target) * each(g, x.size, reduction),
            no_gradient,
        ),
        "probabilities": (plain_bce, plain_bce_vjp, no_gradient),
    },
    "layer_norm": {
        "reciprocal": f"(x - x.mean({_AXES}, keepdims=True))"
        f" * (1 / (x.var({_AXES}, keepdims=True) + eps).sqrt()) * weight + bias",
        "power": f"(x - x.mean({_AXES}, keepdims=True))"
        f" * (x.var({_AXES}, keepdims=True) + eps) ** -0.5 * weight + bias",
        "closed": (
            lambda x, w, b, eps: standardised_vjp(x, x, last_axes(w), eps)[0] * w + b,
            lambda g, v, x, w, b, eps: standardised_vjp(g * w, x, last_axes(w), eps)[1],
            lambda g, v, x, w, b, eps: g * standardised_vjp(g, x, last_axes(w), eps)[0],
            lambda g, v, x, w, b, eps: g,
        ),
    },
    "batch_norm": {
        "reciprocal": f"(x - x.mean({_PLACES}, keepdims=True))"
        f" * (1 / (x.var({_PLACES}, keepdims=True) + eps).sqrt())"
        f" * weight.reshape({_CHANNELS}) + bias.reshape({_CHANNELS})",
        "scale-first": f"(x - x.mean({_PLACES}, keepdims=True))"
        f" * (weight.reshape({_CHANNELS}) / (x.var({_PLACES}, keepdims=True) + eps).sqrt())"
        f" + bias.reshape({_CHANNELS})",
    },
}

# Ops that only move elements: nothing is computed, there is no other way.
MOVES = frozenset(
    {
        "flip",
        "roll",
        "tile",
        "repeat",
        "pad",
        "squeeze",
        "unsqueeze",
        "swapaxes",
        "split",
        "max_with_indices",
        "take",
        "gather",
        "embedding",
        "tril",
        "triu",
        "diagonal",
        "max_pool2d",
    },
)
