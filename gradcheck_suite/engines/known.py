"""Engines known by name, and how any Spelling becomes an engine in this process."""

from importlib import import_module
from typing import Any

from gradcheck_suite.engines.functional import SpokenEngine, engine_of
from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.spelling import Spelling

__all__ = ["KNOWN", "bind", "known_engine"]

# Of the library, of its module, and of what pip installs; the module of that name in `libraries`
# holds its Spelling, under an upper-case name, and is imported when asked for.
KNOWN = ("reference", "torch", "jax", "autograd", "mygrad", "tinygrad", "micrograd")


def known_engine(name: str) -> SpokenEngine:
    """Return the engine of a known library; UsageError where the library is not installed."""
    module = import_module(f"gradcheck_suite.engines.libraries.{name}")
    spelling: Spelling = getattr(module, name.upper())
    return bind(spelling)


def bind(spelling: Spelling) -> SpokenEngine:
    """Run the spelling's imports and return the engine; UsageError where one fails."""
    namespace: dict[str, Any] = {}
    for line in spelling.imports:
        try:
            exec(line, namespace)  # noqa: S102 - import lines of a spelling, as in its snippets
        except ImportError as error:
            msg = f"{spelling.name}: `{line}` failed ({error}); is the library installed?"
            raise UsageError(msg) from None
    return engine_of(spelling, namespace)
