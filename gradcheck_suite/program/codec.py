"""Programs as bytes: the same bytes on every machine, read back with the standard library alone.

Every value is a one-byte tag followed by its content, integers and floats little-endian. The
decoder bounds every length by what is left of the input and every nesting by ``_MAX_DEPTH``, so
that cut, edited or hostile bytes raise ProgramError and nothing else.
"""

import struct
from dataclasses import fields
from typing import Any, Final

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program import instructions as language
from gradcheck_suite.program.array import Array, Kind
from gradcheck_suite.program.instructions import Program, Slice

__all__ = ["decode", "encode"]

MAGIC: Final = b"GCP1"
_MAX_DEPTH: Final = 12  # a mode in a mode in a mode is 9 levels of tags deep
_RECORDS: Final = (  # the position is the code: append only
    Slice,
    language.Leaf,
    language.Constant,
    language.Apply,
    language.Detach,
    language.GradOf,
    language.Backward,
    language.ClearGrad,
    language.RetainGrad,
    language.SetRequiresGrad,
    language.InPlace,
    language.Assign,
    language.Mode,
    language.OptimizerStep,
    language.Observe,
    Program,
)
_CODES: Final = {record: code for code, record in enumerate(_RECORDS)}
_KINDS: Final[tuple[Kind, ...]] = ("float", "int", "bool")
_ITEMS: Final = {"float": "d", "int": "q", "bool": "?"}


def encode(program: Program) -> bytes:
    """Return the bytes of ``program``."""
    out = bytearray(MAGIC)
    _write(out, program)
    return bytes(out)


def decode(data: bytes) -> Program:
    """Return the Program of ``data``; ProgramError names the first byte that is wrong."""
    if data[: len(MAGIC)] != MAGIC:
        msg = f"got {data[:4]!r} at byte 0, expected {MAGIC!r}: not a Program of this version"
        raise ProgramError(msg)
    reader = _Reader(data, len(MAGIC))
    program = reader.read(0)
    if not isinstance(program, Program) or reader.position != len(data):
        msg = f"got bytes after or instead of a Program at byte {reader.position}"
        raise ProgramError(msg)
    return program


def _write(out: bytearray, value: object) -> None:
    match value:
        case None:
            out += b"N"
        case bool():
            out += b"T" if value else b"F"
        case int():
            out += struct.pack("<cq", b"i", value)
        case float():
            out += struct.pack("<cd", b"f", value)
        case str():
            text = value.encode()
            out += struct.pack("<cI", b"s", len(text)) + text
        case tuple():
            out += struct.pack("<cI", b"t", len(value))
            for item in value:
                _write(out, item)
        case Array():
            n, items = len(value.values), _ITEMS[value.kind]
            rank = len(value.shape)
            out += struct.pack(f"<cBB{rank}I", b"A", _KINDS.index(value.kind), rank, *value.shape)
            out += struct.pack(f"<{n}{items}", *value.values)
        case _ if type(value) in _CODES:
            out += struct.pack("<cB", b"R", _CODES[type(value)])
            for field in fields(value):  # type: ignore[arg-type]  # one of _RECORDS
                _write(out, getattr(value, field.name))
        case _:
            msg = f"got {value!r} in a Program, expected plain data of the language"
            raise ProgramError(msg)


class _Reader:
    """A position in bytes that never runs past their end."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def read(self, depth: int) -> Any:  # noqa: ANN401 - any value of the language
        if depth > _MAX_DEPTH:
            raise self._error("values nested too deep")
        tag = self._take("c")[0]
        match tag:
            case b"N":
                return None
            case b"T" | b"F":
                return tag == b"T"
            case b"i" | b"f":
                return self._take("q" if tag == b"i" else "d")[0]
            case b"s":
                return self._text(self._count(1))
            case b"t":
                return tuple(self.read(depth + 1) for _ in range(self._count(1)))
            case b"A":
                return self._array()
            case b"R":
                return self._record(depth)
            case _:
                raise self._error(f"tag {tag!r}")

    def _record(self, depth: int) -> Any:  # noqa: ANN401 - one of _RECORDS
        code = self._take("B")[0]
        if code >= len(_RECORDS):
            raise self._error(f"record code {code}")
        record = _RECORDS[code]
        values = [self.read(depth + 1) for _ in fields(record)]
        return record(*values)

    def _array(self) -> Array:
        kind_code, rank = self._take("BB")
        if kind_code >= len(_KINDS):
            raise self._error(f"array kind {kind_code}")
        shape = self._take(f"{rank}I")
        kind = _KINDS[kind_code]
        size = struct.calcsize(f"<{_ITEMS[kind]}")
        n = 1
        for extent in shape:
            n *= extent
            if n * size > len(self._data):
                raise self._error(f"an array of shape {shape}")
        return Array(shape, self._take(f"{n}{_ITEMS[kind]}"), kind)

    def _count(self, size: int) -> int:
        n: int = self._take("I")[0]
        if n * size > len(self._data) - self.position:
            raise self._error(f"a length of {n}")
        return n

    def _text(self, n: int) -> str:
        raw: bytes = self._take(f"{n}s")[0]
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise self._error("text that is not UTF-8") from None

    def _take(self, layout: str) -> tuple[Any, ...]:
        layout = "<" + layout
        try:
            values = struct.unpack_from(layout, self._data, self.position)
        except struct.error:
            raise self._error("the end of the bytes") from None
        self.position += struct.calcsize(layout)
        return values

    def _error(self, found: str) -> ProgramError:
        return ProgramError(f"got {found} at byte {self.position}, expected the rest of a Program")
