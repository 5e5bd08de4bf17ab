"""What a student reads: an engine's results as lines of plain text.

Every text that a submission wrote is made visible here; a caller may print the lines as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote
from textwrap import wrap
from typing import Final, Literal

from gradcheck_suite.grading.conventions import chosen
from gradcheck_suite.grading.practice import Practice
from gradcheck_suite.grading.tally import by_theme, short_name, tally
from gradcheck_suite.grading.untrusted import one_line, visible
from gradcheck_suite.records import Finding, Mistake, PropertyResult, Verdict
from gradcheck_suite.report.words import CERTAINTY, MARKS, counted

__all__ = [
    "Line",
    "Tone",
    "convention_lines",
    "dialect_lines",
    "finding_lines",
    "header",
    "is_right",
    "is_wrong",
    "judged_line",
    "mistake_lines",
    "plain",
    "result_lines",
    "theme_lines",
    "whole_lines",
]

_WIDTH: Final = 88  # of running text, with its margin inside a terminal of 90

Tone = Literal["head", "good", "bad", "part", "quiet", "code", "plain"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line and how it is meant; a terminal may give the meaning a colour."""

    text: str = ""
    tone: Tone = "plain"


def plain(lines: Iterable[Line]) -> str:
    """Return the lines as one text."""
    return "\n".join(line.text for line in lines)


def header(target: str, found: Practice) -> Line:
    """Return the line that says what was examined."""
    return Line(one_line(f"{target}  {found.name}: {found.description}"), "head")


def is_wrong(results: Iterable[PropertyResult]) -> bool:
    """Tell whether something speaks against the engine, or a clock ran out."""
    return any(r.verdict.is_bad or r.verdict is Verdict.INCONCLUSIVE for r in results)


def is_right(results: Sequence[PropertyResult]) -> bool:
    """Tell whether nothing speaks against the engine and something for it."""
    return not is_wrong(results) and any(r.verdict is Verdict.PASS for r in results)


def whole_lines(results: Iterable[PropertyResult]) -> list[Line]:
    """Return each result with all that is known of it."""
    lines: list[Line] = []
    for result in results:
        lines.append(Line())
        if result.verdict.is_bad:
            lines += finding_lines(result, whole=True)
            continue
        mark = MARKS[result.verdict]
        reason = f" ({one_line(result.reason)})" if result.reason else ""
        text = f"{result.property}: {mark.word}{reason}"
        lines.append(Line(text, "good" if result.verdict is Verdict.PASS else "quiet"))
    return lines


def theme_lines(results: Sequence[PropertyResult], themes: Iterable[str]) -> list[Line]:
    """Return a line for each theme: how many passed, and the names of those that did not."""
    grouped = by_theme(results, themes)
    width = max(map(len, grouped), default=0)
    return [_theme_line(theme.ljust(width), found) for theme, found in grouped.items()]


def dialect_lines(results: Iterable[PropertyResult]) -> list[Line]:
    """Return what the engine chose where right engines differ; nothing where nothing shows it."""
    return convention_lines(chosen(results))


def convention_lines(settled: Iterable[tuple[str, str]]) -> list[Line]:
    """Return (convention, choice) pairs in words."""
    choices = [f"{name.replace('_', ' ')}: {choice}" for name, choice in settled]
    text = f"conventions: {'; '.join(choices)}"
    parts = wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return [Line(part, "quiet") for part in parts] if choices else []


def judged_line(results: Iterable[PropertyResult]) -> Line:
    """Return how much was judged: programs, numbers, and how many of these were not right."""
    every = list(results)
    programs, numbers, outside = (
        f"{sum(getattr(result, field) for result in every):,}"
        for field in ("n_judged", "n_elements", "n_outside")
    )
    text = f"  {programs} programs, {numbers} numbers judged, {outside} outside of their interval"
    return Line(text, "quiet")


def result_lines(results: Sequence[PropertyResult], show: str = "") -> list[Line]:
    """Return every failure at length, then what was left out.

    ``show`` is the command that shows one finding whole, without the property.
    """
    lines = [Line()]
    told = {r.property for r in results if r.verdict.is_bad and not r.root}
    for result in results:
        if result.property in told or result.verdict is Verdict.INCONCLUSIVE:
            lines += [*finding_lines(result, show), *_following(result, results), Line()]
    blocked = [r for r in results if r.verdict is Verdict.BLOCKED and r.root not in told]
    if blocked:
        were = "relies" if len(blocked) == 1 else "rely"
        text = f"{counted(len(blocked), 'other check')} {were} on what failed, left out:"
        lines.append(Line(f"{text} {_names(blocked)}", "quiet"))
    for result in results:
        if result.verdict is Verdict.INFRASTRUCTURE:
            text = f"{result.property}: not judged, our fault: {one_line(result.reason)}"
            lines.append(Line(text, "part"))
    return lines


