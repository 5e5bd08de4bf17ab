"""The kill matrix in words, as an object, and as a page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.grading.mutants import Kill, Matrix
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.report.environment import environment
from gradcheck_suite.report.student import Line, Tone

__all__ = ["matrix_json", "matrix_lines", "matrix_page"]

_MOST: Final = 40  # names in one line


def matrix_lines(matrix: Matrix) -> list[Line]:
    """Return the summary: rates, times, and the bugs that nothing kills."""
    n = len(matrix.kills)
    lines = [Line("theme of bugs                 killed     by the property named", "head")]
    for theme, kills in _by_theme(matrix).items():
        n_killed, n_named = sum(k.is_killed for k in kills), sum(k.is_named for k in kills)
        tone: Tone = "plain" if n_killed == len(kills) else "bad"
        of = f"{n_killed:4} of {len(kills):<4}"
        lines.append(Line(f"  {theme:<26}{of} {n_named:5}", tone))
    programs, seconds = matrix.to_first_finding
    n_idle = len(matrix.idle) + len(matrix.shadowed)
    n_live = n - len(matrix.live_survivors)
    n_named = sum(k.is_named for k in matrix.kills)
    lines += [
        Line(),
        Line(
            f"exam: {n - len(matrix.survivors)} of {n} bugs killed ({_percent(matrix.kill_rate)}), "
            f"{n_named} by a property that is named for them"
        ),
        Line(
            f"live check: {n_live} of {n} bugs killed ({_percent(matrix.live_kill_rate)}); at the "
            f"median the first finding comes after {programs:,.0f} programs, {seconds:.2f} s"
        ),
        Line(
            f"properties: {len(matrix.properties) - n_idle} of {len(matrix.properties)} kill "
            f"something; {len(matrix.shadowed)} more are blocked where they would"
        ),
        Line(f"right engines: {len(matrix.rights)}, false alarms: {len(matrix.false_alarms)}"),
    ]
    for kill in matrix.survivors:
        lines.append(Line(f"survives: {kill.id}: {BUGS[kill.id].sentence}", "bad"))
    for kill in matrix.live_survivors:
        lines.append(Line(f"survives the live check: {kill.id}", "part"))
    for kill in matrix.unnamed:
        named = ", ".join(BUGS[kill.id].killers[:3])
        lines.append(Line(f"killed, but not by {named}: {kill.id}", "part"))
    for kill in matrix.false_alarms:
        found = ", ".join((*kill.failed, *filter(None, [kill.live])))
        lines.append(Line(f"false alarm: {kill.id}: {found}", "bad"))
    for what, names in (("kill nothing", matrix.idle), ("blocked", matrix.shadowed)):
        if names:
            more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
            lines.append(Line(f"{what}: {', '.join(names[:_MOST])}{more}", "part"))
    return lines


def matrix_json(matrix: Matrix) -> str:
    """Return an object, without times: the same arguments give the same bytes."""
    found: dict[str, Any] = {
        "total": len(matrix.kills),
        "killed": len(matrix.kills) - len(matrix.survivors),
        "kill_rate": matrix.kill_rate,
        "killed_as_named": sum(k.is_named for k in matrix.kills),
        "live_kill_rate": matrix.live_kill_rate,
        "programs_to_first_finding": matrix.to_first_finding[0],
        "survivors": [k.id for k in matrix.survivors],
        "live_survivors": [k.id for k in matrix.live_survivors],
        "equivalent": {i: bug.equivalent for i, bug in BUGS.items() if bug.equivalent},
        "right_engines": len(matrix.rights),
        "false_alarms": {k.id: [*k.failed, *filter(None, [k.live])] for k in matrix.false_alarms},
        "kill_nothing": list(matrix.idle),
        "blocked": list(matrix.shadowed),
        "seed": matrix.seed,
        "cases": matrix.n_cases,
        "matrix": {k.id: list(k.failed) for k in matrix.kills},
    }
    return json.dumps(found, indent=2)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the page's matrix: a bug, and how many properties of each theme it fails."""

    bug: Bug
    kill: Kill
    cells: tuple[int, ...]


def matrix_page(matrix: Matrix) -> str:
    """Return the page: a row for each bug, a column for each theme of properties."""
    themes = tuple(t for t in THEMES if any(CATALOGUE[p].theme == t for p in matrix.properties))
    sections = {
        theme: tuple(_row(kill, themes) for kill in kills)
        for theme, kills in _by_theme(matrix).items()
    }
    template = environment().get_template("mutants.html.j2")
    return template.render(
        matrix=matrix,
        themes=themes,
        sections=sections,
        equivalent=[bug for bug in BUGS.values() if bug.equivalent],
        first=matrix.to_first_finding,
        percent=_percent,
        n_named=sum(k.is_named for k in matrix.kills),
    )


def _row(kill: Kill, themes: Sequence[str]) -> _Row:
    counts = Counter(CATALOGUE[name].theme for name in kill.failed)
    return _Row(BUGS[kill.id], kill, tuple(counts[theme] for theme in themes))


def _by_theme(matrix: Matrix) -> Mapping[str, list[Kill]]:
    found: dict[str, list[Kill]] = {}
    for kill in matrix.kills:
        found.setdefault(BUGS[kill.id].theme, []).append(kill)
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
