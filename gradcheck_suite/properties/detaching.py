"""Theme: detach and gradient modes. What is cut off, and what is recorded."""

from itertools import product
from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["DETACHING"]

THEME: Final = "detach, no_grad"


def _sessions(*names: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import detaching

        drawn = product(names, palettes(world))
        return tuple(getattr(detaching, name)(palette) for name, palette in drawn)

    return draws


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _sessions(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


DETACHING: Final = (
    _property(
        "detached_paths",
        "D1",
        "a detached value still carries gradient, or blocks another path",
        "detach cuts one path: the derivative of detach(x) * x is x, not 2 * x, and every other "
        "path flows as before.",
        establishes=("detach",),
    ),
    _property(
        "detach_leaves_upstream",
        "D2",
        "detach changes the value that it was called on",
        "detach gives a new value with the same numbers; the original keeps its history.",
    ),
    _property(
        "no_grad_results",
        "D3",
        "a result made under no_grad carries gradient",
        "Inside of no_grad nothing is recorded: results are constants to all that uses them.",
        establishes=("no_grad",),
    ),
    _property(
        "enable_grad_inside",
        "D5",
        "enable_grad inside of no_grad does not record",
        "enable_grad switches recording on for its block alone, whatever the mode around it.",
        level=4,
        isolated=True,
    ),
    _property(
        "modes_restored",
        "D4",
        "the former mode does not come back after a no_grad block",
        "Leaving the block must restore what was before it (not simply switch on), also when an "
        "exception leaves it: save the old mode, and put it back in a finally.",
        level=5,
        draws=_sessions("modes_restored", "outer_modes_restored"),
        isolated=True,
    ),
    _property(
        "assigned_parameters",
        "D6",
        "a parameter that was given new data is no leaf, or needs no gradient, any more",
        "An update gives a parameter other numbers and changes nothing else: it is the leaf that "
        "it was, and the next backward has to reach it.",
        level=4,
    ),
    _property(
        "parameters_in_place",
        "D6",
        "a parameter that was updated in place under no_grad has a wrong next gradient",
        "Under no_grad, w -= step writes into the numbers of w alone: it stays a leaf that needs "
        "gradients, and nothing of the update is recorded.",
        level=4,
        conventions=("in_place",),
    ),
    _property(
        "modes_of_threads",
        "D7",
        "no_grad in one thread switches recording off in another one",
        "Whether ops are recorded is a matter of the thread that runs them: with one switch for "
        "all, who evaluates under no_grad takes the gradients from who trains beside. Keep the "
        "switch in a threading.local() or a ContextVar, not in a global name.",
        level=5,
        isolated=True,
    ),
    _property(
        "modes_of_generators",
        "D7",
        "the former mode does not come back when a generator is over that waited in the block",
        "A generator that yields in a no_grad block leaves it late: when it is resumed and ends, "
        "raises, or is closed (then by a GeneratorExit, which is no Exception). Put the old mode "
        "back in a finally. While it waits, the mode may hold outside too.",
        level=5,
        isolated=True,
        conventions=("suspended_generator",),
        after=("no_grad_results", "modes_restored"),
    ),
)
