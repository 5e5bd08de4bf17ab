"""Deep: chains, fans and doublings that a walk along every path, or a recursion, cannot manage."""

from collections.abc import Callable
from math import prod
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import arrays
from gradcheck_suite.strategies.scene import Scene, Sessions, session
from gradcheck_suite.strategies.world import World

__all__ = ["deep_chains", "stacked_doublings"]

_N_DEEP: Final = 10_000  # ten times as deep as Python recurses
_N_WIDE: Final = 2_000  # in float32 the sum of more gradients is not certain to one in a thousand
_N_DOUBLINGS: Final = 30


def deep_chains(world: World) -> tuple[st.SearchStrategy[Program], ...]:
    """Return the chains: of one op on the result before it, and with the leaf in every step.

    There is one Program of each, as they take a thousand times as long as others.
    """
    if world.kind == "tensor":  # for those who have no scalars
        return (st.just(_chain("add", (1, 2))), st.just(_fan("mul", (1, 2))))
    neg = _chain("neg", n=_N_WIDE)
    return tuple(st.just(p) for p in (_chain("add"), neg, _fan("sub"), _fan("mul")))


def _chain(op: str, shape: Shape = (), n: int = _N_DEEP) -> Program:
    """Apply an op ``n`` times, to the result and a constant."""
    b = Builder()
    x = y = b.leaf(_ones(shape))
    others = () if op == "neg" else (b.constant(_ones(shape)),)
    for _ in range(n):
        y = b.apply(op, y, *others)
    return _differentiated(b, x, y, shape)


def _fan(op: str, shape: Shape = ()) -> Program:
    """Apply an op two thousand times, to the result and the leaf, which so has many consumers."""
    b = Builder()
    x = y = b.leaf(_ones(shape))
    for _ in range(_N_WIDE):
        y = b.apply(op, y, x)
    return _differentiated(b, x, y, shape)


def _differentiated(b: Builder, x: int, y: int, shape: Shape) -> Program:
    b.backward(y, Array(shape, (1.5, -2.0)) if shape else None)
    b.observe("grad", x)
    return b.program()


def _ones(shape: Shape) -> Array:
    return Array(shape, (1.0, -1.0)[: prod(shape)])


def stacked_doublings(world: World) -> tuple[st.SearchStrategy[Program], ...]:
    """Return thirty doublings, in several ways: 2**30 paths to the leaf, in thirty steps."""
    return tuple(_doublings(step)(world) for step in _DOUBLINGS)


def _doublings(step: Callable[[Scene, int], int]) -> Sessions:
    @session
    def programs(s: Scene) -> None:
        x = y = s.b.leaf(s.draw(arrays(s.shape, Domain(0.5, 2.0))))
        for _ in range(_N_DOUBLINGS):
            y = step(s, y)
        s.backward(y)
        s.b.observe("grad", x)

    return programs


def _constant(s: Scene, value: float) -> int:
    return s.b.constant(Array(s.shape, (value,) * prod(s.shape)))


# Each is brought back to the size of before: sums of sums are certain to their number of terms, and
# products of products grow. The last four share no op, so that any three may be broken.
_DOUBLINGS: Final[tuple[Callable[[Scene, int], int], ...]] = (
    lambda s, y: s.b.apply("mul", s.b.apply("add", y, y), _constant(s, 0.5)),
    lambda s, y: s.b.apply("sqrt", s.b.apply("add", y, y)),
    lambda s, y: s.b.apply("sigmoid", s.b.apply("mul", y, y)),
    lambda s, y: s.b.apply("exp", s.b.apply("sub", s.b.apply("neg", y), y)),
    lambda s, y: s.b.apply("cos", s.b.apply("div", y, s.b.apply("div", _constant(s, 2.0), y))),
)
