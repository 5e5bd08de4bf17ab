"""Assignments: every key has a default, and every mistake is told with its place."""

from pathlib import Path

import pytest

from gradcheck_suite.engines.dialect import CONVENTIONS, FREE, UNLESS_FIXED
from gradcheck_suite.errors import AssignmentError
from gradcheck_suite.grading.assignment import (
    Assignment,
    parse_assignment,
    read_assignment,
    with_exam,
)


def _parse(text: str) -> Assignment:
    return parse_assignment(text, "hw.toml")


def test_an_empty_file_is_an_assignment() -> None:
    """Without a single key, every property is worth one point."""
    assert _parse("").properties == {"*": 1.0}


def test_every_section_is_read() -> None:
    """What a file says arrives in the sections."""
    read = _parse(
        """
        title = "Homework"
        ops = ["add", "mul"]
        required = ["two_losses"]
        engine.entry = "pkg.engine:Value"
        [properties]
        "gradient[*]" = 2
        "sharing and accumulation" = 5.5
        [exam]
        seed = 7
        cases = 3
        [dialect]
        second_backward = "adds"
        nonscalar_backward = "open"
        [limits]
        memory_mib = 256
        [feedback]
        counterexamples = false
        """,
    )
    assert (read.title, read.ops, read.required) == ("Homework", ("add", "mul"), ("two_losses",))
    assert read.engine.entry == "pkg.engine:Value"
    assert read.properties == {"gradient[*]": 2.0, "sharing and accumulation": 5.5}
    assert (read.exam.seed, read.exam.cases) == (7, 3)
    assert read.fixed == {**UNLESS_FIXED, "second_backward": "adds"}
    assert read.limits.sandbox().memory_bytes == 256 << 20
    assert not read.feedback.counterexamples


def test_seed_and_cases_can_be_replaced() -> None:
    """The command line replaces what it names and keeps the rest."""
    changed = with_exam(_parse("exam.cases = 3"), seed=9, cases=None)
    assert (changed.exam.seed, changed.exam.cases) == (9, 3)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("title = ", ["hw.toml: not TOML", "end of document"]),
        ("x = 1\nx = 2", ["not TOML"]),
        ("\n\ntitel = 'a'", ["hw.toml, line 3: titel", "unknown key", "did you mean 'title'?"]),
        ("[exam]\nsead = 1", ["line 2: exam.sead", "seed, cases", "did you mean 'seed'?"]),
        ("[exam]\nseed = 'one'", ["line 2: exam.seed: got str, expected int"]),
        ("exam = 3", ["line 1: exam: got int, expected object"]),
        ("title = 3", ["line 1: title: got int, expected str"]),
        ("ops = 'add'", ["ops: got str, expected array"]),
        ("[exam]\nseed = -1", ["exam.seed: got -1, expected 0 or more"]),
        ("[exam]\ncases = 0", ["exam.cases: got 0, expected 1 to"]),
        ("[limits]\ncase_seconds = 0", ["line 2: limits.case_seconds: got 0"]),
        ("[limits]\ncase_seconds = nan", ["limits.case_seconds: got nan"]),
        ("[limits]\nmemory_mib = 1.5", ["limits.memory_mib: got float, expected int"]),
        ("ops = ['tannh']", ["ops: got 'tannh'", "did you mean 'tanh'"]),
        ("[properties]\n'*' = -1", ["line 2: properties.*: got -1", "points, 0 or more"]),
        ("[properties]\n'*' = inf", ["properties.*: got inf"]),
        ("[properties]\n'*' = true", ["got bool, expected float"]),
        ("[properties]\n'gradient[tannh]' = 1", ["line 2", "did you mean 'gradient[tan"]),
        ("[properties]\n'grad*ent[tanh' = 1", ["a property, a theme, a code or a pattern"]),
        ("required = ['detach']", ["line 1: required: got 'detach'"]),
        ("[engine]\nentry = 'Value'", ["line 2: engine.entry: got 'Value'", "module:Class"]),
        ("[engine]\nentry = 'a/b:Value'", ["engine.entry: got 'a/b:Value'"]),
        ("[dialect]\nsecond = 'adds'", ["dialect.second", "did you mean 'second_backward'?"]),
        ("[dialect]\nsecond_backward = 'add'", ["got 'add'", "did you mean 'adds'?"]),
        ("[dialect]\npreset = 'pytorch'", ["got 'pytorch'", "torch, micrograd, needle"]),
        ("[feedback]\ncounterexamples = 1", ["got int, expected bool"]),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, parts: list[str]) -> None:
    """The message names the file, the line or key, what was found and what was expected."""
    with pytest.raises(AssignmentError) as caught:
        _parse(text)
    for part in parts:
        assert part in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A path without a file names the path."""
    with pytest.raises(AssignmentError, match=r"no\.toml: got no such file"):
        read_assignment(tmp_path / "no.toml")


def test_a_folder_is_no_assignment(tmp_path: Path) -> None:
    """A folder in place of the file is told as what it is."""
    with pytest.raises(AssignmentError, match="expected an assignment in TOML"):
        read_assignment(tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """A binary file names the first byte that is not UTF-8."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"title = '\xff'")
    with pytest.raises(AssignmentError, match="byte 0xff at byte 9, expected UTF-8"):
        read_assignment(path)


def test_a_huge_file_is_not_parsed(tmp_path: Path) -> None:
    """A file of megabytes is a wrong file."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(AssignmentError, match="got 1000001 bytes"):
        read_assignment(path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file saved by an editor that writes a byte order mark is read."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbftitle = 'x'")
    assert read_assignment(path).title == "x"


def test_the_sample_assignment_is_valid() -> None:
    """The assignment of the sample class can be read."""
    sample = Path(__file__).parents[2] / "submissions" / "assignment.toml"
    assert read_assignment(sample).title == "Autograd from scratch"


def test_conventions_are_open_but_for_what_counts_as_wrong():
    """Without a word on it, a backward that overwrites is wrong."""
    fixed = {"accumulation": "adds", "constant_grad": "none"}
    assert parse_assignment("", "a.toml").fixed == fixed
    opened = parse_assignment("[dialect]\naccumulation = 'open'", "a.toml")
    assert opened.fixed == {"constant_grad": "none"}


def test_a_preset_fixes_every_convention_but_those_beside_it():
    """A course says whose conventions hold, and where it leaves a choice."""
    text = "[dialect]\npreset = 'needle'\nviews = 'open'\nin_place = 'mutates'"
    fixed = parse_assignment(text, "a.toml").fixed
    assert fixed["accumulation"] == "overwrites"
    assert fixed["in_place"] == "mutates"
    assert "views" not in fixed
    assert set(fixed) == set(CONVENTIONS) - {"views"} - FREE
