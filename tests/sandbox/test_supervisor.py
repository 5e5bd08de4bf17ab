"""The supervisor: whatever a worker does, its case is Lost for a reason, the next is answered."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from gradcheck_suite.engines.outcome import Lost, Raised
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.errors import SubmissionError, UsageError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.codec import encode
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.sandbox.limits import Limits
from gradcheck_suite.sandbox.supervisor import Supervisor
from tests.sandbox.conftest import square

ROOT = Path(__file__).parents[2]
Supervise = Callable[..., Supervisor]
Gradient = Callable[[object], float]
STATUS_0 = "the process ended with exit status 0 while running the case"
FORGE = """
for n in range(3, 64):
    try:
        os.write(n, {bytes})
    except OSError:
        pass
"""
LOST = {
    "endless loop": ("while True: pass", "timeout", "no answer within 0.3 s"),
    "sleep": ("time.sleep(60)", "timeout", "no answer within 0.3 s"),
    "blocked signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        "timeout",
        "no answer within 0.3 s",
    ),
    "stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "no answer within 0.3 s"),
    "exit": ("os._exit(0)", "died", STATUS_0),
    "exit 7": ("os._exit(7)", "died", STATUS_0.replace("status 0", "status 7")),
    "exit, child holds the pipes": (
        "if os.fork() == 0: time.sleep(60)\nos._exit(0)",
        "died",
        STATUS_0,
    ),
    "segfault": (
        "ctypes.string_at(0)",
        "died",
        "the process was killed by signal 11 (SIGSEGV) while running the case",
    ),
    "closes everything": (
        "os.closerange(0, 64)",
        "died",
        STATUS_0.replace("status 0", "status 1"),
    ),
    "closes its channel, goes on": (
        "os.closerange(3, 64)\ntime.sleep(60)",
        "protocol",
        "the channel of answers was closed",
    ),
    "forged garbage": (
        FORGE.format(bytes="b'\\xff' * 64"),
        "protocol",
        "got a reply of 4294967295 bytes, expected 5 to 16777216",
    ),
    "forged case": (
        FORGE.format(bytes="bytes.fromhex('07000000 04 63000000 0000')") + "time.sleep(60)",
        "protocol",
        "got the reply of case 99, expected case 1",
    ),
    "forged kind": (
        FORGE.format(bytes="bytes.fromhex('07000000 05 01000000 0000')") + "time.sleep(60)",
        "protocol",
        "got a reply of kind 5, expected an answer",
    ),
    "forged twice": (
        FORGE.format(bytes="bytes.fromhex('07000000 04 01000000 0000') * 2"),
        "protocol",
        "got bytes after the reply that were not asked for",
    ),
}


@pytest.mark.parametrize(("mischief", "kind", "message"), LOST.values(), ids=LOST)
def test_case_is_lost_and_the_next_is_answered(
    supervise: Supervise,
    gradient: Gradient,
    good: Program,
    bad: Program,
    mischief: str,
    kind: str,
    message: str,
) -> None:
    """A worker that is of no use is replaced, and the reason is named."""
    supervisor = supervise(mischief)
    assert supervisor.run(bad) == Lost(kind, message)
    assert gradient(supervisor.run(good)) == 4.0


@pytest.mark.parametrize("name", ["sleep", "exit", "forged garbage", "forged case"])
def test_a_case_that_is_lost_among_others_costs_itself_alone(
    supervise: Supervise, gradient: Gradient, good: Program, bad: Program, name: str
) -> None:
    """Of Programs that a worker was handed ahead each has its own answer, in order."""
    mischief, kind, message = LOST[name]
    supervisor = supervise(mischief)
    programs = [square(1.0), good, square(3.0), bad, square(5.0), bad, *map(square, range(20, 40))]
    found = list(supervisor.run_each(programs))
    lost = [k for k, outcomes in enumerate(found) if isinstance(outcomes, Lost)]
    assert lost == [3, 5]
    assert found[3].kind == kind
    if name != "forged case":  # the message says which case was expected
        assert found[3].message == message
    right = [p.instructions[0].array.values[0] * 2.0 for p in programs]
    assert [gradient(o) for k, o in enumerate(found) if k not in lost] == [
        x for k, x in enumerate(right) if k not in lost
    ]


def test_an_answer_forged_for_a_later_case_is_caught(
    supervise: Supervise, gradient: Gradient, good: Program, bad: Program
) -> None:
    """What a worker says ahead of its turn leaves its own answers without a place."""
    forge = FORGE.format(bytes="bytes.fromhex('07000000 04 02000000 0000')")
    supervisor = supervise(forge)
    before, after, last = supervisor.run_each([bad, good, good])
    assert before == Lost("protocol", "got the reply of case 2, expected case 1")
    assert (gradient(after), gradient(last)) == (4.0, 4.0)


def test_what_was_handed_ahead_and_not_asked_for_is_forgotten(
    supervise: Supervise, gradient: Gradient, good: Program
) -> None:
    """Whoever stops in the midst, or asks something else there, gets the answer to it."""
    supervisor = supervise()
    each = supervisor.run_each(map(square, range(1, 100)))
    assert gradient(next(each)) == 2.0
    assert gradient(supervisor.run(good)) == 4.0
    assert [gradient(next(each)) for _ in range(3)] == [4.0, 6.0, 8.0]
    each.close()
    assert gradient(supervisor.run(good)) == 4.0
    assert list(supervisor.run_each([])) == []


SURVIVED = {
    "sys.exit": ("sys.exit(3)", Raised("SystemExit", "3")),
    "interrupt": ("raise KeyboardInterrupt", Raised("KeyboardInterrupt", "")),
    "interrupt by signal": ("signal.raise_signal(signal.SIGINT)", Raised("KeyboardInterrupt", "")),
    "message that raises": (
        "class E(Exception):\n    __str__ = None\nraise E",
        Raised("E", "(its message cannot be printed)"),
    ),
    "escape codes": ("raise ValueError('\\x1b[2J')", Raised("ValueError", "\ufffd[2J")),
}


@pytest.mark.parametrize(("mischief", "outcome"), SURVIVED.values(), ids=SURVIVED)
def test_exception_is_an_outcome(
    supervise: Supervise, bad: Program, mischief: str, outcome: Raised
) -> None:
    """Whatever an engine raises, the worker answers."""
    outcomes = supervise(mischief).run(bad)
    assert not isinstance(outcomes, Lost)
    assert outcomes[2] == outcome


@pytest.mark.parametrize("stream", ["stdout", "stderr", "__stdout__"])
def test_flood_of_prints_does_not_stop_grading(
    supervise: Supervise, gradient: Gradient, bad: Program, stream: str
) -> None:
    """Ten megabytes of prints neither block the worker nor reach its answers."""
    code = f"for _ in range(100): print('x' * 100_000, file=sys.{stream}, flush=True)"
    assert gradient(supervise(code).run(bad)) == 26.0


def test_memory_bomb_is_an_exception(
    supervise: Supervise, gradient: Gradient, bad: Program, good: Program
) -> None:
    """What does not fit into the limit is refused, and the worker lives on."""
    supervisor = supervise("x = [bytearray(1 << 24) for _ in range(1 << 12)]", case_seconds=10.0)
    outcomes = supervisor.run(bad)
    assert isinstance(outcomes, Lost) or outcomes[2].kind == "MemoryError"
    assert gradient(supervisor.run(good)) == 4.0


def test_reply_forged_after_the_answer_is_caught_at_the_next_case(
    supervise: Supervise, gradient: Gradient, bad: Program, good: Program
) -> None:
    """A byte that nobody asked for ends the worker."""
    later = "threading.Timer(0.1, forge).start()"
    supervisor = supervise(
        later, top="def forge():" + FORGE.format(bytes="b'x'").replace("\n", "\n    ")
    )
    assert gradient(supervisor.run(bad)) == 26.0
    sleep(0.2)
    assert supervisor.run(good) == Lost("protocol", "got bytes that were not asked for")
    assert gradient(supervisor.run(good)) == 4.0


def test_end_between_two_cases_is_seen(
    supervise: Supervise, gradient: Gradient, bad: Program, good: Program
) -> None:
    """A worker that ends after its answer does not end the grader by a broken pipe."""
    supervisor = supervise("threading.Timer(0.05, os._exit, [5]).start()")
    assert gradient(supervisor.run(bad)) == 26.0
    sleep(0.3)
    message = "the process ended with exit status 5 before the case"
    assert supervisor.run(good) == Lost("died", message)
    assert gradient(supervisor.run(good)) == 4.0


IMPORTS = {
    "hang": (
        "time.sleep(60)",
        "engine.py: no answer within 0.5 s while it was",
    ),
    "hard exit": ("os._exit(0)", "engine.py: the process ended with exit status 0 while it was"),
    "segfault": (
        "ctypes.string_at(0)",
        r"killed by signal 11 \(SIGSEGV\) while it was",
    ),
    "sys.exit": ("sys.exit(0)", "engine.py"),
    "error": ("1 / 0", "ZeroDivisionError|division by zero"),
    "forged": (
        FORGE.format(bytes="b'x' * 99"),
        "got a reply of .* while it was",
    ),
}


@pytest.mark.parametrize(("top", "message"), IMPORTS.values(), ids=IMPORTS)
def test_import_that_fails_is_a_submission_error(
    supervise: Supervise, top: str, message: str
) -> None:
    """A submission that cannot be imported is refused with the reason and its file's name."""
    with pytest.raises(SubmissionError, match=message):
        supervise(top=top, import_seconds=0.5)


