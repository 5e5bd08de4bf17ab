"""The worker: what it imports, and what a submission finds around it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.sandbox.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
FLOORS = {"errors", "program", "engines", "sandbox"}


def test_worker_imports_numpy_and_the_floors_below_alone() -> None:
    """The worker needs the standard library, NumPy and four parts of the suite."""
    code = (
        "import sys; import gradcheck_suite.sandbox.worker; "
        "print(*(n for n in sys.modules if n.split('.')[0] not in sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name.split(".") for name in done.stdout.split()]
    assert {name[0] for name in names} <= {"gradcheck_suite", "numpy", "__main__", *_site()}
    assert {n[1] for n in names if n[0] == "gradcheck_suite" and n[1:]} <= FLOORS


def _site() -> set[str]:
    """Return what a plain interpreter imports of itself, .pth files of the environment included."""
    code = "import sys; print(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_environment_is_clean(said: Callable[..., str]) -> None:
    """The submission finds a handful of variables, none of them the grader's."""
    assert said("raise ValueError(*sorted(os.environ))").count("'") == 2 * 7
    assert "PATH'" not in said("raise ValueError(*sorted(os.environ))")


def test_folder_is_empty_and_not_writable(said: Callable[..., str]) -> None:
    """The submission runs in an empty folder."""
    assert said("raise ValueError(os.listdir('.'))") == "[]"


def test_only_standard_streams_and_two_pipes_are_open(said: Callable[..., str]) -> None:
    """No descriptor of the grader is inherited, and the pipes are not at 3 and 4."""
    code = "raise ValueError([n for n in range(64) if _open(n)])"
    top = (
        "def _open(n):\n    try:\n        os.fstat(n)\n    except OSError:\n        return False\n"
    )
    assert said(code, top=top + "    return True") == "[0, 1, 2, 40, 41]"


def test_grader_is_not_in_the_arguments(said: Callable[..., str]) -> None:
    """The submission sees no arguments and cannot import what the grader has."""
    assert said("raise ValueError(sys.argv)") == "['']"
    assert said("import hypothesis") == "No module named 'hypothesis'"


def test_numpy_modules_are_found_when_they_are_needed(said: Callable[..., str]) -> None:
    """A module of NumPy that was not loaded at the start can still be imported."""
    assert said("import numpy.polynomial.laguerre\nraise ValueError('found')") == "found"


def test_worker_has_one_thread(said: Callable[..., str]) -> None:
    """Linear algebra brings no threads of its own: layers may seal the calling thread alone."""
    code = "np.ones((300, 300)) @ np.ones((300, 300))\nraise ValueError(len(os.listdir(_tasks)))"
    assert said(code, top="_tasks = '/proc/self/task'") == "1"


def test_order_of_a_set_of_strings_is_the_same_in_every_run(said: Callable[..., str]) -> None:
    """The seed of the hash is fixed: what a submission computes does not depend on chance."""
    code = "raise ValueError(*{str(n) for n in range(20)})"
    assert said(code) == said(code)


def test_no_pycache_is_written(supervise: Callable[..., Supervisor], tmp_path: Path) -> None:
    """The folder of a submission is left as it was."""
    supervise()
    assert [path.name for path in tmp_path.iterdir()] == ["engine.py"]


def test_worker_has_a_session_of_its_own(supervise: Callable[..., Supervisor]) -> None:
    """Signals to the grader's group do not reach the worker, and its own group can be killed."""
    pid = supervise().pid
    assert pid is not None
    assert os.getsid(pid) == os.getpgid(pid) == pid != os.getsid(0)


def test_deep_recursion_is_an_outcome(
    supervise: Callable[..., Supervisor], bad: Program, good: Program
) -> None:
    """A RecursionError is the engine's exception; the worker lives on."""
    supervisor = supervise("mischief(result)")
    pid = supervisor.pid
    outcomes = supervisor.run(bad)
    assert not isinstance(outcomes, Lost)
    assert outcomes[2].kind == "RecursionError"
    assert not isinstance(supervisor.run(good), Lost)
    assert supervisor.pid == pid
