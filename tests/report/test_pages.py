"""Pages: everything from a submission is inert, and the same grades give the same bytes."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gradcheck_suite.grading.rubric import Graded, Rubric
from gradcheck_suite.grading.storage import folder_names
from gradcheck_suite.records import Comparison, Verdict
from gradcheck_suite.report.pages import Sheet, class_page, submission_page

MakeGraded = Callable[..., Graded]
HOSTILE = "<script>alert('x')</script>\x1b[31m\u202e\"><img src=x onerror=alert(1)>{{ 7*7 }}"
VOID = {"meta", "br", "hr", "img", "link", "input"}


class _Checker(HTMLParser):
    """Collects tags and attributes, and sees that every tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data


def _sheet(rubric: Rubric, *names: str, counterexamples: bool = True) -> Sheet:
    return Sheet("Homework 1", rubric, folder_names(names), counterexamples)


def _hostile(graded: Graded) -> Graded:
    """Return the grade with every text that a submission has a say in made hostile."""
    grade = graded.grade
    results = []
    for result in grade.results:
        finding = result.finding
        if finding is not None:
            compared = Comparison(3, HOSTILE, HOSTILE, HOSTILE, right=False)
            finding = replace(
                finding, listing=HOSTILE, snippet=HOSTILE, place=HOSTILE, comparisons=(compared,)
            )
        results.append(replace(result, reason=HOSTILE, finding=finding))
    changed = replace(grade, engine=HOSTILE, description=HOSTILE, results=tuple(results))
    return replace(graded, grade=changed)


@pytest.fixture
def pages(rubric: Rubric, make_graded: MakeGraded) -> list[str]:
    """Return the pages of a class in which everything is hostile."""
    bad = _hostile(make_graded(HOSTILE, Verdict.ERROR, Verdict.FAIL, Verdict.BLOCKED))
    slow = _hostile(
        make_graded("s", Verdict.INCONCLUSIVE, Verdict.INFRASTRUCTURE, Verdict.NOT_APPLICABLE),
    )
    broken = make_graded("b", problem=HOSTILE)
    sheet = _sheet(rubric, HOSTILE, "s", "b")
    graded = [bad, slow, broken]
    return [class_page(sheet, graded), *(submission_page(sheet, g) for g in graded)]


def test_no_page_has_a_tag_or_attribute_of_a_submission(pages: list[str]) -> None:
    """Hostile names, messages and listings make no element, no handler and no foreign link."""
    for page in pages:
        found = _Checker(page)
        assert not {"script", "img", "iframe", "link", "object"} & set(found.tags)
        assert not [key for key, _ in found.attributes if key.startswith("on")]
        links = [value for key, value in found.attributes if key in {"href", "src"}]
        assert all(re.fullmatch(r"#[\w-]+|\.\./index\.html|[\w.-]+/index\.html", v) for v in links)


def test_no_page_has_a_character_without_a_shape(pages: list[str]) -> None:
    """Escape sequences and bidirectional overrides are spelled out."""
    for page in pages:
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert "\\u202e" in page


def test_no_page_reads_a_submission_as_a_template(pages: list[str]) -> None:
    """Braces in a name stay braces."""
    assert all("{{ 7*7 }}" in page for page in pages)


def test_pages_load_nothing(pages: list[str]) -> None:
    """No style, font, picture or script comes from elsewhere."""
    for page in pages:
        assert not re.search(r"https?://|@import|url\(", page)
        assert "default-src 'none'" in page


def test_the_same_grades_give_the_same_bytes(rubric: Rubric, make_graded: MakeGraded) -> None:
    """There is no clock and no chance in a page."""
    graded = [make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)]
    sheet = _sheet(rubric, "ada")
    assert class_page(sheet, graded) == class_page(sheet, graded)
    assert submission_page(sheet, graded[0]) == submission_page(sheet, graded[0])


