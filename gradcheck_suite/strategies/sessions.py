"""Sessions: what an engine does over several graphs, backward passes, modes and flags.

Every strategy draws whole Programs for a World. They shrink to scalars, to one op a step, the
first of the list (a product), and to the numbers 1, 2, 3.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import arrays, cotangents, some_shape
from gradcheck_suite.strategies.world import World

SESSIONS: Final = (
    "accumulation",
    "clear_and_repeat",
    "detach_leaves_upstream",
    "detached_paths",
    "enable_grad_inside",
    "expressions",
    "fan_out",
    "is_leaf_flags",
    "middle_then_end",
    "modes_restored",
    "no_grad_results",
    "nonleaf_gradients",
    "operand_twice",
    "requires_grad_flags",
    "retained_backward",
    "retained_gradients",
    "roots_and_branches",
    "second_backward",
    "two_losses",
)
"""The names of the sessions: each is a strategy that takes a World."""

__all__ = ["PALETTES", "SESSIONS"]

_BINARY: Final = ("mul", "add", "sub", "div")
_GROWING: Final = ("mul", "add")
_UNARY: Final = ("tanh", "sin", "exp", "sigmoid", "cos", "neg", "relu", "abs", "log", "sqrt")
_GENTLE: Final = Domain(-2.0, 2.0, hole=0.5)

PALETTES: Final = (_BINARY + _UNARY, *((name, *_UNARY) for name in _BINARY))
"""The ops of a session: all of them, then one operator alone, so that any three may be broken."""

Draw: TypeAlias = st.DrawFn
_Draws: TypeAlias = Callable[..., st.SearchStrategy[Program]]


class _Scene:
    """A builder with the world, one shape for every value, and the steps of a session."""

    def __init__(self, draw: Draw, world: World) -> None:
        self.draw = draw
        self.world = world
        self.shape: Shape = draw(some_shape(world.kind))
        self.b = Builder()
        # Half of all sessions keep to products, sums and differences, which every engine has.
        unary = world.having(_UNARY) if draw(st.booleans()) else ()
        self._steps = [
            *(op.name for op in world.having(_BINARY[:3]) or world.having(_BINARY)),
            *(op.name for op in unary),
        ]

    def number(self) -> Array:
        return self.draw(arrays(self.shape, _GENTLE))

    def leaf(self, *, requires_grad: bool = True) -> int:
        return self.b.leaf(self.number(), requires_grad=requires_grad)

    def step(self, x: int) -> int:
        """Append f(x) for a drawn f of one argument: an op, or an operator with a constant."""
        name = self.draw(st.sampled_from(self._steps))
        if name in _UNARY:
            return self.b.apply(name, x)
        return self.b.apply(name, x, self.b.constant(self.number()))

    def pair(self, x: int, y: int, among: tuple[str, ...] = _BINARY[:3]) -> int:
        """Append a drawn operator of two values."""
        names = [op.name for op in self.world.having(among) or self.world.having(_BINARY)]
        return self.b.apply(self.draw(st.sampled_from(names)), x, y)

    def cotangent(self) -> Array | None:
        """Draw a cotangent; at a scalar mostly none of its own."""
        if self.shape == () and self.draw(st.sampled_from((True, True, True, False))):
            return None
        return self.draw(cotangents(self.shape))

    def backward(self, x: int, *, retain: bool = False) -> None:
        self.b.backward(x, self.cotangent(), retain=retain)


def _scene_strategy(write: Callable[[_Scene], None]) -> _Draws:
    """Turn a function that writes a session into a strategy of Programs."""

    @st.composite
    def programs(draw: Draw, world: World) -> Program:
        scene = _Scene(draw, world)
        write(scene)
        return scene.b.program()

    programs.__name__ = write.__name__
    programs.__doc__ = write.__doc__
    return programs


@_scene_strategy
def accumulation(s: _Scene) -> None:
    """Two graphs on one leaf, a backward for each: the gradients add up."""
    x = s.leaf()
    for _ in range(s.draw(st.integers(2, 3))):
        s.backward(s.step(x))
    s.b.observe("grad", x)


@_scene_strategy
def operand_twice(s: _Scene) -> None:
    """One value as both operands, or a diamond of two paths: the paths add up."""
    x = s.leaf()
    if s.draw(st.booleans()):
        left, right = s.step(x), s.step(x)
    else:
        left = right = x
    s.backward(s.pair(left, right, _BINARY))
    s.b.observe("grad", x)


@_scene_strategy
def fan_out(s: _Scene) -> None:
    """Results used again and again at several depths: each rule runs once, after all consumers."""
    x = s.leaf()
    made = [x, s.pair(x, x, _GROWING)]
    for _ in range(s.draw(st.integers(1, 4))):
        other = s.draw(st.sampled_from(made[::-1]))
        # y - y would end every path in zero, and with it all that could go wrong before.
        made.append(s.pair(other, made[-1], _GROWING if other == made[-1] else _BINARY[:3]))
    s.backward(made[-1])
    s.b.observe("grad", x)


@_scene_strategy
def two_losses(s: _Scene) -> None:
    """Two losses on one trunk, backward one after the other, the graph retained."""
    x = s.leaf()
    trunk = s.step(x)
    first, second = s.step(trunk), s.step(trunk)
    s.backward(first, retain=True)
    s.backward(second)
    s.b.observe("grad", x)


@_scene_strategy
def clear_and_repeat(s: _Scene) -> None:
    """Backward, clear the leaf, backward again on the same graph: the first gradient again."""
    x = s.leaf()
    y = s.step(s.step(x))
    cotangent = s.cotangent()
    s.b.backward(y, cotangent, retain=True)
    s.b.clear(x)
    s.b.backward(y, cotangent)
    s.b.observe("grad", x)


@_scene_strategy
def roots_and_branches(s: _Scene) -> None:
    """A leaf that is the root, a leaf that is not used, or a branch without gradient."""
    x, other = s.leaf(), s.leaf()
    match s.draw(st.sampled_from(("root", "unused", "branch"))):
        case "root":
            s.backward(x)
        case "unused":
            s.backward(s.step(x))
        case _:
            branch = s.step(s.b.constant(s.number()))
            s.backward(s.pair(s.step(x), branch))
    s.b.observe("grad", x, other)


@_scene_strategy
def second_backward(s: _Scene) -> None:
    """A second backward on a graph that was not retained: raises, or adds exactly once more."""
    x, y = s.leaf(), s.leaf()
    # The root keeps what its rule needs, so that even torch raises, and before it adds anything.
    keeping = s.world.having(("mul", "div"))
    if keeping:
        root = s.b.apply(keeping[0].name, s.step(x), y)
    else:
        root = s.b.apply(s.draw(st.sampled_from(("tanh", "exp", "sin"))), s.pair(s.step(x), y))
    cotangent = s.cotangent()
    s.b.backward(root, cotangent)
    s.b.backward(root, cotangent)
    s.b.observe("grad", x, y)


@_scene_strategy
def retained_backward(s: _Scene) -> None:
    """A second backward on a retained graph adds the same gradient once more."""
    x = s.leaf()
    root = s.step(s.step(x))
    cotangent = s.cotangent()
    s.b.backward(root, cotangent, retain=True)
    s.b.backward(root, cotangent)
    s.b.observe("grad", x)


@_scene_strategy
def middle_then_end(s: _Scene) -> None:
    """Backward from a middle node, then from the end of the same graph."""
    x = s.leaf()
    middle = s.step(x)
    end = s.step(middle)
    s.backward(middle, retain=True)
    s.backward(end)
    s.b.observe("grad", x)


@_scene_strategy
def detached_paths(s: _Scene) -> None:
    """A detached value beside its own source: only the other path carries gradient."""
    x = s.leaf()
    detached = s.b.detach(s.step(x) if s.draw(st.booleans()) else x)
    s.backward(s.pair(detached, x))
    s.b.observe("grad", x)


@_scene_strategy
def detach_leaves_upstream(s: _Scene) -> None:
    """Detaching shows the same numbers and changes nothing of the graph it was cut from."""
    x = s.leaf()
    y = s.step(x)
    s.b.observe("value", s.b.detach(y))
    s.backward(s.step(y))
    s.b.observe("grad", x)


@_scene_strategy
def no_grad_results(s: _Scene) -> None:
    """Results made under no_grad are constants to whatever uses them later."""
    x = s.leaf()
    with s.b.mode("no_grad"):
        u = s.step(x)
    if s.draw(st.booleans()):
        s.b.observe("requires_grad", u)
    s.backward(s.pair(u, x))
    s.b.observe("grad", x)


@_scene_strategy
def modes_restored(s: _Scene) -> None:
    """The former mode is back after a block, a nested block, an exception, a decorated call."""
    x = s.leaf()
    decorator = s.draw(st.booleans())
    raises = s.draw(st.booleans())
    if s.draw(st.booleans()):
        with s.b.mode("no_grad"):
            with s.b.mode("no_grad", decorator=decorator, raises=raises):
                s.step(x)
            inside = s.step(x)
        s.backward(s.pair(inside, x))
    else:
        with s.b.mode("no_grad", decorator=decorator, raises=raises):
            s.step(x)
        s.backward(s.step(x))
    s.b.observe("grad", x)


@_scene_strategy
def enable_grad_inside(s: _Scene) -> None:
    """Inside of no_grad, enable_grad records again, for its block alone."""
    x = s.leaf()
    with s.b.mode("no_grad"):
        with s.b.mode("enable_grad"):
            recorded = s.step(x)
        constant = s.step(x)
    s.backward(s.pair(recorded, constant))
    s.b.observe("grad", x)


@_scene_strategy
def requires_grad_flags(s: _Scene) -> None:
    """A result needs a gradient when either operand does; a frozen leaf gets none."""
    x, frozen = s.leaf(), s.leaf(requires_grad=False)
    # Either side: an engine may ask its left operand alone.
    mixed = s.pair(x, frozen) if s.draw(st.booleans()) else s.pair(frozen, x)
    still = s.pair(frozen, frozen)
    s.b.observe("requires_grad", x, frozen, mixed, still)
    s.backward(mixed)
    s.b.observe("grad", x, frozen)


@_scene_strategy
def is_leaf_flags(s: _Scene) -> None:
    """What the user made is a leaf, a result that needs a gradient is not."""
    x = s.leaf()
    s.b.observe("is_leaf", x, s.step(x))


@_scene_strategy
def nonleaf_gradients(s: _Scene) -> None:
    """The gradient of a result is not kept, or is the full sum over its consumers."""
    x = s.leaf()
    y = s.step(x)
    s.backward(s.pair(s.step(y), y, _GROWING))  # (y + 1) - y would hide the gradient
    s.b.observe("grad", y, x)


@_scene_strategy
def retained_gradients(s: _Scene) -> None:
    """retain_grad keeps a result's full gradient; asking twice is the same as asking once."""
    x = s.leaf()
    y = s.step(x)
    for _ in range(s.draw(st.integers(1, 2))):
        s.b.retain_grad(y)
    s.backward(s.pair(s.step(y), y, _GROWING))  # (y + 1) - y would hide the gradient
    s.b.observe("grad", y, x)


@_scene_strategy
def expressions(s: _Scene) -> None:
    """Whole expressions over two leaves: up to eight ops, any earlier value as an operand."""
    leaves = [s.leaf(), s.leaf()]
    made = [*leaves, s.pair(leaves[0], leaves[1])]
    for _ in range(s.draw(st.integers(1, 7))):
        x = s.draw(st.sampled_from(made[::-1]))
        if s.draw(st.booleans()):
            made.append(s.step(x))
        else:
            made.append(s.pair(x, made[-1], _BINARY))
    s.backward(made[-1])
    s.b.observe("value", made[-1])
    s.b.observe("grad", *leaves)
