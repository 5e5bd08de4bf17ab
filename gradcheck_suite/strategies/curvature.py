"""Higher derivatives of whole functions: Hessians, third derivatives, norms of gradients.

Every function here has first derivatives that depend on a leaf, so that none is a constant: from
one of those an engine need not go backward.
"""

from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.strategies.scene import Scene, session
from gradcheck_suite.strategies.world import BINARY

__all__ = ["bent", "entangled", "gradient_penalties", "hessians", "third_derivatives"]

_BENT: Final = ("sin", "tanh", "exp", "sigmoid", "cos")


def bent(s: Scene, x: int) -> int:
    """Write a function whose slope is nowhere constant."""
    name = s.draw(st.sampled_from([op.name for op in s.world.having(_BENT)]))
    return s.b.apply(name, x)


def entangled(s: Scene, values: list[int]) -> int:
    """Write products, quotients, and functions of sums: their slopes depend on the values."""
    result, *others = values
    for other in others:
        name = s.draw(st.sampled_from([op.name for op in s.world.having(BINARY)]))
        result = s.b.apply(name, *s.draw(st.permutations([result, other])))
        if name in {"add", "sub"}:
            result = bent(s, result)
    return result


def _gradients(s: Scene, root: int, leaves: list[int]) -> list[int]:
    """Write a backward; return the gradients of the leaves as values, and clear them."""
    s.b.backward(root, s.cotangent(), create=True)
    found = [s.b.grad_of(x) for x in leaves]
    for x in leaves:
        s.b.clear(x)
    return found


@session
def hessians(s: Scene) -> None:
    """Differentiate each gradient of a function of two or three variables: the Hessian's rows."""
    leaves = [s.leaf() for _ in range(s.draw(st.integers(2, 3)))]
    rows = _gradients(s, entangled(s, leaves), leaves)
    for row in rows:
        s.b.backward(row, s.cotangent(), retain=row != rows[-1])
        s.b.observe("grad", *leaves)
        for x in leaves:
            s.b.clear(x)


@session
def third_derivatives(s: Scene) -> None:
    """Differentiate a function of one variable three times, and look at every derivative."""
    x = s.leaf()
    if s.world.having(("mul",)):
        # At x times x the second derivative is a constant.
        steep = bent(s, x) if s.draw(st.booleans()) else s.b.apply("mul", x, x)
        root = s.b.apply("mul", *s.draw(st.permutations([s.b.apply("mul", x, x), steep])))
    elif s.world.having(("div",)):
        root = s.b.apply("div", s.b.constant(s.number()), x)
    else:
        root = entangled(s, [x, s.b.constant(s.number())])
    for _ in range(2):
        (root,) = _gradients(s, root, [x])
        s.b.observe("value", root)
    s.backward(root)
    s.b.observe("grad", x)


@session
def gradient_penalties(s: Scene) -> None:
    """Differentiate the square of a gradient, or its norm, as penalties on slopes are."""
    leaves = [s.leaf(), s.leaf()]
    gradient = _gradients(s, entangled(s, leaves), leaves)[0]
    if s.world.having(("mul",)):
        size = s.b.apply("mul", gradient, gradient)
    else:
        size = s.b.apply("pow", gradient, exponent=2)
    if s.shape != () and s.draw(st.booleans()):
        s.b.backward(s.b.apply("sqrt", s.b.apply("sum", size)))
    else:
        s.backward(size)
    s.b.observe("grad", *leaves)
