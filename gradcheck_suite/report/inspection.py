"""What was found of an engine, as lines of text: spelling, capabilities, and what is missing."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Final

from gradcheck_suite.diagnosis.describe import describe
from gradcheck_suite.engines.discovery.written import engine_lines
from gradcheck_suite.grading.inspection import Inspection
from gradcheck_suite.grading.untrusted import one_line, visible
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS
from gradcheck_suite.report.student import Line, convention_lines

__all__ = ["inspection_lines"]

_WIDTH: Final = 88  # of running text, as in every report for a terminal
_KEY: Final = 17  # columns of a key
_ABSENT: Final = {
    "clear": "no way to clear a gradient: fresh leaves are used",
    "detach": "nothing cuts a value off from its history",
    "no_grad": "no context manager, flag or setter stops recording",
    "requires_grad": "no flag that tells what needs a gradient",
    "is_leaf": "",
    "retain_grad": "",
    "hook": "",
    "push_forward": "",
    "assign": "no update of a leaf's numbers that leaves it a leaf",
}


def inspection_lines(target: str, found: Inspection) -> list[Line]:
    """Return all that was found, and what was not."""
    spelling = found.spelling
    engine = dict(engine_lines(spelling, found.entry))
    engine["precision"] = found.precision or "no gradient was seen"
    for key in ("definitions", "dtype"):  # told in their own place; what is handed over
        engine.pop(key, None)
    definitions = [line for line in spelling.imports if line.startswith(("class ", "def "))]
    return [
        Line(one_line(f"{target}  {spelling.name}: {describe(spelling)}"), "head"),
        *_pairs(engine),
        *_section("with these definitions of its user's", _code(definitions)),
        *_section("ops", _pairs(dict(spelling.ops))),
        *_section("in place", _pairs(dict(spelling.in_place))),
        *_section("optimizers", _pairs(dict(spelling.optimizers))),
        *_section("capabilities", _capabilities(found.capabilities)),
        *convention_lines(found.conventions),
        *_section("not found", [*_absent(spelling), *_missing(found)]),
    ]


def _section(title: str, lines: Iterable[Line]) -> list[Line]:
    """Return the lines under a title; nothing where there are none."""
    there = list(lines)
    return [Line(title, "head"), *there] if there else []


def _pairs(pairs: Mapping[str, str]) -> Iterator[Line]:
    for key, text in pairs.items():
        yield Line(f"  {one_line(key):{_KEY}} {one_line(text)}")


def _code(texts: Iterable[str]) -> Iterator[Line]:
    for text in texts:
        yield from (Line(f"    {visible(line)}", "code") for line in text.splitlines())


def _capabilities(can: frozenset[str]) -> Iterator[Line]:
    ranks = sorted(need.removeprefix("rank:") for need in can if need.startswith("rank:"))
    yield from _listed("ranks", ranks)
    for key, title in (("plain:", "plain numbers"), ("broadcast:", "broadcasting")):
        found = {n.removeprefix(key).partition(".")[0] for n in can if n.startswith(key)}
        yield from _listed(title, [op for op in OPS if op in found])
    yield from _listed("further", sorted(n for n in can if ":" not in n))


def _listed(title: str, names: Iterable[str]) -> Iterator[Line]:
    text = ", ".join(names) or "none"
    margin = " " * (_KEY + 3)
    parts = wrap(text, _WIDTH, initial_indent=f"  {title:{_KEY}} ", subsequent_indent=margin)
    yield from map(Line, parts)


def _absent(spelling: Spelling) -> Iterator[Line]:
    if not spelling.gradient:
        for key, why in _ABSENT.items():
            if why and not getattr(spelling, key):
                yield Line(f"  {key:{_KEY}} {why}", "quiet")


def _missing(found: Inspection) -> Iterator[Line]:
    for what, why in found.missing:
        yield Line(f"  {one_line(what):{_KEY}} {one_line(why)}", "quiet")
    there = {key.partition(".")[0] for key, _ in found.spelling.ops}
    named = {what for what, _ in found.missing}
    absent = [op for op in OPS if op not in there | named]
    for line in _listed("no such op", absent):
        yield Line(line.text, "quiet")
