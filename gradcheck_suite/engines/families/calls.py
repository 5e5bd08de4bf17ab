"""Candidates: how ops are called. ``{first}`` is the callee with its first argument open."""

from collections.abc import Mapping
from typing import Final

__all__ = ["ARGUMENTS", "AXIS_NAMES", "KEEP_NAMES", "MORE_NAMES", "SURE"]

AXIS_NAMES: Final = ("axis", "axes", "dim", "dims")
KEEP_NAMES: Final = ("keepdims", "keepdim", "keep_dims", "keep_dim", "keep")

# Ops whose main name, or operator, means nothing else: one that runs but gives a wrong value is
# wrong, and is kept so that this is told. All others must be right to be taken for the op.
SURE: Final = frozenset(
    {
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "pow",
        "matmul",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "relu",
        "abs",
        "sum",
        "mean",
        "softmax",
        "log_softmax",
    },
)

# Beyond the names of the op table, and after them.
MORE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "div": ("true_divide", "true_div"),
    "neg": ("negate",),
    "pow": ("power_scalar", "pow_scalar"),
    "exp": ("exponential",),
    "sum": ("summation",),
    "mean": ("average",),
    "matmul": ("mat_mul", "MatMul"),
    "transpose": ("t",),
    "reshape": ("Reshape",),
    "broadcast_to": ("expand_to",),
    "concatenate": ("Concat",),
}

_REVERSED: Final = "range(len(x.shape))[::-1]"


def _joined(axis: tuple[str, ...], keep: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{a}=axis, {k}=keepdims" for a in axis for k in keep)


_BY_AXIS: Final = tuple(f"{a}=axis" for a in AXIS_NAMES)
_BY_SHAPE: Final = ("shape", "*shape", "shape=shape", "new_shape=shape", "size=shape")

# What stands between the parentheses after the array arguments, in order of preference.
ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "unary": ("",),
    "binary": ("",),
    "matmul": ("",),
    "where": ("",),
    "reduction": (
        *_joined(AXIS_NAMES, KEEP_NAMES),
        *_BY_AXIS,
        *(f"{k}=keepdims" for k in KEEP_NAMES),
        "",
        "axis, keepdims",
        "axis",
        "*axis",
    ),
    "normalisation": (*_BY_AXIS, "axis", ""),
    "reshape": _BY_SHAPE,
    "broadcast_to": _BY_SHAPE,
    "transpose": (
        "axes",
        *(f"{a}=axes" for a in (*AXIS_NAMES, "permutation", "order")),
        "*axes",
        "",
        f"*{_REVERSED}",
        f"tuple({_REVERSED})",
    ),
    "getitem": ("index",),
    "join": (*_BY_AXIS, "axis", ""),
}
