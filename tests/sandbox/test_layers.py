"""Layers: a worker of root is nobody, and can still read what it must."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.sandbox import kernel
from gradcheck_suite.sandbox.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its uid")


def status(said: Callable[..., str], name: str) -> str:
    """Return a line of the worker's own status."""
    code = f"raise ValueError(open('/proc/self/status').read().split('{name}:')[1].split('\\n')[0])"
    return said(code)


@as_root
def test_worker_of_root_has_a_uid_of_its_own(said: Callable[..., str]) -> None:
    """No user id of the worker is root's, and it is in no group of root's."""
    ids = said("raise ValueError(*os.getresuid(), *os.getresgid(), *os.getgroups())")
    assert len(set(ids.strip("()").split(", "))) == 1
    assert "0" not in ids.strip("()").split(", ")


@as_root
def test_worker_of_root_can_at_most_read(said: Callable[..., str]) -> None:
    """Of root's capabilities none is left but, where Python is closed to others, reading."""
    assert int(status(said, "CapPrm"), 16) in {0, kernel.DAC_READ_SEARCH}


@as_root
def test_worker_of_root_cannot_become_root_again(said: Callable[..., str]) -> None:
    """The change of uid cannot be undone."""
    assert "Operation not permitted" in said("os.setuid(0)")


@as_root
def test_processes_are_limited_by_the_uid(said: Callable[..., str]) -> None:
    """A worker with a uid of its own has few processes, and a fork bomb ends by itself."""
    code = "import resource\nraise ValueError(resource.getrlimit(resource.RLIMIT_NPROC))"
    assert said(code) == "(32, 32)"


def test_exec_gives_no_privileges(said: Callable[..., str]) -> None:
    """A set-uid program gives a submission nothing."""
    assert status(said, "NoNewPrivs").strip() == "1"


@as_root
@pytest.mark.parametrize(("mode", "readable"), [(0o644, True), (0o600, False)])
def test_what_another_user_can_read_is_found_by_trying(
    tmp_path: Path, mode: int, readable: bool
) -> None:
    """Every file of a submission is tried as the user that the worker would be."""
    tmp_path.chmod(0o755)  # what is above stays closed: the path is relative
    (tmp_path / "inner").mkdir(mode=0o755)
    (tmp_path / "inner" / "engine.py").touch()
    (tmp_path / "inner" / "engine.py").chmod(mode)
    code = (
        "import os; from gradcheck_suite.sandbox.layers import _readable_by; "
        "print(_readable_by(65534, ['/usr'], 'inner'), os.geteuid())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{readable} 0\n"


def test_pipes_and_links_do_not_stop_a_worker(
    supervise: Callable[..., Supervisor], good: Program, tmp_path: Path
) -> None:
    """What else lies in the folder of a submission is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to("/nonexistent")
    supervise().close()
    with Supervisor(tmp_path) as supervisor:
        assert not isinstance(supervisor.run(good), Lost)
