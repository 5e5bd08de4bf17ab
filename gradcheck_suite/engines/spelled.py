"""The engine behind a Spelling: runs its templates against the submission's own names.

Scalar and tensor classes, the reference and torch are all run by this one adapter; what differs
between them is data. A family's file lists spellings, never code.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.protocol import Handle
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.instructions import Apply, Attribute, Attributes, ModeKind
from gradcheck_suite.program.ops.shaping import numpy_index
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import OPTIONAL, template

__all__ = ["SpelledEngine", "capabilities_of"]

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
        self._compiled: dict[tuple[str, frozenset[str]], Callable[..., Any]] = {}
        self._optimizers: dict[tuple[object, ...], tuple[Any, Sequence[Handle]]] = {}
        self._dtype = np.dtype(spelling.dtype)

    def leaf(self, data: npt.NDArray[np.generic], requires_grad: bool) -> Handle:
        return self.run_line(self.spelling.leaf, requires_grad=requires_grad, **self._numbers(data))

    def constant(self, data: npt.NDArray[np.generic], plain: bool) -> Handle:
        if plain:
            return data.item()
        if data.dtype == bool:
            return data  # a condition: handed over as it is
        if self.spelling.constant:
            return self.run_line(self.spelling.constant, **self._numbers(data))
        return self.leaf(data, requires_grad=False)

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        row = op_named(op)
        settings = row.settings(attrs)
        key = self._key(op, args, attrs) if op in self._by_form else op
        text = self._ops.get(key) or self._ops[op]
        if row.signature == "join":
            operands: dict[str, Any] = {"xs": list(args)}
        else:
            operands = dict(zip(row.arguments, args, strict=True))
        return self.run_line(text, **operands, **{k: _python(k, v) for k, v in settings.items()})

    def apply_in_place(self, op: str, x: Handle, args: Sequence[Handle]) -> Handle:
        y = args[0] if args else None
        return self.run_line(self._in_place[op], "x", x=x, y=y)

    def detach(self, x: Handle) -> Handle:
        return self.run_line(self.spelling.detach, x=x)

    def grad_of(self, x: Handle) -> Handle:
        if self.spelling.grad_of:
            return self.run_line(self.spelling.grad_of, x=x)
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
        seeds = (
            dict.fromkeys(_COTANGENTS)
            if cotangent is None
            else {f"cotangent{k}": v for k, v in self._forms(cotangent).items()}
        )
        flags = {"retain_graph": retain_graph, "create_graph": create_graph}
        self.run_line(self.spelling.backward, x=x, **seeds, **flags)

    @property
    def native(self) -> frozenset[str]:
        """Return what ``backward`` takes: ``cotangent``, ``retain_graph``, ``create_graph``."""
        names = template(self.spelling.backward).names
        return names | ({"cotangent"} if names & _COTANGENTS else frozenset())

    def clear_grad(self, x: Handle) -> None:
        self.run_line(self.spelling.clear, x=x)

    def retain_grad(self, x: Handle) -> None:
        self.run_line(self.spelling.retain_grad, x=x)

    def set_requires_grad(self, x: Handle, flag: bool) -> None:
        self.run_line(self.spelling.set_requires_grad, x=x, flag=flag)

    def assign(self, x: Handle, y: Handle) -> None:
        number = self.value(y)
        data = self._numbers(number.values)
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
        return unwrap(self.run_line(self.spelling.value, x=x))

    def grad(self, x: Handle) -> Number | None:
        try:
            found = self.run_line(self.spelling.grad, x=x)
        except AttributeError:
            return None
        if found is None:
            return None
        if type(found) is type(x) or type(found).__module__ == type(x).__module__:
            return self.value(found)  # some engines keep gradients as tensors of their own
        return unwrap(found)

    def flag(self, what: str, x: Handle) -> bool:
        found = self.run_line(getattr(self.spelling, what), x=x)
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

    def _numbers(self, data: npt.NDArray[np.generic]) -> dict[str, Any]:
        forms = self._forms(data)
        return {"data": forms[""], "number": forms["_number"], "nested": forms["_nested"]}

    def _forms(self, data: npt.NDArray[np.generic]) -> dict[str, Any]:
        """Return an array in the three forms in which templates take numbers."""
        array = data.astype(self._dtype) if data.dtype.kind == "f" else data
        number = data.item() if data.size == 1 else None
        return {"": array, "_number": number, "_nested": data.tolist()}

    def run_line(self, text: str, result: str = "", /, **values: Any) -> Any:  # noqa: ANN401 - theirs
        """Run a template with names filled in; of a statement, return the value of ``result``."""
        line = template(text)
        given = {k: v for k, v in values.items() if k in line.names}
        dropped = frozenset(
            k for k, v in given.items() if k in OPTIONAL and (v is None or v is False)
        )
        key = (text, dropped)
        if key not in self._compiled:
            self._compiled[key] = line.compile(
                tuple(given),
                dropped,
                self.namespace,
                result,
            )
        return self._compiled[key](**given)


def _python(name: str, value: Attribute) -> Any:  # noqa: ANN401 - what the engine's op takes
    return numpy_index(value) if name == "index" else value
