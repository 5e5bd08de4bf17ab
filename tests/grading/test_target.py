"""Targets: what may be named as an engine."""

from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.target import locate, open_target

SAMPLES = Path(__file__).parents[2] / "submissions"


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("tosh", "neither a file nor a folder.*did you mean 'torch'"),
        ("no/such/file.py", "neither a file nor a folder"),
        ("no_such_module:Value", "got no module 'no_such_module'"),
        ("micrograd.engine:", "expected module:Class"),
        (":Value", "expected module:Class"),
        ("a b:C", "expected module:Class"),
    ],
)
def test_a_wrong_name_is_told_without_importing(target: str, part: str) -> None:
    """A target that is not there says what it could have been."""
    with pytest.raises(UsageError, match=part):
        locate(target)


def test_a_known_library_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A known name without its library says how to install it."""
    monkeypatch.setattr("gradcheck_suite.grading.target.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"'jax' is known, but not installed \(pip install jax\)"):
        locate("jax")


def test_a_known_name_opens_in_this_process() -> None:
    """The reference is a Subject at once."""
    with open_target("reference") as subject:
        assert subject.spelling.name == "reference"


def test_a_path_opens_behind_the_sandbox() -> None:
    """A folder is run in a worker, which is gone at the end."""
    with open_target(str(SAMPLES / "right_scalar")) as subject:
        assert subject.spelling.name == "Value"
        assert subject.pid is not None  # type: ignore[attr-defined]
    assert subject.pid is None  # type: ignore[attr-defined]


@pytest.mark.needs_module("micrograd")
def test_an_installed_class_opens_in_this_process() -> None:
    """``module:Class`` finds the engine where the library is installed."""
    with open_target("micrograd.engine:Value") as subject:
        assert "op:tanh" not in subject.capabilities
        assert "op:relu" in subject.capabilities
