"""What an import may bring along: seen in a fresh process, so that nothing is there already."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "sympy", "matplotlib", "hypothesis", "flint"}
# Modules that Cython registers by themselves when NumPy's own extensions load.
CYTHON = ("cython_runtime", "_cython_")

PROBE = """
import sys
before = set(sys.modules)
{imports}
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""


def brought(*modules: str) -> set[str]:
    """Return the top-level packages that importing ``modules`` brings into a fresh process."""
    script = PROBE.format(imports="\n".join(f"import {module}" for module in modules))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def foreign(*modules: str) -> set[str]:
    """Return what ``modules`` bring beyond the standard library, NumPy and their own package."""
    own = {module.partition(".")[0] for module in modules}
    found = brought(*modules) - sys.stdlib_module_names - own - {"numpy"}
    return {name for name in found if not name.startswith(CYTHON)}


def test_cli_starts_light() -> None:
    """The command line starts without torch, SymPy, Matplotlib, Hypothesis and FLINT."""
    assert brought("gradcheck_suite.cli") & HEAVY == set()


@pytest.mark.parametrize(
    "module",
    [
        "gradcheck_suite.engines.interpreter",
        "gradcheck_suite.engines.spelled",
        "gradcheck_suite.program.codec",
        "gradcheck_suite.sandbox.worker",
    ],
)
def test_worker_needs_numpy_alone(module: str) -> None:
    """What a worker imports is there when a sandbox hides all but Python and NumPy."""
    assert foreign(module) == set()


def test_reference_starts_with_numpy_alone() -> None:
    """A student who has NumPy can run the reference."""
    assert foreign("reference") == set()


def test_probe_sees_what_is_imported() -> None:
    """The probe reports a package that an import brings along."""
    assert foreign("hypothesis") != set()
