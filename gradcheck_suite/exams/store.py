r"""The exam as a file: the same exam gives the same bytes, and no other bytes are taken for it.

::

    gradcheck-suite exam 1\n            what it is, and the version of this format
    sha256 <64 hex digits> <n bytes>\n  of all that follows
    <body>                              MessagePack: arrays in the order of the fields below

MessagePack has one shortest form for each value, floats are stored whole (8 bytes), sets sorted,
and nothing is compressed, so the bytes depend on the exam alone. Programs are the bytes of the
suite's own codec. Whoever reads checks length and digest first, then every name against the op
table and the catalogue: an exam of another table would be graded wrongly, and is refused.
"""

import os
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Final, NoReturn, TypeAlias

import msgspec

from gradcheck_suite.errors import ExamError, ProgramError
from gradcheck_suite.exams.check import case_fault, property_fault
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.oracles.answer import (
    Answer,
    FlagIs,
    Interval,
    MustRaise,
    Sheet,
    ZeroOrNothing,
)
from gradcheck_suite.program.codec import decode, encode
from gradcheck_suite.properties.catalogue import CATALOGUE

__all__ = [
    "FORMAT",
    "MAX_SEED",
    "digest_of",
    "exam_bytes",
    "is_exam",
    "parse_exam",
    "questions_digest",
    "read_exam",
    "read_file",
    "sheet_bytes",
]

FORMAT: Final = 1
MAX_SEED: Final = 2**64 - 1
"""The largest integer that MessagePack has."""
_MAGIC: Final = b"gradcheck-suite exam "
_EXPECTED: Final = "an exam that `gradcheck-suite exam build` wrote"
_MAX_BYTES: Final = 1 << 28  # 256 MiB, about 300,000 programs: this is a wrong file
_HEAD: Final = re.compile(
    rb"gradcheck-suite exam (?P<format>[0-9]{1,9})\n"
    rb"(?:sha256 (?P<digest>[0-9a-f]{64}) (?P<length>[0-9]{1,12})\n)?"
)