def test_submission_without_an_engine_is_refused(tmp_path: Path) -> None:
    """What discovery says in the worker arrives as the same error in the grader."""
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(SubmissionError), Supervisor(tmp_path / "empty.py"):
        pass


def test_engine_that_ends_the_process_is_refused() -> None:
    """The sample submission whose backward exits is no engine that can be graded."""
    with pytest.raises(SubmissionError, match="ended with exit status 0 while it was"):
        Supervisor(ROOT / "submissions" / "hostile_exit").start()


def test_engine_with_an_endless_op_is_graded(gradient: Gradient, good: Program) -> None:
    """The sample submission whose exp hangs is found and answers what it can."""
    with Supervisor(ROOT / "submissions" / "hostile_endless_loop") as supervisor:
        assert gradient(supervisor.run(good)) == 4.0


def test_deaths_are_counted(supervise: Supervise, bad: Program, good: Program) -> None:
    """After too many deaths nothing more is run."""
    supervisor = supervise("os._exit(0)", max_deaths=2)
    assert [supervisor.run(bad) for _ in range(2)] == [Lost("died", STATUS_0)] * 2
    assert supervisor.run(good) == Lost("died", "gave up after 2 deaths")
    assert supervisor.pid is None


def test_submission_has_a_clock_of_its_own(supervise: Supervise, bad: Program) -> None:
    """Sleeping a little in every case uses up the time of the submission."""
    supervisor = supervise("time.sleep(0.2)", case_seconds=5.0, submission_seconds=1.0)
    start = monotonic()
    found = [supervisor.run(bad) for _ in range(20)]
    message = "the 1 s for the whole submission are used up"
    assert found[-1] == Lost("deadline", message)
    assert not isinstance(found[0], Lost)
    assert monotonic() - start < 4.0
    assert supervisor.pid is None


