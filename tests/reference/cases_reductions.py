"""Reductions, cumulative operations and picked elements: (name, ours, theirs, shapes)."""

import math

import numpy as np

import reference as ref

AXES = {
    (): [None],
    (4,): [None, 0, -1],
    (2, 3): [None, 0, -1],
    (2, 3, 2): [1, (0, 2)],
}
ZEROS = {  # factors in which zeros are planted
    "no_zero": [1, 1, 1, 1],
    "one_zero": [1, 0, 1, 1],
    "two_zeros": [1, 0, 1, 0],
    "all_zeros": [0, 0, 0, 0],
}


def _over_axes(name, ours, theirs, several=True):
    """Return a row for each axis and keepdims; ``theirs`` takes all axes for None."""
    for shape, axes in AXES.items():
        for axis in axes:
            if several or isinstance(axis, int):
                dim = tuple(range(len(shape))) if axis is None else axis
                for keep in [False, True]:
                    yield (
                        f"{name}{shape}_{axis}_{keep}".replace(" ", ""),
                        lambda x, a=axis, k=keep: ours(x, axis=a, keepdims=k),
                        lambda t, x, d=dim, k=keep: theirs(t, x, dim=d, keepdim=k),
                        (shape,),
                    )


def _torch_norm(order):
    return lambda t, x, dim, keepdim: t.linalg.vector_norm(x, order, dim, keepdim)


def _zeros():
    for name, mask in ZEROS.items():
        theirs = np.array(mask)
        yield (
            f"prod_{name}",
            lambda x, m=theirs: (x * m).prod(),
            lambda t, x, m=theirs: (x * t.tensor(m)).prod(),
            ((4,),),
        )
        yield (
            f"cumprod_{name}",
            lambda x, m=theirs: (x * m).cumprod(-1),
            lambda t, x, m=theirs: (x * t.tensor(m)).cumprod(-1),
            ((2, 4),),
        )


INDEX = np.array([[0, 2, 1, 2], [1, 1, 0, 2]])
ROWS = [
    *_over_axes("logsumexp", ref.logsumexp, lambda t, x, **o: t.logsumexp(x, **o)),
    *_over_axes("prod", ref.prod, lambda t, x, **o: t.prod(x, **o), several=False),
    *_over_axes("norm1", lambda x, **o: ref.norm(x, 1, **o) * x.sum(),
                lambda t, x, **o: _torch_norm(1)(t, x, **o) * x.sum()),
    *_over_axes("norm2", lambda x, **o: ref.norm(x, 2, **o), _torch_norm(2)),
    *_over_axes("norm_inf", lambda x, **o: ref.norm(x, math.inf, **o) * x.sum(),
                lambda t, x, **o: _torch_norm(math.inf)(t, x, **o) * x.sum()),
    *(
        row
        for ddof in [0, 1]
        for name in ["var", "std"]
        for row in _over_axes(
            f"{name}{ddof}_",
            lambda x, n=name, c=ddof, **o: getattr(ref, n)(x, ddof=c, **o),
            lambda t, x, n=name, c=ddof, **o: getattr(t, n)(x, correction=c, **o),
        )
        if "()" not in row[0] and "(2,3,2)" not in row[0]
    ),
    *_over_axes("max_with_indices", lambda x, **o: ref.max_with_indices(x, **o)[0],
                lambda t, x, **o: t.max(x, **o)[0], several=False),
    *_over_axes("min_with_indices", lambda x, **o: ref.min_with_indices(x, **o)[0],
                lambda t, x, **o: t.min(x, **o)[0], several=False),
    *_zeros(),
    ("prod_all", ref.prod, lambda t, x: x.prod(), ((2, 3),)),
    ("prod_of_two_axes", lambda x: x.prod((0, -1)), lambda t, x: x.prod(2).prod(0), ((2, 3, 2),)),
    ("prod_of_none", lambda x: x.prod(0), lambda t, x: x.prod(0), ((0, 3),)),
    ("cumprod_axis_0", lambda x: x.cumprod(0), lambda t, x: x.cumprod(0), ((3, 2),)),
    ("cumsum", lambda x: x.cumsum(0), lambda t, x: x.cumsum(0), ((3, 2),)),
    ("cumsum_last", lambda x: x.cumsum(-1), lambda t, x: x.cumsum(-1), ((3, 2),)),
    ("take", lambda x: x.take(INDEX), lambda t, x: x.take(t.tensor(INDEX)), ((2, 3),)),
    ("take_axis", lambda x: x.take([2, 0, 2], 1), lambda t, x: x[:, [2, 0, 2]], ((2, 3),)),
    ("take_one", lambda x: x.take(1, -1), lambda t, x: x[:, 1], ((2, 3),)),
    ("embedding", lambda x: ref.embedding(x, INDEX),
     lambda t, x: t.nn.functional.embedding(t.tensor(INDEX), x), ((3, 2),)),
    ("gather", lambda x: x.gather(1, INDEX), lambda t, x: x.gather(1, t.tensor(INDEX)), ((3, 3),)),
    ("gather_axis_0", lambda x: x.gather(-2, INDEX), lambda t, x: x.gather(-2, t.tensor(INDEX)),
     ((3, 5),)),
    ("scatter_add", lambda x, y: x.scatter_add(1, INDEX, y),
     lambda t, x, y: x.scatter_add(1, t.tensor(INDEX), y), ((3, 3), (2, 4))),
    ("scatter_add_axis_0", lambda x, y: x.scatter_add(0, INDEX, y),
     lambda t, x, y: x.scatter_add(0, t.tensor(INDEX), y), ((3, 4), (2, 4))),
]  # fmt: skip
