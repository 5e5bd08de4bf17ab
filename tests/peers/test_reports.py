"""The reports on libraries: each shows a program, and what it prints."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

REPORTS = Path(__file__).parents[2] / "reports" / "peers"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", sorted(REPORTS.glob("*.md")), ids=lambda path: path.stem)
def test_a_program_prints_what_its_report_says(path: Path) -> None:
    """The program of a report runs by itself, and its fault is still there."""
    library = path.stem.partition("-")[0]
    if find_spec(library) is None:
        pytest.skip(f"needs the module {library}, which `make peers` installs")
    (language, program), (_, printed) = _BLOCK.findall(path.read_text())
    assert language == "python"
    ran = subprocess.run(
        [sys.executable, "-"],
        input=program,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == (printed, "")
