"""Layers and losses of neural networks: (name, ours, theirs, shapes, low, high)."""

import numpy as np

import reference as ref

CLASSES = np.array([0, 2, 1, 2])
PLACES = np.array([[0, 2, 1], [1, 1, 0]])
HALVES = np.array([[0, 1, 0.5, 1], [1, 0, 0.25, 0]])
CONV1D = [(1, 0), (2, 1), (3, 2)]  # stride, padding
CONV2D = [(1, 0), (2, 1), ((1, 2), (2, 0)), ((3, 1), (0, 1))]
POOLS = [(2, None), (2, 1), ((1, 2), None), ((2, 3), (2, 1)), (3, 2)]  # kernel, stride


def _losses():
    for reduction in ["mean", "sum", "none"]:
        yield (
            f"mse_loss_{reduction}",
            lambda x, y, r=reduction: ref.mse_loss(x, y, r),
            lambda t, x, y, r=reduction: t.nn.functional.mse_loss(x, y, reduction=r),
            ((2, 3), (2, 3)),
        )
        yield (
            f"binary_cross_entropy_with_logits_{reduction}",
            lambda x, r=reduction: ref.binary_cross_entropy_with_logits(
                x, ref.tensor(HALVES, dtype=x.dtype), r
            ),
            lambda t, x, r=reduction: t.nn.functional.binary_cross_entropy_with_logits(
                x, t.tensor(HALVES, dtype=x.dtype), reduction=r
            ),
            ((2, 4),),
        )
        for name, shape, target in [
            ("classes", (4, 3), CLASSES),
            ("one", (3,), CLASSES[1]),
            ("places", (2, 3, 3), PLACES),
        ]:
            for loss in ["cross_entropy", "nll_loss"]:
                yield (
                    f"{loss}_{name}_{reduction}",
                    lambda x, n=loss, y=target, r=reduction: getattr(ref, n)(x * x, y, r),
                    lambda t, x, n=loss, y=target, r=reduction: getattr(t.nn.functional, n)(
                        x * x, t.tensor(y), reduction=r
                    ),
                    (shape,),
                )


def _convolutions_and_pools():
    for stride, padding in CONV1D:
        yield (
            f"conv1d_{stride}_{padding}",
            lambda x, w, b, s=stride, p=padding: ref.conv1d(x, w, b, s, p),
            lambda t, x, w, b, s=stride, p=padding: t.nn.functional.conv1d(x, w, b, s, p),
            ((2, 2, 7), (3, 2, 3), (3,)),
        )
    for stride, padding in CONV2D:
        yield (
            f"conv2d_{stride}_{padding}".replace(" ", ""),
            lambda x, w, b, s=stride, p=padding: ref.conv2d(x, w, b, s, p),
            lambda t, x, w, b, s=stride, p=padding: t.nn.functional.conv2d(x, w, b, s, p),
            ((2, 2, 5, 4), (3, 2, 2, 3), (3,)),
        )
    for kernel, stride in POOLS:
        for name in ["max_pool2d", "avg_pool2d"]:
            yield (
                f"{name}_{kernel}_{stride}".replace(" ", ""),
                # Squared, so that there is a second derivative.
                lambda x, n=name, k=kernel, s=stride: ref.square(getattr(ref, n)(x, k, s)),
                lambda t, x, n=name, k=kernel, s=stride: getattr(t.nn.functional, n)(x, k, s) ** 2,
                ((2, 2, 5, 4),),
            )


ROWS = [
    *_losses(),
    *_convolutions_and_pools(),
    ("conv2d_without_bias", ref.conv2d, lambda t, x, w: t.nn.functional.conv2d(x, w),
     ((1, 2, 4, 4), (2, 2, 2, 2))),
    ("linear", ref.linear, lambda t, x, w, b: t.nn.functional.linear(x, w, b),
     ((2, 3), (4, 3), (4,))),
    ("linear_without_bias", ref.linear, lambda t, x, w: t.nn.functional.linear(x, w),
     ((2, 2, 3), (4, 3))),
    ("layer_norm", lambda x, w, b: ref.layer_norm(x, 4, w, b),
     lambda t, x, w, b: t.nn.functional.layer_norm(x, (4,), w, b), ((3, 4), (4,), (4,))),
    ("layer_norm_of_matrices", lambda x: ref.layer_norm(x, (2, 3), eps=0.5),
     lambda t, x: t.nn.functional.layer_norm(x, (2, 3), eps=0.5), ((2, 2, 3),)),
    ("batch_norm", ref.batch_norm,
     lambda t, x, w, b: t.nn.functional.batch_norm(x, None, None, w, b, training=True),
     ((4, 3), (3,), (3,))),
    ("batch_norm_of_images", lambda x, w, b: ref.batch_norm(x, w, b, 0.5),
     lambda t, x, w, b: t.nn.functional.batch_norm(
         x, None, None, w, b, training=True, eps=0.5),
     ((2, 3, 2, 2), (3,), (3,))),
    ("batch_norm_alone", ref.batch_norm,
     lambda t, x: t.nn.functional.batch_norm(x, None, None, training=True), ((4, 3),)),
]  # fmt: skip
