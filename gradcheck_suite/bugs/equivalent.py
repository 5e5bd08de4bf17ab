"""Faults that are none: what they change cannot be seen, or right engines do it too.

Each was tried as a bug. The reason says why no property may ask for it; to fail one of them would
be a false alarm.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from gradcheck_suite.bugs.bending import grafted, replaced, swapped_rules
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, module
from reference import ops
from reference.tensor import wrap

__all__ = ["EQUIVALENT"]

THEME: Final = "no bug"


def _as(op: str, other: Callable[..., Any]) -> Patch:
    return replaced(op, lambda _: other)


def _seed_in_float32(patches: Patches) -> None:
    tensor = module("tensor")
    original = tensor.cotangent_of

    def cotangent_of(output: Any, given: Any) -> Any:
        return wrap(np.ones(output.shape, np.float32)) if given is None else original(output, given)

    patches.setattr(tensor, "cotangent_of", cotangent_of)


def _leaking_generators(patches: Patches) -> None:
    """Run a decorated generator in the mode of whoever calls it."""
    patches.setattr(module("modes"), "_resumed_in", lambda flag, generator: generator)


def _count_in_half(x: Any, ans: Any, axis: Any) -> Any:
    kept = module("rules.reductions").kept(x.shape, axis)
    ties = x.data == ans.data.reshape(kept)
    with np.errstate(invalid="ignore"):
        shares = ties / ties.sum(axis, keepdims=True).astype(np.float16).astype(float)
    return wrap(shares.astype(x.dtype))


_SUBGRADIENT: Final = "any number between the slopes on both sides is right at a kink"
_ROWS: Final[tuple[tuple[str, str, str, Patch], ...]] = (
    (
        "add.swapped",
        "add mixes up the gradients of its operands",
        "both operands of a sum get the same gradient",
        swapped_rules("add"),
    ),
    (
        "relu.one_at_zero",
        "relu has the derivative 1 at 0",
        _SUBGRADIENT,
        _as("relu", lambda x: ops.where(x >= 0, x, 0.0)),
    ),
    (
        "relu.half_at_zero",
        "relu is a maximum of x and 0, and has the derivative 1/2 at 0",
        _SUBGRADIENT,
        _as("relu", lambda x: ops.maximum(x, 0.0)),
    ),
    (
        "abs.one_at_zero",
        "abs has the derivative 1 at 0",
        _SUBGRADIENT,
        _as("abs", lambda x: ops.where(x >= 0, x, -x)),
    ),
    (
        "hardtanh.one_at_bounds",
        "hardtanh has the derivative 1 at its bounds",
        _SUBGRADIENT,
        _as("hardtanh", ops.clip),
    ),
    (
        "softmax.shift_fixed",
        "softmax takes the largest off as a constant",
        "a number that is taken off all elements changes neither softmax nor its gradient",
        grafted("softmax", lambda x, axis: ops.softmax(x - x.data.max(axis, keepdims=True), axis)),
    ),
)
_STRUCTURE: Final[tuple[tuple[str, str, str, str, Patch], ...]] = (
    (
        "grad-seed-dtype",
        "dtype",
        "backward starts from a one in float32, whatever the result's dtype is",
        "a one is exact in every precision, and the first rule brings it to its operand's dtype",
        _seed_in_float32,
    ),
    (
        "nograd-generator",
        "modes",
        "a decorated generator runs in the mode of whoever asks it for more",
        "a limit that libraries document: no program suspends a decorated generator",
        _leaking_generators,
    ),
    (
        "max-count-underflow",
        "ties",
        "max counts its ties in half precision",
        "a count is exact in half precision up to 2,048 ties: no program has so many",
        lambda patches: patches.setattr(module("rules.reductions"), "_shares", _count_in_half),
    ),
)

EQUIVALENT: Final = (
    *(
        Bug(id_, sentence, THEME, (), Place(id_.partition(".")[0]), patch, equivalent=reason)
        for id_, sentence, reason, patch in _ROWS
    ),
    *(
        Bug(id_, sentence, THEME, (), Place(claim=claim), patch, equivalent=reason)
        for id_, claim, sentence, reason, patch in _STRUCTURE
    ),
)