def finding_lines(result: PropertyResult, show: str = "", *, whole: bool = False) -> list[Line]:
    """Return one failure: its title, the smallest program with what came, the lesson.

    ``whole`` adds the place, the closed form and the snippet.
    """
    finding = result.finding
    if finding is None:
        why = one_line(result.reason) or MARKS[result.verdict].word
        return [Line(f"{result.property}: {why}", "bad")]
    lines = [Line(one_line(finding.title), "bad"), Line()]
    lines += _indented(finding.listing, "code")
    lines.append(Line())
    lines += [Line(f"  {part}") for part in wrap(one_line(finding.lesson, 1000), _WIDTH)]
    lines += mistake_lines(finding.mistake)
    if whole:
        lines += _rest(finding)
    elif show:
        lines.append(Line(f"  Run it: {show} {quote(result.property)}", "quiet"))
    return lines


def _following(root: PropertyResult, results: Sequence[PropertyResult]) -> list[Line]:
    """Return what else fails for the same reason, and what was left out because of it."""
    of_root = [r for r in results if r.root == root.property]
    failing = [r for r in of_root if r.verdict.is_bad]
    blocked = [r for r in of_root if r.verdict is Verdict.BLOCKED]
    parts = []
    if failing:
        parts.append(f"Also fails for it, with programs of its own: {_names(failing)}")
    if blocked:
        were = "relies" if len(blocked) == 1 else "rely"
        text = f"{counted(len(blocked), 'other check')} {were} on it, left out:"
        parts.append(f"{text} {_names(blocked)}")
    return [Line(f"  {line}", "quiet") for part in parts for line in wrap(part, _WIDTH)]


def _names(results: Iterable[PropertyResult]) -> str:
    return one_line(", ".join(r.property for r in results), 1000)


def mistake_lines(mistake: Mistake | None) -> list[Line]:
    """Return the likely mistake, how sure that is, and what else would give the same."""
    if mistake is None:
        return []
    sentences = " And: ".join(f"{text[0].upper()}{text[1:]}." for text in mistake.sentences)
    told = f"{CERTAINTY[mistake.confidence]}: {sentences} ({mistake.evidence})"
    others = [f"Or: {text}." for text in mistake.alternatives]
    return [*_wrapped(told, "part"), *(line for text in others for line in _wrapped(text, "quiet"))]


def _wrapped(text: str, tone: Tone) -> list[Line]:
    return [Line(f"  {part}", tone) for part in wrap(one_line(text, 1000), _WIDTH)]


def _rest(finding: Finding) -> list[Line]:
    lines = []
    if finding.place:
        lines.append(Line(f"  Where: {one_line(finding.place)}"))
    if finding.closed_form:
        lines.append(Line(f"  In closed form: {one_line(finding.closed_form)}"))
    if finding.snippet:
        lines += [Line(), Line("  A script that shows it by itself:", "quiet"), Line()]
        lines += _indented(finding.snippet, "code")
    if finding.comparison_snippet:
        lines += [Line(), Line("  The same in torch, for comparison:", "quiet"), Line()]
        lines += _indented(finding.comparison_snippet, "code")
    elif finding.not_compared:
        lines += [Line(), Line(f"  There is no script for torch: {finding.not_compared}", "quiet")]
    return lines


def _indented(text: str, tone: Tone) -> list[Line]:
    return [Line(f"    {line}".rstrip(), tone) for line in visible(text).strip("\n").split("\n")]


def _theme_line(theme: str, results: Sequence[PropertyResult]) -> Line:
    found = tally(r.verdict for r in results)
    if found.is_absent:
        return Line(f"  {theme}  not there", "quiet")
    counts = f"{found.passed} of {found.judged}" if found.judged else "left out"
    bad = [short_name(r) for r in results if r.verdict.is_bad]
    slow = [f"{short_name(r)} (time)" for r in results if r.verdict is Verdict.INCONCLUSIVE]
    rest = [f"{found.blocked} left out"] if found.blocked and found.judged else []
    rest += [f"{found.infrastructure} not judged"] if found.infrastructure else []
    names = ", ".join([*bad, *slow]) + (f"  ({', '.join(rest)})" if rest else "")
    tone: Tone = "bad" if bad else "part" if slow or rest or not found.judged else "good"
    return Line(f"  {theme}  {counts.ljust(8)}  {names}".rstrip(), tone)
