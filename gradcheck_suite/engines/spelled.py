"""The engine behind a Spelling: runs its templates against the submission's own names.

Scalar and tensor classes, the reference and torch are all run by this one adapter; what differs
between them is data. A family's file lists spellings, never code.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache, cached_property, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.capabilities import COTANGENT_FORMS, capabilities_of
from gradcheck_suite.engines.lines import Lines, Over
from gradcheck_suite.engines.outcome import Nothing, Number, Outcome
from gradcheck_suite.engines.plan import Bound
from gradcheck_suite.engines.protocol import Handle, Maker, Sweeper
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.engines.unwrap import unwrap
from gradcheck_suite.program.features import op_key
from gradcheck_suite.program.instructions import Apply, Attributes, ModeKind
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.shaping import python_attribute
from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import template

__all__ = ["SpelledEngine"]

_NUMBERS: Final = ("data", "number", "nested")
_PYTHON: Final = frozenset({float, int})
_OWN: Final = _PYTHON | {np.ndarray}  # what the numbers of every engine end in


def _is_of_number(text: str) -> bool:
    """Tell whether a template takes one number, and the numbers in no other form."""
    names = template(text).names
    return [name for name in _NUMBERS if name in names] == ["number"]


def _seeds_of(backward: str) -> tuple[str, ...]:
    """Return the forms in which a backward takes a cotangent."""
    return tuple(sorted(template(backward).names & COTANGENT_FORMS))


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
        self._lines = Lines(namespace)
        self._over = Over(self._lines)
        self.bound = Bound(self)
        """The functions of the forms of plans, for the interpreter."""
        self._plain_calls: dict[str, Callable[..., Handle]] = {}
        self._optimizers: dict[tuple[object, ...], tuple[Any, Sequence[Handle]]] = {}
        self._dtype = np.dtype(spelling.dtype)
        taken = template(spelling.backward).names
        self.native = taken | ({"cotangent"} if taken & COTANGENT_FORMS else frozenset())
        """What ``backward`` takes: ``cotangent``, ``retain_graph``, ``create_graph``."""

    def maker(self, *, constant: bool) -> Maker:
        return self._constant if constant else self._leaf

    def leaf(self, data: npt.NDArray[np.generic], requires_grad: bool) -> Handle:
        """Make a tensor as a user does."""
        return self._leaf(Numbers.given(data), requires_grad)

    def constant(self, data: npt.NDArray[np.generic], plain: bool) -> Handle:
        """Make a value that needs no gradient; ``plain``: a bare Python number."""
        return data.item() if plain else self._constant(Numbers.given(data), False)

    @cached_property
    def _leaf(self) -> Maker:
        return self._maker(self.spelling.leaf)

    @cached_property
    def _constant(self) -> Maker:
        make = self._maker(self.spelling.constant or self.spelling.leaf)

        def make_or_give(numbers: Numbers, requires_grad: bool) -> Handle:
            data = numbers.array()
            return data if data.dtype == bool else make(numbers, requires_grad)

        # A condition is handed over as it is; engines of scalars have none.
        return make if self.spelling.kind == "scalar" else make_or_give

    @cached_property
    def _constant_of_number(self) -> Callable[[float, bool], Handle] | None:
        text = self.spelling.constant or self.spelling.leaf
        if not _is_of_number(text):
            return None
        return self._lines.always(text, ("number", "requires_grad"))

    def _maker(self, text: str) -> Maker:
        if _is_of_number(text):
            text = template(text).print({"number": "numbers.number"})
            return self._lines.always(text, ("numbers", "requires_grad"))
        forms = [name for name in _NUMBERS if name in template(text).names]
        line = self._lines.always(text, (*forms, "requires_grad"))
        if len(forms) == 1:
            form = partial(self._form, forms[0])
            return lambda numbers, requires_grad: line(form(numbers.array()), requires_grad)

        def make(numbers: Numbers, requires_grad: bool) -> Handle:
            data = numbers.array()
            return line(*[self._form(name, data) for name in forms], requires_grad)

        return make

    def caller(self, call: Call) -> Callable[..., Handle] | None:
        if call.op in self._by_form:
            return None
        return self._lines[self._ops[call.op], call.names, call.absent, ""]

    def sweeper(self, sweep: Sweep) -> Sweeper:
        text = (self.spelling.backward_from if sweep.is_own else "") or self.spelling.backward
        seeded_by = _seeds_of(text)
        if sweep.is_seeded and not seeded_by:
            sweep_all = self.sweeper(replace(sweep, is_seeded=False))
            return lambda x, cotangent: sweep_all(self._weighted(x, cotangent), None)
        flags = {"retain_graph": sweep.retain_graph, "create_graph": sweep.create_graph}
        given = set(seeded_by) if sweep.is_seeded else set()
        if not sweep.is_single:
            given.discard("cotangent_number")
        texts = {name: str(flag) for name, flag in flags.items()}
        texts |= dict.fromkeys(set(seeded_by) - given, "None")
        if not sweep.is_seeded:
            return self._lines.always(template(text).print(texts), ("x", "cotangent"))
        if seeded_by == ("cotangent_number",):
            texts["cotangent_number"] = "cotangent.number"
            return self._lines.always(template(text).print(texts), ("x", "cotangent"))
        line = self._lines.always(template(text).print(texts), ("x", *seeded_by))

        def seeded(x: Handle, cotangent: Numbers | None) -> Handle:
            assert cotangent is not None
            data = cotangent.array()
            seeds = [self._form(name, data) for name in seeded_by]
            line(x, *seeds)
            return dict(zip(seeded_by, seeds, strict=True)).get("cotangent")

        return seeded

    def backward(
        self,
        x: Handle,
        cotangent: npt.NDArray[np.generic] | None,
        retain_graph: bool,
        create_graph: bool,
    ) -> Handle:
        """Propagate from ``x``; None leaves the cotangent to the engine."""
        given = None if cotangent is None else Numbers.given(cotangent)
        is_single = given is not None and given.number is not None
        sweep = Sweep(given is not None, is_single, retain_graph, create_graph)
        return self.sweeper(sweep)(x, given)

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        if not attrs and op in self._plain_calls:
            return self._plain_calls[op](*args)
        row, names = _named(op)
        settings = row.settings(attrs)
        key = self._key(op, args, attrs) if op in self._by_form else op
        text = self._ops.get(key) or self._ops[op]
        if not settings and row.signature != "join" and op not in self._by_form:
            self._plain_calls[op] = self._lines.always(text, names)
            return self._plain_calls[op](*args)
        operands = [list(args)] if row.signature == "join" else args
        further = [python_attribute(name, value) for name, value in settings.items()]
        return self._run(text, (*names, *settings), [*operands, *further])

    def apply_in_place(
        self, op: str, x: Handle, args: Sequence[Handle], attrs: Attributes
    ) -> Handle:
        settings = {name: python_attribute(name, value) for name, value in attrs}
        names = ("x", "y", *settings)
        y = args[0] if args else None
        return self._run(self._in_place[op], names, [x, y, *settings.values()], "x")

    def detach(self, x: Handle) -> Handle:
        return self._of(x, self.spelling.detach)

    def grad_of(self, x: Handle) -> Handle:
        if self.spelling.grad_of:
            return self._of(x, self.spelling.grad_of)
        grad = self.grad(x)
        if grad is None:
            msg = "got no gradient, expected one: it was to be used as a value"
            raise ValueError(msg)
        line, numbers = self._constant_of_number, grad.numbers
        if line is not None and len(numbers) == 1:
            return line(numbers[0], False)
        return self._constant(Numbers.given(grad.values), False)

    def clear_grad(self, x: Handle) -> None:
        self._of(x, self.spelling.clear)

    def retain_grad(self, x: Handle) -> None:
        self._of(x, self.spelling.retain_grad)

    def hook(self, x: Handle, function: Callable[[Any], Any]) -> Handle:
        handle = self._run(self.spelling.hook, ("x", "hook"), [x, function])
        return handle, x, function

    def unhook(self, handle: Handle) -> None:
        self._run(self.spelling.unhook, ("x", "y", "hook"), [*handle])

    def push_forward(
        self,
        function: Callable[..., Handle],
        primals: Sequence[Handle],
        tangents: Sequence[npt.NDArray[np.generic]],
    ) -> Handle:
        given = [self.constant(tangent, plain=False) for tangent in tangents]
        values = [function, list(primals), given]
        return self._run(self.spelling.push_forward, ("f", "primals", "tangents"), values)

    def set_requires_grad(self, x: Handle, flag: bool) -> None:
        self._run(self.spelling.set_requires_grad, ("x", "flag"), [x, flag])

    def assign(self, x: Handle, y: Handle) -> None:
        forms, line = self._assigning
        number = self.value(y)
        if forms == ["number"]:
            line(x, y, number.numbers[0] if len(number.numbers) == 1 else None)
            return
        data = number.values
        if number.dtype == "float32":  # an engine of float32 would otherwise turn to float64
            data = data.astype(np.float32)
        line(x, y, *[self._form(name, data) for name in forms])

    @cached_property
    def _assigning(self) -> tuple[list[str], Callable[..., Any]]:
        text = self.spelling.assign
        forms: list[str] = [name for name in _NUMBERS if name in template(text).names]
        return forms, self._lines.always(text, ("x", "y", *forms))

    def mode(self, kind: ModeKind) -> AbstractContextManager[object]:
        manager = self.run_line(getattr(self.spelling, kind))
        return nullcontext() if manager is None else manager

    def decorate(self, kind: ModeKind, function: Callable[[], None]) -> Callable[[], None]:
        return self.run_line(getattr(self.spelling, kind))(function)  # type: ignore[no-any-return]  # theirs

    def optimizer_step(self, rule: str, parameters: Sequence[Handle], settings: Attributes) -> None:
        self._of(self.optimizer(rule, parameters, settings), self.spelling.step)

    def optimizer_clear(
        self, rule: str, parameters: Sequence[Handle], settings: Attributes
    ) -> None:
        self._of(self.optimizer(rule, parameters, settings), self.spelling.optimizer_clear)

    def optimizer(self, rule: str, parameters: Sequence[Handle], settings: Attributes) -> Handle:
        """Return the optimizer of these very parameters, made when it is first used."""
        key = (rule, settings, *(id(p) for p in parameters))
        if key not in self._optimizers:
            unset = dict.fromkeys(name for name, _ in OPTIMIZERS[rule].settings)
            values = {**unset, **dict(settings), "parameters": list(parameters)}
            made = self.run_line(self._optimizer_text[rule], **values)
            self._optimizers[key] = (made, parameters)  # keeps the ids from being used again
        return self._optimizers[key][0]

    def viewer(self, what: str) -> Callable[[Handle], Outcome]:
        return self._viewer_of_grad if what == "grad" else self.value

    @cached_property
    def value(self) -> Callable[[Handle], Number]:
        """Return what reads the numbers of a value."""
        read = self._over[self.spelling.value]

        def value(x: Handle) -> Number:
            found = x if type(x) in _PYTHON else read(x)
            return Number([found], (), "float64") if type(found) is float else unwrap(found)

        return value

    @cached_property
    def _viewer_of_grad(self) -> Callable[[Handle], Number | Nothing]:
        read, nothing = self._over[self.spelling.grad], Nothing()

        def grad(x: Handle) -> Number | Nothing:
            try:
                found = read(x)
            except Exception:  # noqa: BLE001 - the attribute is not there, or says so itself
                return nothing
            kind = type(found)
            if kind is float:  # as most are
                return Number([found], (), "float64")
            if found is None:
                return nothing
            if kind not in _OWN and (kind is type(x) or kind.__module__ == type(x).__module__):
                return self.value(found)  # some engines keep gradients as tensors of their own
            return unwrap(found)

        return grad

    def grad(self, x: Handle) -> Number | None:
        found = self._viewer_of_grad(x)
        return found if type(found) is Number else None

    def flag(self, what: str, x: Handle) -> bool:
        if what == "dtype":
            return self._keeps_dtype(x)
        if what == "unset":
            return self.grad(x) is None
        found = self._of(x, getattr(self.spelling, what))
        if type(found) in {bool, np.bool_}:
            return bool(found)
        msg = f"got {type(found).__name__} for {what}, expected True or False"
        raise TypeError(msg)

    def _keeps_dtype(self, x: Handle) -> bool:
        grad = self.grad(x)
        if grad is None:
            msg = "got no gradient, expected one: its dtype was to be seen"
            raise ValueError(msg)
        return grad.dtype in {self.value(x).dtype, "int"}  # Python's own integers have no dtype

    def _weighted(self, x: Handle, cotangent: Numbers | None) -> Handle:
        """Return ``sum(x * cotangent)``: what stands for a cotangent that backward cannot take."""
        assert cotangent is not None
        product = self.apply("mul", (x, self._constant(cotangent, False)), ())
        return product if not cotangent.shape else self.apply("sum", (product,), ())

    def _key(self, op: str, args: Sequence[Handle], attrs: Attributes) -> str:
        shapes = tuple(map(self._shape, args))
        return op_key(Apply(op, tuple(range(len(args))), attrs), shapes)

    def _shape(self, x: Handle) -> tuple[int, ...]:
        try:
            return self.value(x).shape
        except (RuntimeError, TypeError):  # a function may be run on what has a shape alone
            return tuple(x.shape)

    def _form(self, name: str, data: npt.NDArray[np.generic]) -> Any:  # noqa: ANN401 - one of three
        """Return an array in the form in which templates take it under ``name``."""
        if name in {"number", "cotangent_number"}:
            return data.item() if data.size == 1 else None
        if name in {"nested", "cotangent_nested"}:
            return data.tolist()
        # Not copied where it need not be: a copy is contiguous.
        return data.astype(self._dtype, copy=False) if data.dtype.kind == "f" else data

    def _of(self, x: Handle, text: str) -> Any:  # noqa: ANN401 - theirs
        """Run a template over ``x`` alone: what an engine is asked for most."""
        return self._over[text](x)

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
def _named(op: str) -> tuple[Op, tuple[str, ...]]:
    """Return the row of an op, and the names of its operands."""
    row = op_named(op)
    return row, row.arguments
