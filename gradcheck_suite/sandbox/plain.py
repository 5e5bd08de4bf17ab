"""Plain data as bytes: texts, numbers, flags and tuples of them, and the Spelling made of these.

Used for what is said once per worker. Everything is bounded: a hostile worker can send nothing
that is deep, long or of a type that is not in the list.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias, get_args, get_origin

from gradcheck_suite.errors import SandboxError
from gradcheck_suite.program.spelling import Spelling

__all__ = ["Discovery", "Plain", "pack", "pack_discovery", "unpack", "unpack_discovery"]

Plain: TypeAlias = "str | int | float | bool | tuple[Plain, ...] | None"

_MAX_DEPTH: Final = 4  # a tuple of fields, of pairs, of texts
_MAX_TEXT: Final = 4096  # characters; a path on Linux has at most as many
_MAX_ITEMS: Final = 1024  # an engine that has every form of every op needs some 200
_MAX_REASON: Final = 300  # characters of why something was not taken
_MAX_TEMPLATE: Final = 500  # characters of one line of a Spelling


def pack(value: Plain) -> bytes:
    """Return the bytes of ``value``."""
    match value:
        case None:
            return b"N"
        case bool():
            return b"T" if value else b"F"
        case int():
            return struct.pack("<cq", b"i", value)
        case float():
            return struct.pack("<cd", b"f", value)
        case str():
            text = value.encode("utf-8", "replace")
            return struct.pack("<cI", b"s", len(text)) + text
        case tuple():
            return struct.pack("<cI", b"t", len(value)) + b"".join(pack(item) for item in value)


def unpack(data: bytes) -> Plain:
    """Return the value of ``data``; SandboxError for anything but the whole of one value."""
    try:
        value, end = _read(data, 0, 0)
    except (struct.error, IndexError, UnicodeDecodeError):
        msg = f"got {len(data)} bytes that are cut or no text, expected plain data"
        raise SandboxError(msg) from None
    if end != len(data):
        msg = f"got {len(data) - end} bytes after the end, expected none"
        raise SandboxError(msg)
    return value


def _read(data: bytes, position: int, depth: int) -> tuple[Plain, int]:
    tag, position = data[position : position + 1], position + 1
    match tag:
        case b"N":
            return None, position
        case b"T" | b"F":
            return tag == b"T", position
        case b"i":
            return struct.unpack_from("<q", data, position)[0], position + 8
        case b"f":
            return struct.unpack_from("<d", data, position)[0], position + 8
        case b"s":
            n: int = struct.unpack_from("<I", data, position)[0]
            _bound(n, 4 * _MAX_TEXT, "a text of bytes")  # UTF-8: at most 4 bytes a character
            raw = struct.unpack_from(f"{n}s", data, position + 4)[0]
            return raw.decode(), position + 4 + n
        case b"t":
            n = struct.unpack_from("<I", data, position)[0]
            _bound(n, _MAX_ITEMS, "a tuple of items")
            _bound(depth, _MAX_DEPTH, "tuples in tuples")
            position += 4
            items = []
            for _ in range(n):
                item, position = _read(data, position, depth + 1)
                items.append(item)
            return tuple(items), position
        case _:
            msg = f"got the tag {tag!r}, expected one of N T F i f s t"
            raise SandboxError(msg)


def _bound(n: int, most: int, what: str) -> None:
    if n > most:
        msg = f"got {what}: {n}, expected at most {most}"
        raise SandboxError(msg)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a worker tells of the engine that it found."""

    spelling: Spelling
    entry: str = ""
    """``module:Class``, as a submission would state it."""
    missing: tuple[tuple[str, str], ...] = ()
    """(what, why) for what has a name in the submission and was not taken all the same."""


def pack_discovery(found: Discovery) -> bytes:
    """Return the bytes of ``found``: sets sorted, and reasons as far as they can be printed."""
    missing = tuple((what, _shown(why)) for what, why in found.missing)
    return pack((_values(found.spelling), found.entry, missing))


def unpack_discovery(data: bytes) -> Discovery:
    """Return the Discovery of ``data``.

    Raises SandboxError where a field is missing, is not of its declared type, is too long to be a
    template, or has characters that cannot be printed.
    """
    values = unpack(data)
    if type(values) is not tuple or len(values) != len(fields(Discovery)):
        msg = f"got no Discovery, expected its {len(fields(Discovery))} fields"
        raise SandboxError(msg)
    spelling, entry, missing = values
    if not _is_text(entry) or not _is_pairs(missing):
        msg = f"got {entry!r:.80} and {missing!r:.80}, expected an entry and reasons"
        raise SandboxError(msg)
    read: Any = (entry, missing)
    return Discovery(_spelling(spelling), *read)


def _values(spelling: Spelling) -> tuple[Plain, ...]:
    """Return the fields of a Spelling in order."""
    values = (getattr(spelling, f.name) for f in fields(spelling))
    return tuple(tuple(sorted(v)) if isinstance(v, frozenset) else v for v in values)


def _shown(text: str) -> str:
    """Return what a submission worded, on one line and without what cannot be printed."""
    return "".join(c if c.isprintable() else " " for c in text[:_MAX_REASON])


def _spelling(values: Plain) -> Spelling:
    known = fields(Spelling)
    if type(values) is not tuple or len(values) != len(known):
        msg = f"got no Spelling, expected its {len(known)} fields"
        raise SandboxError(msg)
    read: dict[str, Any] = {
        field.name: _field(field.name, field.type, value)
        for field, value in zip(known, values, strict=True)
    }
    return Spelling(**read)


def _field(name: str, annotation: object, value: Plain) -> object:
    if get_origin(annotation) is Literal:
        if value in get_args(annotation):
            return value
    elif annotation in _CHECKS:
        fits, make = _CHECKS[annotation]
        if fits(value):
            return make(value)
    msg = f"got {value!r:.80} for {name} of a Spelling, expected {annotation}"
    raise SandboxError(msg)


def _is_text(value: Plain) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _MAX_TEMPLATE
        and value.replace("\n", "").isprintable()
    )


def _is_texts(value: Plain) -> bool:
    return isinstance(value, tuple) and all(_is_text(item) for item in value)


def _is_pairs(value: Plain) -> bool:
    return isinstance(value, tuple) and all(
        _is_texts(item) and isinstance(item, tuple) and len(item) == len(("key", "template"))
        for item in value
    )


def _same(value: Any) -> object:  # noqa: ANN401 - a field of a Spelling, already checked
    return value


_CHECKS: Final[dict[object, tuple[Callable[[Plain], bool], Callable[[Any], object]]]] = {
    str: (_is_text, _same),
    tuple[str, ...]: (_is_texts, _same),
    tuple[tuple[str, str], ...]: (_is_pairs, _same),
    frozenset[str]: (_is_texts, frozenset),
}
