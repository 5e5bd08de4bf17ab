"""Expected failures: what an engine is known to break, each with its reason, in one TOML file.

A table for each engine, under the name by which it is examined; in it, a property for each key::

    [autograd]
    "kinks[prod]" = { reason = "prod / factor is 0 / 0", report = "autograd-prod.md" }

``report``, which may be left out, is a file beside this one that tells more.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.selection import nearest
from gradcheck_suite.program.tomlplace import place_of
from gradcheck_suite.properties.catalogue import CATALOGUE

__all__ = ["Expected", "read_expected"]

_MAX_BYTES: Final = 1_000_000  # a list is some pages of text; this is a wrong file


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One property that an engine is known to break."""

    reason: str
    report: str = ""
    """A file, from the folder of the list; '' where the reason says all."""

    def __str__(self) -> str:
        """Return the reason, and where to read on."""
        return f"{self.reason} ({self.report})" if self.report else self.reason


def read_expected(path: Path, engine: str) -> Mapping[str, Expected]:
    """Return what ``engine`` is known to break, by property; nothing where it has no table.

    Raises UsageError, with the line, where the file or any of its tables is not what it should be:
    a property that there is not, no reason, a report that is not there.
    """
    try:
        data = path.read_bytes()
        text = data[: _MAX_BYTES + 1].decode()
        raw = tomllib.loads(text if len(data) <= _MAX_BYTES else "")
    except OSError as error:
        msg = f"{path}: got {error.strerror or error}, expected a list of expected failures"
        raise UsageError(msg) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{path}: got no TOML ({error}), expected a list of expected failures"
        raise UsageError(msg) from None
    if len(data) > _MAX_BYTES:
        msg = f"{path}: got {len(data):,} bytes, expected at most {_MAX_BYTES:,}"
        raise UsageError(msg)
    found = {name: _table(path, text, name, table) for name, table in raw.items()}
    return found.get(engine, {})


def _table(path: Path, text: str, engine: str, table: object) -> dict[str, Expected]:
    if not isinstance(table, dict):
        msg = f"got {engine} = {table!r}, expected a table [{engine}] of properties"
        raise _wrong(path, text, (engine,), msg)
    return {name: _entry(path, text, (engine, name), entry) for name, entry in table.items()}


def _entry(path: Path, text: str, keys: tuple[str, str], entry: object) -> Expected:
    name = keys[1]
    if name not in CATALOGUE:
        msg = f"got the property {name!r}, which there is not{nearest(name, CATALOGUE)}"
        raise _wrong(path, text, keys, msg)
    try:
        found = msgspec.convert(entry, Expected)
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}; expected {{ reason = ..., report = ... }}"
        raise _wrong(path, text, keys, msg) from None
    if not found.reason.strip():
        msg = f"{name}: got no reason, expected one"
        raise _wrong(path, text, keys, msg)
    if found.report and not (path.parent / found.report).is_file():
        msg = f"{name}: got the report {found.report!r}, expected a file beside the list"
        raise _wrong(path, text, keys, msg)
    return found


def _wrong(path: Path, text: str, keys: tuple[str, ...], what: str) -> UsageError:
    line = place_of(text, keys)
    return UsageError(f"{path}:{line}: {what}" if line else f"{path}: {what}")
