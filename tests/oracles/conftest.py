"""Ways in which right engines compute: engines on the reference's graph with ops of their own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import reference
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.table import op_named

Array = Any


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum a cotangent back to the shape of an operand, one axis after the other."""
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for axis, extent in enumerate(shape):
        if extent == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


def numpy_op(value: Callable[..., Array], *vjps: Callable[..., Array]) -> Callable[..., Any]:
    """Return an op of the reference that computes with these NumPy functions.

    ``value(*arrays, **attrs)``, and for each operand ``vjp(g, v, *arrays, **attrs)``.
    """

    def call(*operands: Any, **attrs: Any) -> Any:
        dtypes = [x.dtype for x in operands if isinstance(x, reference.Tensor)]
        like = np.result_type(*dtypes)
        tensors = [
            x if isinstance(x, reference.Tensor) else reference.Tensor(x, dtype=like)
            for x in operands
        ]

        class Op(reference.Function):
            @staticmethod
            def forward(ctx: Any, *xs: Any) -> Any:
                ctx.arrays = [x.data for x in xs]
                ctx.v = np.asarray(value(*ctx.arrays, **attrs))
                return reference.Tensor(ctx.v)

            @staticmethod
            def backward(ctx: Any, cotangent: Any) -> Any:
                g = cotangent.data
                found = [np.asarray(vjp(g, ctx.v, *ctx.arrays, **attrs)) for vjp in vjps]
                return tuple(
                    reference.Tensor(unbroadcast(share, x.shape))
                    for share, x in zip(found, ctx.arrays, strict=True)
                )

        return Op.apply(*tensors)

    return call


@pytest.fixture(scope="session")
def make_engine() -> Callable[..., SpelledEngine]:
    """Return a function that makes the reference with some ops replaced.

    ``ops``: by op, a template over the names of the table, or the functions for ``numpy_op``.
    """

    def make(ops: Mapping[str, Any], dtype: str = "float64") -> SpelledEngine:
        known = known_engine("reference")
        spelling, namespace = known.spelling, dict(known.namespace)
        templates = dict(spelling.ops)
        for name, given in ops.items():
            if isinstance(given, str):
                templates[name] = given
                continue
            row = op_named(name)
            # An argument that is None or False is left out of a line; these have no other default.
            namespace[f"own_{name}"] = partial(numpy_op(*given), **dict(row.attributes))
            names = [*row.arguments, *(f"{attr}={attr}" for attr, _ in row.attributes)]
            templates[name] = f"own_{name}({', '.join(names)})"
        changed = replace(spelling, ops=tuple(templates.items()), dtype=dtype)
        return SpelledEngine(changed, namespace)

    return make
