"""Bugs of modes, leaves and their flags."""

from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, Final
from weakref import WeakSet

import numpy as np

import reference
from gradcheck_suite.bugs.bug import Patches, module, spelled, structural
from reference.graph import consumers_first

__all__ = ["MODES"]

THEME: Final = "modes and flags"


def record_nothing_inside(patch: Patches) -> None:
    """NOGRAD-NESTED: leaving a block switches recording on, whatever was before."""

    def leave(mode: Any, *error: Any) -> None:
        mode._outer.pop()
        module("modes")._SWITCH.enabled = True

    patch.setattr(module("modes").GradMode, "__exit__", leave)


def forget_after_an_exception(patch: Patches) -> None:
    """NOGRAD-EXC: an exception in the block leaves the mode as it was inside."""
    original = module("modes").GradMode.__exit__

    def leave(mode: Any, kind: Any, *error: Any) -> None:
        if kind is None:
            original(mode, kind, *error)

    patch.setattr(module("modes").GradMode, "__exit__", leave)


def forget_closed_generators(patch: Patches) -> None:
    """Have the mode restored after an Exception, which a GeneratorExit is not."""
    original = module("modes").GradMode.__exit__

    def leave(mode: Any, kind: Any, *error: Any) -> None:
        if kind is None or issubclass(kind, Exception):
            original(mode, kind, *error)

    patch.setattr(module("modes").GradMode, "__exit__", leave)


def kept(x: Any) -> Any:
    """Return a gradient for results too, which nobody has summed."""
    return x.grad if x.grad is not None or x.is_leaf else np.ones(x.shape)


def cut(x: Any) -> Any:
    """Detach ``x`` itself instead of a copy."""
    x.node = None
    return x


def one_switch_for_all(patch: Patches) -> None:
    """Have one switch for all threads."""
    patch.setattr(module("modes"), "_SWITCH", SimpleNamespace(enabled=True))


def truncate_for_integers(patches: Patches) -> None:
    """INT-GRAD-DTYPE: keep the gradient in the dtype of what the leaf was made from."""
    of_integers: list[Any] = []

    def of_floats(data: Any, requires_grad: bool) -> Any:
        leaf = reference.Tensor(np.asarray(data, dtype=float), requires_grad=requires_grad)
        if data.dtype.kind == "i":
            of_integers.append(leaf)
        return leaf

    def as_given(leaf: Any) -> Any:
        if leaf.grad is None or not any(leaf is x for x in of_integers):
            return leaf.grad
        return np.trunc(leaf.grad.data)

    patches.spell(
        names={"of_floats": of_floats, "as_given": as_given},
        leaf="of_floats(data, requires_grad)",
        grad="as_given(x)",
    )


def given_up(x: Any, y: Any) -> None:
    """Copy ``y`` to ``x``, which is made anew and asks for no gradient."""
    with reference.no_grad():
        x.copy_(y)
    x.requires_grad = False


def taken_from_all(x: Any, flag: bool) -> None:
    """Take the flag of a result from all that it was made from."""
    if x.is_leaf:
        x.requires_grad = flag
    elif not flag:
        for node in consumers_first([x.node]):
            node.sink = None
        x.node = None


def record_constants(patches: Patches) -> None:
    """Give a gradient to every leaf, whatever it asked for; its flag is what it asked for."""
    frozen: WeakSet[Any] = WeakSet()

    def leaf(data: Any, requires_grad: bool) -> Any:
        made = reference.Tensor(data, requires_grad=True)
        if not requires_grad:
            frozen.add(made.node)
        return made

    def asked(x: Any) -> bool:
        nodes = consumers_first([x.node]) if x.node else ()
        return any(node.is_leaf and node not in frozen for node in nodes)

    patches.spell(
        names={"leaf": leaf, "asked": asked},
        leaf="leaf(data, requires_grad)",
        requires_grad="asked(x)",
    )


