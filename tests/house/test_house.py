"""Habits of the house that a machine can hold: see ARCHITECTURE.md for the rest."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 400  # more than one subject, as a rule; the median is to stay under 150
SILENCER = re.compile(r"#\s*((ruff:\s*)?noqa|type:\s*ignore|mypy:)")
# One paragraph that ends in a full stop, with no other end of a sentence inside.
ONE_SENTENCE = re.compile(r"(?:(?![.!?]\s+[A-Z]|\n\n).)+\.", re.DOTALL)
# mypy takes nothing but another comment behind its brackets.
REASON = re.compile(r" - \S|\]  # \S")


def sources(*folders: str) -> list[Path]:
    """Return every Python file in folders of the project."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def too_long(paths: Iterable[Path]) -> list[str]:
    """Name the files of more than ``MAX_LINES`` lines."""
    sizes = {path: len(path.read_text().splitlines()) for path in paths}
    return [f"{path.name}: {n} lines" for path, n in sizes.items() if n > MAX_LINES]


def undescribed(paths: Iterable[Path]) -> Iterator[str]:
    """Name the test functions whose docstring is not one sentence."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                text = ast.get_docstring(node) or ""
                if not ONE_SENTENCE.fullmatch(text):
                    yield f"{path.name}:{node.lineno} {node.name}"


def unjustified(paths: Iterable[Path]) -> Iterator[str]:
    """Name the comments that silence a tool and do not say why after `` - ``."""
    for path in paths:
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            if token.type != tokenize.COMMENT or not SILENCER.search(token.string):
                continue
            if not REASON.search(token.string):
                yield f"{path.name}:{token.start[0]} {token.string}"


def test_files_are_short() -> None:
    """No file of the packages is longer than the limit."""
    assert too_long(sources("gradcheck_suite", "reference")) == []


def test_every_test_states_a_behaviour() -> None:
    """Every test function has a docstring of one sentence."""
    assert list(undescribed(sources("tests"))) == []


def test_every_silenced_rule_says_why() -> None:
    """Every ``noqa`` and ``type: ignore`` of the packages gives its reason."""
    assert list(unjustified(sources("gradcheck_suite", "reference"))) == []


# Tests of the tests.


def write(folder: Path, text: str) -> Path:
    """Write a made-up module and return its path."""
    path = folder / "test_made_up.py"
    path.write_text(text)
    return path


def test_long_file_is_named(tmp_path: Path) -> None:
    """A file one line over the limit is reported with its length."""
    assert too_long([write(tmp_path, "x = 1\n" * 401)]) == ["test_made_up.py: 401 lines"]


def test_file_at_the_limit_passes(tmp_path: Path) -> None:
    """A file of exactly the limit is fine."""
    assert too_long([write(tmp_path, "x = 1\n" * 400)]) == []


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        '"""no full stop"""',
        '"""One sentence. Another one."""',
        '"""A title\n\n    Body."""',
    ],
    ids=["none", "no-sentence", "two-sentences", "title-and-body"],
)
def test_undescribed_test_is_named(tmp_path: Path, body: str) -> None:
    """A test without a docstring, or with none of one sentence, is reported with its line."""
    path = write(tmp_path, f"class TestX:\n  def test_y(self):\n    {body}\n")
    assert list(undescribed([path])) == ["test_made_up.py:2 test_y"]


def test_described_test_passes(tmp_path: Path) -> None:
    """A sentence may wrap, and may name an attribute or a number."""
    path = write(tmp_path, 'def test_y():\n    """A leaf keeps `x.grad`\n    at 0.5 here."""\n')
    assert list(undescribed([path])) == []


@pytest.mark.parametrize("silencer", ["noqa", "ruff: noqa: S102", "type: ignore[arg-type]"])
def test_unjustified_silence_is_named(tmp_path: Path, silencer: str) -> None:
    """A silenced rule without a reason is reported with the comment."""
    path = write(tmp_path, f"x = 1  # {silencer}\n")
    assert list(unjustified([path])) == [f"test_made_up.py:1 # {silencer}"]


def test_justified_silence_passes(tmp_path: Path) -> None:
    """A reason after a dash is enough; a string that looks like a comment is none."""
    path = write(tmp_path, 'x = 1  # noqa: S102 - its purpose\ny = "# noqa"\n')
    assert list(unjustified([path])) == []
