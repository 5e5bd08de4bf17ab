"""The engine behind a Spelling: runs its templates against the submission's own names.

Scalar and tensor classes, the reference and torch are all run by this one adapter; what differs
between them is data. A family's file lists spellings, never code.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.protocol import Handle
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.instructions import Apply, Attributes, ModeKind
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.shaping import python_attribute
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import OPTIONAL, template

__all__ = ["SpelledEngine", "capabilities_of", "ops_of"]

_FROM_TEMPLATES = (
    "clear",
    "detach",
    "no_grad",
    "enable_grad",
    "requires_grad",
    "is_leaf",
    "has_graph",
    "set_requires_grad",
    "retain_grad",
    "assign",
)


def capabilities_of(spelling: Spelling) -> frozenset[str]:
    """Return the needs that an engine of this spelling meets."""
    names = template(spelling.backward).names
    native = {"retain_graph": "again", "create_graph": "create_graph"}
    found = {what for name, what in native.items() if name in names}
    if names & _COTANGENTS:
        found |= {"cotangent"}
    found |= {name for name in _FROM_TEMPLATES if getattr(spelling, name)}
    found |= {f"op:{key}" for key, _ in spelling.ops}
    found |= {f"in_place:{op}" for op, _ in spelling.in_place}
    found |= {f"optimizer:{rule}" for rule, _ in spelling.optimizers}
    found |= {"grad_of"} | spelling.can
    if "requires_grad" in template(spelling.leaf).names:
        found.add("frozen_leaf")
    return frozenset(found)


_COTANGENTS = frozenset({"cotangent", "cotangent_number", "cotangent_nested"})
_NUMBERS: Final = ("data", "number", "nested")
_X: Final = ("x",)
_GIVEN: Final = (False,)
_Key = tuple[str, tuple[str, ...], tuple[bool, ...], str]


class _Lines(dict[_Key, Callable[..., Any]]):
    """The lines of one engine as functions, each compiled when it is first asked for.

    The key: the template; the names that are filled in, by position; which of them are None or
    False, and so left out where the template allows it; the name whose value a statement returns.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        super().__init__()
        self._namespace = namespace

    def __missing__(self, key: _Key) -> Callable[..., Any]:
        text, names, absent, result = key
        dropped = OPTIONAL.intersection(n for n, a in zip(names, absent, strict=True) if a)
        self[key] = template(text).compile(names, dropped, self._namespace, result)
        return self[key]


def ops_of(capabilities: frozenset[str]) -> frozenset[str]:
    """Return the ops among ``capabilities``, in whatever form they are there."""
    found = (need.removeprefix("op:") for need in capabilities if need.startswith("op:"))
    return frozenset(key.partition(".")[0] for key in found)


