"""Whether what a stored exam says can be meant: its names, its programs and their answers.

A file that somebody edited, digest and all, or that another version wrote, must not be graded with
as if it were this version's own.
"""

from functools import cache
from math import isnan, prod

from gradcheck_suite.engines.dialect import dialects
from gradcheck_suite.engines.everything import FORMS
from gradcheck_suite.errors import ProgramError
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.answer import Answer, Interval, Sheet
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.property import Property

__all__ = ["case_fault", "property_fault"]


def property_fault(name: str, theme: str, level: int, establishes: tuple[str, ...]) -> str:
    """Return what is wrong with a property as the file has it; '' where it is the catalogue's."""
    if name not in CATALOGUE:
        return f"the property {name!r}, which this version does not know"
    entry = CATALOGUE[name]
    for what, found, known in (
        ("the theme", theme, entry.theme),
        ("level", level, entry.level),
        ("the prerequisites", establishes, entry.establishes),
    ):
        if found != known:
            return f"{what} {found!r} for {name}, which has {known!r} in this version"
    return ""


def case_fault(entry: Property, case: Case) -> str:
    """Return what is wrong with a case; '' where it can be put to an engine and judged."""
    unknown = [n for n in sorted(case.needs) if n.startswith("op:") and n not in FORMS]
    if unknown:
        return f"the op {unknown[0].removeprefix('op:')!r}, which this version does not know"
    try:
        shapes(case.program)
    except (ProgramError, MemoryError) as error:
        return f"a program that cannot be run ({error})"
    choices = tuple(sheet.choices for sheet in case.sheets)
    if choices != _choices(entry.conventions):
        return f"answers under the conventions {choices}, which are not those of {entry.id}"
    n_instructions = sum(1 for _ in case.program.numbered())
    if not all(_can_be_meant(sheet, n_instructions) for sheet in case.sheets):
        return "answers that do not fit their program"
    return ""


@cache
def _choices(conventions: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(dialect.choices(conventions) for dialect in dialects(conventions))


def _can_be_meant(sheet: Sheet, n_instructions: int) -> bool:
    places = [index for index, _ in sheet.answers]
    ordered = places == sorted(set(places)) and all(0 <= k < n_instructions for k in places)
    return ordered and all(_is_whole(answer) for _, answer in sheet.answers)


def _is_whole(answer: Answer) -> bool:
    if not isinstance(answer, Interval):
        return True
    n = prod(answer.shape)
    halves = (*answer.half64, *answer.half32)
    return (
        min(answer.shape, default=0) >= 0
        and len(answer.middle) == len(answer.half64) == len(answer.half32) == n
        and not any(map(isnan, answer.middle))
        and all(half >= 0 for half in halves)
        and set(answer.loose) <= set(range(n))
    )
