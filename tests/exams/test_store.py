"""The file of an exam: the same bytes for the same exam, and refused when it is anything else."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from gradcheck_suite.errors import ExamError
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.crew import Crew
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.store import (
    digest_of,
    exam_bytes,
    is_exam,
    parse_exam,
    questions_digest,
    read_exam,
)
from gradcheck_suite.oracles.answer import FlagIs, Interval, MustRaise, Sheet, ZeroOrNothing
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Leaf, Observe, Program

SCRIPT = """
import sys
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.store import exam_bytes
sys.stdout.buffer.write(exam_bytes(build({ids!r}, seed=5, n_cases=2)))
"""


def resealed(body: bytes) -> bytes:
    """Return a file with ``body`` whose length and digest are right."""
    return (
        f"gradcheck-suite exam 1\nsha256 {sha256(body).hexdigest()} {len(body)}\n".encode() + body
    )


def body_of(data: bytes) -> bytes:
    """Return what follows the two lines of the head."""
    return data.split(b"\n", 2)[2]


def changed(data: bytes, *path: int, to: object) -> bytes:
    """Return the file with another value at ``path`` within its body, sealed again."""
    body = msgspec.msgpack.decode(body_of(data))
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return resealed(msgspec.msgpack.encode(body))


def test_what_is_stored_comes_back(small: Exam, stored: bytes):
    """An exam that was stored and read is equal to the one before, in the same order."""
    back = parse_exam(stored, "x")
    assert back == small
    assert list(back.cases) == list(small.cases)
    assert exam_bytes(back) == stored


def test_every_sort_of_answer_is_stored(small: Exam):
    """The exam of these tests has numbers, nothing, flags and required exceptions in it."""
    found = {
        type(answer)
        for cases in small.cases.values()
        for case in cases
        for sheet in case.sheets
        for _, answer in sheet.answers
    }
    assert found == {Interval, ZeroOrNothing, FlagIs, MustRaise}


def test_it_says_what_it_is(stored: bytes):
    """The first two lines are text: the format's version, the digest and the length of the rest."""
    first, second, body = stored.split(b"\n", 2)
    assert first == b"gradcheck-suite exam 1"
    assert second.decode() == f"sha256 {sha256(body).hexdigest()} {len(body)}"
    assert digest_of(stored) == sha256(body).hexdigest()


def test_the_same_arguments_give_the_same_bytes(small: Exam, stored: bytes):
    """Two exams from one seed are the same file."""
    assert exam_bytes(build(tuple(small.cases), seed=5, n_cases=2)) == stored


