"""The table of cases that is compared with torch: each operation in both spellings.

The core is here; each ``cases_*.py`` has a family of further rows, as the arguments of a ``Case``.
"""

import runpy
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reference as ref


@dataclass(frozen=True)
class Case:
    """One function, written for the reference and for torch, and the inputs to try it on."""

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]  # takes the module torch first
    shapes: tuple[tuple[int, ...], ...]
    low: float = -2.0
    high: float = 2.0

    def inputs(self, dtype: str) -> list[np.ndarray]:
        """Draw distinct multiples of 1/64, exact in float32, the same in every run."""
        draw = np.random.default_rng(zlib.crc32(self.name.encode()))
        candidates = np.arange(int(self.low * 64) + 1, int(self.high * 64), 2)
        return [
            (draw.choice(candidates, int(np.prod(shape)), replace=False) / 64)
            .reshape(shape)
            .astype(dtype)
            for shape in self.shapes
        ]

    def vectors(self, shapes: list[tuple[int, ...]], dtype: str) -> list[np.ndarray]:
        """Draw signed cotangents or tangents."""
        draw = np.random.default_rng(zlib.crc32(b"vectors of " + self.name.encode()))
        return [np.asarray(draw.integers(-8, 9, shape) / 8).astype(dtype) for shape in shapes]


BROADCASTS = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (1, 3)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((2, 1, 3), (4, 1)),
    ((1,), ()),
    ((0, 3), (3,)),
    ((1, 2, 1, 3), (2, 2, 1)),
]


def _binary() -> list[Case]:
    functions = {
        "add": (lambda x, y: x + y, lambda t, x, y: x + y),
        "sub": (lambda x, y: x - y, lambda t, x, y: x - y),
        "mul": (lambda x, y: x * y, lambda t, x, y: x * y),
        "div": (lambda x, y: x / y, lambda t, x, y: x / y),
        "maximum": (ref.maximum, lambda t, x, y: t.maximum(x, y)),
        "minimum": (ref.minimum, lambda t, x, y: t.minimum(x, y)),
        "power": (lambda x, y: (x * x + 1) ** y, lambda t, x, y: (x * x + 1) ** y),
        "where": (
            lambda x, y: ref.where(x < y, x, y * 2),
            lambda t, x, y: t.where(x < y, x, y * 2),
        ),
    }
    return [
        Case(f"{name}{x}{y}".replace(" ", ""), ours, theirs, (x, y))
        for name, (ours, theirs) in functions.items()
        for x, y in BROADCASTS
    ]


def _unary() -> list[Case]:
    both = dict.fromkeys(["exp", "sin", "cos", "tanh", "sigmoid", "relu", "abs"], (-2.0, 2.0))
    domains = {**both, "log": (0.0, 4.0), "sqrt": (0.0, 4.0)}
    cases = [
        Case(
            f"{name}{shape}".replace(" ", ""),
            lambda x, name=name: getattr(ref, name)(x),
            lambda t, x, name=name: getattr(t, name)(x),
            (shape,),
            *domain,
        )
        for name, domain in domains.items()
        for shape in [(), (3,), (2, 3)]
    ]
    powers = [
        Case(f"pow_{n}", lambda x, n=n: x**n, lambda t, x, n=n: x**n, ((2, 3),), low, 4.0)
        for n, low in [*((n, -2) for n in (0, 1, 2, 3, -1, -2)), (0.5, 0), (-1.5, 0), (2.5, 0)]
    ]
    return [
        *cases,
        *powers,
        Case("neg", lambda x: -x, lambda t, x: -x, ((2, 3),)),
        Case("number_to_the_x", lambda x: 3**x, lambda t, x: 3**x, ((2, 3),)),
        Case("number_minus_x", lambda x: 2 - x, lambda t, x: 2 - x, ((2, 3),)),
        Case("number_over_x", lambda x: 2 / x, lambda t, x: 2 / x, ((2, 3),)),
        Case("clone", lambda x: x.clone(), lambda t, x: x.clone(), ((2, 3),)),
    ]


def _reductions() -> list[Case]:
    cases = []
    for shape, axes in {
        (): [None],
        (4,): [None, 0, -1],
        (2, 3): [None, 0, 1, -1, (0, 1)],
        (2, 3, 2): [None, 1, (0, 2), (-1, 0)],
    }.items():
        for axis in axes:
            for keep in [False, True]:
                every = tuple(range(len(shape))) if axis is None else axis
                for name in ["sum", "mean", "max", "min"]:
                    theirs = {"max": "amax", "min": "amin"}.get(name, name)
                    cases.append(
                        Case(
                            f"{name}{shape}_{axis}_{keep}".replace(" ", ""),
                            lambda x, n=name, a=axis, k=keep: getattr(x, n)(a, k),
                            lambda t, x, n=theirs, a=every, k=keep: getattr(t, n)(
                                x, dim=a, keepdim=k
                            ),
                            (shape,),
                        )
                    )
    return cases


