"""Limits: refused where they are none, and in force in the worker."""

import math
from collections.abc import Callable
from dataclasses import fields

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.sandbox.limits import Limits


@pytest.mark.parametrize("name", [f.name for f in fields(Limits)])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_value_that_is_no_limit_is_refused(name: str, value: float) -> None:
    """A limit is a positive, finite number; the message names the field and the value."""
    with pytest.raises(UsageError, match=f"got {name} = {value}, expected a positive number"):
        Limits(**{name: value})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("AS", 1 << 29), ("CORE", 0), ("FSIZE", 0), ("NOFILE", 64), ("CPU", 5 + 300 + 30)],
)
def test_rlimit_is_set_for_good(said: Callable[..., str], kind: str, expected: int) -> None:
    """The submission finds soft and hard limit at what the grader set."""
    code = f"import resource\nraise ValueError(resource.getrlimit(resource.RLIMIT_{kind}))"
    assert said(code, memory_bytes=1 << 29) == str((expected, expected))
