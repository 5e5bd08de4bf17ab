"""Bugs beyond the first gradient: tangents, second derivatives, hooks, custom functions."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

import reference
from gradcheck_suite.bugs.bending import bent, graft, replaced, unlisted
from gradcheck_suite.bugs.bug import Bug, Patch, Patches, Place, module, spelled, structural
from gradcheck_suite.program.table import OPS as TABLE
from reference import ops
from reference.modes import GradMode
from reference.primitive import elementwise, primitive

__all__ = ["HIGHER"]

THEME: Final = "beyond the first gradient"


SLIP: Final = 1 + 1e-9


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

    def backward(self, x: Any, cotangent: Any = None, create_graph: bool = False) -> None:
        """Go backward, and record that from a value alone that is no gradient."""
        create = create_graph and not any(x is gradient for gradient in self.seen)
        x.backward(cotangent, retain_graph=True, create_graph=create)


def tangents_of_one_operand(patch: Patches) -> None:
    """Let a result move with its first operand that moves, and with no other."""
    original = module("graph").Node.push

    def push(node: Any, tangents: Any) -> Any:
        first = next(k for k, t in enumerate(tangents) if t is not None)
        return original(node, [t if k == first else None for k, t in enumerate(tangents)])

    patch.setattr(module("graph").Node, "push", push)


def hooks_see_shares(patch: Patches) -> None:
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
) -> Callable[[Patches], None]:
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


def _wrapped(op: str, change: Callable[[Any], Any]) -> Patch:
    return replaced(op, lambda function: lambda *a, **k: change(function(*a, **k)))


def bend_all_tangents(patches: Patches) -> None:
    """Multiply the tangent of every op by 1.001."""
    original = module("graph").Node.push
    patches.setattr(module("graph").Node, "push", lambda node, ts: original(node, ts) * 1.001)


def record_no_backward(patches: Patches) -> None:
    """SECOND-ORDER-MISSING: have create_graph do nothing."""
    patches.setattr(module("tensor"), "GradMode", lambda flag: GradMode(False))


def record_backward_once(patches: Patches) -> None:
    """Record a backward, but not one that starts from a gradient."""
    propagated = Propagated()
    patches.spell(
        names={"propagated": propagated},
        grad_of="propagated.mark(x.grad)",
        backward="propagated.backward(x, reference.Tensor(cotangent), create_graph)",
    )


def always_record(patches: Patches) -> None:
    """Record every backward: gradients drag their history along."""
    backward = "x.backward(reference.Tensor(cotangent), create_graph=True)"
    patches.spell(backward=backward)


def once_saved(patches: Patches) -> None:
    """Keep what a custom function saved on its class."""
    ops = {"custom_cube": "OneCube.apply(x)", "custom_scale": "OneScale.apply(x, factor)"}
    patches.spell(names={"OneCube": OneCube, "OneScale": OneScale}, ops=ops)


def half_product(patches: Patches) -> None:
    """Let the rule of x * y lose the history of x where it is needed for y's gradient."""
    patches.spell(names={"half_recorded": half_recorded}, ops={"mul": "half_recorded(x, y)"})


