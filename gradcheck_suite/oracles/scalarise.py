"""Scalarise: run an op's own NumPy forward on arrays whose elements are scalar nodes.

Reshape, indexing, sums, matrix products and everything else that moves or adds elements then needs
no derivative rule at all: NumPy moves the nodes. What is left is a graph over primitives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from flint import arb

from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.ball import Ball
from gradcheck_suite.oracles.primitive import IDENTITY, Primitive, primitive_of
from gradcheck_suite.oracles.reading import current
from gradcheck_suite.oracles.rounding import FLOAT32, FLOAT64
from gradcheck_suite.program.instructions import Attributes
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS

__all__ = [
    "Node",
    "Nodes",
    "adjoints",
    "apply",
    "constants",
    "fresh",
    "symbolic_adjoints",
    "tangents",
]

Nodes: TypeAlias = npt.NDArray[Any]  # dtype object, every element a Node
_clock: Iterator[int] = count()
_NO_HOOKS: Final[Mapping[Any, Any]] = MappingProxyType({})


class Node:
    """One number of a program, with its enclosures in float64 and float32 and where it came from.

    ``made`` orders the nodes of a graph: a node is younger than everything it was made from.
    """

    __slots__ = ("args", "balls", "made", "primitive", "value_of")

    def __init__(
        self,
        balls: tuple[Ball, Ball],
        primitive: Primitive | None = None,
        args: tuple["Node", ...] = (),
        value_of: "Node | None" = None,
    ) -> None:
        self.balls = balls
        self.primitive = primitive
        self.args = args
        self.value_of = value_of  # the node whose value is v in the primitive's value forms
        self.made = next(_clock)
        if not balls[1].value.is_finite() and not (current().not_finite and _are_limits(balls)):
            msg = "a value is not finite: outside of the domain, or too wide"
            raise UndecidableError(msg)
        balls[1].check_range()

    @classmethod
    def number(cls, value: float) -> "Node":
        """Return a node without history for a number of float64."""
        return cls((Ball.literal(value, FLOAT64), Ball.literal(value, FLOAT32)))

    @classmethod
    def make(
        cls,
        primitive: Primitive,
        args: tuple["Node", ...],
        value_of: "Node | None" = None,
    ) -> "Node":
        """Return the node for ``primitive`` applied to ``args``."""
        first, second = (
            primitive.evaluate([a.balls[k] for a in args], value_of.balls[k] if value_of else None)
            for k in (0, 1)
        )
        return cls((first, second), primitive, args, value_of)

    def cut(self) -> "Node":
        """Return the same number without its history."""
        return Node(self.balls)

    def nudged(self, step: float) -> "Node":
        """Return a number without history that is ``step`` away, exactly."""
        first, second = (Ball(ball.value + arb(step), ball.precision) for ball in self.balls)
        return Node((first, second))

    def shifted(self, constant: "Node") -> "Node":
        """Return this number less another that carries no gradient: one subtraction, one rounding.

        It is not part of a longer sum, which engines might add up in another order.
        """
        first, second = (a.minus(b) for a, b in zip(self.balls, constant.balls, strict=True))
        return Node((first, second), IDENTITY, (self,))

    def partial(self, position: int) -> "Node":
        """Return the derivative with respect to an argument, as a node of the graph."""
        assert self.primitive is not None
        return Node.make(self.primitive.partial(position), self.args, self.value_of or self)

    def partial_balls(self, position: int) -> tuple[Ball, Ball]:
        """Return the derivative with respect to an argument, as a number."""
        assert self.primitive is not None
        derivative = self.primitive.partial(position)
        value = self.value_of or self
        first, second = (
            derivative.evaluate([a.balls[k] for a in self.args], value.balls[k]) for k in (0, 1)
        )
        return first, second

    def __float__(self) -> float:
        return float(self.balls[0].value.mid())

    def __gt__(self, other: "Node | float") -> bool:
        return self._compare(other) > 0

    def __lt__(self, other: "Node | float") -> bool:
        return self._compare(other) < 0

    def __ge__(self, other: "Node | float") -> bool:
        return self._compare(other) > 0

    def __le__(self, other: "Node | float") -> bool:
        return self._compare(other) < 0

    def _compare(self, other: "Node | float") -> int:
        """Return 1 or -1; a comparison that rounding could turn round raises UndecidableError.

        An exact tie that is left beside a kink goes to the first: nothing hangs on it there.
        """
        right = _node(other)
        gaps = [a.value - b.value for a, b in zip(self.balls, right.balls, strict=True)]
        found = {_sign(gap) for gap in gaps}
        if found in ({1}, {-1}):
            return found.pop()
        if current().nudge and all(gap == 0 for gap in gaps):
            return 1
        msg = f"a comparison of {float(self)} with {float(right)} is within rounding of a tie"
        raise UndecidableError(msg)

    def __add__(self, other: "Node | float") -> "Node":
        return _smooth("add", self, other)

    def __radd__(self, other: float) -> "Node":
        return _smooth("add", other, self)

    def __sub__(self, other: "Node | float") -> "Node":
        return _smooth("sub", self, other)

    def __rsub__(self, other: float) -> "Node":
        return _smooth("sub", other, self)

    def __mul__(self, other: "Node | float") -> "Node":
        return _smooth("mul", self, other)

    def __rmul__(self, other: float) -> "Node":
        return _smooth("mul", other, self)

    def __truediv__(self, other: "Node | float") -> "Node":
        return _smooth("div", self, other)

    def __rtruediv__(self, other: float) -> "Node":
        return _smooth("div", other, self)

    def __neg__(self) -> "Node":
        return _smooth("neg", self)

    # NumPy's ufuncs call methods of their own names on arrays of objects.
    def exp(self) -> "Node":
        return _smooth("exp", self)

    def log(self) -> "Node":
        return _smooth("log", self)

    def sqrt(self) -> "Node":
        return _smooth("sqrt", self)

    def __abs__(self) -> "Node":
        return self if self > 0 else -self

    def __pow__(self, exponent: float) -> "Node":
        return Node.make(primitive_of(OPS["pow"], (("exponent", exponent),)), (self,))

    def expm1(self) -> "Node":
        return _smooth("expm1", self)

    def floor(self) -> "Node":
        """Return a number without history; one that rounding could change is undecidable."""
        first, second = (ball.value.floor().unique_fmpz() for ball in self.balls)
        if first is None or first != second:
            msg = f"the integer part of {float(self)} is within rounding of another one"
            raise UndecidableError(msg)
        return Node.number(float(int(first)))


def constants(array: npt.NDArray[Any]) -> Nodes:
    """Return nodes without history for an array of numbers."""
    return _objects([Node.number(v) for v in array.ravel().tolist()], array.shape)


def apply(op: Op, args: Iterable[Any], attrs: Attributes, variant: int = 0) -> Nodes:
    """Apply ``op`` to arrays of nodes (a condition stays an array of bool).

    ``variant`` chooses among an op's array formulas, the last one where it has fewer. Every element
    of the result is a node of its own, so that an operand and a view of it have gradients apart.
    """
    if op.formulas:
        primitive = primitive_of(op, tuple(sorted(op.settings(attrs).items())))
        make = np.frompyfunc(lambda *nodes: Node.make(primitive, nodes), len(op.arguments), 1)
        with np.errstate(all="ignore"):  # the processor's flags after ball arithmetic mean nothing
            moved = make(*args)
        return _as_objects(moved)
    formulas = op.array_formulas or (op.forward,)
    formula = formulas[min(variant, len(formulas) - 1)]
    with np.errstate(all="ignore"):
        result = _as_objects(formula(*args, **op.settings(attrs)))
    return fresh(result)


def fresh(nodes: Nodes) -> Nodes:
    """Return an array of the same numbers, every element a node of its own."""
    return _objects([_fresh(item) for item in nodes.ravel().tolist()], nodes.shape)


def adjoints(
    seeds: dict[Node, tuple[Ball, Ball]],
    idle: Iterable[Node] = (),
    hooks: Mapping[Node, Callable[[Ball], Ball]] = _NO_HOOKS,
) -> dict[Node, tuple[Ball, Ball]]:
    """Return the adjoint of every node that the seeded ones depend on, as numbers.

    ``idle`` nodes get a cotangent of zero where nothing flows into them. ``hooks`` replace the
    adjoint of a node once it is complete.
    """
    found = dict(seeds)
    for node in _youngest_first([*seeds, *idle]):
        ours = found.get(node)
        if ours is not None and node in hooks:
            ours = found[node] = hooks[node](ours[0]), hooks[node](ours[1])
        for position, arg in enumerate(node.args):
            flow = _scaled(ours, node, position)
            if flow is not None:
                known = found.get(arg)
                found[arg] = flow if known is None else (known[0] + flow[0], known[1] + flow[1])
    return found


def symbolic_adjoints(
    seeds: Mapping[Node, Node],
    hooks: Mapping[Node, Callable[[Node], Node]] = _NO_HOOKS,
) -> dict[Node, Node]:
    """Return the adjoint of every node that the seeded ones depend on, as nodes of the graph.

    ``hooks`` replace the adjoint of a node once it is complete.
    """
    found = dict(seeds)
    for node in _youngest_first(seeds):
        if node not in found:  # all that came from it is constant
            continue
        if node in hooks:
            found[node] = hooks[node](found[node])
        ours = found[node]
        for position, arg in enumerate(node.args):
            assert node.primitive is not None
            constant = node.primitive.partial(position).constant
            if constant == 0:
                continue
            flow = ours if constant == 1 else ours * node.partial(position)
            found[arg] = found[arg] + flow if arg in found else flow
    return found


def tangents(
    nodes: Iterable[Node],
    seeds: Mapping[Node, tuple[Ball, Ball]],
) -> list[tuple[Ball, Ball] | None]:
    """Return how ``nodes`` move with the seeded ones, as numbers; None for those that do not."""
    nodes = list(nodes)
    found = dict(seeds)
    for node in reversed(_youngest_first(nodes)):
        for position, arg in enumerate(node.args):
            flow = _scaled(found[arg], node, position) if arg in found else None
            if flow is not None:
                known = found.get(node)
                found[node] = flow if known is None else (known[0] + flow[0], known[1] + flow[1])
    return [found.get(node) for node in nodes]


def _scaled(ours: tuple[Ball, Ball] | None, node: Node, position: int) -> tuple[Ball, Ball] | None:
    """Return what flows into an argument; None where that is nothing."""
    assert node.primitive is not None
    if ours is None:
        local = node.partial_balls(position)
        return None if local[0].value.is_finite() else (local[0] * 0, local[1] * 0)
    match node.primitive.partial(position).constant:
        case 0:
            return None
        case 1:
            return ours
        case -1:
            return -ours[0], -ours[1]
        case _:
            local = node.partial_balls(position)
            return ours[0] * local[0], ours[1] * local[1]


def _youngest_first(seeds: Iterable[Node]) -> list[Node]:
    """Return the nodes with history that ``seeds`` depend on, each after all its consumers."""
    seen = set(seeds)
    stack = list(seen)
    while stack:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return sorted((n for n in seen if n.args), key=lambda n: n.made, reverse=True)


def _smooth(name: str, *args: "Node | float") -> Node:
    op = OPS[name]
    return Node.make(primitive_of(op, op.attributes), tuple(_node(a) for a in args))


def _node(x: "Node | float") -> Node:
    if isinstance(x, np.ndarray):  # of rank 0: as a float it would lose history and enclosure
        return _node(x.item())
    return x if isinstance(x, Node) else Node.number(float(x))


def _fresh(item: object) -> Node:
    node = _node(item)  # type: ignore[arg-type]  # NumPy's forwards give nodes and numbers alone
    return Node(node.balls, IDENTITY, (node,))


def _objects(items: list[Node], shape: tuple[int, ...]) -> Nodes:
    flat = np.empty(len(items), dtype=object)
    flat[:] = items
    return flat.reshape(shape)


def _as_objects(result: object) -> Nodes:
    if isinstance(result, np.ndarray):
        return result if result.dtype == object else result.astype(object)
    single = np.empty((), dtype=object)
    single[()] = result
    return single


def _are_limits(balls: tuple[Ball, Ball]) -> bool:
    """Tell whether both are an infinity or NaN by IEEE 754, not just too wide."""
    return not any(ball.value.mid().is_finite() for ball in balls)


def _sign(difference: arb) -> int:
    return 1 if difference > 0 else -1 if difference < 0 else 0
