"""The ``submission.toml`` that states what was found, for a person to correct."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final

from gradcheck_suite.program.spelling import Spelling

__all__ = ["engine_lines", "settings_text"]

_HEAD: Final = """\
# How the engine is spoken to, as it was found. Correct what is wrong; what is left out is searched
# for again. Names: x, y, xs, condition for values; data (an array), number or nested for numbers.
"""
_TABLES: Final = ("ops", "in_place", "optimizers")
_NO_TEMPLATES: Final = frozenset({"name", "imports", "can", "kind", "dtype", *_TABLES})
_ALWAYS: Final = frozenset({"leaf", "value", "grad", "backward"})  # there whatever they are
_OF_LIBRARIES: Final = frozenset({"leaf", "gradient", "push_forward"})


def settings_text(spelling: Spelling, entry: str, missing: Iterable[tuple[str, str]] = ()) -> str:
    """Return the file; read again it gives the same Spelling.

    ``entry``: ``module:Class``. ``missing``: (what, why) for what could not be found; a comment.
    """
    tables = [("engine", engine_lines(spelling, entry))]
    tables += [(name, getattr(spelling, name)) for name in _TABLES]
    parts = [_HEAD, *(_table(name, lines) for name, lines in tables if lines)]
    reasons = [f"# {what}: {why}\n" for what, why in missing]
    if reasons:
        parts.append(f"# Not taken, though something has the name:\n{''.join(reasons)}")
    return "\n".join(parts)


def engine_lines(spelling: Spelling, entry: str) -> tuple[tuple[str, str], ...]:
    """Return (key, text) of the table ``[engine]``, for those keys alone that say something."""
    templates = [f for f in fields(Spelling) if f.name not in _NO_TEMPLATES]
    if spelling.gradient:
        templates = [f for f in templates if f.name in _OF_LIBRARIES]
    given = [(f.name, getattr(spelling, f.name), f.default) for f in templates]
    definitions = "\n".join(line for line in spelling.imports if line.startswith(_DEFINED))
    kind = () if spelling.gradient else (("kind", spelling.kind),)
    return (
        ("entry", entry),
        ("name", spelling.name),
        *kind,
        ("dtype", spelling.dtype),
        *(((k, v)) for k, v, default in given if v and (v != default or k in _ALWAYS)),
        *([("definitions", definitions)] if definitions else []),
    )


_DEFINED: Final = ("class ", "def ")


def _table(name: str, lines: Iterable[tuple[str, str]]) -> str:
    return "".join([f"[{name}]\n", *_lines(lines)])


def _lines(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, text in lines:
        plain = key.replace("_", "").replace("-", "").isalnum()
        yield f"{key if plain else json.dumps(key)} = {_string(text)}\n"


def _string(text: str) -> str:
    """Return a TOML string: of several lines as they are, where that is possible."""
    if "\n" in text and "'''" not in text:
        return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False)
