"""Which ops an engine has, and how each of their forms is called: found out by value."""

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import combinations
from time import process_time
from typing import Any, Final

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close
from gradcheck_suite.engines.discovery.callees import Candidate, candidates
from gradcheck_suite.engines.discovery.cases import PARTS, Case, cases, forms
from gradcheck_suite.engines.families.calls import SURE
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.ops.shaping import python_attribute
from gradcheck_suite.program.table import OPS
from gradcheck_suite.program.template import template

__all__ = ["find_op", "find_ops"]

# Ops whose every call is of a named form: their one template stands under the bare name.
_ALWAYS_FORMED: Final = frozenset({"matmul", "getitem"})

# What Python raises for an operator that a class does not have.
_NO_OPERATOR: Final = (TypeError, AttributeError, NameError)

# Of the processor. A trial that was given up after so long is there and does not return: no stub,
# which raises at once. The sandbox gives up later, an honest trial takes a thousandth of it.
_PATIENCE_SECONDS: Final = 0.2


class _Trial(Enum):
    """What came of running a candidate on the cases of a form."""

    RIGHT = 2
    WRONG = 1
    RAISED = 0


def find_ops(bench: Bench, stated: Mapping[str, str]) -> Bench:
    """Add every op of the table that the engine has; ``stated`` templates are tried alone."""
    for row in OPS.values():
        bench = find_op(row, bench, stated)
    return bench


def find_op(row: Op, bench: Bench, stated: Mapping[str, str]) -> Bench:
    """Add one op, in the forms in which it is right, or unmistakably meant and wrong."""
    wanted = forms(row, bench)
    own = {k.partition(".")[2]: t for k, t in stated.items() if k.partition(".")[0] == row.name}
    by_form = {form: text for form, text in own.items() if form}
    found: dict[str, str] = {}
    if wanted:
        left = {k: v for k, v in wanted.items() if k not in by_form}
        tried = list(candidates(row, bench))
        if "" in own:  # what is stated is meant: in some forms where it is right in others
            meant = Candidate(own[""], sure=row.name in SURE)
            tried = [next((c for c in tried if c.text == meant.text), meant)]
        found = _select(row, bench, tried, left)
        if "" in own and not found:
            found = _select(row, bench, [Candidate(own[""], sure=True)], left)
        if not found and not own:
            why = _reason(row, bench, tried, wanted)
            bench = bench.without(row.name, why) if why else bench
    if "" in own and not found:
        found = {"": own[""]}  # it raises: the property of its value will say so
    return _with(bench, row, found | by_form)


def _reason(row: Op, bench: Bench, tried: list[Candidate], wanted: dict[str, list[Case]]) -> str:
    """Say in words what stands under the op's name and does not do what it does; '' for nothing."""
    named = [c.text for c in tried if c.text not in row.operators]
    text = named[0] if named else tried[0].text if tried else ""
    first = next(iter(wanted.values()))[0]

    def told() -> str:
        try:
            run_case(row, bench, text, first)
        except Exception as error:  # noqa: BLE001 - foreign code may raise anything
            absent = not named and isinstance(error, _NO_OPERATOR)
            return "" if absent else f"{text} raises {type(error).__name__}: {error}"
        return f"{text} gives other values"

    found = attempt(told) if text else ""
    return f"{text} does not return" if found is None else found


def _select(
    row: Op,
    bench: Bench,
    tried: list[Candidate],
    wanted: dict[str, list[Case]],
) -> dict[str, str]:
    """Return a template for each form: as few different ones as will do."""
    results: dict[str, dict[str, _Trial]] = {}
    for candidate in tried:
        if candidate.text in results:
            continue
        results[candidate.text] = {
            form: _try(row, bench, candidate.text, made)
            for form, made in wanted.items()
            if _mentions(candidate.text, row, made)
        }
        if list(results[candidate.text].values()) == [_Trial.RIGHT] * len(wanted):
            break
    found: dict[str, str] = {}
    while best := _best(results, [f for f in wanted if f not in found]):
        found |= best
    meant = [c for c in tried if c.sure and not _misses_its_place(c.text, results)]
    for form in wanted:
        for candidate in meant:
            outcome = results.get(candidate.text, {}).get(form)
            if form not in found and outcome is _Trial.WRONG:
                found[form] = candidate.text
    return found


