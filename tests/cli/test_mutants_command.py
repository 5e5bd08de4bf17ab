"""The command ``mutants``: what it prints, what it writes, and how it ends."""

import json
import sys
from pathlib import Path

import pytest

from gradcheck_suite.cli import main
from gradcheck_suite.grading.mutants import bug_ids


def test_a_sample_as_an_object_and_as_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug that no property asks for survives: the status is 1; no right engine is failed."""
    page = tmp_path / "matrix.html"
    arguments = ["mutants", "--sample", "1", "--seed", "1", "--property", "gradient[sin]"]
    options = ["--cases", "2", "--jobs", "1", "--json", "--html", str(page)]
    monkeypatch.setattr(sys, "argv", ["gradcheck-suite", *arguments, *options])
    with pytest.raises(SystemExit) as caught:
        main()
    found = json.loads(capsys.readouterr().out)
    assert caught.value.code == 1
    assert (found["total"], found["survivors"]) == (1, [*bug_ids(1, seed=1)])
    assert found["false_alarms"] == {}
    assert bug_ids(1, seed=1)[0] in page.read_text()
