"""Programs as bytes: the same bytes on every machine, read back with the standard library alone.

Every value is a one-byte tag followed by its content, integers and floats little-endian. A body of
instructions has the length of each before it: most have been read before, in other Programs, and
are looked up by their bytes. The decoder bounds every length by what is left of the input and every
nesting by ``_MAX_DEPTH``, and takes into each field only what the language has there, so that cut,
edited or hostile bytes raise ProgramError and nothing else.
"""

import struct
from collections.abc import Callable
from dataclasses import fields
from math import prod
from typing import Any, Final, get_args

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program import instructions as language
from gradcheck_suite.program.array import Array, Kind, Layout
from gradcheck_suite.program.instructions import Instruction, Program, Slice
from gradcheck_suite.program.kept import Kept

__all__ = ["decode", "encode"]

MAGIC: Final = b"GCP2"
_MAX_DEPTH: Final = 16  # an index of a slice, in a mode in a mode in a mode, is 13 levels deep
_MAX_RANK: Final = 32  # NumPy below 2 has no more
_MAX_KEPT: Final = 8192  # instructions: an exam has some thousand different ones
_MAX_KEPT_BYTES: Final = 1024  # of one: all of them stay within a few MiB
_SCALARS: Final = frozenset({type(None), bool, int, float, str, Array, Slice})


def _is_value(x: object) -> bool:
    return type(x) is int and x >= 0


def _is_flag(x: object) -> bool:
    return type(x) is bool


def _is_name(x: object) -> bool:
    return type(x) is str


def _is_array(x: object) -> bool:
    return type(x) is Array


def _is_array_or_none(x: object) -> bool:
    return x is None or type(x) is Array


def _is_end(x: object) -> bool:
    return x is None or type(x) is int


def _are_values(x: object) -> bool:
    return type(x) is tuple and all(map(_is_value, x))


def _are_arrays(x: object) -> bool:
    return type(x) is tuple and all(map(_is_array, x))


def _is_attribute(x: object) -> bool:
    return type(x) in _SCALARS or (type(x) is tuple and all(map(_is_attribute, x)))


def _are_attributes(x: object) -> bool:
    return type(x) is tuple and all(map(_is_pair, x))


def _is_pair(x: object) -> bool:
    match x:
        case (str(), attribute):
            return type(x) is tuple and _is_attribute(attribute)
        case _:
            return False


def _is_body(x: object) -> bool:  # which stands in the bytes in a way of its own
    return type(x) is tuple and all(type(item) in _INSTRUCTIONS for item in x)


_INSTRUCTIONS: Final = frozenset(get_args(language.Instruction))
_is_look: Final = frozenset(get_args(language.Look)).__contains__
_is_mode: Final = frozenset(get_args(language.ModeKind)).__contains__
_is_rule: Final = frozenset(get_args(language.HookRule)).__contains__
_Check = Callable[[Any], bool]
# The position is the code: append only. To each record what its fields may hold, in order.
_RECORDS: Final[tuple[tuple[type, tuple[_Check, ...]], ...]] = (
    (Slice, (_is_end, _is_end, _is_end)),
    (language.Leaf, (_is_array, _is_flag)),
    (language.Constant, (_is_array, _is_flag)),
    (language.Apply, (_is_name, _are_values, _are_attributes)),
    (language.Detach, (_is_value,)),
    (language.GradOf, (_is_value,)),
    (language.Backward, (_is_value, _is_array_or_none, _is_flag, _is_flag)),
    (language.ClearGrad, (_is_value,)),
    (language.RetainGrad, (_is_value,)),
    (language.SetRequiresGrad, (_is_value, _is_flag)),
    (language.InPlace, (_is_name, _is_value, _are_values, _are_attributes)),
    (language.Assign, (_is_value, _is_value)),
    (language.Mode, (_is_mode, _is_body, _is_flag, _is_flag)),
    (language.OptimizerStep, (_is_name, _are_values, _are_attributes)),
    (language.Observe, (_is_look, _is_value)),
    (Program, (_is_body,)),
    (language.Misapply, (_is_name, _are_values, _are_attributes)),
    (language.Thread, (_is_body,)),
    (language.Hook, (_is_value, _is_rule)),
    (language.Unhook, (_is_value,)),
    (language.PushForward, (_is_value, _are_values, _are_arrays)),
    (language.Meanwhile, (_is_body,)),
    (language.BackwardFrom, (_is_value, _is_array_or_none, _is_flag, _is_flag)),
    (language.OptimizerClear, (_is_name, _are_values, _are_attributes)),
)
_CODES: Final = {record: code for code, (record, _) in enumerate(_RECORDS)}


_KINDS: Final[tuple[Kind, ...]] = ("float", "int", "bool")
_LAYOUTS: Final[tuple[Layout, ...]] = ("contiguous", "transposed", "strided")
_PER_LAYOUT: Final = 16  # a byte holds the kind and 16 times the layout
_ITEMS: Final = {"float": "d", "int": "q", "bool": "?"}


def encode(program: Program) -> bytes:
    """Return the bytes of ``program``; ProgramError where it holds what ``decode`` would refuse."""
    return _encoded(program)  # a class gets the same exam


def _encode(program: Program) -> bytes:
    out = bytearray(MAGIC)
    try:
        _write(out, program, 0)
    except (struct.error, UnicodeEncodeError) as error:
        msg = f"got a Program that has no bytes ({error}), expected plain data of the language"
        raise ProgramError(msg) from None
    return bytes(out)


_encoded: Final = Kept(_encode)


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


