"""The scene of a session: what an engine does over several graphs, backward passes, and flags.

Sessions are written one theme a file; every one of them is a strategy that draws whole Programs for
a World. They shrink to scalars, to one op a step, the first of the list (a product), and to the
numbers 1, 2, 3.
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
from gradcheck_suite.strategies.world import BINARY, UNARY, World

__all__ = ["GENTLE", "GROWING", "Scene", "Sessions", "session"]

GROWING: Final = ("mul", "add")
GENTLE: Final = Domain(-2.0, 2.0, hole=0.5)

Sessions: TypeAlias = Callable[[World], st.SearchStrategy[Program]]


class Scene:
    """A builder with the world, one shape for every value, and the steps of a session."""

    def __init__(self, draw: st.DrawFn, world: World) -> None:
        self.draw = draw
        self.world = world
        self.shape: Shape = draw(some_shape(world.kind))
        self.b = Builder()
        # Half of all sessions keep to products, sums and differences, which every engine has.
        unary = world.having(UNARY) if draw(st.booleans()) else ()
        self._steps = [
            *(op.name for op in world.having(BINARY[:3]) or world.having(BINARY)),
            *(op.name for op in unary),
        ]

    def number(self) -> Array:
        """Draw an array of the scene's shape."""
        return self.draw(arrays(self.shape, GENTLE))

    def leaf(self, *, requires_grad: bool = True) -> int:
        """Append a leaf."""
        return self.b.leaf(self.number(), requires_grad=requires_grad)

    def step(self, x: int) -> int:
        """Append f(x) for a drawn f of one argument: an op, or an operator with a constant."""
        return self.function()(x)

    def function(self) -> Callable[[int], int]:
        """Draw an f of one argument, to be appended to several values."""
        name = self.draw(st.sampled_from(self._steps))
        if name in UNARY:
            return lambda x: self.b.apply(name, x)
        constant = self.b.constant(self.number())
        return lambda x: self.b.apply(name, x, constant)

    def pair(self, x: int, y: int, among: tuple[str, ...] = BINARY[:3]) -> int:
        """Append a drawn operator of two values."""
        return self.b.apply(self.operator(among), x, y)

    def operator(self, among: tuple[str, ...] = BINARY[:3]) -> str:
        """Draw an operator of two values."""
        return self.draw(
            st.sampled_from(
                [op.name for op in self.world.having(among) or self.world.having(BINARY)]
            )
        )

    def cotangent(self) -> Array | None:
        """Draw a cotangent; at a scalar mostly none of its own."""
        if self.shape == () and self.draw(st.sampled_from((True, True, True, False))):
            return None
        return self.draw(cotangents(self.shape))

    def backward(self, x: int, *, retain: bool = False) -> None:
        """Append a backward from a drawn cotangent."""
        self.b.backward(x, self.cotangent(), retain=retain)


def session(write: Callable[[Scene], None]) -> Sessions:
    """Turn a function that writes a session into a strategy of Programs."""

    @st.composite
    def programs(draw: st.DrawFn, world: World) -> Program:
        scene = Scene(draw, world)
        write(scene)
        return scene.b.program()

    programs.__name__ = write.__name__
    programs.__doc__ = write.__doc__
    return programs
