"""Theme: sharing. Values on several paths, and gradients that add up."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["SHARING"]

THEME: Final = "sharing and accumulation"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import sharing

        return tuple(getattr(sharing, name)(palette) for palette in palettes(world))

    return draws


def _deep_chains(world: World) -> "Strata":
    from gradcheck_suite.strategies import deep

    return deep.deep_chains(world)


def _doublings(world: World) -> "Strata":
    from gradcheck_suite.strategies import deep

    return deep.stacked_doublings(world)


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _session(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


SHARING: Final = (
    _property(
        "operand_twice",
        "A2",
        "a value that is used twice loses a part of its gradient",
        "When a value reaches the result on two paths (x * x, or a diamond), its gradient is the "
        "sum over the paths: the rule must add to the gradient (+=), not overwrite it (=).",
        level=2,
        establishes=("sharing",),
    ),
    _property(
        "accumulation",
        "A1",
        "a second backward overwrites the gradient of a leaf",
        "The gradient of a leaf adds up over backward passes until it is cleared, so that "
        "several losses, or several batches, can share one step.",
        level=2,
        establishes=("accumulation",),
        conventions=("accumulation",),
    ),
    _property(
        "fan_out",
        "A3",
        "a node passes its gradient on before it is complete",
        "The rule of a node runs once, after all of its consumers have run: backward has to go "
        "through the graph in reverse topological order.",
        establishes=("fan_out",),
    ),
    _property(
        "roots_and_branches",
        "A6",
        "a leaf at the edge of the graph gets a wrong gradient",
        "A leaf that is itself the root has gradient 1; a leaf that the result does not depend "
        "on has none, or zero; a branch of constants changes neither.",
        level=2,
    ),
    _property(
        "two_losses",
        "A4",
        "two losses on one trunk count the trunk's first gradient twice",
        "The gradients of intermediate nodes belong to one backward pass. If they are kept, the "
        "next pass sends the old part through the trunk once more.",
        conventions=("accumulation",),
    ),
    _property(
        "clear_and_repeat",
        "A5",
        "clearing the leaf and running backward again gives another gradient",
        "Only the leaf was cleared, but the gradients of the nodes between were still there: they "
        "have to start from zero in every backward pass.",
    ),
    _property(
        "micro_batches",
        "A8",
        "the gradients of parts of a batch do not add up to that of the whole",
        "The loss of a batch is the sum over its samples, so one backward for each part of it has "
        "to leave the same gradient as one backward for all.",
        conventions=("accumulation",),
    ),
    _property(
        "cleared_gradients",
        "A9",
        "clearing one gradient does not clear it, or clears another one",
        "Whoever clears a gradient means that of one leaf: it is None or zero then, and those of "
        "the other leaves stay as they are.",
        conventions=("accumulation",),
    ),
    _property(
        "graph_that_ran",
        "A10",
        "a second run of a loop, a branch or a recursion is differentiated like the first",
        "The graph is what was computed this time: other data take another branch, or more passes "
        "of a loop, and nothing of the graph of the run before may be used again.",
        level=4,
        conventions=("accumulation",),
    ),
    _property(
        "deep_chains",
        "A7",
        "a long chain of ops overflows the stack, or takes too long",
        "Python recurses a thousand calls deep, and a list that is searched for every node takes "
        "the square of their number: keep a stack of one's own, and visited nodes in a set.",
        level=5,
        draws=_deep_chains,
        isolated=True,
    ),
    _property(
        "stacked_doublings",
        "A7",
        "backward walks along every path instead of visiting every node once",
        "After thirty times y = y + y there are thirty nodes and a thousand million paths: visit "
        "each node once, when all that came to it has been added up.",
        level=5,
        draws=_doublings,
        isolated=True,
    ),
)