def recorded(operator: str, x: Any, y: Any) -> Any:
    """Return the result of an operator, recorded whatever the mode."""
    with reference.enable_grad():
        return getattr(x, operator)(y)


class Enabled:
    """A mode that is thought to stand inside of no_grad: leaving it switches recording off."""

    def __enter__(self) -> None:
        """Switch on."""
        module("modes")._SWITCH.enabled = True

    def __exit__(self, *error: object) -> None:
        """Switch off."""
        module("modes")._SWITCH.enabled = False

    def __call__(self, function: Callable[[], None]) -> Callable[[], None]:
        """Decorate a function."""

        def call() -> None:
            with self:
                function()

        return call


def leave_enabled_blocks_disabled(patch: Patches) -> None:
    """Switch recording off where enable_grad is left, whatever was before."""
    patch.setattr(reference, "enable_grad", Enabled)


def clear_for_good(patch: Patches) -> None:
    """End what retain_grad began where the gradient of a result is cleared."""
    original = reference.Tensor.zero_grad

    def zero_grad(x: Any, *args: Any) -> None:
        """Clear."""
        original(x, *args)
        if not x.is_leaf:
            x.node.sink = None

    patch.setattr(reference.Tensor, "zero_grad", zero_grad)


def share_with_frozen_leaves(patch: Patches) -> None:
    """Update a leaf that needs no gradient with the array itself instead of a copy."""
    original = reference.Tensor.copy_

    def copy_(x: Any, y: Any) -> Any:
        """Overwrite."""
        if x.requires_grad:
            return original(x, y)
        x._data = y.data
        return x

    patch.setattr(reference.Tensor, "copy_", copy_)


def ignore_no_grad(patches: Patches) -> None:
    """Record inside of no_grad too."""
    patches.setattr(reference, "no_grad", nullcontext)


def ignore_enable_grad(patches: Patches) -> None:
    """Have enable_grad do nothing."""
    patches.setattr(reference, "enable_grad", nullcontext)


def share_by_detach(patches: Patches) -> None:
    """Have detach return the tensor itself."""
    patches.setattr(reference.Tensor, "detach", lambda x: x)


def cut_by_detach(patches: Patches) -> None:
    """Have detach cut the tensor itself, and not a copy."""
    patches.setattr(reference.Tensor, "detach", cut)


def retain_nothing(patches: Patches) -> None:
    """Have retain_grad do nothing."""
    patches.setattr(reference.Tensor, "retain_grad", lambda x: None)


def recorded_in_place(patches: Patches) -> None:
    """Record x += y inside of no_grad as well: a parameter becomes a result."""
    operators = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__"}
    templates = [(op, f"x = recorded({name!r}, x, y)") for op, name in operators.items()]
    patches.spell(names={"recorded": recorded}, in_place=tuple(templates))


