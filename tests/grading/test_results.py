"""results.json: deterministic bytes, a shipped schema, and a way back."""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import msgspec
import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.results import (
    SCHEMA,
    read_result,
    result_bytes,
    schema_bytes,
    shipped_schema,
)
from gradcheck_suite.grading.rubric import Graded
from gradcheck_suite.records import Verdict

MakeGraded = Callable[..., Graded]


@pytest.fixture
def graded(make_graded: MakeGraded) -> Graded:
    """Return a grade with a finding in it."""
    return make_graded("ada", Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED)


def test_a_grade_comes_back_as_it_was(graded: Graded) -> None:
    """Reading what was written gives the same records, programs included."""
    assert read_result(result_bytes(graded, "hw")) == graded


def test_a_problem_comes_back(make_graded: MakeGraded) -> None:
    """A submission without an engine has a document, too."""
    graded = make_graded("fritz", problem="no engine")
    assert read_result(result_bytes(graded, "hw")) == graded


def test_the_same_grade_gives_the_same_bytes(graded: Graded) -> None:
    """Keys and sets are sorted, and there is no clock in the document."""
    assert result_bytes(graded, "hw") == result_bytes(graded, "hw")
    document = msgspec.json.decode(result_bytes(graded, "hw"))
    assert list(document) == sorted(document)
    assert document["spelling"]["can"] == ["a", "b"]


def test_the_document_names_its_schema(graded: Graded) -> None:
    """The version stands in the document."""
    assert msgspec.json.decode(result_bytes(graded, "hw"))["schema"] == SCHEMA


def test_the_shipped_schema_is_that_of_the_code() -> None:
    """The JSON Schema beside the code is what the code writes; remake it when this fails."""
    assert shipped_schema() == schema_bytes()


def _with_finding(graded: Graded, **changes: object) -> Graded:
    results = list(graded.grade.results)
    finding = results[1].finding
    assert finding is not None
    changed = replace(finding, **changes)  # type: ignore[arg-type]
    results[1] = replace(results[1], finding=changed)
    return Graded(replace(graded.grade, results=tuple(results)), graded.scores)


def test_a_distance_without_end_is_null(graded: Graded) -> None:
    """JSON has no infinity: the distance of a NaN is null."""
    finding = graded.grade.results[1].finding
    assert finding is not None
    far = (replace(finding.comparisons[0], distance=inf),)
    again = read_result(result_bytes(_with_finding(graded, comparisons=far), "hw"))
    found = again.grade.results[1].finding
    assert found is not None
    assert found.comparisons[0].distance is None


def test_a_text_that_is_no_utf8_can_be_written(graded: Graded) -> None:
    """A lone surrogate in a submission's text is spelled out."""
    data = result_bytes(_with_finding(graded, listing="\ud800"), "hw")
    found = read_result(data).grade.results[1].finding
    assert found is not None
    assert found.listing == "\\ud800"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"schema": "gradcheck-suite/result/v2"}', b"[" * 200_000],
)
def test_other_data_is_refused(data: bytes) -> None:
    """What is no such document is told with the schema that was expected."""
    with pytest.raises(UsageError, match=r"results.json: got .*, expected a document of schema"):
        read_result(data)


def test_a_broken_program_is_refused(graded: Graded) -> None:
    """A program that was cut is told as any other fault of the document."""
    data = result_bytes(graded, "hw").replace(b'"program": "R0', b'"program": "AA')
    with pytest.raises(UsageError, match="expected a document of schema"):
        read_result(data)
