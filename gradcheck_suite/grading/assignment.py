"""The Assignment: what an instructor sets, one TOML file in which every key has a default."""

import tomllib
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from gradcheck_suite.errors import AssignmentError, UsageError
from gradcheck_suite.grading.conventions import CHOICES, fixed_by
from gradcheck_suite.grading.selection import nearest, selected
from gradcheck_suite.program.table import OPS
from gradcheck_suite.program.tomlplace import place_of
from gradcheck_suite.properties.catalogue import CATALOGUE, THEMES
from gradcheck_suite.sandbox.limits import Limits

__all__ = [
    "Assignment",
    "EngineSection",
    "ExamSection",
    "FeedbackSection",
    "LimitsSection",
    "parse_assignment",
    "read_assignment",
    "with_exam",
]

_MAX_BYTES: Final = 1_000_000  # an assignment is a page of text; this is a wrong file


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the tables of an assignment: frozen, and an unknown key is an error."""


class EngineSection(_Section, frozen=True):
    """``[engine]``: where the engine is found."""

    entry: str = ""
    """``module:Class`` within each submission; '' lets discovery find it."""


class ExamSection(_Section, frozen=True):
    """``[exam]``: which programs are drawn."""

    seed: int = 0
    """A secret seed makes an exam that nobody can practise."""
    cases: int = 16
    """Programs for each property."""


class LimitsSection(_Section, frozen=True):
    """``[limits]``: the clocks and the memory of each submission."""

    case_seconds: float = Limits().case_seconds
    import_seconds: float = Limits().import_seconds
    submission_seconds: float = Limits().submission_seconds
    memory_mib: int = Limits().memory_bytes >> 20
    deaths: int = Limits().max_deaths
    """Workers that may hang or die before the rest of a submission is given up."""

    def sandbox(self) -> Limits:
        """Return them as the sandbox takes them."""
        return Limits(
            case_seconds=self.case_seconds,
            import_seconds=self.import_seconds,
            submission_seconds=self.submission_seconds,
            memory_bytes=self.memory_mib << 20,
            max_deaths=self.deaths,
        )


class FeedbackSection(_Section, frozen=True):
    """``[feedback]``: what a student is shown."""

    counterexamples: bool = True
    """Show the failing program of each finding, and the numbers in it."""


class Assignment(_Section, frozen=True):
    """An assignment as its file says it, with the defaults filled in."""

    title: str = "Automatic differentiation"
    ops: tuple[str, ...] = ()
    """Ops that every engine must have; one that is missing fails. (): what each engine has."""
    required: tuple[str, ...] = ()
    """Properties (ids, patterns, themes, codes) that count as lost where an engine has no means."""
    engine: EngineSection = EngineSection()
    properties: dict[str, float] = msgspec.field(default_factory=lambda: {"*": 1.0})
    """Points for each property that a key selects: an id, a pattern, a theme or a code."""
    exam: ExamSection = ExamSection()
    dialect: dict[str, str] = msgspec.field(default_factory=dict)
    """Conventions that the course fixes; "open", the default, takes what each engine chose.

    ``preset`` fixes them as torch, micrograd or needle has them, but for those named beside and
    those of an optimizer.
    """
    limits: LimitsSection = LimitsSection()
    feedback: FeedbackSection = FeedbackSection()

    @property
    def fixed(self) -> dict[str, str]:
        """Return the conventions that leave an engine no choice, with the only one."""
        return fixed_by(self.dialect)


def read_assignment(path: Path) -> Assignment:
    """Read the assignment at ``path``.

    Raises AssignmentError, which names the file, the line, what was found and what was expected.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        msg = f"{path}: got no such file, expected an assignment in TOML"
        raise AssignmentError(msg) from None
    except OSError as error:
        msg = f"{path}: got {error.strerror or error}, expected an assignment in TOML"
        raise AssignmentError(msg) from None
    if len(data) > _MAX_BYTES:
        msg = f"{path}: got {len(data)} bytes, expected an assignment of at most {_MAX_BYTES}"
        raise AssignmentError(msg)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path}: got byte 0x{data[error.start]:02x} at byte {error.start}, expected UTF-8"
        raise AssignmentError(msg) from None
    return parse_assignment(text, source=str(path))


