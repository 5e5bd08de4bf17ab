"""The textbook: what the notes compute, with the numbers that they print."""

from math import nan
from pathlib import Path

import pytest

import reference
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.grading.target import open_target
from gradcheck_suite.grading.textbook import Recital, descent_path, recite
from gradcheck_suite.program.shapes import shapes
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.report.student import plain
from gradcheck_suite.report.surface import surface_svg
from gradcheck_suite.report.textbook import reference_page, textbook_lines, textbook_page
from gradcheck_suite.strategies.textbook import ROWS
from gradcheck_suite.strategies.textbook.row import agrees

SUBMISSIONS = Path(__file__).parents[2] / "submissions"
NOTES = {"000": 9, "001": 7, "002": 2, "003": 8, "004": 7}


def subject(name: str = "reference") -> InProcess:
    """Return a known engine under judgement."""
    return InProcess(known_engine(name))


def by_id(recitals: tuple[Recital, ...]) -> dict[str, Recital]:
    """Return the recitals by the name of their row."""
    return {recital.row.id: recital for recital in recitals}


def test_every_note_is_there():
    """Each row of a note is there once, and those that can be enclosed are properties."""
    assert {note: sum(r.note == note for r in ROWS) for note in NOTES} == NOTES
    assert len({r.id for r in ROWS}) == len(ROWS)
    assert all((r.id in CATALOGUE) == r.certified for r in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_whether_it_needs_arrays(row):
    """Rows on numbers are asked of scalar engines, the others are not."""
    on_numbers = all(not any(shapes(v.program).values()) for v in row.versions)
    assert row.on_numbers == on_numbers


@pytest.mark.parametrize(
    "name", ["reference", pytest.param("torch", marks=pytest.mark.needs_module("torch"))]
)
def test_a_right_engine_has_every_number(name: str):
    """All rows run, and every claim is what the engine has."""
    recitals = tuple(recite(subject(name)))
    assert [r.row for r in recitals] == list(ROWS)
    assert {entry.verdict for r in recitals for entry in r.entries} == {"right"}
    assert not any(r.missing for r in recitals)


def test_a_note_that_is_wrong_is_told_so():
    """The note's own numbers stand beside the true ones."""
    (found,) = by_id(tuple(recite(subject())))["textbook[000 two squares]"].entries[:1]
    assert (found.note_has, found.true, found.found) == ("-28", "28", "28")


def test_a_wrong_engine_is_told_in_the_rows_that_show_it(monkeypatch):
    """A square whose gradient is off by a third fails, a sine does not."""
    right = reference.Tensor.__pow__

    def wrong(x, exponent):
        result = right(x, exponent)
        return result * 3 - result.detach() * 2

    monkeypatch.setattr(reference.Tensor, "__pow__", wrong)
    recitals = by_id(tuple(recite(subject())))
    assert recitals["textbook[000 from the end]"].is_wrong
    assert recitals["textbook[004 linear regression]"].is_wrong
    assert not recitals["textbook[003 sine]"].is_wrong


def test_another_convention_is_no_fault():
    """An engine that takes an integer for a number is right in its own way."""
    with open_target(str(SUBMISSIONS / "right_scalar")) as engine:
        recitals = by_id(tuple(recite(engine)))
    (entry,) = recitals["textbook[000 integer leaf]"].entries
    assert entry.verdict == "another convention"
    assert "matmul" in recitals["textbook[000 descent by matrix products]"].missing


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("2.3416", 2.34164, True),
        ("2.3416", 2.34166, False),
        ("4", 4.4, True),
        ("4", 4.6, False),
        ("-28", 28.0, False),
        ("nan", nan, True),
        ("nan", 0.0, False),
    ],
)
def test_a_number_agrees_to_the_digits_that_are_printed(text: str, found: float, expected: bool):
    """What the note rounds, it rounds to the nearest."""
    assert agrees(text, found) is expected


def test_the_lines_say_note_claim_and_found():
    """A reader sees each claim beside what came, and how many rows are right."""
    text = plain(textbook_lines(tuple(recite(subject()))))
    assert "     dz/dx: note 98; found 98: right\n" in text
    assert "a.grad: note -28 (the truth is 28); found 28: right" in text
    assert text.endswith(f"{len(ROWS)} of {len(ROWS)} computations come out right")


def test_the_descent_goes_down_to_the_minimum():
    """The path starts where the note's picture is high, and ends near (1, 1)."""
    path = descent_path(subject(), 200)
    assert path[0] == (-8.0, 8.0)
    losses = [(2 - a - b) ** 2 + (4 - 3 * a - b) ** 2 for a, b in path]
    assert losses == sorted(losses, reverse=True)
    assert abs(path[-1][0] - 1) + abs(path[-1][1] - 1) < 0.5


def test_the_page_holds_the_picture_and_the_claims():
    """The picture is drawn into the page, and the same path gives the same bytes."""
    page = textbook_page("reference", subject())
    picture = surface_svg(descent_path(subject(), 200))
    assert picture == surface_svg(descent_path(subject(), 200))
    assert picture in page
    assert page == reference_page()
    assert "<code>dz/dx</code>" in page
    assert "<script" not in page
