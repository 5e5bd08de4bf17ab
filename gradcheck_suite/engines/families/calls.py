"""Candidates: how ops are called. ``{first}`` is the callee with its first argument open."""

from collections.abc import Mapping
from typing import Final

__all__ = ["ARGUMENTS", "AXIS_NAMES", "KEEP_NAMES", "MORE_NAMES", "SETTINGS", "SURE", "SYNONYMS"]

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
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "atan2",
        "hypot",
        "log1p",
        "expm1",
        "log2",
        "log10",
        "erf",
        "softplus",
        "logaddexp",
        "square",
        "cbrt",
        "rsqrt",
        "reciprocal",
        "silu",
        "elu",
        "sign",
        "floor",
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

_LOW: Final = ("min", "low", "a_min", "min_val", "min_value", "minimum", "lower", "lo")
_HIGH: Final = ("max", "high", "a_max", "max_val", "max_value", "maximum", "upper", "hi")

# The same by op, for elementwise ops with settings. Without any, the engine has its own for good.
SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "pow": ("exponent",),
    "gelu": (
        "approximate=approximate",
        "approximate=approximate == 'tanh'",
        "approx=approximate == 'tanh'",
        "tanh=approximate == 'tanh'",
        "",
        "approximate",
    ),
    "elu": (*(f"{name}=alpha" for name in ("alpha", "a")), "alpha", ""),
    "leaky_relu": (
        *(
            f"{name}=negative_slope"
            for name in ("negative_slope", "slope", "alpha", "leak", "neg_slope", "leakiness", "a")
        ),
        "negative_slope",
        "",
    ),
    "hardtanh": (
        *(f"{a}=min_val, {b}=max_val" for a, b in zip(_LOW, _HIGH, strict=True)),
        "min_val, max_val",
        "",
    ),
    "clip": (*(f"{a}=low, {b}=high" for a, b in zip(_LOW, _HIGH, strict=True)), "low, high"),
}

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

# Keywords under which engines take an attribute of an op on whole arrays; its own name where none.
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "axis": AXIS_NAMES,
    "keepdims": KEEP_NAMES,
    "ddof": ("ddof", "correction"),
    "ord": ("ord", "p"),
    "shift": ("shift", "shifts"),
    "reps": ("reps", "repeats", "dims"),
    "pad_width": ("pad_width", "padding", "pad"),
    "fill": ("fill", "value", "constant_values", "fill_value"),
    "axis1": ("axis1", "dim0"),
    "axis2": ("axis2", "dim1"),
    "sections": ("sections", "chunks", "indices_or_sections"),
    "indices": ("indices", "index", "idx"),
    "offset": ("offset", "k", "diagonal"),
    "kernel": ("kernel", "kernel_size", "pool_size"),
    "target": ("target", "targets", "labels", "y"),
}
