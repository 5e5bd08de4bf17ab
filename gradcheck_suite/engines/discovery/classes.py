"""Which class is the engine: every class with arithmetic is tried, and the one that works wins."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, attempt, numbers
from gradcheck_suite.engines.discovery.core import Kind, find_core, find_ranks
from gradcheck_suite.engines.discovery.flags import flagged
from gradcheck_suite.engines.discovery.gradients import find_gradients, meant_gradients
from gradcheck_suite.engines.discovery.names import Names
from gradcheck_suite.engines.discovery.ops import find_ops
from gradcheck_suite.engines.discovery.returned import find_returned
from gradcheck_suite.engines.discovery.stated import Stated
from gradcheck_suite.engines.families.habits import BACKWARDS
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS

__all__ = ["Tried", "best", "engine_classes", "try_class"]

_OPERATORS: Final = ("__add__", "__mul__", "__sub__", "__radd__", "__rmul__", "__matmul__")


@dataclass(frozen=True)
class Tried:
    """A class, and how far it came: a bench, or what it lacks."""

    module: str
    cls: type
    bench: Bench | None = None
    lacks: str = ""
    has_gradients: bool = False
    """Whether a gradient of it was right."""

    @property
    def name(self) -> str:
        """Return what an entry would be: ``module:Class``."""
        return self.module if self.cls is object else f"{self.module}:{self.cls.__name__}"


def engine_classes(modules: dict[str, ModuleType]) -> list[tuple[str, type]]:
    """Return (entry module, class) for every class that may be an engine's."""
    classes: dict[type, str] = {}
    for module in modules.values():
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ in modules:
                classes[value] = _entry_module(value, modules)
    own = [c for c in classes if not issubclass(c, BaseException)]
    arithmetic = [c for c in own if _defines(c, _OPERATORS, modules)]
    return [
        (classes[c], c) for c in arithmetic or [c for c in own if _defines(c, BACKWARDS, modules)]
    ]


def _defines(cls: type, names: Iterable[str], modules: dict[str, ModuleType]) -> bool:
    """Tell whether the class has one of the names from the submission, not from Python."""
    own = [base for base in cls.__mro__ if base.__module__ in modules]
    return any(name in vars(base) for base in own for name in names)


def _entry_module(cls: type, modules: dict[str, ModuleType]) -> str:
    """Return the outermost package that offers the class, or the module that defines it."""
    parts = cls.__module__.split(".")
    for n in range(1, len(parts)):
        package = ".".join(parts[:n])
        if package in modules and getattr(modules[package], cls.__name__, None) is cls:
            return package
    return cls.__module__


def try_class(names: Names, cls: type, stated: Stated) -> Tried:
    """Find leaf, ops and gradient of one class."""
    entry = names.entry
    given: dict[str, Any] = stated.templates
    bench = None
    kinds: tuple[Kind, ...] = ("tensor", "scalar")
    for kind in kinds:
        if stated.engine.get("kind", kind) != kind:
            continue
        core = attempt(find_core, names, cls, given, kind)
        if core is None:
            continue
        core = core.but(**given, ops=tuple(stated.ops.items()), imports=stated.definitions)
        core = find_ranks(core).but(ops=())
        core = find_ops(core, stated.ops)
        if kind == "scalar" or "kind" in stated.engine or _is_tensor(core):
            bench = core
            break
    if bench is None:
        return Tried(entry, cls, lacks=_no_leaf(names, cls, given))
    if not bench.spelling.ops:
        return Tried(entry, cls, lacks="no op on two values gives a value of its own kind")
    right = find_gradients(bench, given) or _otherwise(bench, given)
    if right is not None:
        return Tried(entry, cls, right, has_gradients=True)
    meant = meant_gradients(bench, given)
    if meant is None:
        return Tried(entry, cls, lacks="no backward method that leaves a gradient")
    return Tried(entry, cls, meant)


def _otherwise(bench: Bench, given: dict[str, Any]) -> Bench | None:
    """Find gradients that have to be asked for at the leaf, or that come back in a dict."""
    if "leaf" not in given:
        for tried in flagged(bench):
            found = find_gradients(tried, given)
            if found is not None:
                return found
    return None if given.keys() & {"backward", "grad"} else find_returned(bench)


def _no_leaf(names: Names, cls: type, given: dict[str, Any]) -> str:
    """Say why there is no leaf: of a template that was stated, what it does."""
    if "leaf" not in given:
        return "no way to make a value from numbers and read them back"
    bench = Bench(Spelling(cls.__name__, given["leaf"]), names, cls)
    try:
        made = bench.leaf(numbers(()))
    except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
        return f"leaf = {given['leaf']!r}: {type(error).__name__}: {error}"
    kind = type(made).__name__
    if not isinstance(made, cls):
        return f"leaf = {given['leaf']!r} makes a {kind}, not a {cls.__name__}"
    return f"leaf = {given['leaf']!r} makes a {kind} of which no number can be read"


def _is_tensor(bench: Bench) -> bool:
    """Tell an engine of arrays from a scalar one through which an array passes by accident.

    It keeps the shape through an op, and has an op that means nothing to a scalar, or tells the
    shape, or makes arrays of plain numbers by itself, or takes no plain numbers.
    """
    known = {key.partition(".")[0] for key, _ in bench.spelling.ops}
    if not any(f"rank:{n}" in bench.spelling.can for n in (1, 2)):
        return False
    if any(not OPS[name].is_elementwise for name in known):
        return True
    data = numbers((2,))
    if known and getattr(attempt(bench.leaf, data), "shape", None) == data.shape:
        return True
    x = attempt(bench.run, bench.spelling.leaf, data=0.5, nested=0.5, requires_grad=True)
    inside = attempt(bench.run, bench.spelling.value, x=x)
    return bool(known) and (x is None or isinstance(inside, np.ndarray))


def best(tried: Iterable[Tried]) -> list[Tried]:
    """Return the classes that work and are not outdone: more than one is a tie."""
    working = [t for t in tried if t.bench is not None]
    made = {t.cls: _type_of_result(t) for t in working}
    left = [t for t in working if made[t.cls] in {t.cls, None} or made[t.cls] not in made]
    left = left or working
    left = [t for t in left if not any(_is_base(u.cls, t.cls) for u in left)]
    most = max(map(_means, left), default=None)
    return [t for t in left if _means(t) == most]


def _means(tried: Tried) -> tuple[bool, bool, int]:
    """Return what tells an engine from one that can do less: arrays before scalars, more ops."""
    assert tried.bench is not None
    spelling = tried.bench.spelling
    ops = {key.partition(".")[0] for key, _ in spelling.ops}
    return tried.has_gradients, spelling.kind == "tensor", len(ops)


def _type_of_result(tried: Tried) -> type | None:
    """Return the class of what an op on two values gives: a Parameter's results are Tensors."""
    bench = tried.bench
    assert bench is not None

    def results() -> Iterator[type]:
        for op in ("mul", "add"):
            if op in dict(bench.spelling.ops):
                operands = [bench.leaf(numbers(bench.shape, salt=k)) for k in range(2)]
                yield type(bench.engine.apply(op, operands, ()))

    return attempt(next, results())


def _is_base(base: type, cls: type) -> bool:
    return base is not cls and issubclass(cls, base)
