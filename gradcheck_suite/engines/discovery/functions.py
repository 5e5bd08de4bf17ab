"""Libraries of functions: found by their ``grad``, where no class is an engine."""

from collections.abc import Iterator
from typing import Any

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.engines.discovery.callees import candidates
from gradcheck_suite.engines.discovery.core import find_ranks
from gradcheck_suite.engines.discovery.means import find_forward_mode
from gradcheck_suite.engines.discovery.names import Names
from gradcheck_suite.engines.discovery.ops import find_ops
from gradcheck_suite.engines.discovery.reach import find_reach
from gradcheck_suite.engines.discovery.stated import Stated
from gradcheck_suite.engines.families.functions import GRADIENTS_OF, PRODUCTS
from gradcheck_suite.engines.functional import FunctionalEngine
from gradcheck_suite.engines.ready import Numbers, Sweep
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS

__all__ = ["find_library"]

_SWEEP = Sweep(is_seeded=False, is_single=False, retain_graph=False, create_graph=False)


def find_library(names: Names, stated: Stated) -> Bench | None:
    """Return the library of functions whose entry module ``names`` has; None where it is none.

    An op is there when its value is right and the library can differentiate it, to whatever value.
    """
    bench = next(_gradients(names, stated.templates.get("gradient")), None)
    if bench is None:
        return None
    bench = _with_total(bench)
    if not bench.total:
        bench = bench.but(leaf="number", kind="scalar")
    further = {k: v for k, v in stated.templates.items() if k in {"leaf", "push_forward"}}
    bench = bench.but(**further, imports=stated.definitions)
    bench = find_ops(find_ranks(bench), stated.ops)
    bench = attempt(find_forward_mode, bench) or bench
    bench = find_reach(bench)
    return bench.also("create_graph") if attempt(_differentiates_gradients, bench) else bench


def _gradients(names: Names, stated: str | None) -> Iterator[Bench]:
    """Yield benches with a way to get gradients that are right, of one op at least."""
    name = names.entry.rpartition(".")[2]
    for leaf in ("data", "number"):
        bench = Bench(Spelling(name=name, leaf=leaf, value="x"), names, object)
        for text in [stated] if stated else bench.spelled(GRADIENTS_OF):
            for op, call in PRODUCTS:
                for product in bench.spelled([call]):
                    tried = bench.but(gradient=text, ops=((op, product),))
                    if attempt(_is_right, tried, op):
                        yield bench.but(gradient=text)


def _engine(bench: Bench) -> FunctionalEngine:
    return FunctionalEngine(bench.spelling, bench.names.namespace)


def _is_right(bench: Bench, op: str) -> bool:
    """Tell whether the gradients by both operands are right."""
    engine, (a, b) = _engine(bench), (numbers(()), numbers((), salt=1))
    x, y = _leaves(engine, a, b)
    engine.sweeper(_SWEEP)(engine.apply(op, (x, y), ()), None)
    expected = (b, a) if op == "mul" else (1.0, 1.0)
    found = [engine.grad(leaf) for leaf in (x, y)]
    return all(g is not None and close(g.values, e) for g, e in zip(found, expected, strict=True))


def _leaves(engine: FunctionalEngine, *data: Any) -> list[Any]:  # noqa: ANN401 - arrays
    make = engine.maker(constant=False)
    return [make(Numbers.given(a), True) for a in data]


def _with_total(bench: Bench) -> Bench:
    """Add how arrays are summed, if the library has arrays: by a call that it differentiates."""
    data = numbers((2, 3))
    for candidate in candidates(OPS["sum"], bench):
        tried = Bench(bench.spelling, bench.names, bench.cls, total=candidate.text)
        settings = {"axis": None, "keepdims": False}
        found = attempt(tried.run, candidate.text, x=data, **settings)
        if close(attempt(bench.value, found), data.sum()):
            return tried
    return bench


def _differentiates_gradients(bench: Bench) -> bool:
    """Tell whether the gradient of ``x * x * x`` has the right gradient itself."""
    engine, a = _engine(bench), numbers(())
    (x,) = _leaves(engine, a)
    root = engine.apply("mul", (engine.apply("mul", (x, x), ()), x), ())
    engine.sweeper(_SWEEP)(root, None)
    gradient = engine.grad_of(x)
    engine.clear_grad(x)
    engine.sweeper(_SWEEP)(gradient, None)
    found = engine.grad(x)
    return found is not None and close(found.values, 6 * a)
