"""Names for the values of a printed Program: a, b, c, ..., without those that the engine uses."""

import ast
from collections.abc import Iterator
from dataclasses import fields
from itertools import count
from string import ascii_lowercase

from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["bound_names", "taken_names", "variable_names"]


def variable_names(taken: frozenset[str]) -> Iterator[str]:
    """Yield a, b, ..., z, a1, b1, ...; without those that are taken or read badly."""
    letters = [c for c in ascii_lowercase if c not in "lo"]
    for k in count():
        names = (f"{c}{k or ''}" for c in letters)
        yield from (name for name in names if name not in taken)


def taken_names(spelling: Spelling) -> frozenset[str]:
    """Return the names that the spelling's lines mean something by; x and y are filled in."""
    texts = [getattr(spelling, f.name) for f in fields(spelling) if f.name not in _NO_TEMPLATES]
    texts += [text for _, text in (*spelling.ops, *spelling.in_place, *spelling.optimizers)]
    used = {name for text in texts if text for name in template(text).names}
    return frozenset(used - {"x", "y"}) | bound_names(spelling.imports)


_NO_TEMPLATES = {"name", "imports", "ops", "in_place", "optimizers", "can", "dtype", "kind"}


def bound_names(imports: tuple[str, ...]) -> frozenset[str]:
    """Return the names that import lines bind."""
    found = [n for line in imports for n in ast.walk(ast.parse(line)) if isinstance(n, ast.alias)]
    return frozenset(alias.asname or alias.name.partition(".")[0] for alias in found)
