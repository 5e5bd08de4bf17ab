"""Print a Program as its author would write it in an engine's own spelling."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import count
from math import isfinite
from string import ascii_lowercase
from textwrap import indent
from typing import Any

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Attribute,
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
    Slice,
)
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import template

__all__ = ["Line", "lines", "literal", "look_text", "script"]

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line, the instruction that it belongs to (None: scaffolding), its indentation."""

    index: int | None
    text: str
    depth: int = 0

    def __str__(self) -> str:
        return indent(self.text, _INDENT * self.depth)


def lines(program: Program, spelling: Spelling) -> tuple[Line, ...]:
    """Return the program's lines; an Observe is the expression that is looked at."""
    return tuple(_Printer(program, spelling).body(program.instructions, 0))


def look_text(program: Program, spelling: Spelling, index: int) -> str:
    """Return the expression of the Observe at ``index``: ``a.grad``."""
    return next(line.text for line in lines(program, spelling) if line.index == index)


def script(program: Program, spelling: Spelling, expected: Mapping[int, str]) -> str:
    """Return a script that runs by itself and prints what comes beside what is expected.

    ``expected``: the text for each Observe to be shown, and for each instruction that has to raise.
    Run it where the spelling's imports work: in the folder of the submission.
    """
    out: list[str] = []
    observed = {k for k, i in program.numbered() if isinstance(i, Observe)}
    for line in lines(program, spelling):
        told = None if line.index is None else expected.get(line.index)
        if told is None:
            shown = [line.text] if line.index not in observed else ["pass"] * bool(line.depth)
        elif line.index in observed:
            shown = [f"print({f'{line.text} is'!r}, {line.text})"]
        else:
            shown = [
                "try:",
                indent(line.text, _INDENT),
                f"{_INDENT}print('no exception was raised')",
                "except Exception as error:",
                f"{_INDENT}print('raised', type(error).__name__, error)",
            ]
        if told is not None:
            shown.append(f"print({'  expected ' + told!r})")
        out += [indent(text, _INDENT * line.depth) for text in shown]
    imports = _imports_needed(spelling, "\n".join(out))
    if any("np." in text for text in out) and "np" not in _bound(tuple(imports)):
        imports.insert(0, "import numpy as np")
    return "\n".join([*imports, "", *out]) + "\n"


def _imports_needed(spelling: Spelling, body: str) -> list[str]:
    """Return the import lines without the names that ``body`` does not use.

    A name that stands in the way of one of Python's own (``from engine import sum``) is in the
    script for those alone who use it. Lines that are no plain imports stay as they are.
    """
    statements = [ast.parse(line).body[0] for line in spelling.imports]
    others = [s for s in statements if not isinstance(s, (ast.Import, ast.ImportFrom))]
    nodes = [n for tree in (ast.parse(body), *others) for n in ast.walk(tree)]
    used = {n.id for n in nodes if isinstance(n, ast.Name)}
    kept = []
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            names = [a for a in statement.names if (a.asname or a.name).partition(".")[0] in used]
            statement.names = names
            kept += [ast.unparse(statement)] if names else []
        else:
            kept.append(ast.unparse(statement))
    return kept