def _write(out: bytearray, value: object, depth: int) -> None:
    if depth > _MAX_DEPTH:
        msg = f"got values nested deeper than {_MAX_DEPTH}, expected a Program"
        raise ProgramError(msg)
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
                _write(out, item, depth + 1)
        case Array():
            n, items = len(value.values), _ITEMS[value.kind]
            rank = len(value.shape)
            code = _KINDS.index(value.kind) + _PER_LAYOUT * _LAYOUTS.index(value.layout)
            out += struct.pack(f"<cBB{rank}I", b"A", code, rank, *value.shape)
            out += struct.pack(f"<{n}{items}", *value.values)
        case _ if type(value) in _CODES:
            code = _CODES[type(value)]
            out += struct.pack("<cB", b"R", code)
            checks = _RECORDS[code][1]
            for field, allows in zip(fields(value), checks, strict=True):  # type: ignore[arg-type]  # one of _RECORDS
                item = getattr(value, field.name)
                if not allows(item):
                    msg = f"got {item!r} as {field.name} in {value!r}, which the language has not"
                    raise ProgramError(msg)
                if allows is _is_body:
                    _write_body(out, item, depth + 1)
                else:
                    _write(out, item, depth + 1)
        case _:
            msg = f"got {value!r} in a Program, expected plain data of the language"
            raise ProgramError(msg)


def _write_body(out: bytearray, body: tuple[Instruction, ...], depth: int) -> None:
    out += _LENGTH.pack(len(body))
    for instruction in body:
        start = len(out)
        out += bytes(_LENGTH.size)
        _write(out, instruction, depth)
        _LENGTH.pack_into(out, start, len(out) - start - _LENGTH.size)


_INT: Final = struct.Struct("<q")
_FLOAT: Final = struct.Struct("<d")
_LENGTH: Final = struct.Struct("<I")
_KEPT: Final[dict[bytes, Instruction]] = {}


class _Reader:
    """A position in bytes that never runs past their end."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def read(self, depth: int) -> Any:  # noqa: ANN401 - any value of the language
        if depth > _MAX_DEPTH:
            raise self._error("values nested too deep")
        tag = self._byte()
        match tag:
            case 0x69:  # i
                return self._number(_INT)
            case 0x74:  # t
                n = self._count()
                return tuple([self.read(depth + 1) for _ in range(n)])
            case 0x52:  # R
                return self._record(depth)
            case 0x73:  # s
                return self._text(self._count())
            case 0x46 | 0x54:  # F, T
                return tag == ord("T")
            case 0x4E:  # N
                return None
            case 0x41:  # A
                return self._array()
            case 0x66:  # f
                return self._number(_FLOAT)
            case _:
                raise self._error(f"tag {bytes([tag])!r}")

    def _record(self, depth: int) -> Any:  # noqa: ANN401 - one of _RECORDS
        code = self._byte()
        if code >= len(_RECORDS):
            raise self._error(f"record code {code}")
        record, checks = _RECORDS[code]
        values = []
        for allows in checks:
            if allows is _is_body:
                values.append(self._body(depth + 1))
                continue
            value = self.read(depth + 1)
            if not allows(value):
                raise self._error(f"a field of {record.__name__} that the language has not")
            values.append(value)
        return record(*values)

    def _body(self, depth: int) -> tuple[Instruction, ...]:
        body = []
        for _ in range(self._count()):
            n = self._count()
            piece = self._data[self.position : self.position + n]
            # Those in a block are kept with the block: how deep they may nest depends on it.
            instruction = _KEPT.get(piece) if depth == 1 else None
            if instruction is None:
                instruction = self._instruction(depth, self.position + n)
                if depth == 1 and n <= _MAX_KEPT_BYTES:
                    if len(_KEPT) >= _MAX_KEPT:
                        _KEPT.clear()
                    _KEPT[piece] = instruction
            else:
                self.position += n
            body.append(instruction)
        return tuple(body)

    def _instruction(self, depth: int, end: int) -> Instruction:
        found = self.read(depth)
        if type(found) not in _INSTRUCTIONS:
            raise self._error("what is no instruction")
        if self.position != end:
            raise self._error(f"an instruction that should end at byte {end}")
        return found  # type: ignore[no-any-return]  # as was just seen

    def _array(self) -> Array:
        code, rank = self._byte(), self._byte()
        layout_code, kind_code = divmod(code, _PER_LAYOUT)
        if kind_code >= len(_KINDS) or layout_code >= len(_LAYOUTS) or rank > _MAX_RANK:
            raise self._error(f"an array of kind {code} and rank {rank}")
        shape = self._take(f"{rank}I")
        kind = _KINDS[kind_code]
        n = prod(shape)
        if n > len(self._data):
            raise self._error(f"an array of shape {shape}")
        return Array(shape, self._take(f"{n}{_ITEMS[kind]}"), kind, _LAYOUTS[layout_code])

    def _byte(self) -> int:
        if self.position >= len(self._data):
            raise self._error("the end of the bytes")
        self.position += 1
        return self._data[self.position - 1]

    def _number(self, layout: struct.Struct) -> Any:  # noqa: ANN401 - an int or a float
        end = self.position + layout.size
        if end > len(self._data):
            raise self._error("the end of the bytes")
        (value,) = layout.unpack_from(self._data, self.position)
        self.position = end
        return value

    def _count(self) -> int:
        n: int = self._number(_LENGTH)
        if n > len(self._data) - self.position:
            raise self._error(f"a length of {n}")
        return n

    def _text(self, n: int) -> str:
        raw = self._data[self.position : self.position + n]
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise self._error("text that is not UTF-8") from None
        self.position += n
        return text

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
