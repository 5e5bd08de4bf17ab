"""Bugs of broadcasting: what comes back to an operand that was stretched is not summed, or badly.

Each is a way to bring a cotangent back to the shape of an operand, in place of the right one.
"""

from collections.abc import Callable
from typing import Any, Final

from gradcheck_suite.bugs.bending import ruled
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, module
from gradcheck_suite.program.table import OPS
from reference.broadcasting import unbroadcast
from reference.row import Rule

__all__ = ["BROADCAST", "broadcast_on", "way_of"]

THEME: Final = "broadcasting"

Shape = tuple[int, ...]
Reduce = Callable[[Any, Shape], Any]


def _axes(g: Any, shape: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes that the operand did not have, and those where it had length 1."""
    n_new = g.ndim - len(shape)
    stretched = [n_new + k for k, n in enumerate(shape) if n == 1 and g.shape[n_new + k] != 1]
    return tuple(range(n_new)), tuple(stretched)


def _not_at_all(g: Any, shape: Shape) -> Any:
    return g


def _mean(g: Any, shape: Shape) -> Any:
    new, stretched = _axes(g, shape)
    return g.mean((*new, *stretched), keepdims=True).reshape(shape) if new + stretched else g


def _new_axes_alone(g: Any, shape: Shape) -> Any:
    new, _ = _axes(g, shape)
    return g.sum(new) if new else g


def _stretched_axes_alone(g: Any, shape: Shape) -> Any:
    _, stretched = _axes(g, shape)
    return g.sum(stretched, keepdims=True) if stretched else g


def _first_copy(g: Any, shape: Shape) -> Any:
    new, stretched = _axes(g, shape)
    index = tuple(
        0 if a in new else slice(0, 1) if a in stretched else slice(None) for a in range(g.ndim)
    )
    return g[index]


def _not_for_numbers(g: Any, shape: Shape) -> Any:
    return unbroadcast(g, shape) if shape else g


def _first_axis_alone(g: Any, shape: Shape) -> Any:
    new, stretched = _axes(g, shape)
    for axis in (*new, *stretched)[:1]:
        g = g.sum(axis, keepdims=axis in stretched)
    return g


def _first_new_axis_alone(g: Any, shape: Shape) -> Any:
    if g.ndim > len(shape):
        g = g.sum(0)
    for axis, n in enumerate(shape):
        if n == 1:
            g = g.sum(axis, keepdims=True)
    return g


def _without_length_one(g: Any, shape: Shape) -> Any:
    new, stretched = _axes(g, shape)
    return g.sum((*new, *stretched)) if new + stretched else g


_WAYS: Final[tuple[tuple[str, str, Reduce, tuple[str, ...]], ...]] = (
    (
        "not_summed",
        "the gradient of an operand that {op} broadcast is not summed back to its shape",
        _not_at_all,
        ("add", "mul", "where"),
    ),
    (
        "averaged",
        "the gradient of an operand that {op} broadcast is averaged over the copies, not summed",
        _mean,
        ("mul", "maximum", "atan2"),
    ),
    (
        "new_axes_alone",
        "an operand that {op} broadcast gets its gradient summed over new axes alone",
        _new_axes_alone,
        ("sub", "power", "logaddexp"),
    ),
    (
        "stretched_axes_alone",
        "an operand that {op} broadcast gets its gradient summed where it had length 1 alone",
        _stretched_axes_alone,
        ("mul", "add", "where"),
    ),
    (
        "first_copy",
        "an operand that {op} broadcast gets the gradient of its first copy alone",
        _first_copy,
        ("div", "hypot"),
    ),
    (
        "not_for_numbers",
        "a scalar that {op} broadcast gets a gradient of the other operand's shape",
        _not_for_numbers,
        ("mul", "sub", "power"),
    ),
    (
        "first_axis_alone",
        "the gradient of an operand that {op} broadcast is summed over the first axis alone",
        _first_axis_alone,
        ("add", "minimum"),
    ),
    (
        "first_new_axis_alone",
        "of the new axes that {op} gave an operand its gradient is summed over the first alone",
        _first_new_axis_alone,
        ("add",),
    ),
    (
        "axes_lost",
        "the gradient of an operand that {op} broadcast has lost the operand's axes of length 1",
        _without_length_one,
        ("mul", "div"),
    ),
)


def _any_shape(patches: Patches) -> None:
    """Have an engine that takes gradients of any shape, as most do."""

    def conform(value: Any, shape: Shape, dtype: Any, what: str) -> Any:
        return value if value.dtype == dtype else value.astype(dtype)

    patches.setattr(module("call"), "conform", conform)


def _reducing(op: str, reduce: Reduce) -> Patch:
    def change(name: str, vjp: Rule, jvp: Rule) -> Rule:
        def rule(cotangent: Any, in_shape: Shape, *values: Any) -> Any:
            return reduce(jvp.function(cotangent, *values), in_shape)

        return Rule(rule, ("in_shape", *jvp.needs))

    def patch(patches: Patches) -> None:
        _any_shape(patches)
        ruled(op, change)(patches)

    return patch


def _bug(op: str, name: str, sentence: str, reduce: Reduce) -> Bug:
    return Bug(
        f"{op}.{name}",
        sentence.format(op=op),
        THEME,
        (f"broadcasting[{op}]",),
        Place(op),
        _reducing(op, reduce),
    )


def broadcast_on(op: str) -> tuple[Bug, ...]:
    """Return every fault of broadcasting on one op, whether the catalogue has it there or not."""
    return tuple(_bug(op, name, sentence, reduce) for name, sentence, reduce, _ in _WAYS)


def way_of(bug: str) -> str:
    """Return the way in which a bug, by its id, is one of broadcasting; '' where it is another.

    Engines bring gradients back to the shapes of operands in one function for all of their ops.
    """
    op, _, name = bug.partition(".")
    is_elementwise = op in OPS and OPS[op].signature in {"binary", "where"}
    return next((way for way, *_ in _WAYS if way == name and is_elementwise), "")


BROADCAST: Final = tuple(
    _bug(op, name, sentence, reduce) for name, sentence, reduce, ops in _WAYS for op in ops
)