def test_a_failure_is_shown_with_its_proof(rubric: Rubric, make_graded: MakeGraded) -> None:
    """A finding has its title, lesson, program, numbers, place, closed form and script."""
    graded = make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)
    text = _Checker(submission_page(_sheet(rubric, "ada"), graded)).text
    finding = graded.grade.results[1].finding
    assert finding is not None
    for part in (
        finding.title,
        finding.lesson,
        finding.listing,
        finding.snippet,
        finding.place,
        finding.closed_form,
        "0.8 +- 3e-16",
        "2.0e+15",
    ):
        assert part in text


def test_counterexamples_can_be_kept_back(rubric: Rubric, make_graded: MakeGraded) -> None:
    """Without counterexamples the lesson stays, and no program or number is shown."""
    graded = make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)
    text = _Checker(submission_page(_sheet(rubric, "ada", counterexamples=False), graded)).text
    assert "1 - tanh(a)**2." in text
    assert "b.backward()" not in text
    assert "0.8 +- 3e-16" not in text
    assert "print(a.grad)" not in text


@pytest.mark.parametrize("verdict", [*Verdict])
def test_every_verdict_has_a_place_on_the_page(
    rubric: Rubric, make_graded: MakeGraded, verdict: Verdict
) -> None:
    """A property of any verdict is named on the page of its submission."""
    graded = make_graded("ada", verdict, verdict, verdict)
    text = _Checker(submission_page(_sheet(rubric, "ada"), graded)).text
    assert all(name in text for name in rubric.ids)


def test_a_problem_is_shown(rubric: Rubric, make_graded: MakeGraded) -> None:
    """A submission that could not be graded shows why, on both pages."""
    graded = make_graded("fritz", problem="engine.py: got no class, expected one")
    sheet = _sheet(rubric, "fritz")
    for page in (class_page(sheet, [graded]), submission_page(sheet, graded)):
        assert "engine.py: got no class, expected one" in _Checker(page).text


def test_the_class_page_says_what_may_be_claimed(rubric: Rubric, make_graded: MakeGraded) -> None:
    """The isolation level stands on the page with its meaning."""
    graded = [make_graded("ada", Verdict.PASS, Verdict.PASS, Verdict.PASS)]
    text = _Checker(class_page(_sheet(rubric, "ada"), graded)).text
    assert "Isolation level 3 of 4" in text
    assert "other files can be seen" in text


def test_colour_is_never_alone(rubric: Rubric, make_graded: MakeGraded) -> None:
    """Every mark has a symbol and a word beside its colour."""
    graded = [make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)]
    page = class_page(_sheet(rubric, "ada"), graded)
    n_marks = page.count('class="mark ')
    assert n_marks > 3
    assert n_marks == page.count('class="symbol"') == page.count('</span><span class="hidden">')


def test_an_empty_class_has_a_page(rubric: Rubric) -> None:
    """A page can be made of no submission at all."""
    assert "0 submissions" in _Checker(class_page(_sheet(rubric), [])).text


def _colours(style: str, block: int) -> dict[str, str]:
    found = re.findall(
        r"(--[\w-]+): (#[0-9a-f]{3,6})", style.split(":root")[block].split("}", 1)[0]
    )
    return dict(found)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("block", [1, 2, 3])
def test_text_has_the_contrast_of_wcag_aa(rubric: Rubric, block: int) -> None:
    """Light, dark and print colours of text are at 4.5 to 1 on every ground that they stand on."""
    style = class_page(_sheet(rubric), [])
    colour = _colours(style, 1) | _colours(style, block)
    pairs = [(text, ground) for text in ("ink", "soft", "link") for ground in ("page", "card")]
    pairs += [(tone, f"{tone}-back") for tone in ("good", "bad", "part", "quiet")]
    pairs += [("ink", "code"), ("bad", "page"), ("part", "page")]
    for text, ground in pairs:
        a, b = sorted((_luminance(colour[f"--{text}"]), _luminance(colour[f"--{ground}"])))
        assert (b + 0.05) / (a + 0.05) >= 4.5, (text, ground)
