"""Right engines that compute an op by another formula, as courses do: none of them may be failed.

They are entries of the catalogue as the bugs are, with the reason why nothing can kill them.
"""

from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bending import replaced
from gradcheck_suite.bugs.bug import Bug, Place
from reference import ops

__all__ = ["VARIANTS"]

THEME: Final = "right in another form"
_REASON: Final = "the same function, by a formula that courses accept"


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = ops.sum(x, axis, keepdims)
    return total * (total.size / x.size)


_FORMULAS: Final[tuple[tuple[str, str, Callable[..., Any]], ...]] = (
    ("sub", "x - y as x + (-y)", lambda x, y: ops.add(x, ops.neg(y))),
    ("div", "x / y as x * y**-1", lambda x, y: ops.mul(x, ops.pow(y, -1.0))),
    ("neg", "-x as x * -1", lambda x: ops.mul(x, -1)),
    ("sqrt", "the root as x**0.5", lambda x: ops.pow(x, 0.5)),
    ("square", "the square as x * x", lambda x: ops.mul(x, x)),
    ("reciprocal", "the reciprocal as x**-1", lambda x: ops.pow(x, -1.0)),
    ("tanh", "tanh as 2 sigmoid(2 x) - 1", lambda x: 2 * ops.sigmoid(2 * x) - 1),
    ("silu", "silu as x / (1 + exp(-x)), by sigmoid", lambda x: ops.mul(ops.sigmoid(x), x)),
    ("log2", "log2 as log(x) / ln 2", lambda x: ops.div(ops.log(x), 0.6931471805599453)),
    ("tan", "tan as sin / cos", lambda x: ops.div(ops.sin(x), ops.cos(x))),
    ("mean", "the mean as a sum times 1 / n", _mean),
    ("dot", "dot as the sum of products", lambda x, y: ops.sum(ops.mul(x, y))),
    ("trace", "the trace by a mask", lambda x: ops.sum(ops.tril(ops.triu(x)))),
)

VARIANTS: Final = tuple(
    Bug(
        f"{op}.variant",
        f"{form} (right)",
        THEME,
        (),
        Place(op),
        replaced(op, lambda _, other=other: other),  # type: ignore[misc]  # bound by default
        equivalent=_REASON,
    )
    for op, form, other in _FORMULAS
)