def parse_assignment(text: str, source: str) -> Assignment:
    """Parse the text of an assignment; ``source`` is how errors call it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{source}: not TOML: {error}"
        raise AssignmentError(msg) from None
    reader = _Reader(text, source)
    reader.known_keys(raw, Assignment, ())
    try:
        assignment = msgspec.convert(raw, Assignment)
    except msgspec.ValidationError as error:
        reader.wrong_type(str(error))
    _check_values(assignment, reader)
    _check_names(assignment, reader)
    return assignment


def with_exam(assignment: Assignment, *, seed: int | None, cases: int | None) -> Assignment:
    """Return the assignment with another seed and number of cases, where they are given."""
    exam = ExamSection(
        seed=assignment.exam.seed if seed is None else seed,
        cases=assignment.exam.cases if cases is None else cases,
    )
    return msgspec.structs.replace(assignment, exam=exam)


class _Reader:
    """Raises errors that say where in a file the fault is."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source

    def refuse(self, keys: tuple[str, ...], found: str, expected: str) -> NoReturn:
        """Raise the error for the value at ``keys``."""
        line = place_of(self._text, keys)
        where = f"{self._source}, line {line}" if line else self._source
        msg = f"{where}: {'.'.join(keys)}: got {found}, expected {expected}"
        raise AssignmentError(msg)

    def known_keys(
        self, raw: Mapping[str, Any], shape: type[msgspec.Struct], above: tuple[str, ...]
    ) -> None:
        """Refuse a key that the table ``shape`` does not have."""
        fields = {field.name: field.type for field in msgspec.structs.fields(shape)}
        for key, value in raw.items():
            if key not in fields:
                expected = f"one of {', '.join(fields)}{nearest(key, fields)}"
                self.refuse((*above, key), "an unknown key", expected)
            inner = fields[key]
            is_section = isinstance(inner, type) and issubclass(inner, _Section)
            if is_section and isinstance(value, dict):
                self.known_keys(value, inner, (*above, key))

    def wrong_type(self, message: str) -> NoReturn:
        """Raise for a validation error: ``Expected `int`, got `str` - at `$.exam.seed```."""
        what, _, where = message.partition(" - at `$")
        path = where.rstrip("`").replace("[...]", "").replace("[]", "").lstrip(".")
        expected, _, found = what.removeprefix("Expected ").partition(", got ")
        keys = tuple(path.split(".", 1)) if path else ("(top)",)
        self.refuse(keys, found.replace("`", "") or what, expected.replace("`", ""))


def _check_values(assignment: Assignment, reader: _Reader) -> None:
    """Refuse numbers and spellings outside of what can be meant."""
    entry = assignment.engine.entry
    module, colon, name = entry.partition(":")
    parts = [*module.split("."), *name.split(".")]
    if entry and (not colon or not all(part.isidentifier() for part in parts)):
        reader.refuse(("engine", "entry"), repr(entry), "'module:Class', as in 'engine:Value'")
    if assignment.exam.seed < 0:
        reader.refuse(("exam", "seed"), str(assignment.exam.seed), "0 or more")
    if not 1 <= assignment.exam.cases <= _MAX_CASES:
        reader.refuse(("exam", "cases"), str(assignment.exam.cases), f"1 to {_MAX_CASES}")
    for field in msgspec.structs.fields(LimitsSection):
        value = getattr(assignment.limits, field.name)
        if not (isfinite(value) and value > 0):
            reader.refuse(("limits", field.name), str(value), "a number above 0")
    for key, points in assignment.properties.items():
        if not (isfinite(points) and points >= 0):
            reader.refuse(("properties", key), str(points), "points, 0 or more")


_MAX_CASES: Final = 10_000


def _check_names(assignment: Assignment, reader: _Reader) -> None:
    """Refuse names of ops, properties and conventions that stand for nothing."""
    for op in assignment.ops:
        if op not in OPS:
            expected = f"an op of the op table{nearest(op, OPS) or ': ' + ', '.join(OPS)}"
            reader.refuse(("ops",), repr(op), expected)
    for name, choice in assignment.dialect.items():
        if name not in CHOICES:
            expected = f"one of {', '.join(CHOICES)}{nearest(name, CHOICES)}"
            reader.refuse(("dialect", name), "an unknown convention", expected)
        if choice not in CHOICES[name]:
            expected = f"one of {', '.join(CHOICES[name])}{nearest(choice, CHOICES[name])}"
            reader.refuse(("dialect", name), repr(choice), expected)
    for key in assignment.properties:
        _check_selects(key, ("properties", key), reader)
    for key in assignment.required:
        _check_selects(key, ("required",), reader)


def _check_selects(key: str, place: tuple[str, ...], reader: _Reader) -> None:
    try:
        selected((key,))
    except UsageError:
        advice = nearest(key, [*CATALOGUE, *THEMES])
        reader.refuse(place, repr(key), f"a property, a theme, a code or a pattern{advice}")
