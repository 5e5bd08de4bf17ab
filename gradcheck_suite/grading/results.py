"""``results.json``: the native document of one graded submission, and how it is read back.

Every other format is made from this one. The same grade gives the same bytes: keys are sorted,
sets too, and there is neither a clock nor a path in it. Programs are stored as the bytes of the
suite's own codec, in base64, so that an appeal can be run again.
"""

from base64 import b64decode, b64encode
from dataclasses import replace
from importlib.resources import files
from math import isfinite
from typing import Any, Final, Literal

import msgspec

from gradcheck_suite import __version__
from gradcheck_suite.errors import ProgramError, UsageError
from gradcheck_suite.grading.rubric import Graded, Score
from gradcheck_suite.program.codec import decode, encode
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.records import (
    Comparison,
    Fault,
    Finding,
    Grade,
    Mistake,
    PropertyResult,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "FindingDocument",
    "PropertyDocument",
    "ResultDocument",
    "read_result",
    "result_bytes",
    "schema_bytes",
    "shipped_schema",
]

SCHEMA: Final = "gradcheck-suite/result/v1"
_SCHEMA_FILE: Final = "result-v1.schema.json"


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the parts of the document: an unknown key means another version."""


class FindingDocument(_Document, frozen=True):
    """The smallest program known on which a property breaks."""

    title: str
    lesson: str
    program: str
    """The Program in the suite's codec, base64."""
    listing: str
    snippet: str
    comparisons: tuple[Comparison, ...]
    """Distances that are not finite are null."""
    place: str
    closed_form: str
    fault: Fault
    """The place as data."""
    mistake: Mistake | None
    """The likely mistake; null where no known one fits."""
    comparison_snippet: str
    """The same program for torch; '' where ``not_compared`` says why not."""
    not_compared: str


class PropertyDocument(_Document, frozen=True):
    """The verdict on one property, and its points."""

    property: str
    theme: str
    code: str
    title: str
    verdict: Verdict
    reason: str
    n_judged: int
    n_failed: int
    n_elements: int
    root: str
    """The property under which it is told, since it has the same reason or was left out for it;
    '' where it stands by itself."""
    finding: FindingDocument | None = None


class ScoreDocument(_Document, frozen=True):
    """The points of one property of the rubric."""

    property: str
    earned: float
    possible: float
    """0 where the property left the maximum."""
    worth: float


class ResultDocument(_Document, frozen=True):
    """A graded submission."""

    schema: Literal["gradcheck-suite/result/v1"]
    suite: str
    """The version of gradcheck_suite that graded."""
    assignment: str
    submission: str
    engine: str
    description: str
    spelling: Spelling | None
    results: tuple[PropertyDocument, ...]
    scores: tuple[ScoreDocument, ...]
    points: float
    max_points: float
    problem: str
    isolation: int
    conventions: tuple[tuple[str, str], ...]


def result_bytes(graded: Graded, assignment: str) -> bytes:
    """Return the document of ``graded``, indented, UTF-8, with a newline at its end."""
    grade = graded.grade
    document = ResultDocument(
        schema=SCHEMA,
        suite=__version__,
        assignment=assignment,
        submission=grade.submission,
        engine=grade.engine,
        description=grade.description,
        spelling=grade.spelling,
        results=tuple(_property(r) for r in grade.results),
        scores=tuple(
            ScoreDocument(s.property, s.earned, s.possible, s.worth) for s in graded.scores
        ),
        points=grade.points,
        max_points=grade.max_points,
        problem=grade.problem,
        isolation=grade.isolation,
        conventions=grade.conventions,
    )
    plain = _writable(msgspec.to_builtins(document, order="deterministic"))
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=2) + b"\n"


def read_result(data: bytes, source: str = "results.json") -> Graded:
    """Return what ``result_bytes`` wrote; UsageError names what is wrong with other data."""
    try:
        return _read(msgspec.json.decode(data, type=ResultDocument))
    except (msgspec.MsgspecError, ProgramError, RecursionError, ValueError) as error:
        msg = f"{source}: got {error}, expected a document of schema {SCHEMA}"
        raise UsageError(msg) from None


def _read(document: ResultDocument) -> Graded:
    grade = Grade(
        submission=document.submission,
        engine=document.engine,
        description=document.description,
        spelling=document.spelling,
        results=tuple(_read_property(r) for r in document.results),
        points=document.points,
        max_points=document.max_points,
        problem=document.problem,
        isolation=document.isolation,
        conventions=document.conventions,
    )
    scores = tuple(Score(s.property, s.earned, s.possible, s.worth) for s in document.scores)
    return Graded(grade, scores)


def schema_bytes() -> bytes:
    """Return the JSON Schema of the document as this version writes it."""
    schema = msgspec.json.schema(ResultDocument)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA}
    return msgspec.json.format(msgspec.json.encode(head | schema, order="sorted"), indent=2) + b"\n"


def shipped_schema() -> bytes:
    """Return the JSON Schema that lies beside this file; a test holds it equal to the code."""
    return files("gradcheck_suite.grading").joinpath(_SCHEMA_FILE).read_bytes()


def _writable(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Return ``value`` with lone surrogates, which UTF-8 does not have, spelled out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _writable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(inner) for inner in value]
    return value


def _property(result: PropertyResult) -> PropertyDocument:
    return PropertyDocument(
        property=result.property,
        theme=result.theme,
        code=result.code,
        title=result.title,
        verdict=result.verdict,
        reason=result.reason,
        n_judged=result.n_judged,
        n_failed=result.n_failed,
        n_elements=result.n_elements,
        root=result.root,
        finding=None if result.finding is None else _finding(result.finding),
    )


def _finding(finding: Finding) -> FindingDocument:
    return FindingDocument(
        title=finding.title,
        lesson=finding.lesson,
        program=b64encode(encode(finding.program)).decode("ascii"),
        listing=finding.listing,
        snippet=finding.snippet,
        comparisons=tuple(_finite(c) for c in finding.comparisons),
        place=finding.place,
        closed_form=finding.closed_form,
        fault=finding.fault,
        mistake=finding.mistake,
        comparison_snippet=finding.comparison_snippet,
        not_compared=finding.not_compared,
    )


def _finite(comparison: Comparison) -> Comparison:
    """Return ``comparison`` with a distance that JSON can hold."""
    if comparison.distance is None or isfinite(comparison.distance):
        return comparison
    return replace(comparison, distance=None)


def _read_property(document: PropertyDocument) -> PropertyResult:
    finding = document.finding
    return PropertyResult(
        property=document.property,
        theme=document.theme,
        code=document.code,
        title=document.title,
        verdict=document.verdict,
        reason=document.reason,
        n_judged=document.n_judged,
        n_failed=document.n_failed,
        n_elements=document.n_elements,
        root=document.root,
        finding=None if finding is None else _read_finding(finding),
    )


def _read_finding(document: FindingDocument) -> Finding:
    return Finding(
        title=document.title,
        lesson=document.lesson,
        program=decode(b64decode(document.program)),
        listing=document.listing,
        snippet=document.snippet,
        comparisons=document.comparisons,
        place=document.place,
        closed_form=document.closed_form,
        fault=document.fault,
        mistake=document.mistake,
        comparison_snippet=document.comparison_snippet,
        not_compared=document.not_compared,
    )