def var_of_fixed_mean(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Return the spread about a mean that is taken for a constant."""
    spread = x - ops.mean(x, axis, keepdims=True).detach()
    value = ops.var(x.detach(), axis, ddof, keepdims)
    total = ops.sum(ops.square(spread), axis, keepdims)
    n = x.size // max(1, value.size)
    return graft(value, total / max(n - ddof, 0))


_FLAT: Final = ("sign", "floor")
_bug: Final = structural(THEME)


def _of_ops(family: str) -> str:
    """Return the properties of a family, but for ops that are flat."""
    return " ".join(f"{family}[{op}]" for op in TABLE if op not in _FLAT)


HIGHER: Final = (
    _bug(
        "tangents-slip",
        "forward mode",
        "the tangent of every op is off by 0.1 %",
        _of_ops("forward_mode"),
        bend_all_tangents,
    ),
    *(
        Bug(
            f"tangent-moves-{op}",
            f"the tangent of {op} moves, and {op} is flat",
            THEME,
            (f"forward_mode[{op}]",),
            Place(op),
            _wrapped(op, lambda y: y + moving(y)),
        )
        for op in _FLAT
    ),
    _bug(
        "tangents-of-one-operand",
        "forward mode",
        "a result's tangent is that of its first operand that moves: the others are left out",
        "forward_expressions",
        tangents_of_one_operand,
    ),
    _bug(
        "second-order-missing",
        "higher order",
        "the backward works on bare arrays: with create_graph, gradients have no history",
        f"differentiable_gradients {_of_ops('second_derivative')} gradient_penalties",
        record_no_backward,
    ),
    _bug(
        "third-order-missing",
        "higher order",
        "a backward that starts from a gradient is not recorded: there is no third derivative",
        "third_derivatives",
        record_backward_once,
    ),
    _bug(
        "half-recorded",
        "higher order",
        "the rule of x * y keeps a bare array of x: mixed second derivatives are wrong",
        "hessians",
        half_product,
    ),
    _bug(
        "double-saved-output",
        "higher order",
        "the rule of tanh has saved its result as a bare array: the second derivative misses it",
        "second_derivative[tanh]",
        spelled(names={"BareOutput": BareOutput}, ops={"tanh": "BareOutput.apply(x)"}),
    ),
    _bug(
        "pow-higher-order",
        "higher order",
        "the rule of x**n has no case for n = 0: at x = 0 a higher derivative is NaN",
        "powers_at_zero",
        spelled(names={"endless_power": endless_power}, ops={"pow": "endless_power(x, exponent)"}),
    ),
    _bug(
        "always-recorded",
        "higher order",
        "every backward is recorded, whether create_graph is asked for or not",
        "constant_gradients",
        always_record,
    ),
    _bug(
        "custom-slip",
        "custom functions",
        "what a custom function's backward returns is multiplied by 1.001",
        "custom_functions",
        spelled(names={"bent": bent}, ops={"custom_cube": "bent(Cube.apply(x), factor=1.001)"}),
    ),
    _bug(
        "custom-saved-on-class",
        "custom functions",
        "what a custom function saves is kept on its class: a second call overwrites it",
        "custom_calls",
        once_saved,
    ),
    _bug(
        "hooks-see-shares",
        "hooks",
        "hooks see what comes from each consumer, before it is summed",
        "hooks_on_results hooks_on_leaves",
        hooks_see_shares,
    ),
    _bug(
        "hooks-none-is-zero",
        "hooks",
        "a hook that returns nothing makes the gradient zero",
        "hooks_that_look",
        hooked_by(_none_is_zero),
    ),
    _bug(
        "hooks-once",
        "hooks",
        "a hook runs in the first backward alone",
        "hooks_every_pass",
        hooked_by(_once_and_gone),
    ),
    _bug(
        "hooks-stay",
        "hooks",
        "a hook that was removed still runs",
        "hooks_removed",
        spelled(unhook="None"),
    ),
    _bug(
        "hooks-reversed",
        "hooks",
        "the hooks of a value run in the reverse of the order in which they were registered",
        "hooks_in_order",
        hooked_by(_last_first),
    ),
    _bug(
        "hooks-bare",
        "hooks",
        "what a hook returns loses its history",
        "hooks_differentiated",
        hooked_by(_bare),
    ),
    _bug(
        "hooks-ignored",
        "hooks",
        "what a hook returns is thrown away",
        "hooks_on_results hooks_on_leaves",
        hooked_by(lambda node, cotangent: cotangent),
    ),
    Bug(
        "var.mean_fixed",
        "var's gradient takes the mean for a constant: the first derivative is right all the same, "
        "since the deviations add up to zero, and the second is wrong",
        THEME,
        ("second_derivative[var]",),
        Place("var"),
        replaced("var", lambda _: var_of_fixed_mean),
    ),
)
