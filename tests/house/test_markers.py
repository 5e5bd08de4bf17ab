"""The markers of tests/conftest.py: what is missing is skipped at home and fails in CI."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
TESTS = """
import pytest

@pytest.mark.{marker}({needs})
def test_something():
    pass
"""


def outcomes(pytester: pytest.Pytester, marker: str, *needs: str) -> dict[str, int]:
    """Run one test with the marker, under the project's conftest.py, and return what came."""
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makeini("[pytest]\nmarkers =\n    needs_command\n    needs_module\n")
    pytester.makepyfile(TESTS.format(marker=marker, needs=", ".join(map(repr, needs))))
    return pytester.runpytest_inprocess().parseoutcomes()


@pytest.mark.parametrize(
    ("marker", "needs"),
    [("needs_command", ["no-such-command"]), ("needs_module", ["sys", "no_such_module"])],
)
@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "errors")])
def test_what_is_missing_skips_at_home_and_fails_in_ci(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    marker: str,
    needs: list[str],
    ci: str,
    outcome: str,
) -> None:
    """A test that lacks a command or module is skipped, but fails where CI is set."""
    monkeypatch.setenv("CI", ci)
    # A failure in set-up is what pytest calls an error.
    assert outcomes(pytester, marker, *needs) == {outcome: 1}


@pytest.mark.parametrize(
    ("marker", "needs"),
    [("needs_command", ["no-such-command", "sh"]), ("needs_module", ["sys", "json"])],
)
def test_what_is_there_runs(pytester: pytest.Pytester, marker: str, needs: list[str]) -> None:
    """A test runs where one of its commands, or all of its modules, are there."""
    assert outcomes(pytester, marker, *needs) == {"passed": 1}