class SpelledEngine:
    """Any engine that a Spelling can describe."""

    def __init__(self, spelling: Spelling, namespace: dict[str, Any]) -> None:
        """Bind ``spelling`` to the names that its imports brought into ``namespace``."""
        self.spelling = spelling
        self.name = spelling.name
        self.capabilities = capabilities_of(spelling)
        self.namespace = namespace
        self._ops = dict(spelling.ops)
        self._by_form = {key.partition(".")[0] for key in self._ops if "." in key}
        self._in_place = dict(spelling.in_place)
        self._optimizer_text = dict(spelling.optimizers)
        self._lines = _Lines(namespace)
        self._plain_calls: dict[str, Callable[..., Handle]] = {}
        self._optimizers: dict[tuple[object, ...], tuple[Any, Sequence[Handle]]] = {}
        self._dtype = np.dtype(spelling.dtype)
        taken = template(spelling.backward).names
        self._seeds = tuple(sorted(taken & _COTANGENTS))
        self.native = taken | ({"cotangent"} if self._seeds else frozenset())
        """What ``backward`` takes: ``cotangent``, ``retain_graph``, ``create_graph``."""

    def leaf(self, data: npt.NDArray[np.generic], requires_grad: bool) -> Handle:
        return self._made(self.spelling.leaf, data, requires_grad)

    def constant(self, data: npt.NDArray[np.generic], plain: bool) -> Handle:
        if plain:
            return data.item()
        if data.dtype == bool:
            return data  # a condition: handed over as it is
        if self.spelling.constant:
            return self._made(self.spelling.constant, data, requires_grad=False)
        return self.leaf(data, requires_grad=False)

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        if not attrs and op in self._plain_calls:
            return self._plain_calls[op](*args)
        row, names = _named(op)
        settings = row.settings(attrs)
        key = self._key(op, args, attrs) if op in self._by_form else op
        text = self._ops.get(key) or self._ops[op]
        if not settings and row.signature != "join" and op not in self._by_form:
            self._plain_calls[op] = self._lines[text, names, (False,) * len(names), ""]
            return self._plain_calls[op](*args)
        operands = [list(args)] if row.signature == "join" else args
        further = [python_attribute(name, value) for name, value in settings.items()]
        return self._run(text, (*names, *settings), [*operands, *further])

    def apply_in_place(self, op: str, x: Handle, args: Sequence[Handle]) -> Handle:
        y = args[0] if args else None
        return self._run(self._in_place[op], ("x", "y"), [x, y], "x")

    def detach(self, x: Handle) -> Handle:
        return self._of(x, self.spelling.detach)

    def grad_of(self, x: Handle) -> Handle:
        if self.spelling.grad_of:
            return self._of(x, self.spelling.grad_of)
        grad = self.grad(x)
        if grad is None:
            msg = "got no gradient, expected one: it was to be used as a value"
            raise ValueError(msg)
        return self.constant(grad.values, plain=False)

    def backward(
        self,
        x: Handle,
        cotangent: npt.NDArray[np.generic] | None,
        retain_graph: bool,
        create_graph: bool,
    ) -> None:
        if cotangent is not None and "cotangent" not in self.native:
            x, cotangent = self._weighted(x, cotangent), None
        seeds = [None if cotangent is None else self._form(n, cotangent) for n in self._seeds]
        names = ("x", *self._seeds, "retain_graph", "create_graph")
        self._run(self.spelling.backward, names, [x, *seeds, retain_graph, create_graph])

    def clear_grad(self, x: Handle) -> None:
        self._of(x, self.spelling.clear)

    def retain_grad(self, x: Handle) -> None:
        self._of(x, self.spelling.retain_grad)

    def set_requires_grad(self, x: Handle, flag: bool) -> None:
        self._run(self.spelling.set_requires_grad, ("x", "flag"), [x, flag])

    def assign(self, x: Handle, y: Handle) -> None:
        number = self.value(y)
        data = {name: self._form(name, number.values) for name in _NUMBERS}
        if number.dtype == "float32":  # an engine of float32 would otherwise turn to float64
            data["data"] = data["data"].astype(np.float32)
        self.run_line(self.spelling.assign, x=x, y=y, **data)

    def mode(self, kind: ModeKind) -> AbstractContextManager[object]:
        manager = self.run_line(getattr(self.spelling, kind))
        return nullcontext() if manager is None else manager

    def decorate(self, kind: ModeKind, function: Callable[[], None]) -> Callable[[], None]:
        return self.run_line(getattr(self.spelling, kind))(function)  # type: ignore[no-any-return]  # theirs

    def optimizer_step(self, rule: str, parameters: Sequence[Handle], settings: Attributes) -> None:
        key = (rule, settings, *(id(p) for p in parameters))
        if key not in self._optimizers:
            values = {**dict(settings), "parameters": list(parameters)}
            made = self.run_line(self._optimizer_text[rule], **values)
            self._optimizers[key] = (made, parameters)  # keeps the ids from being used again
        self._optimizers[key][0].step()

    def value(self, x: Handle) -> Number:
        if type(x) in {float, int}:
            return unwrap(x)
        return unwrap(self._of(x, self.spelling.value))

    def grad(self, x: Handle) -> Number | None:
        try:
            found = self._of(x, self.spelling.grad)
        except AttributeError:
            return None
        if found is None:
            return None
        if type(found) is type(x) or type(found).__module__ == type(x).__module__:
            return self.value(found)  # some engines keep gradients as tensors of their own
        return unwrap(found)

    def flag(self, what: str, x: Handle) -> bool:
        found = self._of(x, getattr(self.spelling, what))
        if type(found) in {bool, np.bool_}:
            return bool(found)
        msg = f"got {type(found).__name__} for {what}, expected True or False"
        raise TypeError(msg)

    def _weighted(self, x: Handle, cotangent: npt.NDArray[np.generic]) -> Handle:
        """Return ``sum(x * cotangent)``: what stands for a cotangent that backward cannot take."""
        product = self.apply("mul", (x, self.constant(cotangent, plain=False)), ())
        return product if not cotangent.shape else self.apply("sum", (product,), ())

    def _key(self, op: str, args: Sequence[Handle], attrs: Attributes) -> str:
        shapes = tuple(np.shape(self.value(a).values) for a in args)
        return op_key(Apply(op, tuple(range(len(args))), attrs), shapes)

    def _made(self, text: str, data: npt.NDArray[np.generic], requires_grad: bool) -> Handle:
        """Make a value of the engine from numbers."""
        names = _taken(text)
        numbers = [self._form(name, data) for name in names[:-1]]
        line = self._lines[text, names, _GIVEN * len(names), ""]  # no template leaves these out
        return line(*numbers, requires_grad)

    def _form(self, name: str, data: npt.NDArray[np.generic]) -> Any:  # noqa: ANN401 - one of three
        """Return an array in the form in which templates take it under ``name``."""
        if name in {"number", "cotangent_number"}:
            return data.item() if data.size == 1 else None
        if name in {"nested", "cotangent_nested"}:
            return data.tolist()
        return data.astype(self._dtype) if data.dtype.kind == "f" else data

    def _of(self, x: Handle, text: str) -> Any:  # noqa: ANN401 - theirs
        """Run a template over ``x`` alone: what an engine is asked for most."""
        return self._lines[text, _X, _GIVEN, ""](x)

    def _run(
        self, text: str, names: tuple[str, ...], values: Sequence[Any], result: str = ""
    ) -> Any:  # noqa: ANN401 - theirs
        """Run a template with ``names`` filled in, those included that it does not mention."""
        absent = tuple([v is None or v is False for v in values])
        return self._lines[text, names, absent, result](*values)

    def run_line(self, text: str, result: str = "", /, **values: Any) -> Any:  # noqa: ANN401 - theirs
        """Run a template with names filled in; of a statement, return the value of ``result``."""
        return self._run(text, tuple(values), [*values.values()], result)


@cache
def _taken(text: str) -> tuple[str, ...]:
    """Return the forms of numbers that a template takes, and the flag that goes with them."""
    taken = template(text).names
    return (*(name for name in _NUMBERS if name in taken), "requires_grad")


@cache
def _named(op: str) -> tuple[Op, tuple[str, ...]]:
    """Return the row of an op, and the names of its operands."""
    row = op_named(op)
    return row, row.arguments
