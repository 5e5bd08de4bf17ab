"""Expressions: several ops, any earlier value as an operand."""

from hypothesis import strategies as st

from gradcheck_suite.strategies.scene import Scene, session
from gradcheck_suite.strategies.world import BINARY

__all__ = [
    "expressions",
]


@session
def expressions(s: Scene) -> None:
    """Whole expressions over two leaves: up to eight ops, any earlier value as an operand."""
    leaves = [s.leaf(), s.leaf()]
    result = expression(s, leaves)
    s.backward(result)
    s.b.observe("value", result)
    s.b.observe("grad", *leaves)


def expression(s: Scene, leaves: list[int]) -> int:
    """Write up to eight ops over two leaves, and return the last result."""
    made = [*leaves, s.pair(leaves[0], leaves[1])]
    for _ in range(s.draw(st.integers(1, 7))):
        x = s.draw(st.sampled_from(made[::-1]))
        if s.draw(st.booleans()):
            made.append(s.step(x))
        else:
            made.append(s.pair(x, made[-1], BINARY))
    return made[-1]
