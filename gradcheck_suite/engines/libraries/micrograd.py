"""micrograd, 0.1: scalars, as small as an engine gets."""

from typing import Final

from gradcheck_suite.program.spelling import Spelling

__all__ = ["MICROGRAD"]

MICROGRAD: Final = Spelling(
    name="micrograd",
    imports=("from micrograd.engine import Value",),
    leaf="Value(number)",
    clear="x.grad = 0",
    assign="x.data = number",
    ops=(
        ("add", "x + y"),
        ("sub", "x - y"),
        ("mul", "x * y"),
        ("div", "x / y"),
        ("neg", "-x"),
        ("pow", "x ** exponent"),
        ("relu", "x.relu()"),
    ),
    can=frozenset(
        {f"plain:{op}.{side}" for op in ("add", "sub", "mul", "div") for side in ("left", "right")}
        | {"rank:0"}
    ),
    kind="scalar",
)
