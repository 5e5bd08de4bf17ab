"""The wheel: what a user gets who does not have this repository."""

import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.needs_module("hatchling")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """Build the wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ZipFile(next(folder.glob("*.whl")))


def test_wheel_holds_both_packages_whole(wheel: ZipFile) -> None:
    """Every file of both packages is in the wheel: modules, templates and py.typed."""
    packages = [ROOT / name for name in ("gradcheck_suite", "reference")]
    files = [p.relative_to(ROOT) for package in packages for p in package.rglob("*") if p.is_file()]
    # Caches of Python and of tools lie among them.
    wanted = {
        str(p) for p in files if not any(part.startswith(("__pycache", ".")) for part in p.parts)
    }
    assert wanted - set(wheel.namelist()) == set()


@pytest.mark.parametrize("package", ["gradcheck_suite", "reference"])
def test_wheel_is_typed(wheel: ZipFile, package: str) -> None:
    """A type checker of a user sees the types of both packages."""
    assert f"{package}/py.typed" in wheel.namelist()


def test_wheel_holds_nothing_else(wheel: ZipFile) -> None:
    """Tests, submissions and reports stay out of a user's site-packages."""
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "gradcheck_suite",
        "reference",
    }


def test_entry_points(wheel: ZipFile) -> None:
    """The command and the pytest plugin are registered."""
    name = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    found = ConfigParser()
    found.read_string(wheel.read(name).decode())
    assert {section: dict(found[section]) for section in found.sections()} == {
        "console_scripts": {"gradcheck-suite": "gradcheck_suite.cli:main"},
        "pytest11": {"gradcheck-suite": "gradcheck_suite.pytest_plugin"},
    }
