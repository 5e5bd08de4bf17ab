"""Variables: the values of a Program while the oracle runs it, and how gradients reach them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.oracles.answer import Interval, interval
from gradcheck_suite.oracles.reading import current
from gradcheck_suite.oracles.scalarise import Node, Nodes, constants, fresh
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import HookRule

__all__ = [
    "HOOKS",
    "RequiredError",
    "Variable",
    "accumulate",
    "ancestors",
    "clear",
    "cut",
    "enclosed",
    "from_constant",
    "from_leaf",
    "grad_as_value",
    "overwrite",
    "set_requires_grad",
]


HOOKS: Final[Mapping[HookRule, Callable[[Any], Any]]] = {
    "square": lambda gradient: gradient * gradient,
    "double": lambda gradient: gradient * 2,
    "nothing": lambda gradient: gradient,
}
"""What each hook makes of a gradient, be it nodes or balls."""


class RequiredError(Exception):
    """An engine has to raise here."""


@dataclass(slots=True, eq=False)
class Variable:
    """One value of a Program."""

    nodes: Nodes
    requires_grad: bool = False
    is_leaf: bool = True
    grad: Nodes | None = None
    grad_parents: tuple["Variable", ...] = ()
    """What a gradient that carries its own graph was made from."""
    retains: bool = False
    parents: tuple["Variable", ...] = ()
    saved: tuple[tuple["Variable", int], ...] = ()
    """Operands whose values any rule of the op needs, whatever else it keeps; their versions."""
    freed: bool = False
    version: int = 0
    """How often its numbers were changed in place."""
    earlier: tuple[Nodes, ...] = ()
    """The numbers of a leaf before they were overwritten: graphs of that time lead to them."""
    breaks: bool = False
    """Whether its rule raises on purpose."""
    blocks: bool = False
    """Whether no gradient flows through it any more."""
    hooks: dict[int, HookRule] = field(default_factory=dict)
    """By the index of the Hook, in the order in which they were registered."""
    view: tuple["Variable", npt.NDArray[np.intp]] | None = None
    """What it is a view of, and the places of its elements in there."""
    condition: Any = None
    """The array of bool, where the value is one."""


def from_constant(array: Array) -> Variable:
    """Return a value that needs no gradient; a condition has no nodes."""
    if array.kind == "bool":
        return Variable(constants(np.zeros(())), condition=array.numpy())
    return Variable(constants(array.numpy()))


def from_leaf(index: int, array: Array, requires_grad: bool) -> Variable:
    """Return the leaf of instruction ``index``, an element moved where the reading steps aside."""
    nodes = constants(array.numpy())
    nudge = current().nudge
    if nudge and nudge.leaf == index:
        nodes.flat[nudge.element] = nodes.flat[nudge.element].nudged(nudge.step)
    return Variable(nodes, requires_grad)


def set_requires_grad(x: Variable, flag: bool, of_result: str) -> None:
    """Set the flag; ``of_result`` is what comes of taking that of a result away."""
    if not x.is_leaf and not flag:
        if of_result == "raises":
            raise RequiredError
        x.blocks = of_result == "always"
    x.requires_grad = flag


def grad_as_value(x: Variable) -> Variable:
    """Return the stored gradient as a value, with its own graph where it has one."""
    if x.grad is None:
        raise RequiredError
    parents = x.grad_parents if any(node.args for node in x.grad.ravel().tolist()) else ()
    tracked = bool(parents)
    nodes = fresh(x.grad) if tracked else cut(x.grad)
    return Variable(nodes, requires_grad=tracked, is_leaf=not tracked, parents=parents)


def overwrite(x: Variable, nodes: Nodes) -> None:
    """Give a leaf other numbers; no gradient flows to where they came from."""
    x.earlier += (x.nodes,)
    x.nodes = cut(nodes)
    x.version += 1


def clear(x: Variable) -> None:
    """Forget the gradient, and with it what it was made from."""
    x.grad, x.grad_parents = None, ()


def accumulate(variable: Variable, found: dict[Node, Node], *, keep: bool) -> None:
    """Add the adjoints to a leaf; a result remembers them where that was asked for."""
    flow, *more = [
        _flow(nodes, found)
        for nodes in (variable.nodes, *variable.earlier)
        if nodes is variable.nodes or any(node in found for node in nodes.ravel().tolist())
    ]
    for other in more:
        flow = _sum(flow, other)
    if variable.is_leaf:  # hooks on results acted while the gradient went through them
        for rule in variable.hooks.values():
            flow = np.asarray(HOOKS[rule](flow), dtype=object)
    if variable.is_leaf or variable.retains or keep:
        variable.grad = flow if variable.grad is None else _sum(variable.grad, flow)


def _flow(nodes: Nodes, found: dict[Node, Node]) -> Nodes:
    zero = Node.number(0.0)
    flat = np.empty(nodes.size, dtype=object)
    flat[:] = [found.get(node, zero) for node in nodes.ravel().tolist()]
    return flat.reshape(nodes.shape)


def _sum(a: Nodes, b: Nodes) -> Nodes:
    total = np.empty(a.shape, dtype=object)
    total[...] = a + b
    return total


def ancestors(root: Variable) -> list[Variable]:
    """Return ``root`` and every tracked variable that it was made from, in a fixed order."""
    found: dict[int, Variable] = {id(root): root}
    stack = [root]
    while stack:
        for parent in stack.pop().parents:
            if id(parent) not in found:
                found[id(parent)] = parent
                stack.append(parent)
    return list(found.values())


def cut(nodes: Nodes | Node) -> Nodes:
    """Return the same numbers without their history."""
    array = np.asarray(nodes, dtype=object)  # arithmetic turns an array of rank 0 into its element
    flat = np.empty(array.size, dtype=object)
    flat[:] = [node.cut() for node in array.ravel().tolist()]
    return flat.reshape(array.shape)


def enclosed(nodes: Nodes) -> Interval:
    """Return the answer that the numbers of ``nodes`` are."""
    items: Iterable[Node] = nodes.ravel().tolist()
    return interval(nodes.shape, [(n.balls[0].value, n.balls[1].value) for n in items])
