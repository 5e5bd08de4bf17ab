"""Tools to bend the reference: its rules, what goes into an op, and what comes out of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import reference
from gradcheck_suite.bugs.bug import Patch, Patches, module
from reference.broadcasting import unbroadcast
from reference.operators import OPS
from reference.primitive import Primitive, primitive
from reference.row import Rule

__all__ = [
    "arguments_of",
    "bent",
    "bent_rule",
    "graft",
    "grafted",
    "on_operands",
    "on_result",
    "replaced",
    "ruled",
    "swapped_rules",
    "unlisted",
]

Function: TypeAlias = Callable[..., Any]
Tensor: TypeAlias = Any

ROWS: Final = {
    "pow": "number_power",
    "matmul": "matrix_product",
    "getitem": "read",
    "concatenate": "join",
    "stack": "join",
    "solve": "solve_matrices",
}
"""The reference's name for the row of an op, where it is another."""


def unlisted(row: Primitive) -> Primitive:
    """Take an op off the reference's table again: it is there for bugs alone."""
    del OPS[row.row.name]
    return row


def _copied(x: Any, factor: Any = 1.0) -> Any:
    return x.copy()


bent: Final = unlisted(
    primitive("bent", _copied, vjps={"x": lambda g, factor: g * factor}, jvps={"x": lambda t: t})
)
"""The identity, whose gradient is multiplied by ``factor``: a number, or an array of x's shape."""


def _row(op: str) -> Primitive:
    found = OPS[ROWS.get(op, op)]
    assert isinstance(found, Primitive), op
    return found


def arguments_of(op: str) -> tuple[str, ...]:
    """Return the names of a row's arguments."""
    return _row(op).row.arguments


def bent_rule(op: str, **rules: Function) -> Patch:
    """Return a patch that gives arguments of a row other rules for reverse mode.

    A rule asks for what it needs by the names of its parameters, as the reference's own do; that
    of an elementwise op is summed back to the operand's shape.
    """

    def patch(patches: Patches) -> None:
        row = _row(op).row
        new = {name: _summed(op, Rule.of(rule)) for name, rule in rules.items()}
        changed = replace(row, vjps={**row.vjps, **new})
        patches.setattr(_row(op), "row", changed)

    return patch


def _summed(op: str, rule: Rule) -> Rule:
    if not _is_elementwise(op):
        return rule

    def vjp(cotangent: Tensor, in_shape: tuple[int, ...], *values: Any) -> Tensor:
        return unbroadcast(rule.function(cotangent, *values), in_shape)

    return Rule(vjp, ("in_shape", *rule.needs))


def _is_elementwise(op: str) -> bool:
    """Tell whether one rule serves both modes, which the tangent's own rule shows."""
    row = _row(op).row
    return all(rule.needs[:1] == ("in_shape",) for rule in row.vjps.values()) and all(
        row.vjps[name].needs[1:] == row.jvps[name].needs for name in row.vjps
    )


def swapped_rules(op: str) -> Patch:
    """Return a patch by which each operand of a binary op gets the other one's gradient."""

    def patch(patches: Patches) -> None:
        row = _row(op).row
        first, second = row.vjps
        rules = {first: _bare(row.jvps[second]), second: _bare(row.jvps[first])}
        patches.setattr(_row(op), "row", replace(row, vjps={**row.vjps, **rules}))

    return patch


def _bare(rule: Rule) -> Rule:
    def vjp(cotangent: Tensor, in_shape: tuple[int, ...], *values: Any) -> Tensor:
        return unbroadcast(rule.function(cotangent, *values), in_shape)

    return Rule(vjp, ("in_shape", *rule.needs))


def ruled(op: str, change: Callable[[str, Rule, Rule], Rule]) -> Patch:
    """Return a patch by which ``change(argument, vjp, jvp)`` makes each vjp of an op."""

    def patch(patches: Patches) -> None:
        row = _row(op).row
        changed = {name: change(name, rule, row.jvps[name]) for name, rule in row.vjps.items()}
        patches.setattr(_row(op), "row", replace(row, vjps=changed))

    return patch


def replaced(op: str, make: Callable[[Function], Function]) -> Patch:
    """Return a patch by which op is ``make(op)``, wherever it is called by users or other ops."""

    def patch(patches: Patches) -> None:
        if op in {"pow", "power"}:
            return _replace_power(patches, op, make)
        original = OPS[op]
        changed = make(original)
        patches.setitem(OPS, op, changed)
        if vars(reference).get(op) is original:
            patches.setattr(reference, op, changed)
        return None

    return patch


def _replace_power(patches: Patches, op: str, make: Callable[[Function], Function]) -> None:
    """Replace one of two: an exponent that is a number makes pow, a tensor or array power."""
    arithmetic = module("rules.arithmetic")
    if op == "power":
        changed = make(arithmetic.power)
        patches.setattr(arithmetic, "power", changed)
        patches.setitem(OPS, "power", changed)
        return
    original = OPS["pow"]
    changed = make(original)

    def dispatch(x: Any, exponent: Any) -> Any:
        is_number = isinstance(exponent, int | float)
        return (changed if is_number else original)(x, exponent)

    patches.setitem(OPS, "pow", dispatch)
    patches.setattr(reference, "pow", dispatch)


def on_operands(op: str, change: Callable[[Tensor], Tensor], *positions: int) -> Patch:
    """Return a patch by which op sees ``change(x)`` of its operands: of all, or of some.

    Only values that need a gradient are changed. A list of operands counts as they stand in it.
    """

    def make(function: Function) -> Function:
        def call(*args: Any, **named: Any) -> Any:
            return function(*_changed(args, change, positions), **named)

        return call

    return replaced(op, make)


def _changed(
    args: Sequence[Any], change: Callable[[Tensor], Tensor], positions: Sequence[int]
) -> list[Any]:
    if args and isinstance(args[0], list | tuple) and not isinstance(args[0], str):
        return [_changed(args[0], change, positions), *args[1:]]
    return [
        change(a)
        if isinstance(a, reference.Tensor) and a.requires_grad and (not positions or k in positions)
        else a
        for k, a in enumerate(args)
    ]


def on_result(op: str, change: Function) -> Patch:
    """Return a patch by which op gives ``change(result)``; of the first of several results."""

    def make(function: Function) -> Function:
        def call(*args: Any, **named: Any) -> Any:
            found = function(*args, **named)
            return (*map(change, found),) if isinstance(found, tuple) else change(found)

        return call

    return replaced(op, make)


def grafted(op: str, surrogate: Function) -> Patch:
    """Return a patch by which op has its own value and the gradient of ``surrogate``.

    ``surrogate`` is called as the op is, and gives a tensor of the same shape; of several results
    None stands for one that is left as it is. It calls no op that is replaced: those of
    ``reference.ops`` are not.
    """

    def make(function: Function) -> Function:
        def call(*args: Any, **named: Any) -> Any:
            value, other = function(*args, **named), surrogate(*args, **named)
            if not isinstance(value, tuple):
                return graft(value.detach(), other)
            pairs = zip(value, other, strict=True)
            return tuple(v if o is None else graft(v.detach(), o) for v, o in pairs)

        return call

    return replaced(op, make)


def _value(value: Any, s: Any) -> Any:
    return value.copy()


graft: Final = unlisted(
    primitive("graft", _value, vjps={"value": None, "s": lambda g: g}, jvps={"s": lambda t: t})
)
"""The value of the first operand with the gradient of the second."""
