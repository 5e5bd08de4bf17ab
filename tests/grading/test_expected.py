"""Lists of expected failures: what stands in them, and what is said of a wrong one."""

from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.expected import Expected, read_expected


def test_each_engine_has_its_own_table(tmp_path: Path) -> None:
    """An engine gets what stands under its name, which may be ``module:Class``."""
    path = tmp_path / "list.toml"
    (tmp_path / "product.md").touch()
    path.write_text(
        '["a:B"]\n"kinks[prod]" = { reason = "0 / 0", report = "product.md" }\n'
        '[other]\naccumulation = { reason = "by design" }\n'
    )
    assert read_expected(path, "a:B") == {"kinks[prod]": Expected("0 / 0", "product.md")}
    assert read_expected(path, "other") == {"accumulation": Expected("by design")}
    assert read_expected(path, "unknown") == {}


@pytest.mark.parametrize(
    ("expected", "text"),
    [(Expected("0 / 0"), "0 / 0"), (Expected("0 / 0", "product.md"), "0 / 0 (product.md)")],
)
def test_it_says_its_reason_and_where_to_read_on(expected: Expected, text: str) -> None:
    """What a run prints of an expected failure is the reason, and the report where there is one."""
    assert str(expected) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a", "list.toml: got no TOML"),
        ("\na = 1", "list.toml:2: got a = 1, expected a table [a] of properties"),
        (
            '[a]\n"kinks[pord]".reason = "x"',
            "list.toml:2: got the property 'kinks[pord]', which there is not; did you mean",
        ),
        ('[a]\naccumulation.reason = " "', "list.toml:2: accumulation: got no reason"),
        ('[a]\naccumulation = "x"', "list.toml:2: accumulation: Expected `object`, got `str`"),
        ('[a]\naccumulation.because = "x"', "list.toml:2: accumulation: Object"),
        (
            '[a]\naccumulation = { reason = "x", report = "no.md" }',
            "list.toml:2: accumulation: got the report 'no.md', expected a file beside the list",
        ),
        ("#" * 1_000_001, "list.toml: got 1,000,001 bytes, expected at most 1,000,000"),
    ],
)
def test_a_wrong_list_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """Whatever is wrong in a list, also in the table of another engine, ends the run."""
    path = tmp_path / "list.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        read_expected(path, "b")
    assert message in str(raised.value)


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A wrong path is no empty list."""
    with pytest.raises(UsageError, match="No such file or directory, expected a list of expected"):
        read_expected(tmp_path / "list.toml", "a")
