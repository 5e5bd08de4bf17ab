"""What surrounds backward: detaching, gradient modes, flags, updates of a leaf."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.engines.discovery.gradients import products, result_of
from gradcheck_suite.engines.families.habits import (
    ASSIGNMENTS,
    DETACHES,
    FLAG_SETTERS,
    HAS_GRAPHS,
    IN_PLACE,
    IS_LEAVES,
    NO_DERIVATIVES,
    RETAIN_GRADS,
)
from gradcheck_suite.engines.families.values import FLAGS
from gradcheck_suite.program.instructions import Attribute, Attributes, Slice
from gradcheck_suite.program.ops.shaping import numpy_index
from gradcheck_suite.program.table import op_named
from gradcheck_suite.program.template import template

__all__ = ["find_habits"]

_BOOL: Final = frozenset({bool, np.bool_})


def find_habits(bench: Bench) -> Bench:
    """Add what the engine has of everything but modes; a failed search adds nothing."""
    for find in (
        _again,
        _grad_of,
        _detach,
        _flags,
        _retain_grad,
        _assign,
        _in_place,
        _no_derivatives,
        _weighted,
    ):
        found = attempt(find, bench)
        bench = found or bench
    return bench


def _pair(bench: Bench) -> tuple[Any, Any]:
    """Return a leaf and the result of an op on it."""
    shape = bench.single
    x, w = bench.leaf(numbers(shape)), bench.leaf(numbers(shape, salt=1))
    return x, result_of(bench, products(bench)[0], x, w)


def _backward(bench: Bench, root: object, *, create_graph: bool = False) -> None:
    bench.engine.backward(root, None, retain_graph=False, create_graph=create_graph)


def _again(bench: Bench) -> Bench:
    """Add that a second backward on one graph does not raise."""
    if "retain_graph" in template(bench.spelling.backward).names:
        return bench
    _, root = _pair(bench)
    _backward(bench, root)
    _backward(bench, root)
    return bench.also("again")


def _grad_of(bench: Bench) -> Bench:
    """Add the gradient as a value: as it is stored, where that is a value of the engine."""
    if bench.spelling.grad_of:
        return bench
    x, root = _pair(bench)
    _backward(bench, root, create_graph=True)
    grad = bench.run(bench.spelling.grad, x=x)
    return bench.but(grad_of=bench.spelling.grad) if bench.is_value(grad) else bench


def _detach(bench: Bench) -> Bench:
    _, root = _pair(bench)
    value = bench.value(root)

    def cuts(text: str) -> bool:
        found = bench.run(text, x=root)
        same = bench.is_value(found) and found is not root and close(bench.value(found), value)
        return same and ("detach" in text or _is_cut(bench, text))

    return bench.but(detach=bench.spelling.detach or bench.first(DETACHES, cuts))


def _is_cut(bench: Bench, text: str) -> bool:
    """Tell whether no gradient flows through: for names that may mean something else."""
    x, root = _pair(bench)
    attempt(lambda: _backward(bench, bench.run(text, x=root)))
    grad = bench.grad(x)
    return grad is None or not np.any(grad)


def _flags(bench: Bench) -> Bench:
    """Add requires_grad with its setter, is_leaf and has_graph."""
    x, root = _pair(bench)

    def is_flag(text: str) -> bool:
        return all(type(bench.run(text, x=v)) in _BOOL for v in (x, root))

    def marks_results(text: str) -> bool:
        return bench.run(text, x=x) is False and bench.run(text, x=root) is True

    stated = bench.spelling
    names = [f"x.{name}" for name in (*FLAGS, *(f"_{f}" for f in FLAGS))]
    requires_grad = stated.requires_grad or bench.first(
        [*names, *(f"{n}()" for n in names)], is_flag
    )
    found = bench.but(
        requires_grad=requires_grad,
        is_leaf=stated.is_leaf or bench.first(IS_LEAVES, is_flag),
        has_graph=stated.has_graph or bench.first(HAS_GRAPHS, marks_results),
    )
    if not requires_grad or stated.set_requires_grad:
        return found
    name = requires_grad.removeprefix("x.").removesuffix("()")

    def sets(text: str) -> bool:
        leaf = bench.leaf(numbers(bench.single))
        seen = []
        for flag in (False, True):
            bench.run(text, x=leaf, flag=flag)
            seen.append(bool(bench.run(requires_grad, x=leaf)))
        return seen == [False, True]

    setters = [text.replace("{flag}", name) for text in FLAG_SETTERS]
    return found.but(set_requires_grad=found.first(setters, sets))


def _retain_grad(bench: Bench) -> Bench:
    def runs(text: str) -> bool:
        bench.run(text, x=_pair(bench)[1])
        return True

    return bench.but(retain_grad=bench.spelling.retain_grad or bench.first(RETAIN_GRADS, runs))


def _assign(bench: Bench) -> Bench:
    """Add an update of a leaf's data that later ops see and that leaves it a leaf."""
    if bench.spelling.assign:
        return bench
    product = products(bench)[0]

    def updates(text: str) -> bool:
        tried = bench.but(assign=text)
        data, new, weights = (numbers(tried.single, salt=k) for k in range(3))
        x, w = tried.leaf(data), tried.leaf(weights)
        tried.engine.assign(x, tried.leaf(new))
        root = result_of(tried, product, x, w)
        expected = tried.value(result_of(tried, product, tried.leaf(new), tried.leaf(weights)))
        _backward(tried, root)
        kept = not tried.spelling.is_leaf or tried.engine.flag("is_leaf", x)
        seen = tried.grad(x) is not None
        return kept and seen and close(tried.value(x), new) and close(tried.value(root), expected)

    return bench.but(assign=bench.first(_assignments(bench), updates))


