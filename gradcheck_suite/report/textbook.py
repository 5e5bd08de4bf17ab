"""The textbook in words and as a page: note, claim, found."""

from collections.abc import Sequence
from typing import Final

from gradcheck_suite.engines.subject import InProcess, Subject
from gradcheck_suite.grading.textbook import Entry, Recital, descent_path, recite
from gradcheck_suite.grading.untrusted import one_line
from gradcheck_suite.report.environment import environment
from gradcheck_suite.report.student import Line, Tone
from gradcheck_suite.report.surface import surface_svg

__all__ = ["reference_page", "textbook_lines", "textbook_page"]

_N_DESCENT: Final = 200  # steps of the path in the picture
_MARGIN: Final = "     "
_TONES: Final[dict[str, Tone]] = {
    "right": "good",
    "wrong": "bad",
    "another convention": "part",
}


def textbook_lines(recitals: Sequence[Recital]) -> list[Line]:
    """Return every row with its claims, then how many rows came out right."""
    lines: list[Line] = []
    for recital in recitals:
        row = recital.row
        lines.append(Line(f"{row.note}  {row.name}: {row.says}", "head"))
        if recital.missing:
            lines.append(Line(f"{_MARGIN}not there: {one_line(recital.missing)}", "quiet"))
        lines += [_claim_line(entry) for entry in recital.entries]
        if row.correction and recital.entries:
            lines.append(Line(f"{_MARGIN}The note is wrong: {row.correction}.", "quiet"))
    lines += [Line(), Line(_summary(recitals))]
    return lines


def _claim_line(entry: Entry) -> Line:
    differs = f" (the truth is {entry.true})" if entry.true != entry.note_has else ""
    claim = f"{entry.what}: note {entry.note_has}{differs}"
    found = one_line(entry.found)
    return Line(f"{_MARGIN}{claim}; found {found}: {entry.verdict}", _TONES[entry.verdict])


def _summary(recitals: Sequence[Recital]) -> str:
    there = [r for r in recitals if not r.missing]
    n_right = sum(not r.is_wrong for r in there)
    text = f"{n_right} of {len(there)} computations come out right"
    absent = len(recitals) - len(there)
    return f"{text}, {absent} need what the engine has not" if absent else text


def reference_page() -> str:
    """Return the page of the textbook as the reference has it: what must come out."""
    from gradcheck_suite.engines.known import known_engine

    return textbook_page("reference", InProcess(known_engine("reference")))


def textbook_page(
    engine: str,
    subject: Subject,
    recitals: Sequence[Recital] | None = None,
) -> str:
    """Return the page of the textbook on ``subject``, with its descent if it can make one.

    ``recitals``: what it has, where that is known already.
    """
    from markupsafe import Markup

    recitals = tuple(recite(subject)) if recitals is None else recitals
    path = descent_path(subject, _N_DESCENT)
    picture = Markup(surface_svg(path)) if path else ""  # noqa: S704 - drawn from numbers
    template = environment().get_template("textbook.html.j2")
    return template.render(
        engine=engine,
        recitals=recitals,
        picture=picture,
        summary=_summary(recitals),
    )
