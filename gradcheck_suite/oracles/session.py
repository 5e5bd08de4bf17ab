"""A session: autograd's semantics over nodes with enclosures, one instruction after the other.

Leaves, flags, accumulation, modes and lifetimes are written down here once more, independently of
``reference/``: what is tracked follows the flags, gradients are sums of adjoints, and conventions
come from a Dialect.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.oracles.answer import Answer, FlagIs, MustRaise, ZeroOrNothing
from gradcheck_suite.oracles.optimizers import RULES, Rule, State
from gradcheck_suite.oracles.reading import current
from gradcheck_suite.oracles.scalarise import (
    Node,
    Nodes,
    adjoints,
    apply,
    constants,
    symbolic_adjoints,
    tangents,
)
from gradcheck_suite.oracles.variable import (
    HOOKS,
    RequiredError,
    Variable,
    accumulate,
    ancestors,
    clear,
    cut,
    enclosed,
    from_constant,
    from_leaf,
    grad_as_value,
    overwrite,
    set_requires_grad,
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
    Hook,
    InPlace,
    Instruction,
    Leaf,
    Meanwhile,
    Misapply,
    Mode,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
    PushForward,
    RetainGrad,
    SetRequiresGrad,
    Thread,
    Unhook,
)
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.optimizers import OPTIMIZERS, settings_of
from gradcheck_suite.program.table import op_named

__all__ = ["Session"]


class NeverMadeError(Exception):
    """An instruction uses a value whose own instruction had to raise: it is skipped."""


class _Values(dict[int, Variable]):
    """The variables by index."""

    def __missing__(self, index: int) -> Variable:
        raise NeverMadeError


@dataclass(slots=True)
class Session:
    """The state of one run over nodes."""

    dialect: Dialect
    variant: int = 0
    values: _Values = field(default_factory=_Values)
    seen: dict[int, Answer] = field(default_factory=dict)
    enabled: bool = True
    around: bool = True
    """The mode outside of the innermost block."""
    optimizers: dict[OptimizerStep, dict[int, State]] = field(default_factory=dict)
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=lambda: RULES)
    hooked: dict[int, Variable] = field(default_factory=dict)
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
                if array.kind == "int" and requires_grad and self.dialect.integer_leaf == "raises":
                    raise RequiredError
                values[index] = from_leaf(index, array, requires_grad)
                if requires_grad and self.dialect.unset_gradient == "zeros":
                    values[index].grad = constants(np.zeros(array.shape))
            case Constant(array):
                values[index] = from_constant(array)
            case Apply(op, args, attrs):
                values[index] = self._apply(op, [values[a] for a in args], attrs)
            case Misapply():
                raise RequiredError
            case Detach(x):
                values[index] = Variable(cut(values[x].nodes))
            case GradOf(x):
                values[index] = grad_as_value(values[x])
            case PushForward():
                values[index] = self._push_forward(instruction)
            case InPlace(op, x, args, attrs):
                values[index] = self._in_place(op, values[x], [values[a] for a in args], attrs)
            case Observe(what, x):
                self.seen[index] = self._look(what, values[x])
            case Mode(kind, body, decorator):
                self._block(body, enabled=kind == "enable_grad", suspends=not decorator)
            case Meanwhile(body):
                keeps = self.dialect.suspended_generator == "keeps"
                self._block(body, enabled=self.around if keeps else self.enabled)
            case Thread(body):
                self._block(body, enabled=True)
            case _:
                self._change(index, instruction)

    def _block(
        self, body: tuple[Instruction, ...], *, enabled: bool, suspends: bool = False
    ) -> None:
        """Run a block in its own mode; ``suspends``: what is run meanwhile is run outside of it."""
        before = self.enabled, self.around
        self.enabled, self.around = enabled, self.enabled if suspends else enabled
        self._body(body)
        self.enabled, self.around = before

    def _change(self, index: int, instruction: Instruction) -> None:
        """Run an instruction that makes no value."""
        values = self.values
        match instruction:
            case Backward(cotangent=cotangent):
                self._backward(instruction)
                if cotangent is not None:
                    values[index] = from_constant(cotangent)  # nobody writes into it
            case ClearGrad(x):
                clear(values[x])
            case RetainGrad(x):
                values[x].retains = True
            case SetRequiresGrad(x, flag):
                set_requires_grad(values[x], flag, self.dialect.switched_result)
            case Assign(x, y):
                overwrite(values[x], values[y].nodes)
            case Hook(x, rule):
                values[x].hooks[index] = rule
                self.hooked[index] = values[x]
            case Unhook(hook):
                del self.hooked[hook].hooks[hook]
            case OptimizerStep():
                self._optimizer_step(instruction)
            case OptimizerClear(parameters=parameters):
                for p in parameters:
                    clear(values[p])
            case _:
                raise AssertionError(instruction)

    def _apply(self, op: str, operands: list[Variable], attrs: Attributes) -> Variable:
        recorded = self._recorded(operands)
        args = [
            v.condition if v.condition is not None else v.nodes if v in recorded else cut(v.nodes)
            for v in operands
        ]
        row = op_named(op)
        nodes = apply(row, args, attrs, self.variant)
        if not recorded or not row.differentiable:
            return Variable(cut(nodes))
        return Variable(
            nodes,
            requires_grad=True,
            is_leaf=False,
            parents=recorded,
            saved=_factors(operands) if op in _PRODUCTS else (),
            breaks=row.breaks,
            view=_view(row, operands[0], attrs) if op in _VIEWS else None,
        )

    def _recorded(self, operands: list[Variable]) -> tuple[Variable, ...]:
        """Return the operands that an op is recorded with; (): it is not recorded."""
        if not self.enabled or not any(v.requires_grad for v in operands):
            return ()
        constants_too = self.dialect.constant_grad == "kept"
        return tuple(v for v in operands if v.requires_grad or (constants_too and v.is_leaf))

    def _in_place(
        self,
        op: str,
        x: Variable,
        others: list[Variable],
        attrs: Attributes,
    ) -> Variable:
        """Run ``x op= ...``: the very value changes, or its name comes to stand for a new one."""
        if self.dialect.in_place == "rebinds":
            return self._apply(op, [x, *others], attrs)
        base, places = x.view if x.view and self.dialect.views == "shared" else (None, None)
        if self.dialect.in_place == "refuses" and self._are_needed(x, base):
            raise RequiredError
        if x.is_leaf and x.requires_grad:
            if self.enabled:
                raise RequiredError
            overwrite(x, self._apply(op, [x, *others], attrs).nodes)
            return x
        if base and base.is_leaf and base.requires_grad and self.enabled:
            raise RequiredError
        result = self._apply(op, [x, *others], attrs)
        # It knows what it overwrites.
        result.saved = tuple((v, version) for v, version in result.saved if v is not x)
        result.view = x.view
        x.version += 1
        if base:
            base.nodes = np.array(base.nodes)
            base.nodes.ravel()[places] = result.nodes.ravel()
            base.parents += result.parents
            base.version += 1
        return result

    def _are_needed(self, *changed: Variable | None) -> bool:
        """Tell whether the backward of some result needs the numbers of any of them."""
        results = [v for v in self.values.values() if not v.freed]
        return any(saved is x for v in results for saved, _ in v.saved for x in changed)

    def _push_forward(self, push: PushForward) -> Variable:
        nodes = self.values[push.x].nodes
        given = {
            node: tangent
            for leaf, array in zip(push.leaves, push.tangents, strict=True)
            for node, tangent in zip(
                self.values[leaf].nodes.ravel().tolist(),
                constants(array.numpy()).ravel().tolist(),
                strict=True,
            )
        }
        moves = tangents(nodes.ravel().tolist(), {n: t.balls for n, t in given.items()})
        flat = np.empty(nodes.size, dtype=object)
        flat[:] = [Node.number(0.0) if balls is None else Node(balls) for balls in moves]
        return Variable(flat.reshape(nodes.shape))

    def _optimizer_step(self, step: OptimizerStep) -> None:
        """Move every parameter that has a gradient; the others stay, and so does their state."""
        forms = self.rules[step.rule]
        rule = forms[min(self.variant, len(forms) - 1)]
        states = self.optimizers.setdefault(step, {})
        epsilon = OPTIMIZERS[step.rule].epsilon
        form = getattr(self.dialect, epsilon) if epsilon else ""
        settings = {**settings_of(step.rule, step.settings), "epsilon": form}
        for p in step.parameters:
            parameter = self.values[p]
            if parameter.grad is not None:
                state = states.setdefault(p, State())
                moved = rule(cut(parameter.nodes), cut(parameter.grad), state, settings)
                overwrite(parameter, moved)

    def _backward(self, b: Backward) -> None:
        root = self.values[b.x]
        if not root.requires_grad:
            if self.dialect.no_grad_backward == "raises":
                raise RequiredError
            return
        graph = ancestors(root)
        results = [v for v in graph if not v.is_leaf]
        if any(v.freed or v.breaks for v in results):
            raise RequiredError
        if any(x.version != version for v in results for x, version in v.saved):
            raise RequiredError
        seed = self._seed(root, b.cotangent)
        pairs = zip(root.nodes.ravel().tolist(), seed.ravel().tolist(), strict=True)
        hooks = _hooks(results)
        if b.create_graph:
            found = symbolic_adjoints(dict(pairs), hooks)
        else:
            idle = [n for v in graph for n in v.nodes.ravel()] if current().multiplied_out else ()
            numbers = adjoints({node: cotangent.balls for node, cotangent in pairs}, idle, hooks)
            found = {node: Node(balls) for node, balls in numbers.items()}
        for variable in graph:
            if self.dialect.accumulation == "overwrites":
                clear(variable)
            accumulate(variable, found, keep=self.dialect.nonleaf_grad == "kept")
            if b.create_graph:
                variable.grad_parents += tuple(graph)
        if self.dialect.second_backward == "raises" and not (b.retain_graph or b.create_graph):
            for variable in results:
                variable.freed = True

    def _seed(self, root: Variable, cotangent: Array | None) -> Nodes:
        if cotangent is not None:
            if cotangent.shape != root.nodes.shape:
                raise RequiredError
            return constants(cotangent.numpy())
        if root.nodes.size != 1 and self.dialect.nonscalar_backward == "raises":
            raise RequiredError
        return constants(np.ones(root.nodes.shape))

    def _look(self, what: str, x: Variable) -> Answer:
        match what:
            case "value" | "shape" | "cotangent":
                return enclosed(x.nodes)
            case "dtype":
                return FlagIs(value=True)
            case "grad":
                return ZeroOrNothing(x.nodes.shape) if x.grad is None else enclosed(x.grad)
            case "requires_grad":
                return FlagIs(x.requires_grad)
            case "is_leaf":
                return FlagIs(x.is_leaf)
            case "released":
                return FlagIs(True)
            case "unset":
                return FlagIs(x.grad is None)
            case _:
                return FlagIs(x.requires_grad and not x.is_leaf)


# Of every other op some engine keeps something else: its result, the derivative, or a copy.
_PRODUCTS: Final = frozenset({"mul", "matmul"})
_VIEWS: Final = frozenset(
    {"getitem", "reshape", "transpose", "swapaxes", "squeeze", "unsqueeze", "diagonal"},
)


def _factors(operands: list[Variable]) -> tuple[tuple[Variable, int], ...]:
    """Return the factors of a product that the gradient of the other one is made from."""
    x, y = operands
    return ((x, x.version),) * y.requires_grad + ((y, y.version),) * x.requires_grad


def _view(row: Op, x: Variable, attrs: Attributes) -> tuple[Variable, npt.NDArray[np.intp]] | None:
    """Return the base of a view, and the places of its elements in there, in C order.

    None for integer arrays and masks as an index: they make copies everywhere.
    """
    settings = row.settings(attrs)
    index = settings.get("index")
    if any(isinstance(part, Array) for part in (index if isinstance(index, tuple) else (index,))):
        return None
    base, known = x.view or (x, np.arange(x.nodes.size))
    return base, row.forward(known.reshape(x.nodes.shape), **settings).ravel()


def _hooks(results: Iterable[Variable]) -> dict[Node, Callable[[Any], Any]]:
    """Return what the hooks on results make of the gradient of each of their nodes."""

    def of(variable: Variable) -> Callable[[Any], Any]:
        def replaced(gradient: Any) -> Any:  # noqa: ANN401 - a ball, or a node
            for rule in variable.hooks.values():
                gradient = HOOKS[rule](gradient)
            return gradient * 0 if variable.blocks else gradient

        return replaced

    bent = [v for v in results if v.hooks or v.blocks]
    return {n: of(v) for v in bent for n in v.nodes.ravel().tolist()}