def _assignments(bench: Bench) -> Iterator[str]:
    value = bench.spelling.value
    form = _form_inside(bench)
    attributes = [value] if "(" not in value else []
    attributes += [v for v in ("x.data", "x.value") if v != value]
    for text in ASSIGNMENTS:
        for attribute in attributes if "{value}" in text else [""]:
            line = text.replace("{value}", attribute).replace("{form}", form)
            yield line
            yield f"with {bench.spelling.no_grad or 'no_grad()'}: {line}"


def _form_inside(bench: Bench) -> str:
    """Return the form in which the engine keeps numbers: ``data``, ``number``, ``nested``."""
    x = bench.leaf(numbers(bench.single))
    inside = attempt(bench.run, bench.spelling.value, x=x)
    if bench.spelling.kind == "scalar" or isinstance(inside, (int, float)):
        return "number"
    return "nested" if isinstance(inside, list) else "data"


def _in_place(bench: Bench) -> Bench:
    """Add statements such as ``x += y`` to which the class gives a meaning of their own."""
    found = dict(bench.spelling.in_place)
    for op, method, statement in IN_PLACE:
        if op in found or not callable(getattr(bench.cls, method, None)):
            continue
        tried = bench.but(in_place=((op, statement),))
        if all(attempt(_updates, tried, op, *change) for change in _changes(bench, op)):
            found[op] = statement
    return bench.but(in_place=tuple(found.items()))


_Shape = tuple[int, ...]


def _changes(bench: Bench, op: str) -> list[tuple[_Shape, _Shape | None, Attributes]]:
    """Return the shapes of what is changed and of what it is changed by, and the attributes.

    An assignment to a part has to be right for every sort of part, from one number and from many.
    """
    if op == "pow":
        return [(bench.single, None, (("exponent", n),)) for n in (2, 3)]
    if op != "setitem":
        return [(bench.single, bench.single, ())]
    shapes = [shape for shape in ((3,), (3, 2)) if f"rank:{len(shape)}" in bench.spelling.can]
    parts: list[tuple[_Shape, _Shape | None, Attributes]] = []
    for shape in shapes:
        for index in _PARTS[: None if len(shape) > 1 else -1]:
            attrs: Attributes = (("index", index),)
            parts.append((shape, np.zeros(shape)[numpy_index(index)].shape, attrs))
    if "rank:0" in bench.spelling.can:
        parts += [(shape, (), attrs) for shape, _, attrs in parts]
    return parts


_PARTS: Final[tuple[tuple[Attribute, ...], ...]] = (
    (1,),
    (-1,),
    (Slice(1, None),),
    (Slice(None, -1),),
    (Slice(None, None, 2),),
    (Slice(1, None), 0),
)


def _updates(bench: Bench, op: str, shape: _Shape, other: _Shape | None, attrs: Attributes) -> bool:
    """Tell whether a result that is changed in place has the numbers that it should have."""
    x = result_of(bench, products(bench)[0], *(bench.leaf(numbers(shape, salt=k)) for k in (0, 1)))
    others = [] if other is None else [numbers(other, salt=3)]
    expected = op_named(op).evaluate(bench.value(x), *others, attrs=attrs)
    changed = bench.engine.apply_in_place(op, x, [bench.leaf(y) for y in others], attrs)
    return close(bench.value(changed), expected)


def _no_derivatives(bench: Bench) -> Bench:
    """Add comparisons and argmax, where they give values of the engine."""
    known = dict(bench.spelling.ops)
    data = [numbers(bench.shape, salt=k) for k in range(2)]
    for op, candidates in NO_DERIVATIVES:
        row = op_named(op)
        expected = row.evaluate(*data[: len(row.arguments)])

        def gives(text: str, expected: npt.NDArray[Any] = expected) -> bool:
            found = bench.run(text, x=bench.leaf(data[0]), y=bench.leaf(data[1]))
            inside = bench.run(bench.spelling.value, x=found)  # truth values, or integers
            return bench.is_value(found) and np.array_equal(np.asarray(inside), expected)

        text = "" if op in known else bench.first(candidates, gives)
        known |= {op: text} if text else {}
    return bench.but(ops=tuple(known.items()))


def _weighted(bench: Bench) -> Bench:
    """Add the cotangent as weights in a sum, where backward takes none itself."""
    ops = dict(bench.spelling.ops)
    if "cotangent" in bench.engine.native or "mul" not in ops:
        return bench
    if bench.spelling.kind == "tensor" and "sum" not in ops:
        return bench
    return bench.also("cotangent")
