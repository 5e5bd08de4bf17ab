"""Themes of structure: expressions, sharing, lifetime, leaves and flags, detach and modes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from gradcheck_suite.properties.property import Draws, Property
from gradcheck_suite.strategies.world import World

if TYPE_CHECKING:
    from gradcheck_suite.properties.property import Strata

__all__ = ["STRUCTURE"]

EXPRESSIONS: Final = "whole expressions"
SHARING: Final = "sharing and accumulation"
LIFETIME: Final = "graph lifetime"
LEAVES: Final = "leaves and flags"
DETACHING: Final = "detach, no_grad"


def _session(name: str) -> Draws:
    def draws(world: World) -> "Strata":
        from gradcheck_suite.strategies import sessions

        palettes = [replace(world, ops=ops) for ops in sessions.PALETTES]
        return tuple(getattr(sessions, name)(palette) for palette in palettes)

    return draws


def _property(name: str, code: str, theme: str, title: str, lesson: str, **more: Any) -> Property:  # noqa: ANN401 - further fields of Property
    fields: dict[str, Any] = {"level": 3, "draws": _session(name), **more}
    return Property(id=name, code=code, theme=theme, title=title, lesson=lesson, **fields)


STRUCTURE: Final = (
    _property(
        "operand_twice",
        "A2",
        SHARING,
        "a value that is used twice loses a part of its gradient",
        "When a value reaches the result on two paths (x * x, or a diamond), its gradient is the "
        "sum over the paths: the rule must add to the gradient (+=), not overwrite it (=).",
        level=2,
        establishes=("sharing",),
    ),
    _property(
        "accumulation",
        "A1",
        SHARING,
        "a second backward overwrites the gradient of a leaf",
        "The gradient of a leaf adds up over backward passes until it is cleared, so that "
        "several losses, or several batches, can share one step.",
        level=2,
        establishes=("accumulation",),
    ),
    _property(
        "fan_out",
        "A3",
        SHARING,
        "a node passes its gradient on before it is complete",
        "The rule of a node runs once, after all of its consumers have run: backward has to go "
        "through the graph in reverse topological order.",
        establishes=("fan_out",),
    ),
    _property(
        "roots_and_branches",
        "A6",
        SHARING,
        "a leaf at the edge of the graph gets a wrong gradient",
        "A leaf that is itself the root has gradient 1; a leaf that the result does not depend "
        "on has none, or zero; a branch of constants changes neither.",
        level=2,
    ),
    _property(
        "two_losses",
        "A4",
        SHARING,
        "two losses on one trunk count the trunk's first gradient twice",
        "The gradients of intermediate nodes belong to one backward pass. If they are kept, the "
        "next pass sends the old part through the trunk once more.",
    ),
    _property(
        "clear_and_repeat",
        "A5",
        SHARING,
        "clearing the leaf and running backward again gives another gradient",
        "Only the leaf was cleared, but the gradients of the nodes between were still there: they "
        "have to start from zero in every backward pass.",
    ),
    _property(
        "retained_backward",
        "L1",
        LIFETIME,
        "a second backward on a retained graph does not add exactly once more",
        "With retain_graph the same graph can be run again, and the leaf's gradient then doubles: "
        "neither more (stale intermediates) nor less (overwritten).",
    ),
    _property(
        "second_backward",
        "L1",
        LIFETIME,
        "a second backward on the same graph neither raises nor adds exactly once more",
        "An engine may free its graph and raise, or keep it and add the same gradient again; "
        "what it must not do is to give a third number.",
        conventions=("second_backward",),
    ),
    _property(
        "middle_then_end",
        "L2",
        LIFETIME,
        "backward from a middle node disturbs a later backward from the end",
        "A backward from the middle may leave nothing behind in the nodes but the leaf's gradient.",
    ),
    _property(
        "requires_grad_flags",
        "F1",
        LEAVES,
        "requires_grad of a result is not the OR of its operands",
        "A result needs a gradient when at least one operand does; a leaf made without "
        "requires_grad gets none.",
    ),
    _property(
        "is_leaf_flags",
        "F2",
        LEAVES,
        "is_leaf is wrong",
        "What the user made is a leaf; the result of an op that needs a gradient is not.",
    ),
    _property(
        "nonleaf_gradients",
        "F3",
        LEAVES,
        "the gradient of a result is neither absent nor the full sum",
        "An engine may drop the gradients of results or keep them, but what it keeps has to be "
        "the sum over all consumers.",
        conventions=("nonleaf_grad",),
    ),
    _property(
        "retained_gradients",
        "F3",
        LEAVES,
        "retain_grad does not keep the full gradient",
        "retain_grad asks for the gradient of a result: the sum over all its consumers, the same "
        "whether it was asked once or twice.",
    ),
    _property(
        "detached_paths",
        "D1",
        DETACHING,
        "a detached value still carries gradient, or blocks another path",
        "detach cuts one path: the derivative of detach(x) * x is x, not 2 * x, and every other "
        "path flows as before.",
        establishes=("detach",),
    ),
    _property(
        "detach_leaves_upstream",
        "D2",
        DETACHING,
        "detach changes the value that it was called on",
        "detach gives a new value with the same numbers; the original keeps its history.",
    ),
    _property(
        "no_grad_results",
        "D3",
        DETACHING,
        "a result made under no_grad carries gradient",
        "Inside of no_grad nothing is recorded: results are constants to all that uses them.",
        establishes=("no_grad",),
    ),
    _property(
        "enable_grad_inside",
        "D5",
        DETACHING,
        "enable_grad inside of no_grad does not record",
        "enable_grad switches recording on for its block alone, whatever the mode around it.",
        level=4,
        isolated=True,
    ),
    _property(
        "modes_restored",
        "D4",
        DETACHING,
        "the former mode does not come back after a no_grad block",
        "Leaving the block must restore what was before it (not simply switch on), also when an "
        "exception leaves it: save the old mode, and put it back in a finally.",
        level=5,
        isolated=True,
    ),
    _property(
        "expressions",
        "G4",
        EXPRESSIONS,
        "an expression of several ops has a wrong gradient",
        "Each op may be right by itself and the whole wrong: then gradients get lost, doubled or "
        "mixed up on their way through the graph.",
        level=4,
    ),
)
