"""Optimizers of a submission: classes by their names, taken when a plain step moves a parameter.

Where to is not asked here: an optimizer that is wrong has to be judged, and not to be missed.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from gradcheck_suite.engines.discovery.bench import Bench, attempt, numbers
from gradcheck_suite.engines.discovery.gradients import products, result_of
from gradcheck_suite.engines.families.habits import CLEARS
from gradcheck_suite.engines.families.optimizers import PAIRS, RATES, SETTING_NAMES, STEPS
from gradcheck_suite.program.instructions import Attribute
from gradcheck_suite.program.optimizers import OPTIMIZERS, Optimizer

__all__ = ["find_optimizers"]

_LR: Final = (("lr", 0.125),)


@dataclass(frozen=True)
class _Taken:
    """An argument that a constructor takes: as it is called there, and its default."""

    name: str
    default: Any


def find_optimizers(bench: Bench) -> Bench:
    """Add the optimizers that are found, and how they are stepped, to those that are stated."""
    known = dict(bench.spelling.optimizers)
    for rule in OPTIMIZERS.values():
        for text in _candidates(bench, rule) if rule.name not in known else ():
            found = bench.but(optimizers=(*bench.spelling.optimizers, (rule.name, text)))
            stepped = _stepped(found, rule)
            if stepped is not None:
                bench = stepped
                break
    return _with_clear(bench)


def _stepped(bench: Bench, rule: Optimizer) -> Bench | None:
    """Return the bench with the way in which the optimizer is stepped; None where it is none."""
    one_for_all = len(bench.spelling.optimizers) > 1
    for step in (bench.spelling.step,) if one_for_all else STEPS:
        tried = bench.but(step=step)
        if attempt(_moves, tried, rule):
            return tried
    return None


def _with_clear(bench: Bench) -> Bench:
    """Add what every optimizer has to clear gradients with, by its name: whether it does is judged.

    One that wants to be told more, or that is not written yet, is not there.
    """
    x = bench.leaf(numbers(bench.single))
    made = [bench.engine.optimizer(rule, [x], _LR) for rule, _ in bench.spelling.optimizers]
    for name in CLEARS if made and not bench.spelling.optimizer_clear else ():
        if all(_takes_nothing(getattr(one, name, None)) for one in made):
            return bench.but(optimizer_clear=f"x.{name}()")
    return bench


def _takes_nothing(method: object) -> bool:
    """Tell whether there is a method that can be called as it is."""
    if not callable(method):
        return False
    try:
        inspect.signature(method).bind()
    except (TypeError, ValueError):  # it wants more, or tells not what
        return False
    try:
        method()
    except NotImplementedError:
        return False
    except Exception:  # noqa: BLE001 - it is there, and may be wrong
        return True
    return True


def _moves(bench: Bench, rule: Optimizer) -> bool:
    """Tell whether a plain step runs through and leaves a parameter with other numbers."""
    shape = bench.single
    before, weights = numbers(shape), numbers(shape, salt=1)
    x = bench.leaf(before)
    root = result_of(bench, products(bench)[0], x, bench.leaf(weights))
    bench.engine.backward(root, None, retain_graph=False, create_graph=False)
    bench.engine.optimizer_step(rule.name, [x], _LR)
    after = bench.value(x)
    return after.shape == before.shape and bool(np.any(after != before))


def _candidates(bench: Bench, rule: Optimizer) -> Iterator[str]:
    for name in rule.names:
        for text, found in bench.names.places(name):
            if isinstance(found, type):
                yield from _calls(rule, text, found)


def _calls(rule: Optimizer, text: str, found: type) -> Iterator[str]:
    """Yield the constructor with all the settings that it has; then with the rate alone."""
    signature = attempt(inspect.signature, found)
    if signature is None:
        yield f"{text}(parameters, lr=lr)"
        yield f"{text}(parameters, lr)"
        return
    taken = {p.name: p.default for p in signature.parameters.values()}
    is_spread = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
    each = "*parameters" if is_spread else "parameters"
    rate = next((n for n in _rates(rule) if n in taken), "")
    first = f"{each}, {rate}=lr" if rate else f"{each}, lr"
    settings = _settings(rule, {name: taken[name] for name in taken if name != rate})
    yield f"{text}({', '.join([first, *settings])})"
    if settings:
        yield f"{text}({first})"


def _rates(rule: Optimizer) -> Iterator[str]:
    return (name for name in RATES if name not in dict(rule.settings))


def _settings(rule: Optimizer, taken: Mapping[str, Any]) -> list[str]:
    """Return how the settings are handed over that the constructor has.

    Left out, one has to be what it is in the table: where an engine has another default, that of
    the table is written into the template.
    """
    left = dict(taken)
    found: list[str] = []
    missing: list[tuple[str, Attribute]] = []
    for name, default in rule.settings:
        names = _names(rule, name, left)
        found += _handed(name, default, {own: left.pop(own) for own in names})
        missing += [(name, default)] if default and not names else []
    # The only setting that acts though nobody sets it, and the only number that it can be.
    numbers_left = [own for own, default in left.items() if type(default) is float]
    if len(missing) == len(numbers_left) == 1:
        found += _handed(*missing[0], {numbers_left[0]: left[numbers_left[0]]})
    return found


def _names(rule: Optimizer, name: str, left: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a setting is called among the arguments that are left: none, one, or a pair."""
    known = SETTING_NAMES.get(f"{rule.name}.{name}", SETTING_NAMES[name])
    alone = [(own,) for own in known if own in left]
    pairs = [pair for pair in PAIRS.get(name, ()) if left.keys() >= set(pair)]
    return next(iter((*alone, *pairs)), ())


def _handed(name: str, default: Attribute, own: Mapping[str, Any]) -> Iterator[str]:
    """Yield each argument with its value in terms of the setting."""
    parts = default if len(own) > 1 and isinstance(default, tuple) else (default,)
    for k, (argument, value) in enumerate(own.items()):
        part = f"{name}[{k}]" if len(own) > 1 else name
        same = _same(value, parts[k])
        yield f"{argument}={part if same else f'{parts[k]!r} if {name} is None else {part}'}"


def _same(own: Any, default: Attribute) -> bool:  # noqa: ANN401 - a default of the submission
    return own is None or (type(own) in _PLAIN and own == default)


_PLAIN: Final = frozenset({bool, float, int, tuple, list})
