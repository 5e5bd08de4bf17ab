"""Print a Program as its author would write it in an engine's own spelling."""

from collections.abc import Iterator
from textwrap import indent

from gradcheck_suite.program import blocks
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.blocks import INDENT, Line
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.functions import Functions, Texts
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attribute,
    Backward,
    BackwardFrom,
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
from gradcheck_suite.program.literals import array_text, index_text, literal, nested_text
from gradcheck_suite.program.loops import Chain, chains
from gradcheck_suite.program.naming import taken_names, variable_names
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.paths import path
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import template

__all__ = ["lines"]


def lines(program: Program, spelling: Spelling) -> tuple[Line, ...]:
    """Return the program's lines; an Observe is the expression that is looked at."""
    return tuple(_Printer(program, spelling).body(program.instructions))


class _Printer:
    """The names given so far, and the spelling in which to print."""

    def __init__(self, program: Program, spelling: Spelling) -> None:
        self._program = program
        self._spelling = spelling
        self._shapes = shapes(program)
        self._names: dict[int, str] = {}
        self._fresh = variable_names(taken_names(spelling))
        self._made: list[str] = []  # every name that a line has assigned to, in order
        self._optimizers: dict[tuple[object, ...], str] = {}
        self._hooked: dict[int, str] = {}  # what each hook was registered on
        self._next = 0
        self._n_waiting = 0
        looks = [i for _, i in program.numbered() if isinstance(i, Observe)]
        self._looked_at = {i.x for i in looks if i.what == "cotangent"}
        self._chains = {chain.indices[0]: chain for chain in chains(program)}
        self._in_chains = {k for chain in self._chains.values() for k in chain.indices}
        self._texts = Texts(self._names, self._fresh, self._apply, self._weighted, self._looped)
        self._functions = Functions(program, spelling, self._texts)

    def body(self, body: tuple[Instruction, ...]) -> Iterator[Line]:
        for instruction in body:
            index = self._next
            self._next += 1
            chain = self._chains.get(index)
            if self._functions.hides(index, instruction):
                continue
            if chain:
                yield from self._chain(chain)
            elif index in self._in_chains:
                continue
            elif isinstance(instruction, Mode):
                yield from self._mode(instruction)
            elif isinstance(instruction, Meanwhile):
                yield from self.body(instruction.body)
            elif isinstance(instruction, Thread):
                yield from self._thread(instruction)
            elif isinstance(instruction, Observe) and instruction.what == "released":
                yield from self._released(index, instruction.x)
            else:
                text = self._line(index, instruction)
                if text:
                    yield Line(index, text)

    def _chain(self, chain: Chain) -> Iterator[Line]:
        """Print ops that follow one another, each on the result of the one before, as a loop."""
        start, last = self._names[chain.start], chain.indices[-1]
        yield Line(None, self._bind(last, start))
        self._names[chain.start] = self._names[last]
        step = self._apply(chain.step)
        self._names[chain.start] = start
        yield Line(None, f"for _ in range({len(chain.indices)}):")
        yield Line(last, f"{self._names[last]} = {step}", 1)

    def _looped(self, k: int) -> list[str] | None:
        """Return the loop that stands for the step ``k``; None where it stands in none."""
        if k in self._chains:
            return [str(line) for line in self._chain(self._chains[k])]
        return [] if k in self._in_chains else None

    def _released(self, index: int, x: int) -> Iterator[Line]:
        """Print how the program lets go of all results, and asks whether ``x`` is still there."""
        program = [(k, i) for k, i in self._program.numbered() if k in self._names]
        kept = dict.fromkeys(self._names[k] for k, i in program if isinstance(i, _KEPT))
        results = [n for n in dict.fromkeys(self._made) if n not in kept]
        name = self._names[x]
        yield Line(None, f"mark = type({name}), id({name})")
        yield Line(None, f"del {', '.join(results)}")
        for one in kept if self._spelling.clear else ():
            yield Line(None, template(self._spelling.clear).print({"x": one}))
        yield Line(None, "gc.collect()")
        yield Line(index, "mark not in [(type(o), id(o)) for o in gc.get_objects()]")

    def _thread(self, thread: Thread) -> Iterator[Line]:
        inner, made = self._function_body(thread.body)
        yield from blocks.thread(inner, made)

    def _mode(self, mode: Mode) -> Iterator[Line]:
        manager = getattr(self._spelling, mode.kind) or f"{mode.kind}()"
        if not mode.decorator and any(isinstance(i, Meanwhile) for i in mode.body):
            yield from self._generator(mode, manager)
            return
        inner, made = self._function_body(mode.body)
        inner += _RAISE if mode.raises else ()
        if mode.decorator:
            around = list(blocks.decorated(manager, inner, made))
        else:
            around = list(blocks.with_block(manager, inner))
        yield from blocks.caught(around) if mode.raises else around

    def _generator(self, mode: Mode, manager: str) -> Iterator[Line]:
        """Print a generator that waits in the block of a mode, and what is done meanwhile."""
        name = f"waiting{self._n_waiting or ''}"
        self._n_waiting += 1
        inside: list[Line] = []
        outside: list[list[Line]] = []
        made: list[str] = []
        for instruction in mode.body:
            if isinstance(instruction, Meanwhile):
                self._next += 1  # the Meanwhile's own index
                inside.append(Line(None, "yield"))
                outside.append(list(self.body(instruction.body)))
            else:
                lines, names = self._function_body((instruction,))
                inside += lines
                made += names
        inside += _RAISE if mode.raises else ()
        block = list(blocks.with_block(manager, inside))
        yield from blocks.generator(name, block, outside, made, raises=mode.raises)

    def _function_body(self, body: tuple[Instruction, ...]) -> tuple[list[Line], list[str]]:
        """Return the lines of a body, and the names that it gives values to."""
        n_before = len(self._made)
        return list(self.body(body)), self._made[n_before:]

    def _line(self, index: int, instruction: Instruction) -> str:
        spelling = self._spelling
        match instruction:
            case Leaf(array, requires_grad):
                text = self._number(spelling.leaf, array, requires_grad=str(requires_grad))
                return self._bind(index, text)
            case Constant(array, plain):
                return self._constant(index, array, plain)
            case Apply():
                return self._bind(index, self._apply(instruction))
            case Misapply():
                return self._apply(instruction)
            case Hook(x, rule):
                return self._hook(index, x, HOOKS[rule])
            case PushForward():
                return self._push_forward(index, instruction)
            case Detach(x):
                return self._bind(index, self._fill(spelling.detach, x))
            case GradOf(x):
                return self._bind(index, self._grad_of(x))
            case Backward():
                return self._backward(index, instruction)
            case Assign() | ClearGrad() | RetainGrad() | SetRequiresGrad() | Unhook():
                return self._effect(instruction)
            case InPlace():
                return self._in_place(index, instruction)
            case OptimizerStep() | OptimizerClear():
                return self._by_optimizer(instruction)
            case Observe(what, x):
                return self._look(what, x)
            case _:
                return ""

    def _effect(
        self,
        instruction: Assign | ClearGrad | RetainGrad | SetRequiresGrad | Unhook,
    ) -> str:
        spelling = self._spelling
        match instruction:
            case Assign(x, y):
                value = self._fill(spelling.value, y)
                forms = {"y": self._names[y], "data": value, "number": value, "nested": value}
                return self._fill(spelling.assign, x, **forms)
            case ClearGrad(x):
                if spelling.gradient:
                    return self._functions.clear(x)
                return self._fill(spelling.clear, x)
            case RetainGrad(x):
                return self._fill(spelling.retain_grad, x)
            case SetRequiresGrad(x, flag):
                return self._fill(spelling.set_requires_grad, x, flag=str(flag))
            case Unhook(hook):
                names = {"y": self._hooked[hook], "hook": self._names[hook]}
                return self._fill(spelling.unhook, hook, **names)

    def _hook(self, index: int, x: int, function: str) -> str:
        spelling = self._spelling
        self._hooked[index] = self._names[x]
        if spelling.unhook and "hook" in template(spelling.unhook).names:  # the function is needed
            named = self._bind(index, function)
            return f"{named}\n{self._fill(spelling.hook, x, hook=self._names[index])}"
        return self._bind(index, self._fill(spelling.hook, x, hook=function))

    def _in_place(self, index: int, i: InPlace) -> str:
        y = {"y": self._names[i.args[0]]} if i.args else {}
        self._names[index] = self._names[i.x]
        self._made.append(self._names[i.x])
        text = dict(self._spelling.in_place)[i.op]
        return self._fill(text, i.x, **y, **_texts(dict(i.attrs)))

    def _apply(self, apply: Apply | Misapply) -> str:
        op = apply.op
        row = op_named(op)
        ops = dict(self._spelling.ops)
        key = op_key(apply, tuple(self._shapes[a] for a in apply.args))
        text = ops.get(key) or ops.get(op) or f"{op}({', '.join(row.arguments)})"
        names = [self._names[a] for a in apply.args]
        if row.signature == "join":
            operands = {"xs": "[" + ", ".join(names) + "]"}
        else:
            operands = dict(zip(row.arguments, names, strict=True))
        return template(text).print({**operands, **_texts(row.settings(apply.attrs))})

    def _push_forward(self, index: int, push: PushForward) -> str:
        """Print a function of the leaves, and the call that takes its tangent."""
        steps = path(self._program, push.x, push.leaves)
        arguments = ", ".join(self._names[leaf] for leaf in push.leaves)
        body = [f"{self._texts.name(k)} = {self._apply(apply)}" for k, apply in steps]
        body.append(f"return {self._names[push.x]}")
        function = "\n".join([f"def f({arguments}):", *(indent(line, INDENT) for line in body)])
        text = self._spelling.constant or self._spelling.leaf
        tangents = ", ".join(self._number(text, array) for array in push.tangents)
        texts = {"f": "f", "primals": f"[{arguments}]", "tangents": f"[{tangents}]"}
        call = template(self._spelling.push_forward).print(texts)
        return f"{function}\n{self._bind(index, call)}"

    def _by_optimizer(self, i: OptimizerStep | OptimizerClear) -> str:
        """Print what an optimizer does, which is made where it is first used."""
        spelling = self._spelling
        does = template(spelling.step if isinstance(i, OptimizerStep) else spelling.optimizer_clear)
        key = i.rule, i.parameters, i.settings
        if key in self._optimizers:
            return does.print({"x": self._optimizers[key]})
        n_others = len(self._optimizers)
        name = f"optimizer_{n_others + 1}" if n_others else "optimizer"
        self._optimizers[key] = name
        self._made.append(name)
        unset = {k: "None" for k, _ in OPTIMIZERS[i.rule].settings}
        named = unset | {k: literal(v) for k, v in i.settings}
        named["parameters"] = "[" + ", ".join(self._names[p] for p in i.parameters) + "]"
        made = template(dict(spelling.optimizers)[i.rule]).print(named)
        return f"{name} = {made}\n{does.print({'x': name})}"

    def _backward(self, index: int, b: Backward) -> str:
        spelling = self._spelling
        if spelling.gradient:
            return self._functions.differentiate(b)
        root = self._names[b.x]
        own = spelling.backward_from if isinstance(b, BackwardFrom) else ""
        call = template(own or spelling.backward)
        takes = any(n.startswith("cotangent") for n in call.names)
        forms = dict.fromkeys(("cotangent", "cotangent_number", "cotangent_nested"), "None")
        if b.cotangent is not None and not takes:
            root = self._weighted(root, b.cotangent)
        elif b.cotangent is not None:
            data = self._data(b.cotangent)
            forms = {f"cotangent{k}": data[n] for k, n in _SUFFIXES.items()}
        flags = {"retain_graph": str(b.retain_graph), "create_graph": str(b.create_graph)}
        before = ""
        if index in self._looked_at:  # then the array has a name of its own
            before = self._bind(index, forms["cotangent"]) + "\n"
            forms["cotangent"] = self._names[index]
        return before + call.print({"x": root, **forms, **flags})

    def _weighted(self, root: str, cotangent: Array) -> str:
        """Print the weighted sum that stands for a cotangent which backward does not take."""
        ops = dict(self._spelling.ops)
        weights = self._number(self._spelling.constant or self._spelling.leaf, cotangent)
        product = template(ops["mul"]).print({"x": root, "y": weights})
        if not cotangent.shape:
            return product
        return template(ops["sum"]).print({"x": product, "axis": "None", "keepdims": "False"})

    def _constant(self, index: int, array: Array, plain: bool) -> str:
        if plain:
            self._names[index] = literal(array.values[0])
            return ""
        if array.kind == "bool":
            return self._bind(index, literal(array))
        text = self._spelling.constant or self._spelling.leaf
        return self._bind(index, self._number(text, array, requires_grad="False"))

    def _grad_of(self, x: int) -> str:
        spelling = self._spelling
        if spelling.gradient:
            return self._functions.gradient(x)
        if spelling.grad_of:
            return self._fill(spelling.grad_of, x)
        grad = self._fill(spelling.grad, x)
        forms = {"data": grad, "number": grad, "nested": grad, "requires_grad": "False"}
        return template(spelling.constant or spelling.leaf).print(forms)

    def _look(self, what: str, x: int) -> str:
        spelling = self._spelling
        match what:
            case "grad" if spelling.gradient:
                return self._functions.gradient(x)
            case "value" | "shape":
                return self._fill(spelling.value, x)
            case "cotangent":
                return self._names[x]
            case "unset":
                return f"{self._fill(spelling.grad, x)} is None"
            case "dtype":
                value, grad = self._fill(spelling.value, x), self._fill(spelling.grad, x)
                if spelling.grad_of:  # gradients are values of the engine's own
                    grad = template(spelling.value).print({"x": grad})
                return f"np.asarray({grad}).dtype == np.asarray({value}).dtype"
            case _:
                return self._fill(getattr(spelling, what), x)

    def _fill(self, text: str, x: int, **others: str) -> str:
        return template(text).print({"x": self._names[x], **others})

    def _number(self, text: str, array: Array, **others: str) -> str:
        return template(text).print({**self._data(array), "requires_grad": "False", **others})

    def _data(self, array: Array) -> dict[str, str]:
        coarse = array.kind == "float" and self._spelling.dtype != "float64"
        data = array_text(array, f"np.{self._spelling.dtype}" if coarse else "")
        number = literal(array.numpy().item()) if len(array.values) == 1 else "None"
        return {"data": data, "number": number, "nested": nested_text(array)}

    def _bind(self, index: int, text: str) -> str:
        self._names[index] = next(self._fresh)
        self._made.append(self._names[index])
        return f"{self._names[index]} = {text}"


_SUFFIXES = {"": "data", "_number": "number", "_nested": "nested"}
_KEPT = (Leaf, Constant)
_RAISE = [Line(None, "raise ValueError")]
HOOKS = {
    "square": "lambda gradient: gradient * gradient",
    "double": "lambda gradient: gradient * 2.0",
    "nothing": "lambda gradient: None",
}


def _texts(settings: dict[str, Attribute]) -> dict[str, str]:
    return {k: index_text(v) if k == "index" else literal(v) for k, v in settings.items()}
