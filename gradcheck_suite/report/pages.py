"""Pages: grades as HTML that needs nothing but a browser.

Each page holds its own style and no script, loads nothing, and is the same, byte for byte, for the
same grades. Whatever a submission wrote is made visible and escaped on its way into the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final
from urllib.parse import quote

from gradcheck_suite.grading.rubric import Graded, Rubric, Score
from gradcheck_suite.grading.tally import (
    Tally,
    by_theme,
    pass_rates,
    short_name,
    tally,
)
from gradcheck_suite.properties.textbook import TEXTBOOK_THEME
from gradcheck_suite.records import PropertyResult, Verdict
from gradcheck_suite.report.environment import environment
from gradcheck_suite.report.words import (
    CERTAINTY,
    MARKS,
    NOTHING,
    Mark,
    mark_of,
    points,
    sentence,
)
from gradcheck_suite.sandbox.isolation import CLAIMS

__all__ = ["Sheet", "class_page", "submission_page"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all pages of a class share."""

    title: str
    rubric: Rubric
    folders: Mapping[str, str]
    """The folder of each submission, where its page lies."""
    counterexamples: bool = True
    """Show the failing programs."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """Properties together: a mark, counts, and what a pointer that rests on it reads."""

    mark: Mark
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class _ClassRow:
    name: str
    link: str
    engine: str
    problem: str
    cells: tuple[_Cell, ...]
    points: str
    possible: str
    share: float | None


@dataclass(frozen=True, slots=True)
class _ThemeRow:
    theme: str
    cell: _Cell
    earned: str
    possible: str
    failed: tuple[PropertyResult, ...]


@dataclass(frozen=True, slots=True)
class _Following:
    """What has its root in one failure."""

    failed: tuple[PropertyResult, ...]
    blocked: tuple[PropertyResult, ...]


@dataclass(frozen=True, slots=True)
class _Bar:
    label: str
    n: int
    percent: float


def class_page(sheet: Sheet, graded: Sequence[Graded]) -> str:
    """Return the page of a class: who passed what, and what was hard."""
    shares = [s for one in graded if (s := _share(one)) is not None]
    rates = pass_rates(sheet.rubric, graded)
    levels = {one.grade.isolation for one in graded if one.grade.results}
    return (
        environment()
        .get_template("class.html.j2")
        .render(
            sheet=sheet,
            has_textbook=TEXTBOOK_THEME in sheet.rubric.themes,
            themes=sheet.rubric.themes,
            rows=[_class_row(sheet, one) for one in graded],
            hard=[r for r in rates if r.rate is not None and r.rate < 1],
            easy=[r for r in rates if r.rate is None or r.rate == 1],
            bars=_bars(shares),
            median=f"{median(shares):.0%}" if shares else NOTHING,
            n_right=sum(one.grade.is_right for one in graded),
            n_problems=sum(bool(one.grade.problem) for one in graded),
            level=min(levels, default=None),
            claims=CLAIMS,
            legend=_legend(),
        )
    )


def submission_page(sheet: Sheet, graded: Graded) -> str:
    """Return the page of one submission: its points, and the smallest proof of each failure."""
    grade = graded.grade
    told = {r.property for r in grade.results if r.verdict.is_bad and not r.root}
    groups: dict[str, list[PropertyResult]] = {
        "failed": [r for r in grade.results if r.property in told],
        "slow": [r for r in grade.results if r.verdict is Verdict.INCONCLUSIVE],
        "blocked": [
            r for r in grade.results if r.verdict is Verdict.BLOCKED and r.root not in told
        ],
        "ours": [r for r in grade.results if r.verdict is Verdict.INFRASTRUCTURE],
        "absent": [r for r in grade.results if r.verdict is Verdict.NOT_APPLICABLE],
        "passed": [r for r in grade.results if r.verdict is Verdict.PASS],
    }
    if grade.problem:
        groups["ours"] = []  # the problem says it once for all of them
    found = tally(r.verdict for r in grade.results)
    return (
        environment()
        .get_template("submission.html.j2")
        .render(
            sheet=sheet,
            grade=grade,
            summary=sentence(grade, found),
            themes=_theme_rows(sheet.rubric, graded),
            worth={row.property: points(row.worth) for row in sheet.rubric.rows},
            share=_share(graded),
            claims=CLAIMS,
            certainty=CERTAINTY,
            following={name: _following(name, grade.results) for name in told},
            **groups,
        )
    )


def _following(root: str, results: Iterable[PropertyResult]) -> _Following:
    of_root = [r for r in results if r.root == root]
    return _Following(
        tuple(r for r in of_root if r.verdict.is_bad),
        tuple(r for r in of_root if r.verdict is Verdict.BLOCKED),
    )


def _class_row(sheet: Sheet, graded: Graded) -> _ClassRow:
    grade = graded.grade
    grouped = by_theme(grade.results, sheet.rubric.themes)
    return _ClassRow(
        name=grade.submission,
        link=f"{quote(sheet.folders[grade.submission])}/index.html",
        engine=grade.engine,
        problem=grade.problem,
        cells=tuple(_cell(grouped.get(theme, ())) for theme in sheet.rubric.themes),
        points=points(grade.points),
        possible=points(grade.max_points),
        share=_share(graded),
    )


def _cell(results: Iterable[PropertyResult]) -> _Cell:
    rows = tuple(results)
    found = tally(r.verdict for r in rows)
    mark = mark_of(found)
    bad = ", ".join(short_name(r) for r in rows if r.verdict.is_bad)
    text = f"{found.passed}/{found.judged}" if found.judged else mark.word
    return _Cell(mark, text, f"{mark.word}{': ' + bad if bad else ''}{_left_out(found)}")


def _left_out(found: Tally) -> str:
    return f"; {found.blocked} left out" if found.blocked and found.judged else ""


def _theme_rows(rubric: Rubric, graded: Graded) -> list[_ThemeRow]:
    scores = {s.property: s for s in graded.scores}
    rows = []
    for theme, results in by_theme(graded.grade.results, rubric.themes).items():
        of_theme = [scores[r.property] for r in results if r.property in scores]
        rows.append(
            _ThemeRow(
                theme=theme,
                cell=_cell(results),
                earned=_sum(of_theme, "earned"),
                possible=_sum(of_theme, "possible"),
                failed=tuple(r for r in results if r.verdict.is_bad),
            ),
        )
    return rows


def _sum(scores: Iterable[Score], what: str) -> str:
    return points(sum(getattr(s, what) for s in scores))


def _share(graded: Graded) -> float | None:
    """Return the share of the points that was earned; None where there were none to earn."""
    grade = graded.grade
    return grade.points / grade.max_points if grade.max_points else None


_N_BARS: Final = 10


def _bars(shares: Sequence[float]) -> list[_Bar]:
    """Return how many earned 0 to 10 % of their points, 10 to 20 %, ...; the last takes 100 %."""
    counts = [0] * _N_BARS
    for share in shares:
        counts[min(int(share * _N_BARS + 1e-9), _N_BARS - 1)] += 1
    most = max(counts) or 1
    return [_Bar(f"{10 * i}", n, 100 * n / most) for i, n in enumerate(counts)]


def _legend() -> list[Mark]:
    part = mark_of(Tally(passed=1, failed=1))
    order = (Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED, Verdict.NOT_APPLICABLE)
    return [MARKS[order[0]], part, *(MARKS[v] for v in order[1:]), MARKS[Verdict.INFRASTRUCTURE]]
