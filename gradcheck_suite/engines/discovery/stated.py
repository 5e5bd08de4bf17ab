"""What a submission states about itself: ``submission.toml``, checked key by key.

::

    [engine]
    entry = "calculus:Quantity"    # module:Class inside the submission's folder
    leaf = "Quantity.of(data, track=requires_grad)"
    backward = "x.propagate(cotangent)"

    [ops]
    add = "plus(x, y)"
    sum = "total(x, along=axis, keep=keepdims)"

Every key is optional: what is not stated is discovered. ``[engine]`` takes ``entry``, ``kind``,
``dtype``, ``definitions`` (functions and classes that templates may call, in Python) and the
templates of ``program.spelling.Spelling``; ``[ops]`` an op of the table, or a
form of one (``"sum.axis"``); ``[in_place]`` and ``[optimizers]`` likewise. Names in templates are
the public names of the entry module, the submission's other modules, and ``np``.
"""

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gradcheck_suite.engines.discovery.sources import SETTINGS
from gradcheck_suite.engines.everything import FORMS
from gradcheck_suite.errors import SubmissionError, UsageError
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.table import OPS
from gradcheck_suite.program.template import template
from gradcheck_suite.program.tomlplace import place_of

__all__ = ["Stated", "stated_in"]

_TABLES: Final = ("engine", "ops", "in_place", "optimizers")
_NOT_TEMPLATES: Final = {"entry", "name", "kind", "dtype", "definitions"}
_TEMPLATES: Final = frozenset(f.name for f in fields(Spelling)) - {
    *("imports", "ops", "in_place", "optimizers", "can", "kind", "dtype", "name"),
}
_CHOICES: Final = {"kind": ("scalar", "tensor"), "dtype": ("float64", "float32")}
_OP_KEYS: Final = frozenset(OPS) | {form.removeprefix("op:") for form in FORMS}


@dataclass(frozen=True)
class Stated:
    """The keys that were given, and where."""

    where: str = SETTINGS
    engine: dict[str, str] = field(default_factory=dict)
    ops: dict[str, str] = field(default_factory=dict)
    in_place: dict[str, str] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    """The file, for the lines of its keys."""

    def place(self, table: str, key: str) -> str:
        """Return where a key stands, for the wording of errors."""
        return f"{_Place(self.where, self.text).at(table, key)}: [{table}] {key}"

    @property
    def templates(self) -> dict[str, str]:
        """Return the templates of ``[engine]``."""
        return {k: v for k, v in self.engine.items() if k in _TEMPLATES}

    def lines(self) -> dict[tuple[str, str], str]:
        """Return every template by its table and key."""
        tables = {
            "engine": self.templates,
            "ops": self.ops,
            "in_place": self.in_place,
            "optimizers": self.optimizers,
        }
        return {(t, k): text for t, found in tables.items() for k, text in found.items()}

    @property
    def definitions(self) -> tuple[str, ...]:
        """Return the definitions one by one."""
        return definitions_in(self.engine.get("definitions", ""))

    def over(self, other: "Stated") -> "Stated":
        """Return both, with this one's keys where both have them."""
        return Stated(
            self.where,
            other.engine | self.engine,
            other.ops | self.ops,
            other.in_place | self.in_place,
            other.optimizers | self.optimizers,
            other.text or self.text,
        )


def definitions_in(text: str) -> tuple[str, ...]:
    """Return the functions and classes of a text one by one; SyntaxError where there is more."""
    found = []
    for node in ast.parse(text).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                found.append(f"{ast.get_source_segment(text, node)}\n")
            case _:
                msg = f"got something else in line {node.lineno}, expected functions and classes"
                raise SyntaxError(msg)
    return tuple(found)


def stated_in(folder: Path, overrides: Mapping[str, Any] | None) -> Stated:
    """Read ``submission.toml`` of a folder, if there is one, and lay ``overrides`` over it.

    SubmissionError names the file, the key, what was found and what was expected.
    """
    path = folder / SETTINGS
    found = Stated()
    if path.is_file():
        try:
            text = path.read_text("utf-8")
            found = _checked(tomllib.loads(text), SETTINGS, text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            msg = f"{SETTINGS}: not TOML: {error}"
            raise SubmissionError(msg) from None
        except OSError as error:
            msg = f"{SETTINGS}: cannot be read ({error.strerror})"
            raise SubmissionError(msg) from None
    if overrides:
        found = _checked(overrides, "overrides").over(found)
    return found


def _checked(tables: Mapping[str, Any], file: str, text: str = "") -> Stated:
    where = _Place(file, text)
    for name, table in tables.items():
        if name not in _TABLES:
            raise SubmissionError(_unknown(where.at(name), name, _TABLES, "the table"))
        if not isinstance(table, Mapping):
            msg = f"{where.at(name)}: {name}: got {table!r}, expected a table [{name}]"
            raise SubmissionError(msg)
    keys = {
        "engine": _TEMPLATES | _NOT_TEMPLATES,
        "ops": _OP_KEYS,
        "in_place": frozenset(OPS) | {"setitem"},
    }
    checked = {
        name: {key: _line(where, name, key, line, keys.get(name)) for key, line in table.items()}
        for name, table in tables.items()
    }
    return Stated(file, text=text, **checked)


@dataclass(frozen=True)
class _Place:
    """The file that a key stands in, for the wording of errors."""

    file: str
    text: str = ""

    def at(self, *keys: str) -> str:
        """Return the file with the line of a key, where it has lines."""
        line = place_of(self.text, keys)
        return f"{self.file}, line {line}" if line else self.file


def _line(where: _Place, table: str, key: str, text: object, known: frozenset[str] | None) -> str:
    place = f"{where.at(table, key)}: [{table}] {key}"
    if known is not None and key not in known:
        at = f"{where.at(table, key)}: [{table}]"
        raise SubmissionError(_unknown(at, key, known, "the key"))
    if not isinstance(text, str):
        msg = f"{place}: got {text!r}, expected a line of Python in quotation marks"
        raise SubmissionError(msg)
    if key in _CHOICES and table == "engine":
        if text not in _CHOICES[key]:
            msg = f"{place}: got {text!r}, expected one of {', '.join(_CHOICES[key])}"
            raise SubmissionError(msg)
        return text
    if table == "engine" and key == "definitions":
        try:
            definitions_in(text)
        except (SyntaxError, ValueError) as error:
            msg = f"{place}: not Python: {error}"
            raise SubmissionError(msg) from None
        return text
    if table == "engine" and key in _NOT_TEMPLATES:
        return text
    try:
        template(text)
    except UsageError as error:
        msg = f"{place}: {error}"
        raise SubmissionError(msg) from None
    return text


def _unknown(where: str, key: str, known: Any, what: str) -> str:  # noqa: ANN401 - names
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    hint = near[0] if near else ", ".join(sorted(known)[:40])
    return (
        f"{where}: got {what} {key!r}, expected {hint!r}"
        if near
        else (f"{where}: got {what} {key!r}, expected one of {hint}")
    )
