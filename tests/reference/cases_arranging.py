"""Shapes, matrices and sums of products: (name, ours, theirs, shapes)."""

import numpy as np

import reference as ref

EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
    ("i,j->ji", (2,), (3,)),
    ("i,i", (3,), (3,)),
    ("ij->", (2, 3)),
    ("ba", (2, 3)),
    ("ij,ij->j", (2, 3), (2, 3)),
    ("ij, jk, k -> i", (2, 3), (3, 2), (2,)),
    ("ij,k->i", (2, 3), (2,)),
    ("ij,jk->ik", (2, 1), (3, 2)),
]
FAR_FROM_SINGULAR = 4 * np.eye(3, dtype=np.int64)


def _near(t, x):
    return x + t.tensor(FAR_FROM_SINGULAR)


ROWS = [
    ("flip_all", lambda x: x.flip(), lambda t, x: x.flip([0, 1]), ((2, 3),)),
    ("flip", lambda x: x.flip(1), lambda t, x: x.flip(1), ((2, 3),)),
    ("flip_two", lambda x: x.flip((0, -1)), lambda t, x: x.flip([0, -1]), ((2, 3, 2),)),
    ("roll", lambda x: x.roll(2, 1), lambda t, x: x.roll(2, 1), ((2, 3),)),
    ("roll_flat", lambda x: x.roll(-1), lambda t, x: x.roll(-1), ((2, 3),)),
    ("roll_two", lambda x: x.roll((1, -2), (0, 1)), lambda t, x: x.roll((1, -2), (0, 1)),
     ((2, 3),)),
    ("tile", lambda x: ref.tile(x, 3), lambda t, x: x.tile(3), ((2, 3),)),
    ("tile_more_axes", lambda x: ref.tile(x, (2, 1, 2)), lambda t, x: x.tile((2, 1, 2)), ((3, 2),)),
    ("tile_number", lambda x: ref.tile(x, (2, 2)), lambda t, x: x.tile((2, 2)), ((),)),
    ("repeat", lambda x: x.repeat(2, 1), lambda t, x: x.repeat_interleave(2, 1), ((2, 3),)),
    ("repeat_flat", lambda x: x.repeat(2), lambda t, x: x.repeat_interleave(2), ((2, 3),)),
    ("repeat_each", lambda x: x.repeat([1, 0, 2], -1),
     lambda t, x: x.repeat_interleave(t.tensor([1, 0, 2]), -1), ((2, 3),)),
    ("pad", lambda x: ref.pad(x, 1, 0.5), lambda t, x: t.nn.functional.pad(x, (1,) * 4, value=0.5),
     ((2, 3),)),
    ("pad_unequal", lambda x: ref.pad(x, [(0, 1), (2, 0)]),
     lambda t, x: t.nn.functional.pad(x, (2, 0, 0, 1)), ((2, 3),)),
    ("squeeze_all", lambda x: x.squeeze(), lambda t, x: x.squeeze(), ((1, 2, 1),)),
    ("squeeze", lambda x: x.squeeze(-1), lambda t, x: x.squeeze(-1), ((1, 2, 1),)),
    ("squeeze_longer", lambda x: x.squeeze(1), lambda t, x: x.squeeze(1), ((1, 2, 1),)),
    ("unsqueeze", lambda x: x.unsqueeze(-1), lambda t, x: x.unsqueeze(-1), ((2, 3),)),
    ("unsqueeze_number", lambda x: x.unsqueeze(0), lambda t, x: x.unsqueeze(0), ((),)),
    ("swapaxes", lambda x: x.swapaxes(0, -1), lambda t, x: x.swapaxes(0, -1), ((2, 3, 4),)),
    ("split_equal", lambda x: x.split(3, 1)[1], lambda t, x: t.tensor_split(x, 3, 1)[1],
     ((2, 6),)),
    ("split_at", lambda x: x.split([1, 4], -1)[1] * x.split([1, 4], 1)[0],
     lambda t, x: t.tensor_split(x, [1, 4], -1)[1] * x[:, :1], ((2, 6),)),
    *(
        (f"{name}_{k}{shape}".replace(" ", ""),
         lambda x, n=name, k=k: getattr(x, n)(k), lambda t, x, n=name, k=k: getattr(x, n)(k),
         (shape,))
        for name in ["tril", "triu", "diagonal"]
        for k in [0, 1, -2]
        for shape in [(3, 3), (2, 4)]
    ),
    ("tril_of_a_stack", lambda x: x.tril(), lambda t, x: x.tril(), ((2, 2, 3),)),
    ("trace", lambda x: x.trace(), lambda t, x: x.trace(), ((3, 3),)),
    ("det", lambda x: ref.det(x + FAR_FROM_SINGULAR), lambda t, x: t.det(_near(t, x)), ((3, 3),)),
    ("det_1", lambda x: ref.det(x) ** 2, lambda t, x: t.det(x) ** 2, ((1, 1),)),
    ("det_of_a_stack", lambda x: ref.det(x + FAR_FROM_SINGULAR), lambda t, x: t.det(_near(t, x)),
     ((2, 3, 3),)),
    ("inv", lambda x: ref.inv(x + FAR_FROM_SINGULAR), lambda t, x: t.inverse(_near(t, x)),
     ((2, 3, 3),)),
    *(
        (f"solve{a}{b}".replace(" ", ""), lambda x, y: ref.solve(x + FAR_FROM_SINGULAR, y),
         lambda t, x, y: t.linalg.solve(_near(t, x), y), (a, b))
        for a, b in [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3, 1)), ((3, 3), (2, 3, 2))]
    ),
    *(
        (f"einsum_{subscripts}{shapes}".replace(" ", ""),
         lambda *x, s=subscripts: ref.einsum(s, *x), lambda t, *x, s=subscripts: t.einsum(s, *x),
         tuple(shapes))
        for subscripts, *shapes in EINSUMS
    ),
]  # fmt: skip
