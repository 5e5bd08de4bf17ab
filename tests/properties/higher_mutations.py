"""Wrong engines beyond the first gradient: tangents, second derivatives, hooks, in place, views.

The reference with one mechanism broken. First gradients of single ops are right in all of them.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

import reference
from reference.operators import OPS as REFERENCE_OPS
from reference.primitive import Primitive, elementwise, primitive
from tests.properties.mutations import Mutation, module

SLIP: Final = 1 + 1e-9


def unlisted(row: Primitive) -> Primitive:
    """Take an op off the reference's table again: it is there for one mutation alone."""
    del REFERENCE_OPS[row.row.name]
    return row


def _copied(x: Any) -> Any:
    return x.copy()


bent_tangent = unlisted(
    primitive("bent_tangent", _copied, vjps={"x": lambda g: g}, jvps={"x": lambda t: t * SLIP})
)
moving = unlisted(
    primitive("moving", np.zeros_like, vjps={"x": lambda g: 0 * g}, jvps={"x": lambda t: t * 0.01})
)
half_recorded = unlisted(
    elementwise("half_recorded", np.multiply, x=lambda t, y: t * y, y=lambda t, x: t * x.detach())
)


def _without_end(t: Any, x: Any, exponent: float) -> Any:
    return t * (exponent * endless_power(x, exponent - 1))


endless_power = unlisted(
    elementwise("endless_power", lambda x, exponent: x**exponent, x=_without_end)
)
"""POW-HIGHER-ORDER: the rule has no case for an exponent of zero."""


class FlatGradient(reference.Function):
    """SECOND-ORDER-MISSING: the identity with a backward on bare arrays."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Hand the value through."""
        return x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Hand the numbers of the cotangent through, and not its history."""
        return cotangent.detach()


class BareOutput(reference.Function):
    """DOUBLE-SAVED-OUTPUT: tanh, with a rule that has lost the history of its result."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Keep the bare array of the result."""
        ctx.result = np.tanh(x.data)
        return reference.Tensor(ctx.result)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Multiply by a constant."""
        return cotangent * (1 - ctx.result**2)


class OneCube(reference.Function):
    """x**3, with what it saved kept on the class."""

    saved: Any = None

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Overwrite what the call before has saved."""
        OneCube.saved = x
        return x * x * x

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Use what the last call has saved."""
        return cotangent * 3 * OneCube.saved * OneCube.saved


class OneScale(reference.Function):
    """Multiply by a number that is kept on the class."""

    saved: float = 0.0

    @staticmethod
    def forward(ctx: Any, x: Any, factor: float) -> Any:
        """Overwrite what the call before has saved."""
        OneScale.saved = factor
        return x * factor

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Use what the last call has saved."""
        return cotangent * OneScale.saved, None


class Propagated:
    """Gradients that were read as values: a backward from one of them is not recorded."""

    def __init__(self) -> None:
        """Start with none."""
        self.seen: list[Any] = []

    def mark(self, gradient: Any) -> Any:
        """Remember a gradient."""
        self.seen.append(gradient)
        return gradient

    def backward(self, x: Any, cotangent: Any, create_graph: bool) -> None:
        """Go backward, and record that from a value alone that is no gradient."""
        create = create_graph and not any(x is gradient for gradient in self.seen)
        x.backward(cotangent, retain_graph=True, create_graph=create)


def aliased(result: Any, array: Any) -> Any:
    """Return a result on the very memory of its operand, which no gradient knows of."""
    result._data = array
    return result


def put(x: Any, index: Any, y: Any) -> None:
    """Write into the array: neither what is there now nor what was is told."""
    x.data[index] = np.asarray(y.data)


def tangents_of_one_operand(patch: pytest.MonkeyPatch) -> None:
    """Let a result move with its first operand that moves, and with no other."""
    original = module("graph").Node.push

    def push(node: Any, tangents: Any) -> Any:
        first = next(k for k, t in enumerate(tangents) if t is not None)
        return original(node, [t if k == first else None for k, t in enumerate(tangents)])

    patch.setattr(module("graph").Node, "push", push)


def hooks_see_shares(patch: pytest.MonkeyPatch) -> None:
    """Run the hooks on what comes from each consumer, before it is summed."""
    original = module("graph").Node.hooked

    def add(cotangents: Any, parents: Any, shares: Any) -> None:
        for parent, share in zip(parents, shares, strict=True):
            if parent is not None and share is not None:
                seen = original(parent, share)
                known = cotangents.get(parent)
                cotangents[parent] = seen if known is None else known + seen

    patch.setattr(module("backward"), "_add_shares", add)
    patch.setattr(module("graph").Node, "hooked", lambda node, cotangent: cotangent)