def literal(value: Attribute) -> str:
    """Return an attribute as Python source."""
    match value:
        case Array():
            return _array(value)
        case Slice(start, stop, step):
            ends = ["" if v is None else str(v) for v in (start, stop)]
            return ":".join(ends) if step is None else ":".join([*ends, str(step)])
        case tuple():
            inner = ", ".join(literal(v) for v in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case float() if not isfinite(value):
            return f"float('{value}')"
        case _:
            return repr(value)


class _Printer:
    """The names given so far, and the spelling in which to print."""

    def __init__(self, program: Program, spelling: Spelling) -> None:
        self._program = program
        self._spelling = spelling
        self._shapes = shapes(program)
        self._names: dict[int, str] = {}
        self._fresh = _variable_names(_taken(spelling))
        self._made: list[str] = []  # every name that a line has assigned to, in order
        self._optimizers: dict[OptimizerStep, str] = {}
        self._next = 0

    def body(self, body: tuple[Instruction, ...], depth: int) -> Iterator[Line]:
        for instruction in body:
            index = self._next
            self._next += 1
            if isinstance(instruction, Mode):
                yield from self._mode(instruction, depth)
            else:
                text = self._line(index, instruction)
                if text:
                    yield Line(index, text, depth)

    def _mode(self, mode: Mode, depth: int) -> Iterator[Line]:
        manager = getattr(self._spelling, mode.kind) or f"{mode.kind}()"
        if mode.raises:
            yield Line(None, "try:", depth)
            depth += 1
        if mode.decorator:
            yield Line(None, f"@{manager}", depth)
            yield Line(None, "def run():", depth)
        else:
            yield Line(None, f"with {manager}:", depth)
        n_before = len(self._made)
        inner = list(self.body(mode.body, depth + 1))
        made = ", ".join(dict.fromkeys(self._made[n_before:]))
        if mode.decorator and made:
            yield Line(None, f"global {made}", depth + 1)
        yield from inner
        if mode.raises:
            yield Line(None, "raise ValueError", depth + 1)
        elif not inner:
            yield Line(None, "pass", depth + 1)
        if mode.decorator:
            yield Line(None, "run()", depth)
        if mode.raises:
            yield Line(None, "except ValueError:", depth - 1)
            yield Line(None, "pass", depth)

    def _line(self, index: int, instruction: Instruction) -> str:
        spelling = self._spelling
        match instruction:
            case Leaf(array, requires_grad):
                text = self._number(spelling.leaf, array, requires_grad=str(requires_grad))
                return self._bind(index, text)
            case Constant(array, plain):
                return self._constant(index, array, plain)
            case Apply(op, args, attrs):
                return self._bind(index, self._apply(op, args, dict(attrs), instruction))
            case Detach(x):
                return self._bind(index, self._fill(spelling.detach, x))
            case GradOf(x):
                return self._bind(index, self._grad_of(x))
            case Backward():
                return self._backward(instruction)
            case ClearGrad(x):
                return self._fill(spelling.clear, x)
            case RetainGrad(x):
                return self._fill(spelling.retain_grad, x)
            case SetRequiresGrad(x, flag):
                return self._fill(spelling.set_requires_grad, x, flag=str(flag))
            case InPlace(op, x, args):
                y = {"y": self._names[args[0]]} if args else {}
                self._names[index] = self._names[x]
                self._made.append(self._names[x])
                return self._fill(dict(spelling.in_place)[op], x, **y)
            case Assign(x, y):
                value = self._fill(spelling.value, y)
                forms = {"y": self._names[y], "data": value, "number": value, "nested": value}
                return self._fill(spelling.assign, x, **forms)
            case OptimizerStep():
                return self._optimizer_step(instruction)
            case Observe(what, x):
                return self._look(what, x)
            case _:
                return ""

    def _apply(
        self,
        op: str,
        args: tuple[int, ...],
        attrs: dict[str, Attribute],
        apply: Apply,
    ) -> str:
        row = op_named(op)
        ops = dict(self._spelling.ops)
        key = op_key(apply, tuple(self._shapes[a] for a in args))
        text = ops.get(key) or ops.get(op) or f"{op}({', '.join(row.arguments)})"
        names = [self._names[a] for a in args]
        if row.signature == "join":
            operands = {"xs": "[" + ", ".join(names) + "]"}
        else:
            operands = dict(zip(row.arguments, names, strict=True))
        settings = {
            k: _index(v) if k == "index" else literal(v)
            for k, v in {**dict(row.attributes), **attrs}.items()
        }
        return template(text).print({**operands, **settings})

    def _optimizer_step(self, step: OptimizerStep) -> str:
        if step in self._optimizers:
            return f"{self._optimizers[step]}.step()"
        n_others = len(self._optimizers)
        name = f"optimizer_{n_others + 1}" if n_others else "optimizer"
        self._optimizers[step] = name
        self._made.append(name)
        named = {k: literal(v) for k, v in step.settings}
        named["parameters"] = "[" + ", ".join(self._names[p] for p in step.parameters) + "]"
        made = template(dict(self._spelling.optimizers)[step.rule]).print(named)
        return f"{name} = {made}\n{name}.step()"

    def _backward(self, b: Backward) -> str:
        spelling = self._spelling
        root = self._names[b.x]
        takes = any(n.startswith("cotangent") for n in template(spelling.backward).names)
        forms = dict.fromkeys(("cotangent", "cotangent_number", "cotangent_nested"), "None")
        if b.cotangent is not None and not takes:
            root = self._weighted(root, b.cotangent)
        elif b.cotangent is not None:
            data = self._data(b.cotangent)
            forms = {f"cotangent{k}": data[n] for k, n in _SUFFIXES.items()}
        flags = {"retain_graph": str(b.retain_graph), "create_graph": str(b.create_graph)}
        return template(spelling.backward).print({"x": root, **forms, **flags})

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
        if spelling.grad_of:
            return self._fill(spelling.grad_of, x)
        grad = self._fill(spelling.grad, x)
        forms = {"data": grad, "number": grad, "nested": grad, "requires_grad": "False"}
        return template(spelling.constant or spelling.leaf).print(forms)

    def _look(self, what: str, x: int) -> str:
        spelling = self._spelling
        if what in {"value", "shape", "dtype"}:
            return self._fill(spelling.value, x)
        return self._fill(getattr(spelling, what), x)

    def _fill(self, text: str, x: int, **others: str) -> str:
        return template(text).print({"x": self._names[x], **others})

    def _number(self, text: str, array: Array, **others: str) -> str:
        return template(text).print({**self._data(array), "requires_grad": "False", **others})

    def _data(self, array: Array) -> dict[str, str]:
        coarse = array.kind == "float" and self._spelling.dtype != "float64"
        data = _array(array, f"np.{self._spelling.dtype}" if coarse else "")
        number = literal(array.numpy().item()) if len(array.values) == 1 else "None"
        return {"data": data, "number": number, "nested": _nested(array)}

    def _bind(self, index: int, text: str) -> str:
        self._names[index] = next(self._fresh)
        self._made.append(self._names[index])
        return f"{self._names[index]} = {text}"


_SUFFIXES = {"": "data", "_number": "number", "_nested": "nested"}


def _variable_names(taken: frozenset[str]) -> Iterator[str]:
    """Yield a, b, ..., z, a1, b1, ...; without those that are taken or read badly."""
    letters = [c for c in ascii_lowercase if c not in "lo"]
    for k in count():
        names = (f"{c}{k or ''}" for c in letters)
        yield from (name for name in names if name not in taken)


def _taken(spelling: Spelling) -> frozenset[str]:
    """Return the names that the spelling's lines mean something by; x and y are filled in."""
    texts = [getattr(spelling, f.name) for f in fields(spelling) if f.name not in _NO_TEMPLATES]
    texts += [text for _, text in (*spelling.ops, *spelling.in_place, *spelling.optimizers)]
    used = {name for text in texts if text for name in template(text).names}
    return frozenset(used - {"x", "y"}) | _bound(spelling.imports)


_NO_TEMPLATES = {"name", "imports", "ops", "in_place", "optimizers", "can", "dtype", "kind"}


def _bound(imports: tuple[str, ...]) -> frozenset[str]:
    """Return the names that import lines bind."""
    found = [n for line in imports for n in ast.walk(ast.parse(line)) if isinstance(n, ast.alias)]
    return frozenset(alias.asname or alias.name.partition(".")[0] for alias in found)


def _array(array: Array, dtype: str = "") -> str:
    if not array.values:  # nested lists would lose the shape, and the kind
        return f"np.zeros({array.shape}, dtype={dtype or f'np.{array.numpy().dtype}'})"
    return f"np.array({_nested(array)}, dtype={dtype})" if dtype else f"np.array({_nested(array)})"


def _nested(array: Array) -> str:
    return _list(array.numpy().tolist())


def _list(nested: Any) -> str:  # noqa: ANN401 - nested lists of numbers
    if isinstance(nested, list):
        return "[" + ", ".join(map(_list, nested)) + "]"
    return literal(nested)


def _index(index: Attribute) -> str:
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(literal(part) for part in parts) or "()"
