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
``dtype`` and the templates of ``program.spelling.Spelling``; ``[ops]`` an op of the table, or a
form of one (``"sum.axis"``); ``[in_place]`` and ``[optimizers]`` likewise. Names in templates are
the public names of the entry module, the submission's other modules, and ``np``.
"""

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

__all__ = ["Stated", "stated_in"]

_TABLES: Final = ("engine", "ops", "in_place", "optimizers")
_NOT_TEMPLATES: Final = {"entry", "name", "kind", "dtype"}
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

    @property
    def templates(self) -> dict[str, str]:
        """Return the templates of ``[engine]``."""
        return {k: v for k, v in self.engine.items() if k in _TEMPLATES}

    def lines(self) -> dict[str, str]:
        """Return every template by the key to name in an error: ``[ops] add``."""
        tables = {
            "engine": self.templates,
            "ops": self.ops,
            "in_place": self.in_place,
            "optimizers": self.optimizers,
        }
        return {f"[{t}] {k}": text for t, found in tables.items() for k, text in found.items()}

    def over(self, other: "Stated") -> "Stated":
        """Return both, with this one's keys where both have them."""
        return Stated(
            self.where,
            other.engine | self.engine,
            other.ops | self.ops,
            other.in_place | self.in_place,
            other.optimizers | self.optimizers,
        )


def stated_in(folder: Path, overrides: Mapping[str, Any] | None) -> Stated:
    """Read ``submission.toml`` of a folder, if there is one, and lay ``overrides`` over it.

    SubmissionError names the file, the key, what was found and what was expected.
    """
    path = folder / SETTINGS
    found = Stated()
    if path.is_file():
        try:
            found = _checked(tomllib.loads(path.read_text("utf-8")), SETTINGS)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            msg = f"{SETTINGS}: not TOML: {error}"
            raise SubmissionError(msg) from None
        except OSError as error:
            msg = f"{SETTINGS}: cannot be read ({error.strerror})"
            raise SubmissionError(msg) from None
    if overrides:
        found = _checked(overrides, "overrides").over(found)
    return found


def _checked(tables: Mapping[str, Any], where: str) -> Stated:
    for name, table in tables.items():
        if name not in _TABLES:
            raise SubmissionError(_unknown(where, name, _TABLES, "the table"))
        if not isinstance(table, Mapping):
            msg = f"{where}: {name}: got {table!r}, expected a table [{name}]"
            raise SubmissionError(msg)
    keys = {
        "engine": _TEMPLATES | _NOT_TEMPLATES,
        "ops": _OP_KEYS,
        "in_place": frozenset(OPS) | {"setitem"},
    }
    checked = {
        name: {key: _line(where, name, key, text, keys.get(name)) for key, text in table.items()}
        for name, table in tables.items()
    }
    return Stated(where, **checked)


def _line(where: str, table: str, key: str, text: object, known: frozenset[str] | None) -> str:
    place = f"{where}: [{table}] {key}"
    if known is not None and key not in known:
        raise SubmissionError(_unknown(f"{where}: [{table}]", key, known, "the key"))
    if not isinstance(text, str):
        msg = f"{place}: got {text!r}, expected a line of Python in quotation marks"
        raise SubmissionError(msg)
    if key in _CHOICES and table == "engine":
        if text not in _CHOICES[key]:
            msg = f"{place}: got {text!r}, expected one of {', '.join(_CHOICES[key])}"
            raise SubmissionError(msg)
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