def test_restart_is_a_fresh_worker_and_no_death(
    supervise: Supervise, gradient: Gradient, good: Program
) -> None:
    """Restarting on purpose costs nothing of what a submission may do wrong."""
    supervisor = supervise(max_deaths=1)
    before = supervisor.pid
    for _ in range(2):
        supervisor.restart()
        assert gradient(supervisor.run(good)) == 4.0
    assert supervisor.pid not in {before, None}


def test_engine_that_changes_between_workers_is_refused(
    supervise: Supervise, tmp_path: Path, good: Program
) -> None:
    """Every worker of a submission must find the same engine."""
    supervisor = supervise()
    path = tmp_path / "engine.py"
    path.write_text(path.read_text().replace("Value", "Other"))
    supervisor.restart()
    message = "another engine was found in a fresh worker"
    assert supervisor.run(good) == Lost("protocol", message)


def test_nothing_is_left_behind(supervise: Supervise, bad: Program) -> None:
    """The worker, its child and its folder are gone when the supervisor is closed."""
    code = "child = os.fork()\nif child == 0: time.sleep(60)\nraise ValueError(child)"
    supervisor = supervise(code)
    outcomes = supervisor.run(bad)
    assert not isinstance(outcomes, Lost)
    pid, child = supervisor.pid, int(outcomes[2].message)
    folder = Path(f"/proc/{pid}/cwd").readlink().parent
    assert folder.is_dir()
    supervisor.close()
    supervisor.close()
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    assert _gone(child)


