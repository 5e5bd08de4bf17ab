"""Outcomes as bytes: what a worker answers to one Program.

::

    u16 n | n x (u32 instruction | u8 type | content)

    Number   u8 rank | u8 n | rank x u32 | n bytes dtype name | float64 in C order
    Flag     u8 0 or 1
    Nothing
    Raised   u16 n | u16 m | n bytes type name | m bytes message

The worker writes whatever its engine did; the grader reads as if every byte were forged.
"""

from math import prod
from struct import Struct, error, pack, unpack_from
from typing import Final

from gradcheck_suite.engines.outcome import Flag, Nothing, Number, Outcome, Outcomes, Raised
from gradcheck_suite.errors import SandboxError
from gradcheck_suite.program.instructions import BLOCKS, Observe, Program, flatten
from gradcheck_suite.sandbox.wire import clean

__all__ = ["decode_answer", "encode_answer"]

_COUNT: Final = Struct("<H")
_ITEM: Final = Struct("<IB")
_PAIR_OF_BYTES: Final = Struct("<BB")
_PAIR_OF_SHORTS: Final = Struct("<HH")
_NUMBER, _FLAG, _NOTHING, _RAISED = range(4)
_ITEMSIZE: Final = 8  # bytes of a float64
_MAX_RANK: Final = 64  # NumPy's own limit, NPY_MAXDIMS since 2.0
_MAX_ELEMENTS: Final = 1 << 20  # as many as engines.unwrap takes
_MAX_DTYPE: Final = 16  # characters: "complex128" has 10
_MAX_KIND, _MAX_MESSAGE = 64, 300  # characters, as the interpreter cuts them


def encode_answer(outcomes: Outcomes, cap: int) -> bytes:
    """Return the bytes of ``outcomes``.

    Where they would be more than ``cap``, every array is replaced by an OverflowError that says so.
    """
    if 8 * sum(len(o.numbers) for o in outcomes.values() if type(o) is Number) > cap // 2:
        outcomes = {index: _too_large(outcome, cap) for index, outcome in outcomes.items()}
    parts = [_COUNT.pack(len(outcomes))]
    for index, outcome in outcomes.items():
        _write(parts, index, outcome)
    return b"".join(parts)


def _too_large(outcome: Outcome, cap: int) -> Outcome:
    if type(outcome) is not Number:
        return outcome
    shape = outcome.shape
    return Raised("OverflowError", f"got arrays of {shape} and others, over {cap // 2} bytes")


def _write(parts: list[bytes], index: int, outcome: Outcome) -> None:
    match outcome:
        case Number(numbers, shape, dtype):
            name = dtype.encode("ascii", "replace")[:_MAX_DTYPE]
            head = pack(f"<IBBB{len(shape)}I", index, _NUMBER, len(shape), len(name), *shape)
            parts += (head, name, pack(f"<{len(numbers)}d", *numbers))
        case Flag(value):
            parts += (_ITEM.pack(index, _FLAG), b"\x01" if value else b"\x00")
        case Nothing():
            parts.append(_ITEM.pack(index, _NOTHING))
        case Raised(kind, message):
            texts = [text.encode("utf-8", "replace") for text in (kind, message)]
            sizes = _PAIR_OF_SHORTS.pack(len(texts[0]), len(texts[1]))
            parts += (_ITEM.pack(index, _RAISED), sizes, *texts)


def decode_answer(body: bytes, program: Program) -> dict[int, Outcome]:
    """Return the outcomes of ``program`` that ``body`` holds.

    Raises SandboxError for anything that ``encode_answer`` cannot have written for this program:
    cut or further bytes, an instruction that does not exist or has nothing to be seen, an
    instruction that comes twice, an array without an end.
    """
    try:
        return _Reader(body).outcomes(program)
    except (error, UnicodeDecodeError):
        msg = f"got an answer of {len(body)} bytes that is cut or no text"
        raise SandboxError(msg) from None


class _Reader:
    """A position in bytes that never runs past their end: ``struct.error`` where it would."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = _COUNT.size

    def outcomes(self, program: Program) -> dict[int, Outcome]:
        instructions = program.instructions
        if any(isinstance(i, BLOCKS) for i in instructions):
            instructions = tuple(flatten(instructions))
        n: int = _COUNT.unpack_from(self._body)[0]
        found: dict[int, Outcome] = {}
        for _ in range(n):
            index, tag = self._take(_ITEM)
            if index in found or index >= len(instructions):
                msg = f"got an outcome of instruction {index}, expected each of them once"
                raise SandboxError(msg)
            found[index] = outcome = self._outcome(tag)
            if type(outcome) is not Raised and type(instructions[index]) is not Observe:
                msg = f"got something seen at instruction {index}, where nothing is looked at"
                raise SandboxError(msg)
        if self._position != len(self._body):
            msg = f"got {len(self._body) - self._position} bytes after the last outcome"
            raise SandboxError(msg)
        return found

    def _outcome(self, tag: int) -> Outcome:
        match tag:
            case 0:
                return self._number()
            case 1:
                return Flag(self._flag())
            case 2:
                return Nothing()
            case 3:
                n_kind, n_message = self._take(_PAIR_OF_SHORTS)
                return Raised(self._text(n_kind, _MAX_KIND), self._text(n_message, _MAX_MESSAGE))
            case _:
                msg = f"got an outcome of type {tag}, expected 0 to 3"
                raise SandboxError(msg)

    def _number(self) -> Number:
        rank, n_name = self._take(_PAIR_OF_BYTES)
        if rank > _MAX_RANK:
            msg = f"got an array of rank {rank}, expected at most {_MAX_RANK}"
            raise SandboxError(msg)
        shape = unpack_from(f"<{rank}I", self._body, self._position)
        self._position += 4 * rank
        name = self._text(n_name, _MAX_DTYPE)
        n = prod(shape)
        left = len(self._body) - self._position
        # Extents beside a 0 take no bytes, but NumPy has to multiply them.
        if prod(extent or 1 for extent in shape) > _MAX_ELEMENTS or n * _ITEMSIZE > left:
            msg = f"got an array of shape {shape} in {left} bytes"
            raise SandboxError(msg)
        numbers = [*unpack_from(f"<{n}d", self._body, self._position)]
        self._position += n * _ITEMSIZE
        return Number(numbers, shape, name)

    def _flag(self) -> bool:
        byte: int = unpack_from("<B", self._body, self._position)[0]
        self._position += 1
        if byte > 1:
            msg = f"got the flag {byte}, expected 0 or 1"
            raise SandboxError(msg)
        return byte == 1

    def _text(self, n: int, most: int) -> str:
        raw: bytes = unpack_from(f"{n}s", self._body, self._position)[0]
        self._position += n
        text = raw.decode()
        if len(text) > most:
            msg = f"got a text of {len(text)} characters, expected at most {most}"
            raise SandboxError(msg)
        return clean(text)[:most]

    def _take(self, layout: Struct) -> tuple[int, int]:
        first, second = layout.unpack_from(self._body, self._position)
        self._position += layout.size
        return first, second
