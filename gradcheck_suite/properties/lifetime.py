"""Theme: graph lifetime. Graphs that are run again, kept, differentiated, and let go."""

from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World, palettes

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["LIFETIME"]

THEME: Final = "graph lifetime"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import lifetime

        return tuple(getattr(lifetime, name)(palette) for palette in palettes(world))

    return draws


def _property(name: str, code: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _session(name), **more}
    return Property(name, code, THEME, title, lesson, **fields)


LIFETIME: Final = (
    _property(
        "retained_backward",
        "L1",
        "a second backward on a retained graph does not add exactly once more",
        "With retain_graph the same graph can be run again, and the leaf's gradient then doubles: "
        "neither more (stale intermediates) nor less (overwritten).",
        conventions=("accumulation",),
    ),
    _property(
        "second_backward",
        "L1",
        "a second backward on the same graph neither raises nor adds exactly once more",
        "An engine may free its graph and raise, or keep it and add the same gradient again; "
        "what it must not do is to give a third number.",
        conventions=("accumulation", "second_backward"),
    ),
    _property(
        "middle_then_end",
        "L2",
        "backward from a middle node disturbs a later backward from the end",
        "A backward from the middle may leave nothing behind in the nodes but the leaf's gradient.",
        conventions=("accumulation",),
    ),
    _property(
        "differentiable_gradients",
        "L3",
        "create_graph does not make gradients differentiable",
        "With create_graph the rules themselves are recorded, so that the gradient is a function "
        "of the leaf with a derivative of its own.",
        needs=("create_graph",),
        conventions=("accumulation",),
        establishes=("create_graph",),
        common=True,
    ),
    _property(
        "constant_gradients",
        "L3",
        "a gradient is recorded though nobody asked for it",
        "Without create_graph a gradient is a constant: what is computed from it has no derivative "
        "by way of it, and no graph is kept for one.",
        needs=("create_graph",),
        conventions=("accumulation",),
    ),
    _property(
        "released_graphs",
        "L4",
        "the graph of a step is kept after the step",
        "A graph that nobody refers to any more has to go, or memory grows with every step: a leaf "
        "must not keep its consumers, and a global tape has to be emptied.",
        level=4,
        isolated=True,
    ),
)
