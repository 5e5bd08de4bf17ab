"""How gradients are asked for, read and cleared: found out by value on the simplest ops."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.engines.discovery.core import attributes, reshaped
from gradcheck_suite.engines.families.habits import (
    BACKWARDS,
    CLEARS,
    COTANGENTS,
    CREATE_GRAPH,
    RETAIN_GRAPH,
)
from gradcheck_suite.engines.families.values import GRADIENTS
from gradcheck_suite.program.template import template

__all__ = [
    "find_clear",
    "find_gradients",
    "gradient_after",
    "meant_gradients",
    "products",
    "result_of",
]

Array = np.ndarray[Any, Any]

_FLAGS: Final = frozenset({*RETAIN_GRAPH, *CREATE_GRAPH})


@dataclass(frozen=True)
class _Product:
    """An op with its derivative by the first operand, as far as the search needs it."""

    op: str
    partial: Any


# One of these an engine has, and gets right: a wrong engine is seldom wrong in all.
_SIMPLEST: Final = (
    _Product("mul", lambda w: w),
    _Product("add", np.ones_like),
    _Product("sub", np.ones_like),
    _Product("neg", lambda w: -np.ones_like(w)),
    _Product("div", lambda w: 1 / w),
)


def products(bench: Bench) -> list[_Product]:
    """Return the simplest ops that the engine has."""
    known = dict(bench.spelling.ops)
    return [p for p in _SIMPLEST if p.op in known]


def gradient_after(
    bench: Bench,
    product: _Product,
    cotangent: Array | None = None,
    shape: tuple[int, ...] | None = None,
) -> tuple[Array | None, Array]:
    """Return the gradient of ``op(x, w)`` by ``x``, and what it has to be."""
    shape = bench.single if shape is None else shape
    data, weights = numbers(shape), numbers(shape, salt=1)
    x = bench.leaf(data)
    root = result_of(bench, product, x, bench.leaf(weights))
    bench.engine.backward(root, cotangent, retain_graph=False, create_graph=False)
    expected = product.partial(weights) * (1.0 if cotangent is None else cotangent)
    return bench.grad(x), expected


def result_of(bench: Bench, product: _Product, x: object, w: object) -> Any:  # noqa: ANN401 - theirs
    """Apply the op to as many of the two operands as it takes."""
    return bench.engine.apply(product.op, (x,) if product.op == "neg" else (x, w), ())


def find_gradients(bench: Bench, stated: dict[str, Any]) -> Bench | None:
    """Add backward and the gradient; None where no gradient of the engine is right."""
    for tried in _pairs(bench, stated):
        if _is_right(tried):
            found = attempt(_with_shape, tried, stated) or tried
            return found if "backward" in stated else _with_flags(_with_cotangent(found))
    return None


def meant_gradients(bench: Bench, stated: dict[str, Any]) -> Bench | None:
    """Add backward and the gradient of an engine that has none right: the first that runs.

    None where the engine shows no sign of either.
    """
    found = next((t for t in _pairs(bench, stated) if _runs(t)), None) or _by_name(bench, stated)
    if found is None or "backward" in stated:
        return found
    return _with_flags(_with_cotangent(found))


def _pairs(bench: Bench, stated: dict[str, Any]) -> Iterator[Bench]:
    """Yield the ways to ask for gradients together with the ways to read them."""
    for backward in _given(stated, "backward") or _backwards(bench):
        for grad in _given(stated, "grad") or chain(GRADIENTS, _own_attributes(bench)):
            call = backward.replace("{grad}", grad)
            yield bench.but(backward=call, grad=grad)


def _with_shape(bench: Bench, stated: dict[str, Any]) -> Bench:
    """Read a gradient that is kept in a row with the shape of the value beside it."""
    if "grad" in stated or "rank:2" not in bench.spelling.can:
        return bench
    x, w = (bench.leaf(numbers((2, 3), salt=k)) for k in range(2))
    root = bench.engine.apply("sum", (result_of(bench, products(bench)[0], x, w),), ())
    bench.engine.backward(root, None, retain_graph=False, create_graph=False)
    found = bench.grad(x)
    if found is None or found.shape != (6,):
        return bench
    grad = bench.spelling.grad
    fresh = bench.leaf(numbers(bench.single))
    is_unset = attempt(lambda: bench.grad(fresh) is None)
    return bench.but(
        grad=f"None if {grad} is None else {reshaped(grad)}" if is_unset else reshaped(grad)
    )


def _outcomes(bench: Bench) -> Iterator[tuple[Array | None, Array]]:
    outcomes = (attempt(gradient_after, bench, product) for product in products(bench))
    return (o for o in outcomes if o is not None and o[0] is not None)


def _is_right(bench: Bench) -> bool:
    return any(close(*outcome) for outcome in _outcomes(bench))


def _runs(bench: Bench) -> bool:
    """Tell whether there are as many numbers under the name of a gradient as there have to be."""
    is_named = any(name in bench.spelling.grad for name in GRADIENTS)
    sizes = ((found, expected.size) for found, expected in _outcomes(bench))
    return is_named and any(found is not None and found.size == n for found, n in sizes)


def _by_name(bench: Bench, stated: dict[str, Any]) -> Bench | None:
    """Settle for names where nothing runs: what is wrong with them will be told."""
    methods = [text for text in _backwards(bench) if text.startswith("x.")]
    backward = next(iter(_given(stated, "backward") or methods), "")
    x = attempt(bench.leaf, numbers(bench.single))
    grads = _given(stated, "grad") or [
        text for text in GRADIENTS if "(" not in text and hasattr(x, text.removeprefix("x."))
    ]
    if not backward or not (grads or "{" not in backward):
        return None
    return bench.but(backward=backward, grad=grads[0] if grads else "x.grad")


def _given(stated: dict[str, Any], key: str) -> list[str]:
    return [stated[key]] if key in stated else []


def _own_attributes(bench: Bench) -> list[str]:
    x = attempt(bench.leaf, numbers(bench.single))
    return [f"x.{name}" for name in attributes(x) if f"x.{name}" != bench.spelling.value]


def _backwards(bench: Bench) -> Iterator[str]:
    for name in BACKWARDS:
        if callable(getattr(bench.cls, name, None)):
            yield f"x.{name}()"
    for name in BACKWARDS:
        for place, found in bench.names.places(name):
            if callable(found) and not isinstance(found, type):
                yield f"{place}(x)"
    for name in BACKWARDS:
        yield from (f"{place}.{name}(x)" for place in bench.names.objects_with(name))
    value = bench.spelling.value
    for name in BACKWARDS:  # those that want to be told where to begin, in an argument or before
        if callable(getattr(bench.cls, name, None)):
            yield f"x.{name}(1.0)"
            yield f"x.{name}(np.ones_like({value}))"
            yield f"{{grad}} = 1.0; x.{name}()"
            yield f"{{grad}} = np.ones_like({value}); x.{name}()"


def _with_cotangent(bench: Bench) -> Bench:
    """Let backward take a cotangent, in the way that is honoured by most ops, if by any.

    One op alone may be content with what another cannot use: ``array.data`` is there, but no array.
    An argument that is called like a cotangent and makes no difference is kept apart: an engine
    that ignores it is wrong, in that alone.
    """
    best, most = bench, 0
    texts = list(_cotangent_texts(bench))
    for _, text in texts:
        tried = bench.but(backward=text)
        honoured = [attempt(_honoured, tried, product) for product in products(bench)]
        score = sum(map(bool, [*honoured, attempt(_honoured_by_sum, tried)]))
        if score > most:
            best, most = tried, score
        if score == len(honoured) + 1:
            break
    if most:
        return best
    named = (text for name, text in texts if name in COTANGENTS)
    ignored = (t for t in named if attempt(_ignored, bench.but(backward=t), products(bench)[0]))
    return bench.but(backward_from=next(ignored, ""))


def _ignored(bench: Bench, product: _Product) -> bool:
    """Tell whether a cotangent makes no difference, where it has to."""
    shape = bench.shape
    found, _ = gradient_after(bench, product, numbers(shape, salt=2) * 1.5, shape)
    return close(found, np.broadcast_to(product.partial(numbers(shape, salt=1)), shape))


def _honoured(bench: Bench, product: _Product) -> bool:
    shape = bench.shape
    cotangent = numbers(shape, salt=2) * 1.5
    return close(*gradient_after(bench, product, cotangent, shape))


def _honoured_by_sum(bench: Bench) -> bool:
    x = bench.leaf(numbers(bench.shape))
    root = bench.engine.apply("sum", (x,), ())
    cotangent = np.full(bench.value(root).shape, 1.5)
    bench.engine.backward(root, cotangent, retain_graph=False, create_graph=False)
    return close(bench.grad(x), np.full(bench.shape, 1.5))


def _cotangent_texts(bench: Bench) -> Iterator[tuple[str, str]]:
    """Yield the names of arguments, with a backward that hands over a cotangent there."""
    call = bench.spelling.backward
    if not call.endswith(("()", "(x)")) or ";" in call:
        return
    function = _function_of(bench, call)
    signature = attempt(inspect.signature, function)
    if signature is None:
        return
    parameters = list(signature.parameters.values())[1:]
    constant = bench.spelling.constant or bench.spelling.leaf
    wrapped = constant.replace("requires_grad=requires_grad", "requires_grad=False")
    for word in ("data", "nested", "number"):
        name = "cotangent" if word == "data" else f"cotangent_{word}"
        wrapped = _renamed(wrapped, word, name)
    first = "" if call.endswith("()") else "x, "
    for parameter in parameters:
        if parameter.name in _FLAGS or isinstance(parameter.default, bool):
            continue
        for form in _forms(bench, wrapped):
            if parameter is parameters[0] and parameter.kind is not parameter.KEYWORD_ONLY:
                yield parameter.name, f"{call[: call.index('(')]}({first}{form})"
            if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
                yield (
                    parameter.name,
                    f"{call[: call.index('(')]}({first}{parameter.name}={form})",
                )


def _forms(bench: Bench, wrapped: str) -> list[str]:
    forms = ("cotangent_number",) if bench.spelling.kind == "scalar" else ("cotangent",)
    return [*forms, wrapped, "cotangent_nested"]


def _renamed(text: str, old: str, new: str) -> str:
    return template(text).print({old: new}) if old in template(text).names else text


def _function_of(bench: Bench, call: str) -> Any:  # noqa: ANN401 - theirs
    name = call[: call.index("(")]
    if name.startswith("x."):
        return getattr(bench.cls, name.removeprefix("x."))
    return bench.run(name)


def _with_flags(bench: Bench) -> Bench:
    """Hand on the flags that backward has: to keep the graph, to differentiate the gradient."""
    call = bench.spelling.backward
    if not call.endswith(")") or ";" in call:
        return bench
    signature = attempt(inspect.signature, _function_of(bench, call))
    known = set(signature.parameters) if signature else set()
    flags = {
        "retain_graph": next((f for f in RETAIN_GRAPH if f in known), ""),
        "create_graph": next((f for f in CREATE_GRAPH if f in known), ""),
    }
    added = [f"{name}={flag}" for flag, name in flags.items() if name]
    if not added:
        return bench
    inner = call[:-1]
    separator = "" if inner.endswith("(") else ", "
    return bench.but(backward=f"{inner}{separator}{', '.join(added)})")


def find_clear(bench: Bench, stated: dict[str, Any]) -> Bench:
    """Add a way to forget a gradient, by a method or by assigning what was there before.

    A method that is called like one, runs, and leaves the gradient as it was is taken as well: it
    is wrong, which an assignment in its place would not show.
    """
    if "clear" in stated:
        return bench
    own = [f"x.{name}()" for name in CLEARS if callable(getattr(bench.cls, name, None))]
    works = next((text for text in own if _is_clear(bench, text)), "")
    if own and not works and any(attempt(_changes_nothing, bench, p, own) for p in products(bench)):
        works = own[0]
    works = works or next((text for text in _resets(bench) if _is_clear(bench, text)), "")
    return bench.but(clear=works or own[0]) if works or own else bench


def _is_clear(bench: Bench, text: str) -> bool:
    return any(attempt(_clears, bench, p, text) for p in products(bench))


def _changes_nothing(bench: Bench, product: _Product, methods: list[str]) -> bool:
    """Tell whether there is a gradient that stays as it is under all ``methods``, which run."""
    x, w = (bench.leaf(numbers(bench.single, salt=k)) for k in range(2))
    bench.engine.backward(result_of(bench, product, x, w), None, False, False)
    grad = bench.grad(x)
    if grad is None or not grad.any():
        return False
    before = grad.copy()
    for text in methods:
        bench.run(text, x=x)
    return close(bench.grad(x), before)


def _resets(bench: Bench) -> Iterator[str]:
    """Yield assignments of what a fresh leaf has for a gradient."""
    grad, value = bench.spelling.grad, bench.spelling.value
    if not grad.startswith("x.") or "(" in grad:
        return
    x = attempt(bench.leaf, numbers(bench.single))
    before = attempt(bench.run, grad, x=x)
    if type(before) in {int, float}:
        yield f"{grad} = {before!r}"
    elif isinstance(before, (np.ndarray, np.generic)):
        yield f"{grad} = np.zeros_like({value})"
        yield f"{grad} = 0.0"
    elif before is not None:
        constant = bench.spelling.constant or bench.spelling.leaf
        zeros = template(constant).print(
            {"data": f"np.zeros_like({value})", "number": "0.0", "requires_grad": "False"},
        )
        yield f"{grad} = {zeros}"
    yield f"{grad} = None"
    yield f"x.__dict__.pop({grad.removeprefix('x.')!r}, None)"


def _clears(bench: Bench, product: _Product, text: str) -> bool:
    """Tell whether nothing is left after ``text``, and a new backward gives the same again."""
    shape = bench.single
    x, w = bench.leaf(numbers(shape)), bench.leaf(numbers(shape, salt=1))
    seen = []
    for _ in range(2):
        bench.engine.backward(result_of(bench, product, x, w), None, False, False)
        grad = bench.grad(x)
        seen.append(None if grad is None else grad.copy())
        bench.run(text, x=x)
        left = bench.grad(x)
        if left is not None and np.any(left != 0):
            return False
    return seen[0] is not None and seen[1] is not None and close(seen[1], seen[0])