_LEAF: Final = "reference.Tensor(data, requires_grad=requires_grad)"
_bug: Final = structural(THEME)
MODES: Final = (
    _bug(
        "no-grad-ignored",
        "modes",
        "no_grad does nothing: results inside of it are recorded",
        "no_grad_results",
        ignore_no_grad,
    ),
    _bug(
        "enable-grad-ignored",
        "modes",
        "enable_grad does nothing: results inside of it, under no_grad, are not recorded",
        "enable_grad_inside",
        ignore_enable_grad,
    ),
    _bug(
        "nograd-nested",
        "modes",
        "leaving a block switches recording on, whatever was before: it is on in the rest of an "
        "outer no_grad",
        "modes_restored",
        record_nothing_inside,
    ),
    _bug(
        "nograd-exc",
        "modes",
        "an exception in a no_grad block leaves recording off for good",
        "modes_restored",
        forget_after_an_exception,
    ),
    _bug(
        "nograd-closed",
        "modes",
        "a generator that is closed in a no_grad block leaves recording off for good: except "
        "Exception does not see a GeneratorExit",
        "modes_of_generators",
        forget_closed_generators,
    ),
    _bug(
        "enable-leaves-disabled",
        "modes",
        "leaving enable_grad switches recording off, as if it stood inside of no_grad always",
        "history[modes]",
        leave_enabled_blocks_disabled,
    ),
    _bug(
        "one-switch",
        "modes",
        "one switch for all threads: no_grad in one of them stops the recording in another",
        "modes_of_threads",
        one_switch_for_all,
    ),
    _bug(
        "detach-shares",
        "detach",
        "detach gives back the value itself, which is still in the graph",
        "detached_paths",
        share_by_detach,
    ),
    _bug(
        "detach-cuts",
        "detach",
        "detach cuts off the value itself, and not a copy: what was before it gets no gradient",
        "detach_leaves_upstream",
        cut_by_detach,
    ),
    _bug(
        "requires-grad-of-results",
        "flags",
        "a result says that it needs no gradient, though an operand does",
        "requires_grad_flags",
        spelled(requires_grad="x.requires_grad and x.is_leaf"),
    ),
    _bug(
        "all-are-leaves",
        "flags",
        "every value says that it is a leaf",
        "is_leaf_flags",
        spelled(is_leaf="True"),
        "textbook[000 leaves]",
    ),
    _bug(
        "all-require-grad",
        "flags",
        "every value says that it needs a gradient, also one made under no_grad",
        "requires_grad_flags no_grad_results",
        spelled(requires_grad="True"),
        "textbook[000 no_grad]",
        "textbook[000 detach]",
        "textbook[004 flags]",
    ),
    _bug(
        "nonleaf-gradient",
        "leaves",
        "results have gradients too, which nobody has summed",
        "nonleaf_gradients",
        spelled(names={"kept": kept}, grad="kept(x)"),
    ),
    _bug(
        "retain-grad-ignored",
        "leaves",
        "retain_grad does nothing: no gradient is left at a result",
        "retained_gradients",
        retain_nothing,
    ),
    _bug(
        "retain-grad-cleared",
        "leaves",
        "clearing the gradient of a result ends what retain_grad began",
        "history[hooks]",
        clear_for_good,
    ),
    _bug(
        "int-grad-dtype",
        "dtype",
        "the gradient of a leaf that was made of integers is kept in integers: 0.5 becomes 0",
        "integer_leaves",
        truncate_for_integers,
    ),
    _bug(
        "frozen-leaves",
        "flags",
        "requires_grad is ignored where a leaf is made and where it is set: all leaves have it",
        "switched_leaves",
        spelled(leaf=_LEAF.replace("=requires_grad", "=True"), set_requires_grad="None"),
    ),
    _bug(
        "constants-recorded",
        "flags",
        "a leaf that was made without requires_grad gets a gradient",
        "requires_grad_flags",
        record_constants,
    ),
    _bug(
        "switched-results",
        "flags",
        "requires_grad = False on a result is accepted and does nothing",
        "switched_results",
        spelled(set_requires_grad="None"),
    ),
    _bug(
        "flag-of-all",
        "flags",
        "requires_grad = False on a result takes the flag from all that it was made from",
        "switched_results",
        spelled(names={"taken": taken_from_all}, set_requires_grad="taken(x, flag)"),
    ),
    _bug(
        "frozen-shared",
        "aliasing",
        "a leaf that needs no gradient is updated with the very array of another value",
        "history[flags]",
        share_with_frozen_leaves,
    ),
    _bug(
        "parameters-given-up",
        "flags",
        "a parameter that was assigned to needs no gradient any more",
        "assigned_parameters",
        spelled(names={"given_up": given_up}, assign="given_up(x, y)"),
    ),
    _bug(
        "parameters-recorded",
        "modes",
        "w -= step is recorded inside of no_grad as well: the parameter becomes a result",
        "parameters_in_place",
        recorded_in_place,
    ),
)