def test_worker_ends_with_its_grader(supervise: Supervise, tmp_path: Path) -> None:
    """A grader that is killed leaves no worker behind."""
    supervise().close()  # writes the engine
    code = (
        f"import os, pathlib, tempfile\ntempfile.tempdir = {str(tmp_path)!r}\n"
        "from gradcheck_suite.sandbox.supervisor import Supervisor\n"
        f"s = Supervisor(pathlib.Path({str(tmp_path / 'engine.py')!r}))\n"
        "s.start()\nprint(s.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert _gone(int(done.stdout))


def test_supervisors_run_in_threads(tmp_path: Path, supervise: Supervise, good: Program) -> None:
    """Two supervisors in two threads answer without touching each other."""
    supervise().close()  # writes the engine
    found: list[object] = []

    def grade() -> None:
        with Supervisor(tmp_path / "engine.py", limits=Limits(case_seconds=5.0)) as supervisor:
            found.extend(supervisor.run(good) for _ in range(50))

    threads = [threading.Thread(target=grade) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcomes[3].values.item() for outcomes in found] == [4.0] * 100


def test_worker_outlives_the_thread_that_started_it(
    supervise: Supervise, gradient: Gradient, good: Program
) -> None:
    """A supervisor may be started in one thread and used in another."""
    made: list[Supervisor] = []
    thread = threading.Thread(target=lambda: made.append(supervise()))
    thread.start()
    thread.join()
    sleep(0.05)
    assert gradient(made[0].run(good)) == 4.0


def test_supervisor_must_be_started(tmp_path: Path, good: Program) -> None:
    """What was not started says so."""
    with pytest.raises(UsageError, match=r"expected start\(\) to be called first"):
        Supervisor(tmp_path).run(good)


def test_supervisor_is_a_subject(supervise: Supervise) -> None:
    """The floors above may use a supervisor wherever an engine is judged."""
    subject: Subject = supervise()
    assert subject.spelling.kind == "scalar"
    assert "op:mul" in subject.capabilities


def test_large_program_does_not_block(supervise: Supervise, gradient: Gradient) -> None:
    """A request larger than a pipe holds is written while it is read."""
    leaves = (Leaf(Array.of(2.0)),) * 10_000
    program = Program((*leaves, Apply("mul", (0, 0)), Backward(len(leaves)), Observe("grad", 0)))
    assert len(encode(program)) > 1 << 17
    outcomes = supervise(case_seconds=5.0).run(program)
    assert outcomes[len(program.instructions) - 1].values.item() == 4.0


def test_large_programs_and_answers_ahead_do_not_block(supervise: Supervise) -> None:
    """Requests and replies that are larger than a pipe holds pass each other."""
    leaf = Leaf(Array.of(2.0))
    program = Program((leaf, *[Observe("value", 0)] * 10_000))
    found = list(supervise(case_seconds=5.0).run_each([program] * 20))
    assert [len(outcomes) for outcomes in found] == [10_000] * 20


def _gone(pid: int) -> bool:
    """Tell whether a process ended within a second; a zombie that nobody reaps counts."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        sleep(0.01)
    return False
