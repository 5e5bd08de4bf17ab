"""Matrix products."""

from typing import Final

import numpy as np

from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.op import Domain, Op

__all__ = ["LINEAR"]


def _ranks(shapes: tuple[tuple[int, ...], ...], _attrs: dict[str, Attribute]) -> str:
    """Name a product by its operands: ``vector@matrix``; ``batched`` from rank 3 on."""
    names = {1: "vector", 2: "matrix"}
    left, right = (names.get(len(shape), "batched") for shape in shapes)
    return "batched" if "batched" in {left, right} else f"{left}@{right}"


LINEAR: Final = (
    Op(
        name="matmul",
        signature="matmul",
        forward=np.matmul,
        names=("matmul", "mm", "dot"),
        operators=("x @ y",),
        domains=(Domain(-2.0, 2.0),),
        variant=_ranks,
        teaches="with cotangent G, the gradient of A @ B is G @ B.T for A, and A.T @ G for B",
    ),
)
