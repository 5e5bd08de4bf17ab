"""Gradient modes: context managers, and flags and setters that a user would make one of."""

from collections.abc import Iterator
from typing import Any, Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close
from gradcheck_suite.engines.discovery.gradients import gradient_after, products, result_of
from gradcheck_suite.engines.discovery.means import define
from gradcheck_suite.engines.families.modes import (
    ENABLE_GRADS,
    FLAG_WORDS,
    NO_GRADS,
    SETTERS,
)

__all__ = ["find_modes", "gradients_flow"]

_BY_FLAG: Final = """class without_gradients:
    def __enter__(self):
        self.before = {flag}
        {flag} = {value}

    def __exit__(self, *_):
        {flag} = self.before
"""
_BY_SETTER: Final = """class without_gradients:
    depth = 0

    def __enter__(self):
        without_gradients.depth += 1
        {set}(False)

    def __exit__(self, *_):
        without_gradients.depth -= 1
        {set}(without_gradients.depth == 0)
"""


def find_modes(bench: Bench) -> Bench:
    """Add the context managers; last, as one that does not restore spoils what comes after."""
    found = bench
    for kind, candidates in (("no_grad", NO_GRADS), ("enable_grad", ENABLE_GRADS)):
        if not getattr(bench.spelling, kind):
            found = found.but(**{kind: found.first(candidates, lambda text: _opens(bench, text))})
    if not found.spelling.no_grad:
        return _defined(found)
    manager = found.spelling.no_grad
    decorates = attempt(_decorates, found, manager) if manager else False
    return found.also("decorator") if decorates else found


def _opens(bench: Bench, text: str) -> bool:
    """Tell whether ``with text:`` works, and an op inside."""
    with bench.run(text):
        _product(bench)
    return True


def _decorates(bench: Bench, text: str) -> bool:
    decorated = bench.run(text)(lambda: "ran")
    return bool(callable(decorated) and decorated() == "ran")


def gradients_flow(bench: Bench) -> bool:
    """Tell whether a plain gradient is right or at least there, as before the modes were tried."""
    outcomes = [attempt(gradient_after, bench, p) for p in products(bench)]
    return any(outcome is not None and outcome[0] is not None for outcome in outcomes)


def _product(bench: Bench) -> tuple[Any, Any]:
    """Return a leaf and the result of an op on it."""
    x, w = map(bench.leaf, bench.some(2))
    return x, result_of(bench, products(bench)[0], x, w)


def _defined(bench: Bench) -> Bench:
    """Add a context manager of a user's own, around a flag or a function that sets one.

    A function may well set it for one thread; a flag is the same for all, as anyone can see.
    """
    if "without_gradients" in bench.names.namespace:
        return bench
    for text, means in _definitions(bench):
        define((text,), bench.names.namespace)
        tried = bench.but(no_grad="without_gradients()").also(*means)
        if attempt(_stops_gradients, tried) and gradients_flow(tried):
            return tried.but(imports=(*bench.spelling.imports, text))
    bench.names.namespace.pop("without_gradients", None)
    return bench


def _definitions(bench: Bench) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield context managers, each with what they are able to do beside."""
    for name in SETTERS:
        for place, found in bench.names.places(name):
            if callable(found) and not isinstance(found, type):
                yield _BY_SETTER.format(set=place), ("own_modes",)
    for flag, value in bench.names.flags():
        if any(word in flag.lower() for word in FLAG_WORDS):
            yield _BY_FLAG.format(flag=flag, value=not value), ()


def _stops_gradients(bench: Bench) -> bool:
    """Tell whether an op inside has the right value, and no gradient flows back through it."""
    outside = bench.value(_product(bench)[1])
    with bench.run(bench.spelling.no_grad):
        x, root = _product(bench)
    attempt(bench.engine.backward, root, None, retain_graph=False, create_graph=False)
    grad = bench.grad(x)
    return close(bench.value(root), outside) and (grad is None or not grad.any())