def _shaping() -> list[Case]:
    index = np.array([2, 0, 2, -1])
    rows = np.array([[0, 1], [1, 1]])
    mask = np.array([[True, False, True], [False, False, True]])
    indices: dict[str, tuple[tuple[int, ...], Any]] = {
        "int": ((4,), 1),
        "negative_int": ((4, 2), -1),
        "slice": ((5,), slice(1, 4)),
        "empty_slice": ((5,), slice(4, 1)),
        "step": ((5,), slice(None, None, 2)),
        "new_axis": ((4, 2), (slice(None), None, 1)),
        "ellipsis": ((2, 3, 4), (..., 1)),
        "repeated": ((4, 2), index),
        "repeated_inner": ((2, 4), (slice(None), index)),
        "matrix_of_rows": ((2, 3), rows),
        "two_arrays": ((3, 4), (np.array([0, 2, 0]), np.array([1, 3, 1]))),
        "mask": ((2, 3), mask),
        "mask_of_rows": ((3, 2), np.array([True, False, True])),
        "int_and_array": ((3, 4), (1, index)),
    }
    getitem = [
        Case(
            f"getitem_{name}",
            lambda x, i=i: x[i],
            lambda t, x, i=i: x[_for_torch(t, i)],
            (shape,),
        )
        for name, (shape, i) in indices.items()
    ]
    return [
        *getitem,
        Case("reverse", lambda x: x[::-1], lambda t, x: t.flip(x, [0]), ((5, 2),)),
        Case("negative_step", lambda x: x[4:0:-2], lambda t, x: x[t.tensor([4, 2])], ((5, 2),)),
        Case("reshape", lambda x: x.reshape(3, -1), lambda t, x: x.reshape(3, -1), ((2, 6),)),
        Case("reshape_scalar", lambda x: x.reshape(()), lambda t, x: x.reshape(()), ((1, 1),)),
        Case("T", lambda x: x.T, lambda t, x: x.T, ((2, 3),)),
        Case(
            "transpose",
            lambda x: x.transpose((2, 0, 1)),
            lambda t, x: x.permute(2, 0, 1),
            ((2, 3, 4),),
        ),
        Case(
            "transpose_negative",
            lambda x: ref.transpose(x, (-1, 0, 1)),
            lambda t, x: x.permute(-1, 0, 1),
            ((2, 3, 4),),
        ),
        Case(
            "broadcast_to",
            lambda x: x.broadcast_to((4, 2, 3)),
            lambda t, x: t.broadcast_to(x, (4, 2, 3)),
            ((2, 1),),
        ),
        Case(
            "concatenate",
            lambda x, y, z: ref.concatenate([x, y, z], -1),
            lambda t, x, y, z: t.concatenate([x, y, z], -1),
            ((2, 3), (2, 1), (2, 2)),
        ),
        Case(
            "concatenate_twice_the_same",
            lambda x, y: ref.concatenate([x, y, x]),
            lambda t, x, y: t.concatenate([x, y, x]),
            ((2, 3), (1, 3)),
        ),
        Case(
            "stack",
            lambda x, y: ref.stack([x, y], 1),
            lambda t, x, y: t.stack([x, y], 1),
            ((2, 3), (2, 3)),
        ),
        Case(
            "stack_scalars",
            lambda x, y: ref.stack([x, y]),
            lambda t, x, y: t.stack([x, y]),
            ((), ()),
        ),
        Case(
            "setitem",
            lambda x, v: ref.setitem(x, v, (slice(None), 1)),
            lambda t, x, v: t.select_scatter(x, v.expand(2), 1, 1),
            ((2, 3), (1,)),
        ),
    ]


def _for_torch(torch: Any, index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_for_torch(torch, part) for part in index)
    return torch.tensor(index) if isinstance(index, np.ndarray) else index


def _products_and_softmax() -> list[Case]:
    shapes = [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 3), (3, 4)),
        ((2, 2, 3), (3, 4)),
        ((2, 3), (4, 3, 2)),
        ((2, 1, 2, 3), (5, 3, 2)),
        ((2, 2, 3), (3,)),
        ((3,), (2, 3, 2)),
        ((0, 3), (3, 2)),
    ]
    products = [
        Case(f"matmul{x}{y}".replace(" ", ""), lambda x, y: x @ y, lambda t, x, y: x @ y, (x, y))
        for x, y in shapes
    ]
    normalised = [
        Case(
            f"{name}{shape}_{axis}".replace(" ", ""),
            lambda x, n=name, a=axis: getattr(x, n)(a),
            lambda t, x, n=name, a=axis: getattr(t, n)(x, a),
            (shape,),
        )
        for name in ["softmax", "log_softmax"]
        for shape, axis in [((4,), 0), ((2, 3), 0), ((2, 3), -1), ((2, 3, 2), 1), ((), 0)]
        if shape
    ]
    composed = [
        Case(
            "mlp",
            lambda x, w, v: ((x @ w).tanh() @ v).sigmoid(),
            lambda t, x, w, v: ((x @ w).tanh() @ v).sigmoid(),
            ((3, 2), (2, 4), (4,)),
        ),
        Case(
            "cross_entropy",
            lambda x, w: -(x @ w).log_softmax(1)[np.arange(3), np.array([0, 2, 1])].mean(),
            lambda t, x, w: t.nn.functional.cross_entropy(x @ w, t.tensor([0, 2, 1])),
            ((3, 2), (2, 4)),
        ),
        Case(
            "normalise",
            lambda x: (x - x.mean(1, True)) / ((x - x.mean(1, True)) ** 2).mean(1, True).sqrt(),
            lambda t, x: (x - x.mean(1, True)) / ((x - x.mean(1, True)) ** 2).mean(1, True).sqrt(),
            ((2, 4),),
        ),
    ]
    return [*products, *normalised, *composed]


def _families() -> list[Case]:
    files = sorted(Path(__file__).parent.glob("cases_*.py"))
    return [Case(*row) for file in files for row in runpy.run_path(str(file))["ROWS"]]


CASES = [
    *_unary(),
    *_binary(),
    *_reductions(),
    *_shaping(),
    *_products_and_softmax(),
    *_families(),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that asks for a `case` each row of the table."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def leaf() -> Callable[..., ref.Tensor]:
    """Make a float64 leaf that requires a gradient."""
    return lambda data: ref.tensor(np.asarray(data, np.float64), requires_grad=True)
