"""Theme: histories. Random sessions, for faults that show only where several means meet."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.program.instructions import (
    Assign,
    Backward,
    Detach,
    GradOf,
    Hook,
    InPlace,
    Mode,
    Program,
    RetainGrad,
    SetRequiresGrad,
    flatten,
)
from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["HISTORIES"]

THEME: Final = "histories"
_LEVEL: Final = 6  # above all that is about one means alone

# Rules of ``strategies.histories``. What does nothing stands first: steps shrink to it.
_PLAIN: Final = ("look_at_gradient", "apply", "pair", "backward", "leaf")
_KEPT: Final = ("look_at_gradient", "apply", "pair", "retain_graph", "leaf", "clear")
_MODES: Final = (*_PLAIN, "look", "frozen_leaf", "no_grad", "no_grad_ended")

# What histories rely on, whatever they are about.
_GRAPHS: Final = (
    *("operand_twice", "accumulation", "fan_out", "roots_and_branches", "two_losses"),
    *("clear_and_repeat", "cleared_gradients", "micro_batches", "graph_that_ran"),
    *("retained_backward", "second_backward", "middle_then_end", "expressions"),
    *("gradients_apart", "inputs_unchanged", "cotangent_unchanged"),
)
_CUTS: Final = (
    *("requires_grad_flags", "detached_paths", "detach_leaves_upstream", "no_grad_results"),
    *("enable_grad_inside", "modes_restored"),
)
_FLAGS: Final = ("switched_leaves", "switched_results", "assigned_parameters")
_CHANGES: Final = (
    *("in_place_on_results", "in_place_on_leaves", "result_changed[mul]", "leaf_changed[mul]"),
    *("constant_changed[mul]", "parameters_in_place"),
)
_ORDERS: Final = (
    "differentiable_gradients",
    "constant_gradients",
    "hessians",
    "third_derivatives",
    "gradient_penalties",
)
_HOOKS: Final = (
    *("nonleaf_gradients", "retained_gradients", "hooks_on_results", "hooks_on_leaves"),
    *("hooks_that_look", "hooks_every_pass", "hooks_removed", "hooks_in_order"),
    "hooks_differentiated",
)
_FIRST: Final = "history[lifetime]"  # a fault of graphs alone shows in all of them


def _drawn_by(about: tuple[type, ...], *scripts: tuple[str, ...]) -> Draws:
    """Draw by each of several sets of rules: an engine is judged by those that it has means for.

    Kept is what has a step of one of the kinds ``about``: else it would be a claim about nothing.
    """

    def is_told(program: Program) -> bool:
        return any(isinstance(i, about) for i in flatten(program.instructions))

    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies.histories import histories

        drawn = (histories(palettes(world), *rules) for rules in scripts)
        return tuple(strategy.filter(is_told) for strategy in drawn)

    return draws


HISTORIES: Final = (
    Property(
        _FIRST,
        "L2",
        THEME,
        "backwards, clears and looks in some order leave a wrong gradient",
        "Whatever was run before, a backward adds the gradient of its own root to every leaf, and "
        "a look at a gradient changes nothing: no step may leave anything behind but that.",
        _LEVEL,
        _drawn_by((Backward,), _PLAIN, _KEPT, (*_KEPT, "backward", "backward_twice")),
        conventions=("accumulation", "second_backward"),
        after=_GRAPHS,
    ),
    Property(
        "history[modes]",
        "D4",
        THEME,
        "detached values and gradient modes in some order leave a wrong gradient",
        "A mode lasts for its block, however blocks nest and however they end; a value is cut off "
        "where it was made, whatever mode it is used in later.",
        _LEVEL + 1,
        _drawn_by(
            (Detach, Mode),
            (*_PLAIN, "detach"),
            (*_MODES, "detach"),
            (*_MODES, "enable_grad", "enable_grad_ended", "detach", "look_at_flag"),
        ),
        conventions=("accumulation",),
        after=(*_GRAPHS, *_CUTS, _FIRST),
        isolated=True,
    ),
    Property(
        "history[flags]",
        "F5",
        THEME,
        "leaves that are updated, frozen and used again get a wrong gradient",
        "An update changes the numbers of a leaf and nothing else; a flag counts for the ops that "
        "come after it. The leaf stays the same leaf, and a new graph starts from it as it is now.",
        _LEVEL + 1,
        _drawn_by(
            (Assign, SetRequiresGrad),
            ("look", "apply", "leaf", "assign", "pass_on", "frozen_leaf"),
            (*_KEPT, "frozen_leaf", "freeze", "unfreeze", "look_at_flag"),
            (*_PLAIN, "assign", "frozen_leaf", "look", "clear", "freeze", "unfreeze"),
        ),
        conventions=("accumulation",),
        after=(*_GRAPHS, *_CUTS, *_FLAGS, _FIRST),
        isolated=True,
    ),
    Property(
        "history[in_place]",
        "H4",
        THEME,
        "values that are changed in place in some order leave a wrong gradient",
        "A change in place is one more op: what was computed before keeps its gradient, or "
        "raises where it needs the number that is gone.",
        _LEVEL + 1,
        _drawn_by(
            (InPlace,),
            (*_PLAIN, "in_place", "look"),
            (*_KEPT, "in_place", "look", "overwrite_factor", "backward_broken"),
        ),
        conventions=("accumulation", "in_place"),
        after=(*_GRAPHS, *_CHANGES, _FIRST),
    ),
    Property(
        "history[higher_order]",
        "G11",
        THEME,
        "gradients of gradients in some order leave a wrong gradient",
        "A gradient that was recorded is a value like any other: it can be added to, detached, "
        "cleared and differentiated once more, and forgets nothing of what it was made from.",
        _LEVEL + 1,
        _drawn_by(
            (GradOf,),
            ("look_at_gradient", "apply", "pair", "create_graph", "gradient", "clear"),
            (*_PLAIN, "create_graph", "gradient", "clear", "detach"),
        ),
        conventions=("accumulation",),
        after=(*_GRAPHS, *_ORDERS, "detached_paths", "detach_leaves_upstream", _FIRST),
    ),
    Property(
        "history[hooks]",
        "H2",
        THEME,
        "hooks and kept gradients in some order leave a wrong gradient",
        "A hook sees the whole gradient of one backward, each time anew, and never what has been "
        "stored; it neither disturbs nor loses what retain_grad keeps of another value.",
        _LEVEL + 1,
        _drawn_by(
            (Hook, RetainGrad),
            ("look_at_gradient", "apply", "pair", "retain_graph", "retain_grad", "clear"),
            ("look_at_gradient", "apply", "pair", "retain_graph", "hook", "unhook"),
            (*_KEPT, "retain_grad", "hook", "unhook"),
        ),
        conventions=("accumulation",),
        after=(*_GRAPHS, *_HOOKS, _FIRST),
    ),
)
