"""Crews: the same results in the same order, whoever does the work."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradcheck_suite.errors import GradcheckError, JuryError
from gradcheck_suite.exams.crew import ALONE, Crew, crew_for

ORPHANS = """
import os, sys, time
sys.path.insert(0, {folder!r})
import tasks
from gradcheck_suite.exams.crew import Crew
if __name__ == "__main__":
    crew = Crew(2)
    print(*set(crew.map(tasks.wait_and_tell, range(4))), flush=True)
    os.kill(os.getpid(), 9)
"""
TASKS = """
import os, time
def wait_and_tell(_):
    time.sleep(0.2)
    return os.getpid()
def disagree(_):
    from gradcheck_suite.errors import JuryError
    raise JuryError("SymPy stands alone")
def die(_):
    os._exit(7)
def square(n):
    return n * n
"""


@pytest.fixture
def tasks(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Return a module of tasks that workers can import, too."""
    (tmp_path / "tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(tmp_path)
    import tasks

    yield tasks
    del sys.modules["tasks"]


def test_results_come_in_order(tasks):
    """Two processes give what one gives."""
    with Crew(2) as crew:
        assert list(crew.map(tasks.square, range(9))) == list(ALONE.map(tasks.square, range(9)))


def test_nothing_is_started_for_one(tasks):
    """A crew of one works in this process."""
    assert set(ALONE.map(tasks.wait_and_tell, range(1))) == {os.getpid()}


def test_an_error_of_a_worker_is_raised_here(tasks):
    """A disagreement among witnesses stops the build, whichever process meets it."""
    with Crew(2) as crew, pytest.raises(JuryError, match="SymPy stands alone"):
        list(crew.map(tasks.disagree, range(2)))


def test_a_worker_that_dies_is_told(tasks):
    """A worker that was killed, for its memory perhaps, is one message."""
    with Crew(2) as crew, pytest.raises(GradcheckError, match="one of 2 workers died"):
        list(crew.map(tasks.die, range(2)))


def test_workers_end_with_their_parent(tasks, tmp_path):
    """Workers whose parent was killed do not stay behind."""
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS.format(folder=str(tmp_path)))
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == -9
    left = {int(pid) for pid in done.stdout.split()}
    assert left
    deadline = time.monotonic() + 10
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if _runs(pid)}
        time.sleep(0.02)
    assert not left


def _runs(pid: int) -> bool:
    """Tell whether a process runs, and is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("n_jobs", "n_properties", "n"),
    [(1, 500, 1), (8, 3, 1), (2, 500, 2), (8, 40, 2)],
    ids=["one", "too-little-to-do", "two", "not-worth-eight"],
)
def test_a_worker_is_started_where_it_is_worth_it(n_jobs: int, n_properties: int, n: int):
    """Each worker has to have enough to do to repay its start."""
    assert crew_for(n_jobs, n_properties).n == n
