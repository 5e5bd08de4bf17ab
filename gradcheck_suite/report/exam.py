"""A stored exam in words and tables: how it was made, what it covers, what it does not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from textwrap import indent, wrap
from typing import Final

from rich.table import Table
from rich.text import Text

from gradcheck_suite.exams.coverage import FAN_OUTS, Coverage, OpCoverage
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.exams.jury import witness_names
from gradcheck_suite.exams.verify import Difference
from gradcheck_suite.exams.versions import versions
from gradcheck_suite.grading.untrusted import one_line, visible
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.report.student import Line
from gradcheck_suite.report.words import NOTHING, counted

__all__ = [
    "coverage_table",
    "difference_lines",
    "gap_lines",
    "level_table",
    "made_lines",
    "verdict_lines",
    "witness_lines",
]

_WIDTH: Final = 88
_SHOWN: Final = 12  # forms of one op in a list of what is not covered


def made_lines(exam: Exam, digest: str, questions: str, n_bytes: int) -> list[Line]:
    """Return how much there is and how it was made."""
    versions = ", ".join(f"{name} {version}" for name, version in exam.versions)
    properties = counted(len(exam.cases), "property", "properties")
    rows = {
        "programs": f"{exam.n_programs:,} for {properties}",
        "drawn with": f"seed {exam.seed}, {exam.n_cases} cases",
        "made with": versions,
        "size": f"{n_bytes / 1000:,.0f} kB" if n_bytes >= _KB else counted(n_bytes, "byte"),
        "sha256": digest,
        "questions": f"{questions}  (programs and answers alone)",
    }
    return [Line(f"  {name:11}{one_line(value)}") for name, value in rows.items()]


_KB: Final = 10_000


def witness_lines(exam: Exam) -> list[Line]:
    """Return what each witness said."""
    agreed = Counter(name for cases in exam.cases.values() for c in cases for name in c.agreed)
    width = max(map(len, exam.witnesses), default=0)
    lines = []
    for name in exam.witnesses:
        silent = exam.n_programs - agreed[name]
        rest = f", could not be asked about {silent:,}" if silent else ""
        text = f"  {name.ljust(width)}  agreed on {agreed[name]:,} of {exam.n_programs:,}{rest}"
        lines.append(Line(visible(text)))
    return lines


def level_table(exam: Exam) -> Table:
    """Return a row for each level: how much is asked there, and what it is about."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    for name in exam.cases:
        names[CATALOGUE[name].level].append(name)
    table = _table("level", "properties", "programs")
    table.add_column("themes", overflow="fold")
    for level, found in sorted(names.items()):
        themes = dict.fromkeys(CATALOGUE[name].theme for name in found)
        n_programs = sum(len(exam.cases[name]) for name in found)
        table.add_row(str(level), str(len(found)), f"{n_programs:,}", "; ".join(themes))
    return table


def coverage_table(coverage: Coverage) -> Table:
    """Return a row for each op, with what its programs cover."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("op", no_wrap=True)
    table.add_column("programs", justify="right", no_wrap=True)
    table.add_column("forms", justify="right", no_wrap=True)
    for name in ("gradient of", "ranks", "broadcast", "used", "levels"):
        table.add_column(name, no_wrap=True)
    for row in coverage.ops:
        table.add_row(*map(Text, _cells(row)))
    return table


def gap_lines(coverage: Coverage) -> list[Line]:
    """Return what there is in the op table and not in the exam; that nothing is missing, too."""
    gaps: dict[str, list[str]] = {}
    for row in coverage.ops:
        for what, name in _gaps(row):
            gaps.setdefault(what, []).append(name)
    if not gaps:
        return [
            Line("  nothing: every form, argument, rank, broadcast pattern and fan-out is there")
        ]
    lines = []
    for what, names in sorted(gaps.items()):
        text = f"{what}: {_listed(names, [row.op for row in coverage.ops])}"
        lines += [
            Line(part) for part in wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
        ]
    return lines


def difference_lines(differences: Iterable[Difference]) -> list[Line]:
    """Return each difference with its program."""
    lines = []
    for found in differences:
        head = f"{found.property}, program {found.number}: {found.what}"
        lines += [Line(one_line(head, 500), "bad"), Line()]
        lines += [Line(text, "code") for text in indent(visible(found.listing), "    ").split("\n")]
        lines.append(Line())
    return lines


def verdict_lines(exam: Exam, differences: Sequence[Difference]) -> list[Line]:
    """Return what verifying came to, and which versions are others than those it was made with."""
    lines = []
    now = dict(versions(witness_names()))
    others = [
        f"{name} {now.get(name, 'is not installed')} (made with {version})"
        for name, version in exam.versions
        if now.get(name) != version
    ]
    if others:
        lines.append(Line(one_line(f"other versions here: {', '.join(others)}"), "part"))
    absent = [name for name in exam.witnesses if name not in witness_names()]
    if absent:
        text = f"not here to be asked: {', '.join(absent)}"
        lines.append(Line(one_line(text), "part"))
    n_programs = f"{exam.n_programs:,} programs"
    if differences:
        text = f"{len(differences):,} of {n_programs} are not as they would be certified here"
        return [*lines, Line(text, "bad")]
    return [*lines, Line(f"{n_programs} certified again, every answer to the last bit", "good")]


def _table(*numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(row: OpCoverage) -> tuple[str, ...]:
    covered, n_forms = row.n_forms
    stretches = f"{len(row.stretches)} of {row.n_stretches}" if row.n_stretches else NOTHING
    return (
        row.op,
        f"{row.n_programs:,}",
        f"{covered} of {n_forms}",
        ", ".join(row.arguments) or NOTHING,
        _numbers(row.ranks),
        stretches,
        ", ".join(map(_times, row.fan_outs)) or NOTHING,
        _numbers(row.levels),
    )


def _numbers(found: Sequence[int]) -> str:
    return " ".join(map(str, found)) or NOTHING


def _listed(names: Sequence[str], ops: Sequence[str]) -> str:
    """Return the names, or the ops that are not among them where those are fewer."""
    others = [op for op in ops if op not in names]
    if set(names) <= set(ops) and 0 < len(others) < len(names):
        return f"every op but {', '.join(others)}"
    return ", ".join(names)


def _times(n: int) -> str:
    return f"{n}+" if n == FAN_OUTS[-1] else str(n)


def _gaps(row: OpCoverage) -> Iterable[tuple[str, str]]:
    """Yield (what is missing, where), such that ops that lack the same stand together."""
    if row.no_form:
        shown = [form or "plain" for form in row.no_form[:_SHOWN]]
        rest = f", and {len(row.no_form) - _SHOWN} more" if len(row.no_form) > _SHOWN else ""
        yield f"forms of {row.op}", f"{', '.join(shown)}{rest}"
    for argument in row.no_argument:
        yield "no gradient", f"{row.op} of {argument}"
    for rank in row.no_rank:
        yield f"rank {rank}", row.op
    for argument, pattern in row.no_stretch:
        yield f"broadcast by {pattern}", f"{argument} of {row.op}"
    for n in row.no_fan_out:
        yield f"a value used {_WORDS[n]}", row.op


_WORDS: Final = {1: "once", 2: "twice", 3: "three times or more"}
