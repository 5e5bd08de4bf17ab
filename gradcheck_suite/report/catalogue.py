"""The catalogue in words: every property by theme, or all that is known of one."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from gradcheck_suite.engines.dialect import CONVENTIONS
from gradcheck_suite.oracles.answer import Answer
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.properties.property import Property
from gradcheck_suite.report.student import Line

__all__ = ["explained", "listed"]

_WIDTH: Final = 88
_N_TRIES: Final = 50  # programs drawn for an example; the first or second is decided, mostly


def listed(ids: Sequence[str]) -> list[Line]:
    """Return a line for each property, under its theme."""
    width = max(map(len, ids), default=0)
    lines: list[Line] = []
    for theme in THEMES:
        rows = [CATALOGUE[name] for name in ids if CATALOGUE[name].theme == theme]
        if rows:
            lines += [Line(theme, "head")]
            lines += [Line(f"  {row.id.ljust(width)}  {row.title}") for row in rows]
    return lines


def explained(name: str) -> list[Line]:
    """Return what one property claims, why it matters, and an example with its answers."""
    row = CATALOGUE[name]
    return [
        Line(f"{row.id}  {row.title}", "head"),
        Line(f"  theme {row.theme}, {row.code} of the catalogue, level {row.level}", "quiet"),
        Line(),
        *_wrapped(row.lesson),
        *_conventions(row),
        *_example(row),
    ]


def _wrapped(text: str) -> Iterator[Line]:
    return (Line(part) for part in wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  "))


def _conventions(row: Property) -> Iterator[Line]:
    if row.conventions:
        yield Line()
        yield Line("  right engines differ here:", "quiet")
    for name in row.conventions:
        yield Line(f"    {name}: {' or '.join(CONVENTIONS[name])}")


def _example(row: Property) -> Iterator[Line]:
    """Write the smallest program that can be decided, in the reference's spelling."""
    from gradcheck_suite.engines.known import known_engine
    from gradcheck_suite.exams.jury import case_of
    from gradcheck_suite.program.printing import lines
    from gradcheck_suite.properties.judging import print_expected
    from gradcheck_suite.strategies.drawing import find_smallest
    from gradcheck_suite.strategies.world import World

    def decided(program: Program) -> bool:
        return case_of(row, program) is not None

    first = row.draws(World(row.worlds[-1]))[0]
    smallest = find_smallest(first, decided, seed=0, n_tries=_N_TRIES)
    case = case_of(row, smallest) if smallest else None
    if case is None:
        return
    needs = ", ".join(sorted(case.needs))
    yield Line()
    yield from _wrapped(f"an example; an engine needs {needs}:")
    yield Line()
    answers: dict[int | None, Answer] = dict(case.sheets[0].answers)
    for line in lines(case.program, known_engine("reference").spelling):
        told = line.index in answers
        comment = f"  # {print_expected(answers[line.index])}" if told else ""
        yield from (Line(f"    {text}", "code") for text in f"{line}{comment}".splitlines())
