"""The generic inputs on which a candidate for an op, or for one form of it, has to be right."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, numbers
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Attributes, Slice
from gradcheck_suite.program.op import Op

__all__ = ["PARTS", "Case", "cases", "forms"]

Shape = tuple[int, ...]

_REDUCED: Final[dict[str, list[Attributes]]] = {
    "": [()],
    "axis": [(("axis", 0),), (("axis", 1),)],
    "axes": [(("axis", (0, 1)),)],
    "keepdims": [(("keepdims", True),)],
    "axis+keepdims": [(("axis", 0), ("keepdims", True)), (("axis", 1), ("keepdims", True))],
    "axes+keepdims": [(("axis", (0, 1)), ("keepdims", True))],
}

_PRODUCTS: Final[dict[str, tuple[Shape, Shape]]] = {
    "matrix@matrix": ((2, 3), (3, 4)),
    "matrix@vector": ((2, 3), (3,)),
    "vector@matrix": ((3,), (3, 2)),
    "vector@vector": ((3,), (3,)),
    "batched": ((2, 2, 3), (2, 3, 2)),
}

_ROWS: Final = Array.of(np.array([2, 0, 2]))
_MASK: Final = Array.of(np.array([True, False, True]))

PARTS: Final[dict[str, list[tuple[Attribute, ...]]]] = {
    "int": [(1,), (2, 1)],
    "slice": [(Slice(0, 2),), (Slice(1), Slice(1, 3))],
    "step": [(Slice(None, None, 2),), (Slice(), Slice(0, 4, 2))],
    "reverse": [(Slice(None, None, -1),)],
    "newaxis": [(None,)],
    "array": [(_ROWS,)],
    "mask": [(_MASK,)],
}


@dataclass(frozen=True, slots=True)
class Case:
    """Operands and attributes."""

    operands: tuple[np.ndarray[Any, Any], ...]
    attrs: Attributes = ()


def forms(row: Op, bench: Bench) -> dict[str, list[Case]]:
    """Return the cases of every form of ``row`` that the engine's ranks allow."""
    if bench.spelling.kind == "scalar" and not row.is_elementwise:
        return {}
    found = {form: list(made) for form, made in _forms(row, bench)}
    return {form: made for form, made in found.items() if made and _fits(bench, made)}


def _forms(row: Op, bench: Bench) -> Iterator[tuple[str, Iterator[Case]]]:
    shape = bench.shape
    match row.signature:
        case "unary" | "binary":
            for form, attrs in _settings(row).items():
                yield form, cases(row, [shape] * len(row.arguments), attrs, n=3)
        case "where":
            yield "", cases(row, [shape] * 3, [()])
        case "array":
            yield from _by_examples(row)
        case "reduction":
            for form, attrs in _REDUCED.items():
                yield form, cases(row, [shape], [a for a in attrs if _has_axes(a, shape)])
        case "normalisation":
            yield "", cases(row, [shape], [(("axis", -1),)])
            yield "axis", cases(row, [shape], [(("axis", 0),)] if len(shape) > 1 else [])
        case "matmul":
            for form, shapes in _PRODUCTS.items():
                yield form, cases(row, list(shapes), [()])
        case "getitem":
            for part, indices in PARTS.items():
                fitting = [i for i in indices if len(i) <= len(shape)]
                yield part, cases(row, [(3, 4)[: len(shape)]], [(("index", i),) for i in fitting])
        case _:
            yield from _shaping(row, bench)


def _shaping(row: Op, bench: Bench) -> Iterator[tuple[str, Iterator[Case]]]:
    match row.signature:
        case "reshape":
            to = [(3, 2), (-1, 2)] if "rank:2" in bench.spelling.can else []
            yield "", cases(row, [(2, 3)], [(("shape", s),) for s in to])
        case "broadcast_to":
            yield "", cases(row, [(1, 3)], [(("shape", (2, 3)),)])
        case "transpose":
            yield "", cases(row, [(2, 3)], [()])
            yield "reversed", cases(row, [(2, 3, 4)], [()])
            yield "axes", cases(row, [(2, 3, 4)], [(("axes", (1, 2, 0)),), (("axes", (0, 2, 1)),)])
        case "join":
            yield "", cases(row, [bench.shape, bench.shape], [(("axis", 0),)])
            yield "axis", cases(row, [(2, 3), (2, 3)], [(("axis", 1),)])


def _by_examples(row: Op) -> Iterator[tuple[str, Iterator[Case]]]:
    for form in row.forms:
        shown = [
            cases(row, list(shapes), [attrs])
            for shapes, attrs in row.examples
            if row.variant(shapes, row.settings(attrs)) == form
        ]
        yield form, chain.from_iterable(shown)


def cases(row: Op, shapes: list[Shape], attrs: list[Attributes], n: int = 2) -> Iterator[Case]:
    """Yield ``n`` generic cases for each setting of the attributes."""
    for k in range(n):
        for setting in attrs:
            arrays = [numbers(s, row.domain(p), 2 * k + p) for p, s in enumerate(shapes)]
            if row.signature == "where":
                arrays[0] = arrays[0] > 0
            yield Case(tuple(arrays), setting)


def _settings(row: Op) -> dict[str, list[Attributes]]:
    """Return the settings to try of every calling form of an elementwise op."""
    if row.name == "pow":
        return {"": [(("exponent", 2),), (("exponent", 3),)]}
    found: dict[str, list[Attributes]] = {}
    for shapes, attrs in row.examples or (((), ()),):
        found.setdefault(row.variant(shapes, row.settings(attrs)), []).append(attrs)
    return found


def _has_axes(attrs: Attributes, shape: Shape) -> bool:
    axis = dict(attrs).get("axis")
    axes = axis if isinstance(axis, tuple) else (axis,)
    return all(not isinstance(a, int) or a < len(shape) for a in axes)


def _fits(bench: Bench, made: list[Case]) -> bool:
    ranks = {operand.ndim for case in made for operand in case.operands}
    return all(f"rank:{n}" in bench.spelling.can for n in ranks)
