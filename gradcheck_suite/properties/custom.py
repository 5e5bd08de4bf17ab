"""Themes: custom functions, and hooks. Code of the user's that runs in the backward."""

from typing import TYPE_CHECKING, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["CUSTOM"]

FUNCTIONS: Final = "custom functions"
HOOKS: Final = "hooks"


def _functions(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import custom

        session = getattr(custom, name)
        return tuple(session(op)(palette) for op in custom.CUSTOM for palette in palettes(world))

    return draws


def _hooks(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import hooks

        return tuple(map(getattr(hooks, name), palettes(world)))

    return draws


def _hook(name: str, title: str, lesson: str, level: int = 5, *established: str) -> Property:
    return Property(
        name, "H2", HOOKS, title, lesson, level, _hooks(name), establishes=tuple(established)
    )


CUSTOM: Final = (
    Property(
        "custom_functions",
        "H1",
        FUNCTIONS,
        "a custom function with a right backward has a wrong gradient",
        "The engine calls the user's backward once with the gradient of the result, hands it what "
        "forward has saved, and gives each input its part; None stands for an input without one.",
        4,
        _functions("custom_functions"),
        establishes=("custom",),
    ),
    Property(
        "custom_calls",
        "H1",
        FUNCTIONS,
        "two calls of one custom function mix up what they saved",
        "What forward saves belongs to one call. Kept on the class, the second call overwrites "
        "what the first one needs: make a new context in every call.",
        5,
        _functions("custom_calls"),
    ),
    _hook(
        "hooks_on_results",
        "a hook on a result does not see, or replace, the whole gradient",
        "A hook runs once, when the gradients of all consumers have come together: the square of "
        "a sum is not the sum of squares. What it returns is what goes on to the operands.",
        4,
        "hook",
    ),
    _hook(
        "hooks_on_leaves",
        "a hook on a leaf does not see, or replace, the whole gradient",
        "A leaf that is used twice gets two gradients; its hook runs once, on their sum, and what "
        "it returns is stored.",
    ),
    _hook(
        "hooks_that_look",
        "a hook that returns nothing changes the gradient",
        "A hook that only looks (to print a gradient, say) returns None: the gradient goes on as "
        "it came.",
    ),
    _hook(
        "hooks_every_pass",
        "a hook does not run once in every backward pass",
        "A hook stays until it is removed: the second backward of a retained graph runs it again.",
    ),
    _hook(
        "hooks_removed",
        "a hook that was removed still runs, or takes another one with it",
        "The handle that registering a hook returns stands for this one hook: remove() takes it "
        "away, and no other.",
        5,
        "unhook",
    ),
    _hook(
        "hooks_in_order",
        "several hooks do not run in the order of their registration",
        "Each hook sees what the one before it returned: keep them in a list, or a dict, in the "
        "order in which they came.",
    ),
    _hook(
        "hooks_differentiated",
        "what a hook returned is lost to the second derivative",
        "With create_graph a hook is a part of the recorded backward: the gradient that it returns "
        "has a history, through which the second backward goes.",
    ),
)
