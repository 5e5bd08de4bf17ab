"""Bugs of reductions: sums, extremes, spreads, running sums, and softmax.

A row is the op, a name, a sentence, and either a rule (as for the elementwise ops) or a surrogate:
another function of the operands, whose gradient the op has, while its value is right.
"""

from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bending import bent_rule, grafted
from gradcheck_suite.bugs.bug import Bug, Patch, Place
from reference import ops
from reference.rules.reductions import reduced_axes

__all__ = ["REDUCTIONS"]

THEME: Final = "ops on arrays"

Tensor = Any
_Row = tuple[str, str, str, Callable[..., Any]]


def _all(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return the sum over the axes, in place of what picks one element."""
    return x.sum(axis, keepdims)


def _spread_total(g: Tensor, in_shape: tuple[int, ...], axis: Any) -> Tensor:
    return g.sum().reshape((1,) * len(in_shape)).broadcast_to(in_shape)


def _over_size(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    return x.sum(axis, keepdims) / x.size


def _first_of_ties(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return x's first element along the axes, in place of the largest."""
    axes = reduced_axes(axis, x.ndim)
    first = x[tuple(slice(0, 1) if a in axes else slice(None) for a in range(x.ndim))]
    return (
        first
        if keepdims
        else first.reshape(tuple(n for a, n in enumerate(x.shape) if a not in axes))
    )


def _picked_first(x: Tensor, axis: int, keepdims: bool = False) -> Any:
    return (_first_of_ties(x, axis, keepdims), None)


# The value is right, and the gradient that of another function.
_SURROGATES: Final[tuple[_Row, ...]] = (
    (
        "mean",
        "not_divided",
        "the gradient of mean is that of sum: not divided by the number of elements",
        _all,
    ),
    (
        "mean",
        "over_size",
        "the gradient of a mean over an axis is divided by the size of the whole array",
        _over_size,
    ),
    ("max", "to_all", "max sends its gradient to every element, and should to the largest", _all),
    (
        "max",
        "to_first",
        "max sends its gradient to the first element, wherever the largest is",
        _first_of_ties,
    ),
    ("min", "to_all", "min sends its gradient to every element, and should to the smallest", _all),
    (
        "max_with_indices",
        "to_first",
        "the gradient of a maximum with its place goes to place 0",
        _picked_first,
    ),
    ("prod", "as_sum", "the gradient of prod is that of sum: the other factors are left out", _all),
    (
        "cumprod",
        "as_cumsum",
        "cumprod has the gradient of cumsum: the other factors are left out",
        lambda x, axis: ops.cumsum(x, axis=axis),
    ),
    (
        "var",
        "two_missing",
        "the gradient of var lacks the factor 2",
        lambda *a, **k: ops.var(*a, **k) / 2,
    ),
    (
        "var",
        "ddof",
        "the gradient of var is divided by n, whatever ddof is",
        lambda x, axis=None, ddof=0, keepdims=False: ops.var(x, axis, 0, keepdims),
    ),
    ("std", "as_var", "std has the gradient of var: it is not divided by 2 std", ops.var),
    (
        "norm",
        "as_square",
        "the gradient of the norm is 2 x: it is not divided by the norm",
        lambda x, order=2, axis=None, keepdims=False: (x * x).sum(axis, keepdims),
    ),
    (
        "logsumexp",
        "over_all",
        "the gradient of logsumexp is a softmax over all elements, whatever the axis is",
        lambda x, axis=None, keepdims=False: (
            x * ops.softmax(x.detach(), axis=tuple(range(x.ndim)))
        ).sum(axis, keepdims),
    ),
    (
        "logsumexp",
        "as_sum",
        "logsumexp sends its gradient to all elements alike, and should by softmax",
        _all,
    ),
)

# The rule of a row is another one.
_RULES: Final[tuple[_Row, ...]] = (
    (
        "sum",
        "axis_ignored",
        "the gradient of a sum over an axis is that of the sum over all",
        _spread_total,
    ),
    (
        "softmax",
        "diagonal_alone",
        "softmax has the gradient p (1 - p) of each element by itself: the others are left out",
        lambda t, ans: t * ans * (1 - ans),
    ),
    (
        "softmax",
        "over_last",
        "the gradient of softmax sums over the last axis, whatever the axis is",
        lambda t, ans: ans * (t - (t * ans).sum(-1, keepdims=True)),
    ),
    (
        "log_softmax",
        "sum_missing",
        "log_softmax has the gradient g - softmax(x): the sum of g is missing",
        lambda g, ans: g - ans.exp(),
    ),
    (
        "log_softmax",
        "logarithm_kept",
        "log_softmax's gradient uses its result where softmax belongs",
        lambda g, ans, axis: g - ans * g.sum(axis, keepdims=True),
    ),
    (
        "cumsum",
        "not_reversed",
        "the gradient of cumsum is summed up from the front, and should be from the end",
        lambda g, axis: ops.cumsum(g, axis=axis),
    ),
)


def _bug(op: str, name: str, sentence: str, patch: Patch) -> Bug:
    return Bug(f"{op}.{name}", sentence, THEME, (f"gradient[{op}]",), Place(op), patch)


REDUCTIONS: Final = (
    *(_bug(op, name, told, grafted(op, other)) for op, name, told, other in _SURROGATES),
    *(_bug(op, name, told, bent_rule(op, x=rule)) for op, name, told, rule in _RULES),
)
