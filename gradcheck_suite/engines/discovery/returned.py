"""Gradients that are returned, by the value that each belongs to, and left on nothing."""

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


def find_returned(bench: Bench) -> Bench | None:
    """Add how the gradients are asked for that come back in a dict; None where none are right."""
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