def hooked_by(
    run: Callable[[Any, Any], Any],
) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a patch by which a node has ``run(node, cotangent)`` for its hooks."""
    return lambda patch: patch.setattr(module("graph").Node, "hooked", run)


def _none_is_zero(node: Any, cotangent: Any) -> Any:
    for hook in node.hooks.values():
        replaced = hook(cotangent)
        cotangent = 0 * cotangent if replaced is None else replaced
    return cotangent


def _once_and_gone(node: Any, cotangent: Any) -> Any:
    for key in list(node.hooks):
        cotangent = node.hooks.pop(key)(cotangent)
    return cotangent


def _last_first(node: Any, cotangent: Any) -> Any:
    for hook in reversed(node.hooks.values()):
        cotangent = hook(cotangent)
    return cotangent


def _bare(node: Any, cotangent: Any) -> Any:
    for hook in node.hooks.values():
        cotangent = hook(cotangent).detach()
    return cotangent


def keep_old_history(patch: pytest.MonkeyPatch) -> None:
    """Change the numbers in place, and leave the history as it was."""
    patch.setattr(reference.Tensor, "_rebind", lambda x, node: None)


def trust_what_was_saved(patch: pytest.MonkeyPatch) -> None:
    """SAVED-MUTATED: use what was saved, whatever happened to it since."""

    def unpack(saved: Any) -> Any:
        return module("tensor").wrap(saved._array, saved._link(), saved._version)

    patch.setattr(module("saved").Saved, "unpack", unpack)


_SLICED: Final = Mutation(ops={"getitem": "aliased(x[index], x.data[index])"})
_UNGUARDED: Final = tuple(
    (op, f"with reference.no_grad(): {text}")
    for op, text in (
        ("add", "x += y"),
        ("sub", "x -= y"),
        ("mul", "x *= y"),
        ("div", "x /= y"),
        ("pow", "x **= exponent"),
    )
)

NAMES: Final[dict[str, Any]] = {
    "aliased": aliased,
    "BareOutput": BareOutput,
    "bent_tangent": bent_tangent,
    "endless_power": endless_power,
    "FlatGradient": FlatGradient,
    "half_recorded": half_recorded,
    "moving": moving,
    "OneCube": OneCube,
    "OneScale": OneScale,
    "propagated": Propagated(),
    "put": put,
}
HIGHER: Final[dict[str, Mutation]] = {
    "forward_expressions": Mutation(patch=tangents_of_one_operand),
    "hessians": Mutation(ops={"mul": "half_recorded(x, y)"}),
    "third_derivatives": Mutation(
        {
            "grad_of": "propagated.mark(x.grad)",
            "backward": "propagated.backward(x, reference.Tensor(cotangent), create_graph)",
        }
    ),
    "gradient_penalties": Mutation(ops={"mul": "half_recorded(x, y)"}),
    "custom_functions": Mutation(ops={"custom_cube": "BentGradient.apply(Cube.apply(x))"}),
    "custom_calls": Mutation(
        ops={"custom_cube": "OneCube.apply(x)", "custom_scale": "OneScale.apply(x, factor)"}
    ),
    "hooks_on_results": Mutation(patch=hooks_see_shares),
    "hooks_on_leaves": Mutation(patch=hooks_see_shares),
    "hooks_that_look": Mutation(patch=hooked_by(_none_is_zero)),
    "hooks_every_pass": Mutation(patch=hooked_by(_once_and_gone)),
    "hooks_removed": Mutation({"unhook": "None"}),
    "hooks_in_order": Mutation(patch=hooked_by(_last_first)),
    "hooks_differentiated": Mutation(patch=hooked_by(_bare)),
    "in_place_on_results": Mutation(patch=keep_old_history),
    "in_place_on_leaves": Mutation({"in_place": _UNGUARDED}),
    "set_items": Mutation({"in_place": (("setitem", "put(x, index, y)"),)}),
    "slices_changed": _SLICED,
    "leaf_slices_changed": _SLICED,
    "reshape_changed": Mutation(
        ops={"reshape": "aliased(x.reshape(shape), x.data.reshape(shape))"}
    ),
    "transpose_changed": Mutation(
        ops={"transpose": "aliased(x.transpose(axes), x.data.transpose(axes))"}
    ),
}
"""One for each property that is not about one op."""

OF_OPS: Final[dict[str, Mutation]] = {
    f"{who}_changed[{op}]": Mutation(patch=trust_what_was_saved)
    for who in ("result", "leaf", "constant")
    for op in ("mul", "matmul")
}
"""And for properties about one op that no other template of it can break."""
