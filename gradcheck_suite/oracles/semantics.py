"""The certified answer to a whole Program: autograd's semantics over nodes with enclosures.

Leaves, flags, accumulation, modes and lifetimes are written down here once more, independently of
``reference/``: what is tracked follows the flags, gradients are sums of adjoints, and conventions
come from a Dialect.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.errors import UndecidableError
from gradcheck_suite.oracles.answer import (
    Answer,
    Answers,
    FlagIs,
    Interval,
    MustRaise,
    ZeroOrNothing,
    interval,
)
from gradcheck_suite.oracles.reading import READINGS, Asked, Reading, reading
from gradcheck_suite.oracles.scalarise import (
    Node,
    Nodes,
    adjoints,
    apply,
    constants,
    symbolic_adjoints,
)
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attributes,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    GradOf,
    InPlace,
    Instruction,
    Leaf,
    Mode,
    Observe,
    OptimizerStep,
    Program,
    RetainGrad,
    SetRequiresGrad,
)
from gradcheck_suite.program.table import OPS, op_named

__all__ = ["Session", "answers"]


class RequiredError(Exception):
    """An engine has to raise here."""


class NeverMadeError(Exception):
    """An instruction uses a value whose own instruction had to raise: it is skipped."""


class _Values(dict[int, "Variable"]):
    """The variables by index."""

    def __missing__(self, index: int) -> "Variable":
        raise NeverMadeError


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
    freed: bool = False
    condition: Any = None
    """The array of bool, where the value is one."""


def answers(program: Program, dialect: Dialect, asked: Asked = "plain") -> Answers:
    """Return what an engine of ``dialect`` must do at each observation of ``program``.

    At a kink that is asked for on purpose, the hull of both ways out of the tie: between them lie
    the subgradients. Raises UndecidableError where the answer cannot be enclosed tightly.
    """
    found = [_answers(program, dialect, chosen) for chosen in READINGS[asked]]
    return tuple((index, _hull([dict(other)[index] for other in found])) for index, _ in found[0])


def _answers(program: Program, dialect: Dialect, chosen: Reading) -> Answers:
    """Return the answers under one reading.

    Engines may use any of an op's array formulas, mixed. Errors of different ops add up to first
    order, so the sum of the half-widths over the formulas holds every mixture.
    """
    used = {i.op for _, i in program.numbered() if isinstance(i, (Apply, InPlace))}
    n_variants = max([len(OPS[name].array_formulas) for name in used], default=1) or 1
    sheets = []
    refused: UndecidableError | None = None
    with reading(chosen):
        for variant in range(n_variants):
            try:
                sheets.append(Session(dialect, variant).run(program))
            except UndecidableError as error:
                refused = error
    if refused is not None and not (chosen.only_stable and sheets):
        raise refused
    return tuple(
        (index, _merged([sheet[index] for sheet in sheets])) for index in sorted(sheets[0])
    )


def _merged(variants: list[Answer]) -> Answer:
    first = variants[0]
    if not isinstance(first, Interval) or len(variants) == 1:
        return first
    intervals = [v for v in variants if isinstance(v, Interval)]
    half64 = tuple(map(sum, zip(*(v.half64 for v in intervals), strict=True)))
    half32 = tuple(map(sum, zip(*(v.half32 for v in intervals), strict=True)))
    return Interval(first.shape, first.middle, half64, half32)


def _hull(found: list[Answer]) -> Answer:
    """Return the interval that holds all of ``found``; what is no number has to be the same."""
    first = found[0]
    if not isinstance(first, Interval) or len(found) == 1:
        return first
    intervals = [v for v in found if isinstance(v, Interval)]
    low = np.min([v.middle for v in intervals], axis=0)
    high = np.max([v.middle for v in intervals], axis=0)
    # Half of the way between, rounded up: the midpoint itself is rounded.
    spread = np.where(low == high, 0.0, (high - low) / 2 + np.spacing(np.abs(high) + np.abs(low)))
    half64, half32 = (
        np.max([getattr(v, half) for v in intervals], axis=0) + spread
        for half in ("half64", "half32")
    )
    middle = low + (high - low) / 2
    return Interval(first.shape, *(tuple(a.tolist()) for a in (middle, half64, half32)))


@dataclass(slots=True)
class Session:
    """The state of one run over nodes."""

    dialect: Dialect
    variant: int = 0
    values: _Values = field(default_factory=_Values)
    seen: dict[int, Answer] = field(default_factory=dict)
    enabled: bool = True
    momenta: dict[tuple[Any, ...], Nodes] = field(default_factory=dict)
    next_index: int = 0

    def run(self, program: Program) -> dict[int, Answer]:
        """Run every instruction and return what must be seen, by index."""
        self._body(program.instructions)
        return self.seen

    def _body(self, body: tuple[Instruction, ...]) -> None:
        for instruction in body:
            index = self.next_index
            self.next_index += 1
            try:
                self._execute(index, instruction)
            except RequiredError:
                self.seen[index] = MustRaise()
            except NeverMadeError:
                continue

    def _execute(self, index: int, instruction: Instruction) -> None:
        values = self.values
        match instruction:
            case Leaf(array, requires_grad):
                values[index] = Variable(constants(array.numpy()), requires_grad)
            case Constant(array):
                values[index] = _constant(array)
            case Apply(op, args, attrs):
                values[index] = self._apply(op, [values[a] for a in args], attrs)
            case Detach(x):
                values[index] = Variable(_cut(values[x].nodes))
            case GradOf(x):
                values[index] = _grad_as_value(values[x])
            case Backward():
                self._backward(instruction)
            case ClearGrad(x):
                values[x].grad = None
            case RetainGrad(x):
                values[x].retains = True
            case SetRequiresGrad(x, flag):
                _set_requires_grad(values[x], flag)
            case InPlace(op, x, args, attrs):
                if self.enabled and values[x].is_leaf and values[x].requires_grad:
                    raise RequiredError
                operands = [values[x], *(values[a] for a in args)]
                values[index] = self._apply(op, operands, attrs)
            case Assign(x, y):
                values[x].nodes = _cut(values[y].nodes)
            case OptimizerStep(rule, parameters, settings):
                assert rule == "sgd", rule
                for p in parameters:
                    self._sgd(p, dict(settings))
            case Mode(kind, body):
                before, self.enabled = self.enabled, kind == "enable_grad"
                self._body(body)
                self.enabled = before
            case Observe(what, x):
                self.seen[index] = self._look(what, values[x])

    def _apply(self, op: str, operands: list[Variable], attrs: Attributes) -> Variable:
        tracked = self.enabled and any(v.requires_grad for v in operands)
        args = [
            v.condition
            if v.condition is not None
            else v.nodes
            if tracked and v.requires_grad
            else _cut(v.nodes)
            for v in operands
        ]
        nodes = apply(op_named(op), args, attrs, self.variant)
        if not tracked:
            return Variable(_cut(nodes))
        parents = tuple(v for v in operands if v.requires_grad)
        return Variable(nodes, requires_grad=True, is_leaf=False, parents=parents)

    def _backward(self, b: Backward) -> None:
        root = self.values[b.x]
        if not root.requires_grad:
            if self.dialect.no_grad_backward == "raises":
                raise RequiredError
            return
        graph = _ancestors(root)
        results = [v for v in graph if not v.is_leaf]
        if any(v.freed for v in results):
            raise RequiredError
        seed = self._seed(root, b.cotangent)
        pairs = zip(root.nodes.ravel().tolist(), seed.ravel().tolist(), strict=True)
        if b.create_graph:
            found = symbolic_adjoints(dict(pairs))
        else:
            numbers = adjoints({node: cotangent.balls for node, cotangent in pairs})
            found = {node: Node(balls) for node, balls in numbers.items()}
        for variable in graph:
            _accumulate(variable, found, keep=self.dialect.nonleaf_grad == "kept")
            variable.grad_parents = tuple(graph) if b.create_graph else ()
        if self.dialect.second_backward == "raises" and not (b.retain_graph or b.create_graph):
            for variable in results:
                variable.freed = True

    def _seed(self, root: Variable, cotangent: Array | None) -> Nodes:
        if cotangent is not None:
            return constants(cotangent.numpy())
        if root.nodes.size != 1 and self.dialect.nonscalar_backward == "raises":
            raise RequiredError
        return constants(np.ones(root.nodes.shape))

    def _sgd(self, p: int, settings: dict[str, Any]) -> None:
        """One step of torch.optim.SGD: v = momentum * v + (g + decay * w); w = w - lr * v."""
        parameter = self.values[p]
        if parameter.grad is None:
            return
        weights = _cut(parameter.nodes)
        direction = _cut(parameter.grad)
        if settings["weight_decay"]:
            direction = direction + weights * settings["weight_decay"]
        if settings["momentum"]:
            key = (p, *sorted(settings.items()))
            if key in self.momenta:
                direction = self.momenta[key] * settings["momentum"] + direction
            self.momenta[key] = _cut(direction)
        parameter.nodes = _cut(weights - direction * settings["lr"])

    def _look(self, what: str, x: Variable) -> Answer:
        match what:
            case "value" | "shape" | "dtype":
                return _interval(x.nodes)
            case "grad":
                return ZeroOrNothing(x.nodes.shape) if x.grad is None else _interval(x.grad)
            case "requires_grad":
                return FlagIs(x.requires_grad)
            case "is_leaf":
                return FlagIs(x.is_leaf)
            case _:
                return FlagIs(x.requires_grad and not x.is_leaf)


def _constant(array: Array) -> Variable:
    if array.kind == "bool":
        return Variable(constants(np.zeros(())), condition=array.numpy())
    return Variable(constants(array.numpy()))


def _set_requires_grad(x: Variable, flag: bool) -> None:
    if not x.is_leaf and not flag:
        raise RequiredError
    x.requires_grad = flag


def _grad_as_value(x: Variable) -> Variable:
    if x.grad is None:
        raise RequiredError
    tracked = any(node.args for node in x.grad.ravel().tolist())
    parents = x.grad_parents if tracked else ()
    return Variable(x.grad, requires_grad=tracked, is_leaf=not tracked, parents=parents)


def _accumulate(variable: Variable, found: dict[Node, Node], *, keep: bool) -> None:
    """Add the adjoints to a leaf; a result remembers them where that was asked for."""
    nodes = variable.nodes.ravel().tolist()
    zero = Node.number(0.0)
    flat = np.empty(len(nodes), dtype=object)
    flat[:] = [found.get(node, zero) for node in nodes]
    flow = flat.reshape(variable.nodes.shape)
    if variable.is_leaf or variable.retains or keep:
        variable.grad = flow if variable.grad is None else _sum(variable.grad, flow)


def _sum(a: Nodes, b: Nodes) -> Nodes:
    total = np.empty(a.shape, dtype=object)
    total[...] = a + b
    return total


def _ancestors(root: Variable) -> list[Variable]:
    """Return ``root`` and every tracked variable that it was made from, in a fixed order."""
    found: dict[int, Variable] = {id(root): root}
    stack = [root]
    while stack:
        for parent in stack.pop().parents:
            if id(parent) not in found:
                found[id(parent)] = parent
                stack.append(parent)
    return list(found.values())


def _cut(nodes: Nodes | Node) -> Nodes:
    array = np.asarray(nodes, dtype=object)  # arithmetic turns an array of rank 0 into its element
    flat = np.empty(array.size, dtype=object)
    flat[:] = [node.cut() for node in array.ravel().tolist()]
    return flat.reshape(array.shape)


def _interval(nodes: Nodes) -> Interval:
    items: Iterable[Node] = nodes.ravel().tolist()
    return interval(nodes.shape, [(n.balls[0].value, n.balls[1].value) for n in items])
