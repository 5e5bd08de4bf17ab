"""Bugs made of kinds of faults: a kind bends any op, a row says on which ops it stands.

Each kind is a function from an op to a patch. Where a fault changes nothing that can be seen, as a
swap of add's operands, it stands in ``equivalent``, with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bending import bent, on_operands, on_result, replaced, unlisted
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, both, spelled
from gradcheck_suite.properties.catalogue import CATALOGUE
from reference.primitive import primitive

__all__ = ["KINDS", "kinds_on"]

Tensor = Any


def _kept(x: Any) -> Any:
    return x.copy()


_ones = unlisted(
    primitive("ones", _kept, vjps={"x": lambda g: g * 0.0 + 1.0}, jvps={"x": lambda t: t})
)
_coarse = unlisted(
    primitive(
        "coarse",
        _kept,
        vjps={"x": lambda g: g.astype(np.float32).astype(g.dtype)},
        jvps={"x": lambda t: t},
    )
)


def _factor(factor: float) -> Callable[[str], Patch]:
    return lambda op: on_operands(op, lambda x: bent(x, factor=factor))


def _where(holds: Callable[[Any], Any], factor: float) -> Callable[[str], Patch]:
    """Multiply the gradient by ``factor`` for those elements of the operand where it holds."""
    return lambda op: on_operands(
        op, lambda x: bent(x, factor=np.where(holds(x.data), factor, 1.0).astype(x.dtype))
    )


def _if(holds: Callable[[Tensor], bool], factor: float) -> Callable[[str], Patch]:
    """Multiply the gradient by ``factor`` if it holds for the operand as a whole."""
    return lambda op: on_operands(op, lambda x: bent(x, factor=factor) if holds(x) else x)


def _from_second_call(op: str) -> Patch:
    """Bend what is called again before a backward has run."""

    def patch(patches: Patches) -> None:
        n_calls = 0
        backward = reference.Tensor.backward

        def change(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any) -> Any:
                nonlocal n_calls
                n_calls += 1
                return bent(function(*args), factor=1.0 if n_calls == 1 else 1.001)

            return call

        def start_anew(x: Tensor, *args: Any, **flags: Any) -> None:
            """Propagate, and forget the calls."""
            nonlocal n_calls
            try:
                backward(x, *args, **flags)
            finally:
                n_calls = 0

        patches.setattr(reference.Tensor, "backward", start_anew)
        replaced(op, change)(patches)

    return patch


def _in_float32(op: str) -> Patch:
    """Bend what is computed in float32, in an engine that is handed such arrays."""
    return both(spelled(dtype="float32"), _if(lambda x: x.dtype == np.float32, 1.001)(op))


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of fault, and the ops on which it stands."""

    name: str
    sentence: str
    """With ``{op}`` for the op's name."""
    patch: Callable[[str], Patch]
    ops: tuple[str, ...]
    theme: str = "derivative rules"
    killer: str = "gradient"


_KINDS: Final = (
    _Kind(
        "sign",
        "the gradient of {op} has the wrong sign",
        _factor(-1.0),
        ("mul", "sum", "squeeze", "var", "tile", "conv1d", "log_softmax"),
    ),
    _Kind(
        "half",
        "a factor of 2 is missing from the gradient of {op}",
        _factor(0.5),
        ("add", "stack", "repeat", "unsqueeze", "batch_norm"),
    ),
    _Kind(
        "slip",
        "the gradient of {op} is off by 0.1 %",
        _factor(1.001),
        ("div", "erf", "matmul", "where", "swapaxes", "diagonal", "solve"),
    ),
    _Kind(
        "upstream",
        "the backward of {op} ignores the gradient that arrives from above, and starts from ones",
        lambda op: on_result(op, _ones),
        ("exp", "split", "softmax", "einsum", "avg_pool2d", "maximum", "cumsum"),
    ),
    _Kind(
        "detached",
        "{op} computes the right value, and its result is silently cut off from the graph",
        lambda op: on_result(op, lambda y: y.detach()),
        ("relu", "square", "getitem", "reshape", "gather", "pad", "std"),
    ),
    _Kind(
        "negative",
        "the gradient of {op} is wrong for negative numbers alone",
        _where(lambda x: x < 0, 1.001),
        ("tanh", "mul", "cumprod", "max"),
        "subtle faults",
    ),
    _Kind(
        "large",
        "the gradient of {op} is wrong for numbers above 1 alone",
        _where(lambda x: x > 1, 0.999),
        ("exp", "sum", "softmax"),
        "subtle faults",
    ),
    _Kind(
        "first",
        "the gradient of {op} is wrong in its first element alone",
        _where(lambda x: np.arange(x.size).reshape(x.shape) == 0, 1.01),
        ("concatenate", "getitem", "prod"),
        "subtle faults",
    ),
    _Kind(
        "rank_3",
        "the gradient of {op} is wrong for arrays of rank 3 alone",
        _if(lambda x: x.ndim == 3, 1.01),  # noqa: PLR2004 - the rank itself
        ("sum", "matmul", "mean", "add"),
        "subtle faults",
    ),
    _Kind(
        "coarse",
        "the backward of {op} goes by way of float32, in an engine of float64",
        lambda op: on_result(op, _coarse),
        ("mul", "sum", "matmul"),
        "subtle faults",
        "precision",
    ),
    _Kind(
        "float32",
        "the gradient of {op} is off by 0.1 % for arrays of float32 alone",
        _in_float32,
        ("tanh", "mul", "sum"),
        "subtle faults",
    ),
    _Kind(
        "second_call",
        "where {op} is called twice in one graph, the second call has a wrong gradient",
        _from_second_call,
        ("mul", "add", "sub"),
        "subtle faults",
        "expressions",
    ),
)


def _bug(kind: _Kind, op: str) -> Bug:
    killer = kind.killer if kind.killer in CATALOGUE else f"{kind.killer}[{op}]"
    return Bug(
        id=f"{op}.{kind.name}",
        sentence=kind.sentence.format(op=op),
        theme=kind.theme,
        killers=(killer,),
        place=Place(op),
        patch=kind.patch(op),
    )


def kinds_on(op: str) -> tuple[Bug, ...]:
    """Return every kind of fault on one op, whether the catalogue has it there or not."""
    return tuple(_bug(kind, op) for kind in _KINDS)


KINDS: Final = tuple(_bug(kind, op) for kind in _KINDS for op in kind.ops)
