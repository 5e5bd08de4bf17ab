"""Leaves that have to ask for their gradient in a way of their own."""

import inspect
from collections.abc import Iterator
from typing import Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt, numbers
from gradcheck_suite.engines.discovery.core import attributes
from gradcheck_suite.engines.discovery.means import define
from gradcheck_suite.engines.families.values import FLAGS

__all__ = ["flagged"]

_DEFINITION: Final = """def {name}(data, requires_grad):
    x = {leaf}
    x.{flag} = requires_grad
    return x
"""


def flagged(bench: Bench) -> Iterator[Bench]:
    """Yield benches whose leaves set a flag that is not known by name, or set it afterwards.

    For an engine that leaves no gradient on what is made without it.
    """
    leaf = bench.spelling.leaf
    if not leaf.endswith(")") or "requires_grad" in leaf:
        return
    for flag in _boolean_parameters(bench):
        yield bench.but(leaf=f"{leaf[:-1]}, {flag}=requires_grad)", constant=leaf)
    x = attempt(bench.leaf, numbers(bench.single))
    for flag in FLAGS:
        if callable(getattr(x, f"{flag}_", None)):
            yield bench.but(leaf=f"{leaf}.{flag}_(requires_grad)", constant=leaf)
    for flag in attributes(x):
        if getattr(x, flag, None) is False:
            yield _set_afterwards(bench, flag)


def _boolean_parameters(bench: Bench) -> list[str]:
    """Return the parameters of what makes a leaf that are False unless they are given."""
    maker = attempt(bench.run, bench.spelling.leaf.partition("(")[0])
    signature = attempt(inspect.signature, maker) if callable(maker) else None
    known = signature.parameters.values() if signature else ()
    return [parameter.name for parameter in known if parameter.default is False]


def _set_afterwards(bench: Bench, flag: str) -> Bench:
    leaf = bench.spelling.leaf
    name = next(n for n in ("leaf", "make_leaf", "leaf_") if n not in bench.names.namespace)
    data = next(n for n in ("number", "nested", "data") if n in leaf)
    text = _DEFINITION.format(name=name, leaf=leaf.replace(data, "data"), flag=flag)
    define((text,), bench.names.namespace)
    return bench.but(
        leaf=f"{name}({data}, requires_grad)",
        constant=leaf,
        imports=(*bench.spelling.imports, text),
    )