def test_the_number_of_workers_changes_no_byte(small: Exam, stored: bytes):
    """Two processes build the same file as one."""
    with Crew(2) as crew:
        assert exam_bytes(build(tuple(small.cases), seed=5, n_cases=2, crew=crew)) == stored


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_order_of_sets_changes_no_byte(small: Exam, stored: bytes, hash_seed: str):
    """A process with another hash seed builds the same file."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(ids=tuple(small.cases))],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
    )
    assert done.stdout == stored


def test_the_machine_is_not_in_it(stored: bytes):
    """No path of this machine is stored."""
    for place in (Path.cwd(), Path.home(), Path(__file__).parents[2], Path(sys.prefix)):
        assert str(place).encode() not in stored


def test_what_it_was_made_with_is_in_it(stored: bytes):
    """Everything that decides which programs there are is stored with its version."""
    names = {name for name, _ in parse_exam(stored, "x").versions}
    assert names >= {"gradcheck_suite", "Hypothesis", "SymPy", "NumPy", "python-flint", "Python"}


def test_the_digest_of_the_questions_does_not_depend_on_who_was_asked(small: Exam):
    """Programs and answers are the same with torch installed and without."""
    silent = {k: tuple(replace(c, agreed=()) for c in cs) for k, cs in small.cases.items()}
    alone = replace(small, cases=silent, witnesses=(), versions=())
    assert exam_bytes(alone) != exam_bytes(small)
    assert questions_digest(alone) == questions_digest(small)


def test_the_digest_of_the_questions_depends_on_every_answer(small: Exam):
    """An answer that is off by one bit is another question."""
    other = build(tuple(small.cases), seed=6, n_cases=2)
    assert questions_digest(other) != questions_digest(small)


def test_a_file_that_is_cut_is_refused(stored: bytes):
    """Any part from the start is refused, and most say how many bytes are missing."""
    n = len(stored)
    for length in sorted({*range(1, 130), *range(130, n, 97), n - 2, n - 1}):
        with pytest.raises(ExamError, match=r"^x: got .*, expected ") as caught:
            parse_exam(stored[:length], "x")
        if length > stored.index(b"\n", 24):
            assert "the file is cut" in str(caught.value)


def test_a_file_with_any_byte_changed_is_refused(stored: bytes):
    """A flipped bit in the head or the body is seen."""
    for place in (*range(130), *range(130, len(stored), 53), len(stored) - 1):
        data = bytearray(stored)
        data[place] ^= 1 << (place % 8)
        with pytest.raises(ExamError, match=r"^x: got .*, expected "):
            parse_exam(bytes(data), "x")


def test_a_file_with_any_byte_changed_and_sealed_again_is_no_surprise(stored: bytes):
    """Whatever stands in a body with a right digest, it is an exam or an ExamError."""
    body = body_of(stored)
    n_refused = 0
    for place in range(0, len(body), 41):
        for bits in (0x01, 0x80, 0xFF):
            data = bytearray(body)
            data[place] ^= bits
            try:
                parse_exam(resealed(bytes(data)), "x")
            except ExamError:
                n_refused += 1
    assert n_refused > len(body) / 41


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "got an empty file"),
        (b"hello\n", "got a file that is no exam"),
        (b"PK\x03\x04" + bytes(range(256)), "got a file that is no exam"),
        (b"\x00" * 1000, "got a file that is no exam"),
        (b"gradcheck-suite ex", "got the head of an exam alone"),
        (b"gradcheck-suite exam 1", "got the head of an exam alone"),
        (b"gradcheck-suite exam one\n", "got a file that is no exam"),
        (b"gradcheck-suite exam 2\nwhatever", "got format version 2, expected version 1"),
        (b"gradcheck-suite exam 1\nsha256 x", "a head without digest and length"),
        (resealed(b""), "a body of another form"),
        (resealed(b"\xdd\xff\xff\xff\xff" * 9), "a body of another form"),
        (resealed(b"\x91" * 100_000), "a body of another form"),
        (resealed(msgspec.msgpack.encode({"seed": 1})), "a body of another form"),
    ],
    ids=[
        "empty",
        "text",
        "zip",
        "zeros",
        "half-a-head",
        "no-newline",
        "no-number",
        "newer",
        "no-digest",
        "no-body",
        "huge-lengths",
        "deep",
        "another-form",
    ],
)
def test_what_is_no_exam_is_refused(data: bytes, part: str):
    """The reason names the file, what was found and what was expected."""
    with pytest.raises(ExamError, match=r"^x: got .*, expected ") as caught:
        parse_exam(data, "x")
    assert part in str(caught.value)


def test_what_was_added_is_refused(stored: bytes):
    """Bytes after the end are told."""
    with pytest.raises(ExamError, match="something was added"):
        parse_exam(stored + b"\n", "x")


def test_an_edited_file_is_told_from_a_cut_one(stored: bytes):
    """A body of the right length with a wrong digest was edited."""
    with pytest.raises(ExamError, match="the file was edited or damaged"):
        parse_exam(stored[:-1] + bytes([stored[-1] ^ 1]), "x")


# Where things stand in the body: properties are its fifth field, cases the fifth of a property.
FIRST = (4, 0)
CASE = (*FIRST, 4, 0)


@pytest.mark.parametrize(
    ("path", "to", "part"),
    [
        ((*FIRST, 0), "gradient[frobnicate]", "the property 'gradient[frobnicate]', which this"),
        ((*FIRST, 0), "gradient[mul]", "for gradient[mul], which has"),
        ((*FIRST, 1), "another theme", "the theme 'another theme' for value[tanh]"),
        ((*FIRST, 2), 7, "level 7 for value[tanh], which has 0 in this version"),
        ((*FIRST, 3), ["value:sinh"], "the prerequisites ('value:sinh',)"),
        ((*CASE, 0), b"GCP1", "bytes that are no Program"),
        ((*CASE, 1), [], "answers under the conventions ()"),
        ((*CASE, 2), ["op:frobnicate"], "the op 'frobnicate', which this version does not know"),
        ((*CASE, 4), [99], "the witnesses (99,)"),
        ((*CASE, 1, 0, 1, 0, 0), 999, "answers that do not fit their program"),
        ((*CASE, 1, 0, 1, 0, 1, 2), [float("nan")], "answers that do not fit their program"),
        ((*CASE, 1, 0, 1, 0, 1, 3), [-1.0], "answers that do not fit their program"),
        ((*CASE, 1, 0, 1, 0, 1, 4), [], "answers that do not fit their program"),
        ((0,), "0", "a body of another form"),
    ],
    ids=[
        "property",
        "other-property",
        "theme",
        "level",
        "prerequisites",
        "program",
        "no-sheets",
        "op",
        "witness",
        "place",
        "not-a-number",
        "negative",
        "too-few",
        "seed",
    ],
)
def test_what_this_version_does_not_know_is_refused(
    stored: bytes, path: tuple[int, ...], to: object, part: str
):
    """A right digest does not help a body whose names or answers cannot be meant."""
    with pytest.raises(ExamError) as caught:
        parse_exam(changed(stored, *path, to=to), "x")
    assert part in str(caught.value)


def test_a_property_that_stands_twice_is_refused(stored: bytes):
    """Of two lists of programs for one property neither is taken."""
    body = msgspec.msgpack.decode(body_of(stored))
    body[4].append(body[4][0])
    with pytest.raises(ExamError, match=r"'value\[tanh\]' twice"):
        parse_exam(resealed(msgspec.msgpack.encode(body)), "x")


@pytest.mark.parametrize(
    "program",
    [
        Program((Leaf(Array.of(1.0)), Apply("frobnicate", (0,)), Observe("value", 1))),
        Program((Leaf(Array.of(1.0)), Apply("tanh", (7,)), Observe("value", 1))),
        Program((Leaf(Array.of([1.0, 2.0])), Apply("add", (0,)), Observe("value", 1))),
    ],
    ids=["op", "value", "operands"],
)
def test_a_program_that_cannot_run_is_refused(small: Exam, program: Program):
    """An op, a value or an operand that is not there is found before anything is graded."""
    case = Case(program, (Sheet((), ()),), frozenset(), frozenset())
    exam = replace(small, cases={"value[tanh]": (case,)})
    with pytest.raises(ExamError, match=r"x: value\[tanh\], program 1: got a program that cannot"):
        parse_exam(exam_bytes(exam), "x")


def test_a_file_is_read(tmp_path: Path, small: Exam, stored: bytes):
    """An exam on disk is read by its path, and known by its first bytes."""
    path = tmp_path / "a.exam"
    path.write_bytes(stored)
    assert read_exam(path) == small
    assert is_exam(path)


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "too-large"])
def test_what_is_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: bytes, what: str
):
    """A folder, a pipe, nothing, or a file beyond all bounds is refused without reading it."""
    path = tmp_path / "a.exam"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "too-large":
        path.write_bytes(stored)
        monkeypatch.setattr("gradcheck_suite.exams.store._MAX_BYTES", len(stored) - 1)
    with pytest.raises(ExamError, match=r"a\.exam: got .*, expected an exam that"):
        read_exam(path)
