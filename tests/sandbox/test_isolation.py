"""The level of isolation: it follows from what the probe found, and the probe finds the truth."""

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.errors import SandboxError
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.sandbox.isolation import Isolation, Reach, level_of
from gradcheck_suite.sandbox.plain import pack
from gradcheck_suite.sandbox.supervisor import Supervisor

NAMES = [f.name for f in fields(Reach)]
NONE = Reach(**dict.fromkeys(NAMES, False))


def test_nothing_in_reach_is_level_4() -> None:
    """A worker that can do nothing is isolated as far as can be."""
    assert level_of(NONE) == 4


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("allocates_without_bound", 0),
        ("reads_secrets", 1),
        ("reads_memory", 1),
        ("signals_grader", 1),
        ("forks", 1),
        ("executes", 1),
        ("opens_sockets", 1),
        ("reads_public_files", 2),
        ("writes_files", 2),
        ("sees_files", 3),
    ],
)
def test_each_thing_in_reach_has_its_level(name: str, level: int) -> None:
    """One thing that a worker can do bounds what may be claimed."""
    assert level_of(replace(NONE, **{name: True})) == level


def test_everything_in_reach_is_level_0() -> None:
    """The worst of what was found decides."""
    assert level_of(Reach(**dict.fromkeys(NAMES, True))) == 0


def test_level_is_printed_with_its_claim() -> None:
    """The line that stands with a grade says what may be claimed."""
    text = str(Isolation(replace(NONE, forks=True)))
    assert text == "isolation level 1 of 4: survives crashes; not safe against cheating"


def test_reach_is_told_in_words() -> None:
    """What a worker could still do is listed."""
    found = Isolation(replace(NONE, forks=True, sees_files=True)).reached
    assert found == ("sees files", "forks")


def test_reach_is_read_back() -> None:
    """What a worker found out arrives as it was."""
    reach = replace(NONE, forks=True)
    assert Reach.unpacked(reach.packed()) == reach


@pytest.mark.parametrize("value", [(), (1,) * len(NAMES), None], ids=["short", "integers", "none"])
def test_reach_of_other_data_is_refused(value: tuple[int, ...] | None) -> None:
    """What was found out is so many flags and nothing else."""
    with pytest.raises(SandboxError, match="as what was found out"):
        Reach.unpacked(pack(value))


def test_rlimits_are_level_1_at_least(supervise: Callable[..., Supervisor]) -> None:
    """With limits in force a worker survives crashes."""
    assert supervise().isolation.level >= 1


# What a submission does to find out whether the level told is true.
ATTEMPTS = {
    "forks": "child = os.fork()\nif child == 0: os._exit(0)\nos.waitpid(child, 0)",
    "opens_sockets": "import socket\nsocket.socket().close()",
    "signals_grader": "os.kill(os.getppid(), 0)",
    "reads_memory": "open(f'/proc/{os.getppid()}/environ', 'rb').close()",
    "writes_files": (
        "path = f'/tmp/gradcheck-test-{os.getpid()}'\n"
        "os.close(os.open(path, os.O_CREAT | os.O_EXCL))\nos.unlink(path)"
    ),
    "allocates_without_bound": "np.ones(1 << 27)",
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_submission_can_do_what_was_told(
    supervise: Callable[..., Supervisor], bad: Program, name: str
) -> None:
    """A submission succeeds at exactly what the probe found possible."""
    supervisor = supervise(ATTEMPTS[name], case_seconds=5.0)
    outcomes = supervisor.run(bad)
    assert not isinstance(outcomes, Lost)
    assert (2 not in outcomes) == getattr(supervisor.isolation.reach, name)
