"""The core of an engine: how a leaf is made and its numbers are read; scalars or tensors."""

import inspect
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final, Literal

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.engines.discovery.names import Names
from gradcheck_suite.engines.families.values import FACTORIES, FLAGS, FORMS_OF_NUMBERS, VALUES
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["Kind", "attributes", "find_core", "find_ranks", "reshaped"]

Kind = Literal["scalar", "tensor"]

_ARITHMETIC: Final = ("x * y", "x + y", "x - y", "x / y")
_MAX_RANK: Final = 4
_EMPTY: Final = (3, 0)


def find_core(names: Names, cls: type, given: dict[str, Any], kind: Kind) -> Bench | None:
    """Return a bench with leaf, value and ranks of ``cls`` as ``kind``; None where it is not one.

    ``given``: the templates that the submission states itself; they are taken as they are.
    """
    for leaf in [given["leaf"]] if "leaf" in given else _leaves(names, cls, kind):
        spelling = Spelling(name=cls.__name__, leaf=leaf, kind=kind)
        bench = Bench(spelling, names, cls)
        for shape in [()] if kind == "scalar" else [(2,), (2, 3)]:
            data = numbers(shape)
            made = attempt(bench.leaf, data)
            if not isinstance(made, cls):
                continue
            value = given.get("value") or _value_of(bench, made, data)
            if value:
                found = bench.but(value=value)
                found = found if "value" in given else _with_shape(found)
                return _with_constant(found, given)
    return None


def reshaped(text: str) -> str:
    """Return the template that gives numbers, read by ``text`` in a row, the shape of ``x``."""
    return f"np.reshape({text}, x.shape)"


def _with_shape(bench: Bench) -> Bench:
    """Read numbers that are kept in a row with the shape that is kept beside them."""
    data = numbers((2, 3))
    for text in (bench.spelling.value, reshaped(bench.spelling.value)):
        tried = bench.but(value=text)
        found = attempt(_read_back, tried, data)
        if found is not None and found.shape == data.shape and close(found, data):
            return tried
    return bench


def _read_back(bench: Bench, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return bench.engine.value(bench.leaf(data)).values


def find_ranks(bench: Bench) -> Bench:
    """Add the ranks that keep their shape exactly, in leaves and through an op.

    ``empty_arrays`` where arrays without elements do so too.
    """
    ranks = (0,) if bench.spelling.kind == "scalar" else range(_MAX_RANK + 1)
    kept = [n for n in ranks if attempt(_keeps, bench, (2, 3, 1, 2)[:n])]
    if _MAX_RANK in kept:
        kept.append(_MAX_RANK + 1)  # only results have rank 5, and nobody stops at 4
    rank = max((n for n in kept if n <= len(_EMPTY)), default=0)
    shapes = {_EMPTY[-rank:], _EMPTY[-rank:][::-1]}  # lists of rows forget how long no rows are
    are_kept = bool(rank) and all(attempt(_keeps, bench, shape) for shape in shapes)
    return bench.also(*(f"rank:{n}" for n in kept), *(["empty_arrays"] if are_kept else []))


def _keeps(bench: Bench, shape: tuple[int, ...]) -> bool:
    data = numbers(shape)
    x = bench.leaf(data)
    found = bench.value(x)
    if found.shape != shape or not close(found, data):
        return False
    results = (attempt(_result, bench, text, x) for text in _trivial(bench))
    known = [r for r in results if r is not None]
    return not known or any(r.shape == shape for r in known)


def _result(bench: Bench, text: str, x: object) -> np.ndarray[Any, Any]:
    return bench.value(bench.run(text, x=x, y=x))


def _trivial(bench: Bench) -> Iterator[str]:
    stated = dict(bench.spelling.ops)
    yield from (stated[op] for op in ("mul", "add") if op in stated)
    yield from _ARITHMETIC


def _leaves(names: Names, cls: type, kind: str) -> Iterator[str]:
    """Yield ways to make a leaf: the class before functions, with the flag before without it."""
    makers: list[tuple[str, Any]] = [(names.spelled(cls), cls)]
    for name in FACTORIES:
        static = inspect.getattr_static(cls, name, None)
        if isinstance(static, (classmethod, staticmethod)):
            makers.append((f"{names.spelled(cls)}.{name}", getattr(cls, name)))
        makers += [(text, value) for text, value in names.places(name) if callable(value)]
    for text, maker in makers:
        flags = _flags(maker)
        for form in FORMS_OF_NUMBERS[kind]:
            yield from (f"{text}({form}, {flag}=requires_grad)" for flag in flags)
            yield f"{text}({form})"


def _flags(maker: Any) -> list[str]:  # noqa: ANN401 - a callable of the submission
    signature = attempt(inspect.signature, maker)
    if signature is None:
        return list(FLAGS[:1])
    return [flag for flag in FLAGS if flag in signature.parameters]


def _value_of(bench: Bench, x: object, data: np.ndarray[Any, Any]) -> str:
    """Return the first template that reads ``data`` back from ``x``, by known names, then any."""
    own = (f"x.{name}" for name in attributes(x) if name != "shape")  # one that was taken for data
    for text in chain(VALUES, own):
        tried = bench.but(value=text)
        found = attempt(tried.engine.value, x)
        if found is not None and found.values.shape == data.shape and close(found.values, data):
            return text
    return ""


def attributes(x: object) -> list[str]:
    """Return the names of an object's own attributes, public ones first."""
    slots = chain.from_iterable(getattr(c, "__slots__", ()) for c in type(x).__mro__)
    names = [*getattr(x, "__dict__", {}), *(s for s in slots if not s.startswith("__"))]
    return sorted(set(names), key=lambda n: (n.startswith("_"), n))


def _with_constant(bench: Bench, given: dict[str, Any]) -> Bench:
    """State how a constant is made, where the flag's default already says what it is."""
    leaf = bench.spelling.leaf
    if "constant" in given:
        return bench.but(constant=given["constant"])
    if "requires_grad" not in template(leaf).names or "leaf" in given:
        return bench
    flag = next(f for f in FLAGS if f", {f}=requires_grad" in leaf)
    plain = leaf.replace(f", {flag}=requires_grad", "")
    data = numbers(() if bench.spelling.kind == "scalar" else (2,))
    made = attempt(bench.but(leaf=plain).leaf, data)
    return bench.but(constant=plain) if getattr(made, flag, None) is False else bench
