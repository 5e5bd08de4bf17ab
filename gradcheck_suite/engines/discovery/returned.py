"""Gradients that are returned, of all values or of those asked for, and left on nothing."""

from collections.abc import Iterator, Mapping
from typing import Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close
from gradcheck_suite.engines.discovery.gradients import gradient_after, products
from gradcheck_suite.engines.discovery.means import define
from gradcheck_suite.engines.families.habits import GRADIENT_TABLES

__all__ = ["find_returned"]

# What a user writes who wants to use a gradient later: it is kept with its value.
_KEEP: Final = """def keep(gradients):
    for x, gradient in gradients.items():
        x.kept = x.kept + gradient if hasattr(x, "kept") else gradient
"""


# The same where gradients have to be asked for by their values: those are the leaves.
_LEAVES: Final = """class Kept:
    from weakref import ref

    all = []

    def leaf(x):
        Kept.all.append(Kept.ref(x))
        return x

    def keep(ask):
        xs = [x for r in Kept.all if (x := r()) is not None]
        Kept.all = [*map(Kept.ref, xs)]
        found = ask(xs)
        for k, x in enumerate(xs):
            g = found.get(x) if isinstance(found, dict) else found[k]
            if g is not None:
                x.kept = g if getattr(x, "kept", None) is None else x.kept + g
"""


def find_returned(bench: Bench) -> Bench | None:
    """Add how the gradients are asked for that come back; None where none are right."""
    return _in_a_table(bench) or _as_asked_for(bench)


def _as_asked_for(bench: Bench) -> Bench | None:
    """Add how gradients are asked for by the leaves, as in ``grad(y, [a, b])``."""
    if "Kept" in bench.names.namespace:
        return None
    define((_LEAVES,), bench.names.namespace)
    for call in _calls(bench):
        asked = f"{call[:-1]}{', ' if call.endswith('(x)') else ''}leaves)"
        tried = bench.but(
            leaf=f"Kept.leaf({bench.spelling.leaf})",
            backward=f"Kept.keep(lambda leaves: {asked})",
            grad="x.kept",
            imports=(*bench.spelling.imports, _LEAVES),
        )
        beside = attempt(tried.leaf, bench.some(1)[0])  # on which no result depends
        outcomes = (attempt(gradient_after, tried, p) for p in products(tried))
        if beside is not None and any(o is not None and close(*o) for o in outcomes):
            return tried
    del bench.names.namespace["Kept"]
    return None


def _in_a_table(bench: Bench) -> Bench | None:
    if "keep" in bench.names.namespace:
        return None
    for call in _calls(bench):
        if any(attempt(_is_table, bench, call, op) for op in (p.op for p in products(bench))):
            define((_KEEP,), bench.names.namespace)
            tried = bench.but(
                backward=f"keep({call})",
                grad="x.kept",
                imports=(*bench.spelling.imports, _KEEP),
            )
            outcomes = (attempt(gradient_after, tried, p) for p in products(tried))
            if any(o is not None and close(*o) for o in outcomes):
                return tried
            del bench.names.namespace["keep"]
    return None


def _calls(bench: Bench) -> Iterator[str]:
    for name in GRADIENT_TABLES:
        if callable(getattr(bench.cls, name, None)):
            yield f"x.{name}()"
        yield from (f"{place}(x)" for place, found in bench.names.places(name) if callable(found))


def _is_table(bench: Bench, call: str, op: str) -> bool:
    """Tell whether the call gives a mapping that has the operand of an op among its keys."""
    operands = [bench.leaf(data) for data in bench.some(2)]
    result = bench.apply(op, operands[:1] if op == "neg" else operands)
    found = bench.run(call, x=result)
    return isinstance(found, Mapping) and any(key is operands[0] for key in found)
