"""Hooks: functions that see a gradient on its way, and may put another one in its place."""

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import HookRule
from gradcheck_suite.strategies.curvature import bent, entangled
from gradcheck_suite.strategies.scene import GROWING, Scene, session

__all__ = [
    "hooks_differentiated",
    "hooks_every_pass",
    "hooks_in_order",
    "hooks_on_leaves",
    "hooks_on_results",
    "hooks_removed",
    "hooks_that_look",
]


def _hooked(s: Scene, *, leaf: bool) -> tuple[int, int]:
    """Write a leaf and a value that two consumers will have: the leaf itself, or a result."""
    x = s.leaf()
    return x, x if leaf else s.step(x)


def _consumed(s: Scene, y: int) -> int:
    """Use a value twice: its gradient is a sum, whose square is not that of its parts."""
    return s.pair(s.step(y), y, GROWING)


@session
def hooks_on_results(s: Scene) -> None:
    """Hook a result with two consumers: the sum is squared, and what comes out goes on."""
    x, y = _hooked(s, leaf=False)
    s.b.hook(y, "square")
    s.backward(_consumed(s, y))
    s.b.observe("grad", x)


@session
def hooks_on_leaves(s: Scene) -> None:
    """Hook a leaf with two consumers: what the hook returns is what is stored."""
    x, y = _hooked(s, leaf=True)
    s.b.hook(y, "square")
    s.backward(_consumed(s, y))
    s.b.observe("grad", x)


@session
def hooks_that_look(s: Scene) -> None:
    """Hook a leaf or a result and return nothing: the gradient stays as it is."""
    x, y = _hooked(s, leaf=s.draw(st.booleans()))
    s.b.hook(y, "nothing")
    s.backward(_consumed(s, y))
    s.b.observe("grad", x)


@session
def hooks_every_pass(s: Scene) -> None:
    """Hook a result of a retained graph: the hook runs in every pass, once."""
    x, y = _hooked(s, leaf=False)
    s.b.hook(y, "square")
    root = s.step(y)
    cotangent = s.cotangent()
    s.b.backward(root, cotangent, retain=True)
    s.b.clear(x)
    s.b.backward(root, cotangent)
    s.b.observe("grad", x)


@session
def hooks_removed(s: Scene) -> None:
    """Take a hook away before the backward; maybe another one stays."""
    x, y = _hooked(s, leaf=s.draw(st.booleans()))
    gone = s.b.hook(y, "square")
    if s.draw(st.booleans()):
        s.b.hook(y, "double")
    s.b.unhook(gone)
    s.backward(_consumed(s, y))
    s.b.observe("grad", x)


@session
def hooks_in_order(s: Scene) -> None:
    """Run two hooks on one value: the first to be registered is the first to run."""
    x, y = _hooked(s, leaf=s.draw(st.booleans()))
    rules: tuple[HookRule, ...] = ("square", "double")
    for rule in s.draw(st.permutations(rules)):
        s.b.hook(y, rule)
    s.backward(_consumed(s, y))
    s.b.observe("grad", x)


@session
def hooks_differentiated(s: Scene) -> None:
    """Hook a backward with create_graph: the gradient that is returned has a gradient."""
    x, other = s.leaf(), s.leaf()
    y = bent(s, x) if s.draw(st.booleans()) else x
    hook = s.b.hook(y, "square")
    s.b.backward(entangled(s, [y, other]), s.cotangent(), create=True)
    gradient = s.b.grad_of(x)
    s.b.clear(x)
    s.b.clear(other)
    # Whether the second pass comes by y again hangs on how the rules of its consumers are written.
    s.b.unhook(hook)
    s.backward(gradient)
    s.b.observe("grad", x, other)
