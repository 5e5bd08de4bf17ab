"""Where a submission may have an op: operators, methods, functions, objects, classes."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any, Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt
from gradcheck_suite.engines.families.calls import (
    ARGUMENTS,
    MORE_NAMES,
    SETTINGS,
    SURE,
    SYNONYMS,
)
from gradcheck_suite.program.op import Op

__all__ = ["Candidate", "candidates"]

# Written with the arguments of the row: what a call of `f` looks like in each style.
_FUNCTION: Final = "{f}({operands}{rest})"
_OBJECT: Final = "{f}({only})({operands})"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A template for an op; ``sure``: by operator or main name, so that it means no other op."""

    text: str
    sure: bool = False


def candidates(row: Op, bench: Bench) -> Iterator[Candidate]:
    """Yield what may be the op, best first."""
    certain = row.name in SURE
    yield from (Candidate(text, certain) for text in row.operators)
    seen: set[str] = set()
    names = (*row.names, *MORE_NAMES.get(row.name, ()))
    for name in (*names, *map(_camel, names)):
        if name not in seen:
            seen.add(name)
            sure = certain and name == row.name
            for text in (*_methods(row, bench, name), *_functions(row, bench, name)):
                yield Candidate(text + row.piece, sure)


def _camel(name: str) -> str:
    """Return the name as a class has it: ``LogSoftmax``."""
    return "".join(part.capitalize() for part in name.split("_"))


def _methods(row: Op, bench: Bench, name: str) -> Iterator[str]:
    static = inspect.getattr_static(bench.cls, name, None)
    if isinstance(static, (classmethod, staticmethod)):
        text = f"{bench.names.spelled(bench.cls)}.{name}"
        yield from _calls(row, text, getattr(bench.cls, name), bench)
        return
    if isinstance(static, property):
        yield f"x.{name}"
        return
    method = getattr(bench.cls, name, None)
    if not callable(method):
        return
    if row.signature == "join":
        for rest in _rests(row, method):
            yield f"xs[0].{name}({_join('xs[1:]', rest)})"
            yield f"xs[0].{name}({_join('*xs[1:]', rest)})"
        return
    operands = ["condition", "y"] if row.signature == "where" else list(row.arguments[1:])
    for rest in _rests(row, method):
        yield f"x.{name}({_join(*operands, rest)})"


def _functions(row: Op, bench: Bench, name: str) -> Iterator[str]:
    for text, found in bench.names.places(name):
        if isinstance(found, type):
            yield from _classes(row, text, found, bench)
        elif callable(found):
            yield from _calls(row, text, found, bench)


def _classes(row: Op, text: str, found: type, bench: Bench) -> Iterator[str]:
    """Yield ``ReLU()(x)``, ``Softmax(axis)(x)``, ``Loss()(x, target)``, ``Exp.apply(x)``."""
    operands = _join(*_operands(row)[0])
    apply = getattr(found, "apply", None)
    if callable(apply):
        yield from _calls(row, f"{text}.apply", apply, bench)
    for rest in _rests(row, found):
        yield f"{text}({rest})({operands})"
    if row.attributes:
        yield from _calls(row, f"{text}()", found.__call__, bench)
    if callable(getattr(found, "forward", None)):
        yield f"{text}().forward({operands})"
    yield from _calls(row, text, found, bench)


def _calls(row: Op, text: str, function: Any, bench: Bench) -> Iterator[str]:  # noqa: ANN401 - theirs
    for operands in _operands(row, bench):
        for rest in _rests(row, function):
            yield f"{text}({_join(*operands, rest)})"


def _operands(row: Op, bench: Bench | None = None) -> list[list[str]]:
    """Return the ways in which the array arguments are written."""
    if row.signature == "join":
        return [["xs"], ["*xs"]]
    plain = list(row.arguments)
    if row.signature == "where" and bench is not None:
        constant = bench.spelling.constant or bench.spelling.leaf
        if "data" in constant:
            wrapped = constant.replace("data", "condition").replace(
                "requires_grad=requires_grad", ""
            )
            return [plain, [wrapped.replace(", )", ")"), *plain[1:]]]
    return [plain]


def _rests(row: Op, function: Any) -> list[str]:  # noqa: ANN401 - a callable of the submission
    """Return the attribute arguments to try: those whose keywords the function has."""
    signature = attempt(inspect.signature, function)
    rests = SETTINGS.get(row.name) or ARGUMENTS.get(row.signature) or _written(row)
    if signature is None:
        return list(rests)
    parameters = [*signature.parameters.values()]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return list(rests)
    known = set(signature.parameters)
    defaults = {p.name: p.default for p in parameters}
    unset = {name for name, default in row.attributes if default is None or default is False}
    fitting = [rest.split(", ") for rest in rests if _keywords(rest) <= known]
    return [", ".join(_written_out(part, unset, defaults) for part in parts) for parts in fitting]


# A template leaves out what is None or False: engines have these defaults, as a rule.
_WRITTEN_OUT: Final = {
    "axis": "None if axis is None else axis",
    "keepdims": "True if keepdims else False",
}


def _written_out(part: str, unset: set[str], defaults: Mapping[str, Any]) -> str:
    """Return an argument so that it is never left out, if its default is another one."""
    keyword, _, name = part.partition("=")
    default = defaults.get(keyword)
    is_usual = default is None or default is False or default is inspect.Parameter.empty
    if is_usual or name not in unset or name not in _WRITTEN_OUT:
        return part
    return f"{keyword}={_WRITTEN_OUT[name]}"


@cache
def _written(row: Op) -> tuple[str, ...]:
    """Return the ways to write all attributes of an op, or some of them; as many as can be first.

    By keyword, under any of their names; by position; a tuple as so many arguments.
    """
    names = [name for name, _ in row.attributes if row.piece != f"[{name}]"]
    found: list[str] = []
    for n in range(len(names), 0, -1):
        for some in combinations(names, n):
            words = product(*(SYNONYMS.get(name, (name,)) for name in some))
            found += [
                ", ".join(f"{word}={name}" for word, name in zip(chosen, some, strict=True))
                for chosen in words
            ]
            found.append(", ".join(some))
    found += [f"*{name}" for name, default in row.attributes if isinstance(default, tuple)]
    return (*found, "")


def _keywords(rest: str) -> set[str]:
    return {part.partition("=")[0].strip() for part in rest.split(",") if "=" in part}


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