def _misses_its_place(text: str, results: Mapping[str, Mapping[str, _Trial]]) -> bool:
    """Tell whether several axes, one by one, come to other arguments than the one for an axis.

    They do where a call that names this argument is right: it takes one axis, ``keepdims`` is next.
    """
    named = (t for t, outcomes in results.items() if _Trial.RIGHT in outcomes.values())
    return "(*axis)" in text and any("=axis" in t for t in named)


def _best(results: dict[str, dict[str, _Trial]], open_forms: list[str]) -> dict[str, str]:
    served = {
        text: [form for form in open_forms if outcomes.get(form) is _Trial.RIGHT]
        for text, outcomes in results.items()
    }
    text = max(served, key=lambda t: len(served[t]), default="")
    return dict.fromkeys(served[text], text) if text else {}


def _try(row: Op, bench: Bench, text: str, made: list[Case]) -> _Trial:
    right = True
    for case in made:
        start = process_time()
        outcome = attempt(run_case, row, bench, text, case)
        if outcome is None:
            hung = process_time() - start > _PATIENCE_SECONDS
            return _Trial.WRONG if hung else _Trial.RAISED
        right = right and outcome
    return _Trial.RIGHT if right else _Trial.WRONG


def run_case(row: Op, bench: Bench, text: str, case: Case) -> bool:
    """Tell whether a template gives the right value; raises what the engine raises."""
    made = [a if a.dtype == bool else bench.leaf(a) for a in case.operands]
    operands: dict[str, Any] = (
        {"xs": made} if row.signature == "join" else dict(zip(row.arguments, made, strict=True))
    )
    settings = {k: python_attribute(k, v) for k, v in row.settings(case.attrs).items()}
    result = bench.value(bench.run(text, **operands, **settings))
    return close(result, row.evaluate(*case.operands, attrs=case.attrs))


def _mentions(text: str, row: Op, made: list[Case]) -> bool:
    """Tell whether a template passes on every number that the cases set.

    An attribute that is a word chooses between functions, which values tell apart: an engine that
    has one of them alone need not be told which.
    """
    defaults = dict(row.attributes)
    names = template(text).names
    given = ((k, v) for case in made for k, v in case.attrs)
    return all(k in names for k, v in given if v != defaults[k] and not isinstance(v, str))


def _with(bench: Bench, row: Op, found: dict[str, str]) -> Bench:
    if not found:
        return bench
    base = found.get("", "")
    if row.name in _ALWAYS_FORMED:
        base = next(iter(found.values()))
    keys = {form: f"{row.name}.{form}" if form else row.name for form in found}
    templates = {row.name: base} if base else {}
    templates |= {keys[form]: text for form, text in found.items() if text != base}
    served = [keys[form] for form, text in found.items() if text == base and form]
    if row.signature == "getitem":
        served = [f"{row.name}.{form}" for form in _combined(row, bench, base, list(found))]
    ops = (*bench.spelling.ops, *templates.items())
    return bench.but(ops=ops).also(*(f"op:{key}" for key in served))


def _combined(row: Op, bench: Bench, text: str, parts: list[str]) -> Iterator[str]:
    """Yield the forms of an index made of several parts, where such tuples work at all."""
    mixed = {"int", "slice"} <= set(parts) and _mixes(row, bench, text)
    for n in range(1, (len(parts) if mixed else 1) + 1):
        yield from ("+".join(sorted(some)) for some in combinations(parts, n))


def _mixes(row: Op, bench: Bench, text: str) -> bool:
    index = (*PARTS["int"][0], *PARTS["slice"][0])
    made = list(cases(row, [(3, 4)], [(("index", index),)]))
    return "rank:2" in bench.spelling.can and _try(row, bench, text, made) is _Trial.RIGHT