class _Part(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of the parts of the body: an array of the fields, in their order, and no more."""


class _Numbers(_Part, frozen=True, tag="numbers"):
    shape: tuple[int, ...]
    middle: tuple[float, ...]
    half64: tuple[float, ...]
    half32: tuple[float, ...]


class _LooseNumbers(_Part, frozen=True, tag="numbers or not finite"):
    shape: tuple[int, ...]
    middle: tuple[float, ...]
    half64: tuple[float, ...]
    half32: tuple[float, ...]
    loose: tuple[int, ...]


class _ZeroOrNothing(_Part, frozen=True, tag="zero or nothing"):
    shape: tuple[int, ...]


class _Flag(_Part, frozen=True, tag="flag"):
    value: bool


class _MustRaise(_Part, frozen=True, tag="raises"):
    pass


_Answer: TypeAlias = _Numbers | _LooseNumbers | _ZeroOrNothing | _Flag | _MustRaise


class _Sheet(_Part, frozen=True):
    choices: tuple[tuple[str, str], ...]
    answers: tuple[tuple[int, _Answer], ...]


class _Case(_Part, frozen=True):
    program: bytes
    sheets: tuple[_Sheet, ...]
    needs: tuple[str, ...]
    relies_on: tuple[str, ...]
    agreed: tuple[int, ...]
    """Places in the list of witnesses."""


class _Property(_Part, frozen=True):
    id: str
    theme: str
    level: int
    establishes: tuple[str, ...]
    cases: tuple[_Case, ...]


class _Body(_Part, frozen=True):
    seed: int
    n_cases: int
    versions: tuple[tuple[str, str], ...]
    witnesses: tuple[str, ...]
    properties: tuple[_Property, ...]


def exam_bytes(exam: Exam) -> bytes:
    """Return the file of ``exam``; its seed is at most MAX_SEED."""
    body = msgspec.msgpack.encode(_body_of(exam))
    return _MAGIC + f"{FORMAT}\nsha256 {_hex(body)} {len(body)}\n".encode() + body


def digest_of(data: bytes) -> str:
    """Return the digest that stands in the file ``data`` of an exam."""
    head = _HEAD.match(data)
    assert head is not None, "got bytes without a head, expected the file of an exam"
    return head["digest"].decode()


def questions_digest(exam: Exam) -> str:
    """Return a digest of programs and answers alone.

    It is the same whoever was asked about them: with torch installed and without.
    """
    bare = [
        (name, [(encode(c.program), sheet_bytes(c.sheets)) for c in cases])
        for name, cases in exam.cases.items()
    ]
    return _hex(msgspec.msgpack.encode(bare))


def sheet_bytes(sheets: Iterable[Sheet]) -> bytes:
    """Return the bytes of the answers to one Program: equal where every bit is."""
    return msgspec.msgpack.encode([_written_sheet(sheet) for sheet in sheets])


def is_exam(path: Path) -> bool:
    """Tell whether the file at ``path`` begins as an exam of any version does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read_file(path: Path) -> bytes:
    """Return the bytes of the file at ``path``, within bounds; ExamError where there is none."""
    try:
        # Not blocking: opening a pipe would wait for a writer.
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not S_ISREG(found.st_mode):
                _refuse(str(path), "something that is no file", _EXPECTED)
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(str(path), "no such file", _EXPECTED)
    except OSError as error:
        _refuse(str(path), error.strerror or str(error), _EXPECTED)
    if len(data) > _MAX_BYTES:
        _refuse(str(path), f"more than {_MAX_BYTES >> 20} MiB", _EXPECTED)
    return data


def read_exam(path: Path) -> Exam:
    """Read the exam at ``path``; ExamError names the file, what was found and what expected."""
    return parse_exam(read_file(path), str(path))


def parse_exam(data: bytes, source: str) -> Exam:
    """Return the exam of ``data``; ``source`` is how errors call it."""
    body = _checked(data, source)
    try:
        packed = msgspec.msgpack.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        _refuse(source, f"a body of another form ({error})", _EXPECTED)
    cases: dict[str, tuple[Case, ...]] = {}
    for entry in packed.properties:
        _check_property(entry, cases, source)
        cases[entry.id] = tuple(
            _read_case(case, packed.witnesses, f"{source}: {entry.id}, program {n}", entry.id)
            for n, case in enumerate(entry.cases, start=1)
        )
    return Exam(cases, packed.seed, packed.n_cases, packed.witnesses, packed.versions)


def _refuse(source: str, found: str, expected: str) -> NoReturn:
    msg = f"{source}: got {found}, expected {expected}"
    raise ExamError(msg)


def _hex(data: bytes) -> str:
    return sha256(data).hexdigest()


# Reading


def _checked(data: bytes, source: str) -> bytes:
    """Return the body, once its version, length and digest are as the head says."""
    head = _HEAD.match(data)
    if not data:
        _refuse(source, "an empty file", _EXPECTED)
    if head is None:
        cut = data == _MAGIC[: len(data)] or re.fullmatch(rb"[0-9]*", data.removeprefix(_MAGIC))
        is_start = data.startswith(_MAGIC[: len(data)])
        found = "the head of an exam alone" if is_start and cut else "a file that is no exam"
        _refuse(source, found, _EXPECTED)
    if int(head["format"]) != FORMAT:
        _refuse(source, f"format version {int(head['format'])}", f"version {FORMAT}; build it anew")
    if head["digest"] is None:
        _refuse(source, "a head without digest and length: the file is cut or edited", _EXPECTED)
    body, length = data[head.end() :], int(head["length"])
    if len(body) < length:
        found = f"{len(body)} bytes after its head"
        _refuse(source, found, f"{length}: the file is cut; copy it again or build it anew")
    if len(body) > length:
        found = f"{len(body)} bytes after its head"
        _refuse(source, found, f"{length}: something was added to the file")
    found = _hex(body)
    if found.encode() != head["digest"]:
        expected = f"{head['digest'].decode()[:16]}...: the file was edited or damaged"
        _refuse(source, f"the digest {found[:16]}...", expected)
    return body


def _check_property(entry: _Property, before: dict[str, tuple[Case, ...]], source: str) -> None:
    if entry.id in before:
        _refuse(source, f"the property {entry.id!r} twice", _EXPECTED)
    fault = property_fault(entry.id, entry.theme, entry.level, entry.establishes)
    if fault:
        _refuse(source, fault, "an exam of this version's catalogue; build it anew")


def _read_case(case: _Case, witnesses: tuple[str, ...], source: str, name: str) -> Case:
    try:
        program = decode(case.program)
    except ProgramError as error:
        _refuse(source, f"bytes that are no Program ({error})", _EXPECTED)
    if not all(0 <= k < len(witnesses) for k in case.agreed):
        _refuse(source, f"the witnesses {case.agreed} of {len(witnesses)}", _EXPECTED)
    found = Case(
        program,
        tuple(_read_sheet(sheet) for sheet in case.sheets),
        frozenset(case.needs),
        frozenset(case.relies_on),
        tuple(witnesses[k] for k in case.agreed),
    )
    fault = case_fault(CATALOGUE[name], found)
    if fault:
        _refuse(source, fault, "an exam of this version's op table; build it anew")
    return found


def _read_sheet(sheet: _Sheet) -> Sheet:
    return Sheet(sheet.choices, tuple((k, _read_answer(answer)) for k, answer in sheet.answers))


def _read_answer(answer: _Answer) -> Answer:
    match answer:
        case _Numbers():
            return Interval(answer.shape, answer.middle, answer.half64, answer.half32)
        case _LooseNumbers(shape, middle, half64, half32, loose):
            return Interval(shape, middle, half64, half32, loose)
        case _ZeroOrNothing():
            return ZeroOrNothing(answer.shape)
        case _Flag():
            return FlagIs(answer.value)
        case _MustRaise():
            return MustRaise()


# Writing


def _body_of(exam: Exam) -> _Body:
    places = {name: k for k, name in enumerate(exam.witnesses)}
    return _Body(
        exam.seed,
        exam.n_cases,
        exam.versions,
        exam.witnesses,
        tuple(_written_property(name, cases, places) for name, cases in exam.cases.items()),
    )


def _written_property(name: str, cases: tuple[Case, ...], places: dict[str, int]) -> _Property:
    entry = CATALOGUE[name]
    return _Property(
        name,
        entry.theme,
        entry.level,
        entry.establishes,
        tuple(_written_case(case, places) for case in cases),
    )


def _written_case(case: Case, places: dict[str, int]) -> _Case:
    return _Case(
        encode(case.program),
        tuple(map(_written_sheet, case.sheets)),
        tuple(sorted(case.needs)),
        tuple(sorted(case.relies_on)),
        tuple(places[name] for name in case.agreed),
    )


def _written_sheet(sheet: Sheet) -> _Sheet:
    return _Sheet(
        sheet.choices,
        tuple((k, _written_answer(answer)) for k, answer in sheet.answers),
    )


def _written_answer(answer: Answer) -> _Answer:
    match answer:
        case Interval(shape, middle, half64, half32, ()):
            return _Numbers(shape, middle, half64, half32)
        case Interval(shape, middle, half64, half32, loose):
            return _LooseNumbers(shape, middle, half64, half32, loose)
        case ZeroOrNothing(shape):
            return _ZeroOrNothing(shape)
        case FlagIs(value):
            return _Flag(value)
        case MustRaise():
            return _MustRaise()
