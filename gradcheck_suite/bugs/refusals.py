"""Bugs of what has to be refused, and of ops that have no derivative."""

from collections.abc import Callable
from typing import Any, Final

import reference
from gradcheck_suite.bugs.bending import replaced, unlisted
from gradcheck_suite.bugs.bug import Patch, Patches, both, spelled, structural
from reference.primitive import primitive

__all__ = ["REFUSALS"]

THEME: Final = "errors"


def _silent(patches: Patches) -> None:
    """Let backward of a value without gradient pass, unless it is a single number."""
    original = reference.Tensor.backward

    def backward(x: Any, *args: Any, **flags: Any) -> None:
        """Propagate, if there is anything to."""
        if x.requires_grad or not x.ndim:
            original(x, *args, **flags)

    patches.setattr(reference.Tensor, "backward", backward)


def _zipping(op: str) -> Patch:
    """Compute with what two arrays of one rank have in common, as zip would."""

    def make(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(x: Any, y: Any) -> Any:
            shapes = getattr(x, "shape", ()), getattr(y, "shape", ())
            n_axes = set(map(len, shapes))
            if len(n_axes) == 1 and shapes[0] != shapes[1] and 1 not in shapes[0] + shapes[1]:
                common = tuple(slice(min(n, m)) for n, m in zip(*shapes, strict=True))
                x, y = x[common], y[common]
            return function(x, y)

        return call

    return replaced(op, make)


def _moving(op: str, move: Callable[[Any], Any]) -> Patch:
    """Give an op without a derivative one."""
    return replaced(op, lambda function: lambda x, *more: function(x, *more) + move(x))


def _no_rule(g: Any) -> Any:
    message = "no backward for a comparison"
    raise NotImplementedError(message)


_without_rule = unlisted(
    primitive(
        "without_rule", lambda x: x.copy(), vjps={"x": _no_rule}, jvps={"x": lambda t: t * 0.0}
    )
)


def _compare(function: Callable[..., Any]) -> Callable[..., Any]:
    def greater(x: Any, y: Any) -> Any:
        found = function(x, y)
        moves = x.requires_grad if isinstance(x, reference.Tensor) else False
        return _without_rule(found.astype(float) + 0.0 * x) if moves else found

    return greater


_bug: Final = structural(THEME)
REFUSALS: Final = (
    _bug(
        "backward-without-gradient",
        "errors",
        "backward of a value that needs no gradient does nothing, and says nothing",
        "backward_without_gradient",
        _silent,
    ),
    _bug(
        "shapes-zipped",
        "errors",
        "operands of shapes that do not fit are cut to what they have in common",
        "mismatched_shapes",
        both(*map(_zipping, ("add", "sub", "mul", "div"))),
    ),
    _bug(
        "broken-rule-passes",
        "errors",
        "an error in a custom function's backward is swallowed",
        "broken_rule",
        spelled(ops={"custom_broken": "x * 1.0"}),
    ),
    _bug(
        "compare-none",
        "no derivative",
        "backward through x * (x < 0) raises: a comparison has no rule",
        "masks",
        replaced("greater", _compare),
    ),
    _bug(
        "comparison-moves",
        "no derivative",
        "a comparison has a gradient, and is flat",
        "masks",
        _moving("greater", lambda x: x - x.detach()),
    ),
    _bug(
        "argmax-moves",
        "no derivative",
        "argmax has a gradient, as if the place of the largest moved with the numbers",
        "no_derivative",
        _moving("argmax", lambda x: (x * 0.0).sum()),
    ),
)
