"""Means beyond backward: hooks, forward mode, and functions with a rule of the user's own.

Each is taken where it is right in the simplest case, in one of the forms that are known. What it
then does wrong is told by the properties; a form that nobody knows is no fault of the engine's.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.engines.families.customs import BASES, Custom, CustomForm, custom_forms
from gradcheck_suite.engines.families.means import FORWARDS, HOOKS, UNHOOKS
from gradcheck_suite.program.table import op_named

__all__ = ["define", "find_forward_mode", "find_means"]


def find_means(bench: Bench) -> Bench:
    """Add what the engine has of them; a failed search adds nothing."""
    for find in (_hook, _unhook, find_forward_mode, _custom):
        bench = attempt(find, bench) or bench
    return bench


def define(lines: Iterable[str], namespace: dict[str, Any]) -> None:
    """Run the definitions among ``lines``, so that templates may name them."""
    for text in lines:
        if text.startswith(("class ", "def ")):
            exec(text, namespace)  # noqa: S102 - the suite's own text over the submission's names


def _product(bench: Bench, *operands: object) -> Any:  # noqa: ANN401 - theirs
    return bench.engine.apply("mul", operands, ())


def _gradient_behind(bench: Bench, *hooks: tuple[Any, bool]) -> Any:  # noqa: ANN401 - an array
    """Return the gradient of ``x * y * z`` by ``x``, with hooks on ``x * y``, some taken away.

    ``z`` arrives at the hooks, and what they make of it is multiplied by ``y``.
    """
    x, y, z = (bench.leaf(numbers(bench.single, salt=k)) for k in range(3))
    middle = _product(bench, x, y)
    handles = [(bench.engine.hook(middle, function), gone) for function, gone in hooks]
    for handle, gone in handles:
        if gone:
            bench.engine.unhook(handle)
    bench.engine.backward(_product(bench, middle, z), None, False, False)
    return bench.grad(x)


def _hook(bench: Bench) -> Bench:
    """Add hooks where what one returns takes the gradient's place, at a result or at a leaf.

    A hook that may only look is another means.
    """
    y, z = (numbers(bench.single, salt=k) for k in (1, 2))

    def replaces(text: str) -> bool:
        tried = bench.but(hook=text)
        doubled = close(_gradient_behind(tried, (lambda g: g * 2.0, False)), 2.0 * z * y)
        return doubled and close(_gradient_behind(tried, (lambda g: g * g, False)), z * z * y)

    return bench.but(hook=bench.spelling.hook or bench.first(HOOKS, replaces))


def _unhook(bench: Bench) -> Bench:
    """Add the way to take a hook away: with one hook there, none is left."""
    if not bench.spelling.hook:
        return bench
    y, z = (numbers(bench.single, salt=k) for k in (1, 2))

    def takes_away(text: str) -> bool:
        tried = bench.but(unhook=text)
        return close(_gradient_behind(tried, (lambda g: g * 2.0, True)), z * y)

    return bench.but(unhook=bench.spelling.unhook or bench.first(UNHOOKS, takes_away))


def find_forward_mode(bench: Bench) -> Bench:
    """Add forward mode where the tangent of a product is right."""
    primals, tangents = ([numbers(bench.single, salt=k) for k in some] for some in ((0, 1), (2, 3)))
    expected = tangents[0] * primals[1] + primals[0] * tangents[1]

    def moves(text: str) -> bool:
        tried = bench.but(push_forward=text)
        leaves = [tried.leaf(data) for data in primals]
        found = tried.engine.push_forward(lambda x, y: _product(tried, x, y), leaves, tangents)
        return close(tried.value(found), expected)

    candidates = (text.replace("{value}", bench.spelling.value) for text in FORWARDS)
    return bench.but(push_forward=bench.spelling.push_forward or bench.first(candidates, moves))


def _custom(bench: Bench) -> Bench:
    """Add the custom functions in the first form in which one is right, gradient and all."""
    known = dict(bench.spelling.ops)
    if any(op.startswith("custom_") for op in known):
        return bench
    mark = "My" if bench.names.namespace.keys() & {"Cube", "Scale", "Broken"} else ""
    for name in BASES:
        for base, found in bench.names.places(name):
            if isinstance(found, type):
                for form in custom_forms(bench.spelling.value):
                    tried = form.over(base, mark)
                    if attempt(_is_right, bench, tried.cube):
                        return _with_form(bench, tried)
    return bench


def _with_form(bench: Bench, form: CustomForm) -> Bench:
    """Add the functions of a form whose values are right, those with a right gradient first."""
    scales = [scale for scale in form.scales if attempt(_is_right, bench, scale)]
    scales = scales or [scale for scale in form.scales if attempt(_has_value, bench, scale)]
    broken = [form.broken] if attempt(_has_value, bench, form.broken) else []
    for custom in (form.cube, *scales[:1], *broken):
        bench = _with_custom(bench, custom)
    return bench


def _with_custom(bench: Bench, custom: Custom) -> Bench:
    define((custom.definition,), bench.names.namespace)
    return bench.but(
        ops=(*bench.spelling.ops, (custom.op, custom.call)),
        imports=(*bench.spelling.imports, custom.definition),
    )


def _is_right(bench: Bench, custom: Custom) -> bool:
    data = numbers(bench.single)
    slope = 3 * data * data if custom.op == "custom_cube" else np.full_like(data, 2.0)
    tried, x, result = _called(bench, custom)
    if not close(tried.value(result), op_named(custom.op).evaluate(data)):
        return False
    tried.engine.backward(result, None, False, False)
    return close(tried.grad(x), slope)


def _has_value(bench: Bench, custom: Custom) -> bool:
    tried, _, result = _called(bench, custom)
    return close(tried.value(result), op_named(custom.op).evaluate(numbers(bench.single)))


def _called(bench: Bench, custom: Custom) -> tuple[Bench, Any, Any]:
    tried = _with_custom(bench, custom)
    x = tried.leaf(numbers(bench.single))
    return tried, x, tried.engine.apply(custom.op, (x,), ())
