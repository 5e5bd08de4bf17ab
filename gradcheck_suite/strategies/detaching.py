"""Detaching: values without history, and gradient modes."""

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import Look
from gradcheck_suite.strategies.scene import Scene, session

__all__ = [
    "assigned_parameters",
    "detach_leaves_upstream",
    "detached_paths",
    "enable_grad_inside",
    "modes_of_generators",
    "modes_of_threads",
    "modes_restored",
    "no_grad_results",
    "outer_modes_restored",
    "parameters_in_place",
]


@session
def detached_paths(s: Scene) -> None:
    """A detached value beside its own source: only the other path carries gradient."""
    x = s.leaf()
    detached = s.b.detach(s.step(x) if s.draw(st.booleans()) else x)
    s.backward(s.pair(detached, x))
    s.b.observe("grad", x)


@session
def detach_leaves_upstream(s: Scene) -> None:
    """Detaching shows the same numbers and changes nothing of the graph it was cut from."""
    x = s.leaf()
    y = s.step(x)
    s.b.observe("value", s.b.detach(y))
    s.backward(s.step(y))
    s.b.observe("grad", x)


@session
def no_grad_results(s: Scene) -> None:
    """Results made under no_grad are constants to whatever uses them later."""
    x = s.leaf()
    with s.b.mode("no_grad"):
        u = s.step(x)
    if s.draw(st.booleans()):
        s.b.observe("requires_grad", u)
    s.backward(s.pair(u, x))
    s.b.observe("grad", x)


@session
def modes_restored(s: Scene) -> None:
    """Recording goes on after a block, an exception, a decorated call."""
    x = s.leaf()
    _some_block(s, x)
    s.backward(s.step(x))
    s.b.observe("grad", x)


@session
def outer_modes_restored(s: Scene) -> None:
    """Nothing is recorded yet where a block, an exception, a decorated call ended in another."""
    x = s.leaf()
    with s.b.mode("no_grad"):
        _some_block(s, x)
        inside = s.step(x)
    s.backward(s.pair(inside, x))
    s.b.observe("grad", x)


def _some_block(s: Scene, x: int) -> None:
    with s.b.mode("no_grad", decorator=s.draw(st.booleans()), raises=s.draw(st.booleans())):
        s.step(x)


@session
def enable_grad_inside(s: Scene) -> None:
    """Inside of no_grad, enable_grad records again, for its block alone."""
    x = s.leaf()
    with s.b.mode("no_grad"):
        with s.b.mode("enable_grad"):
            recorded = s.step(x)
        constant = s.step(x)
    s.backward(s.pair(recorded, constant))
    s.b.observe("grad", x)


@session
def assigned_parameters(s: Scene) -> None:
    """A parameter that was updated under no_grad is still a leaf, and has a next gradient."""
    x = s.leaf()
    s.backward(s.step(x))
    with s.b.mode("no_grad"):
        update = s.pair(x, s.b.grad_of(x))
    s.b.assign(x, update)
    s.b.clear(x)
    _look_and_go_on(s, x)


@session
def parameters_in_place(s: Scene) -> None:
    """``w -= ...`` under no_grad: the same leaf as before, or a new constant of that name."""
    x = s.leaf()
    s.backward(s.step(x))
    s.b.clear(x)
    change = s.b.constant(s.number())
    with s.b.mode("no_grad"):
        x = s.b.in_place(s.operator(), x, change)
    _look_and_go_on(s, x)


def _look_and_go_on(s: Scene, x: int) -> None:
    """Look at the flags of a parameter, or only at its value, and take the next gradient."""
    flag: Look = s.draw(st.sampled_from(("value", "requires_grad", "is_leaf")))
    s.b.observe(flag, x)
    w = s.leaf()
    s.backward(s.pair(s.step(x), w))
    s.b.observe("grad", x, w)


@session
def modes_of_generators(s: Scene) -> None:
    """A generator waits in a no_grad block; the mode is back when it is over, however it ends.

    It is closed where it has nothing left to do.
    """
    x = s.leaf()
    recorded = s.step(x)
    with s.b.mode("no_grad", raises=s.draw(st.booleans())):
        s.step(x)
        with s.b.meanwhile():
            outside = s.step(x)
        inside = s.step(x) if s.draw(st.booleans()) else recorded
    after = s.step(x)
    s.backward(s.pair(s.pair(outside, inside), after))
    s.b.observe("grad", x)


@session
def modes_of_threads(s: Scene) -> None:
    """A thread records although another one is under no_grad; its own no_grad ends with it."""
    x = s.leaf()
    if s.draw(st.booleans()):
        with s.b.mode("no_grad"), s.b.thread():
            y = s.step(x)
    else:
        with s.b.thread(), s.b.mode("no_grad"):
            s.step(x)
        y = s.step(x)
    s.backward(y)
    s.b.observe("grad", x)
