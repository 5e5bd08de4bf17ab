"""Frames: how the grader and a worker cut the bytes of a pipe into messages.

::

    request   u32 length | u32 case | program
    reply     u32 length | u8 kind  | u32 case | body

``length`` counts what follows it. Integers are little-endian.
"""

from enum import IntEnum
from struct import Struct
from typing import Final

from gradcheck_suite.errors import SandboxError

__all__ = [
    "LENGTH",
    "NO_CASE",
    "Kind",
    "clean",
    "frame_end",
    "reply",
    "request",
    "split_reply",
    "split_request",
]

LENGTH: Final = Struct("<I")
NO_CASE: Final = 0  # the case number of everything that is said before the first case
_REQUEST: Final = Struct("<II")
_REPLY: Final = Struct("<IBI")
_CASE: Final = Struct("<I")
_REPLY_HEAD: Final = Struct("<BI")


class Kind(IntEnum):
    """What a reply is."""

    SEALED = 1
    """The layers are on; the body says what the probe found. Nothing foreign has run yet."""
    ENGINE = 2
    """The submission's engine; the body is its Spelling."""
    REFUSED = 3
    """The submission cannot be graded; the body says why."""
    ANSWER = 4
    """The outcomes of a case."""
    FAULT = 5
    """The worker could not be set up: this project's fault; the body says what happened."""


def request(case: int, program: bytes) -> bytes:
    """Return the frame that asks for ``program``."""
    return _REQUEST.pack(_CASE.size + len(program), case) + program


def split_request(payload: bytes) -> tuple[int, bytes]:
    """Return the case number and the program of a request without its length."""
    return _CASE.unpack_from(payload)[0], payload[_CASE.size :]


def reply(kind: Kind, case: int, body: bytes) -> bytes:
    """Return the frame of a reply."""
    return _REPLY.pack(_REPLY_HEAD.size + len(body), kind, case) + body


def frame_end(data: bytes, start: int, cap: int) -> int | None:
    """Return where the frame that begins at ``start`` ends; None where too little is there.

    Raises SandboxError for a frame of more than ``cap`` bytes, before any of it is read.
    """
    if len(data) - start < LENGTH.size:
        return None
    length: int = LENGTH.unpack_from(data, start)[0]
    if not _REPLY_HEAD.size <= length <= cap:
        msg = f"got a reply of {length} bytes, expected {_REPLY_HEAD.size} to {cap}"
        raise SandboxError(msg)
    return start + LENGTH.size + length


def split_reply(frame: bytes, case: int) -> tuple[Kind, bytes]:
    """Return kind and body of a whole reply frame; SandboxError unless it is of ``case``."""
    _, code, found = _REPLY.unpack_from(frame)
    if found != case:
        msg = f"got the reply of case {found}, expected case {case}"
        raise SandboxError(msg)
    if code not in _KINDS:
        msg = f"got a reply of kind {code}, expected one of {sorted(_KINDS)}"
        raise SandboxError(msg)
    return _KINDS[code], frame[_REPLY.size :]


_KINDS: Final = {int(kind): kind for kind in Kind}


def clean(text: str) -> str:
    """Return ``text`` with every control or invisible character but the newline replaced.

    What a submission says ends in terminals, files and web pages: escape codes and characters that
    turn the direction of writing must not get there.
    """
    if text.isprintable():
        return text
    text = text.expandtabs(4)
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
