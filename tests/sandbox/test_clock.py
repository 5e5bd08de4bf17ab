"""The clock: sleeping counts, waiting for a processor does not, and there is an end to patience."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from gradcheck_suite.sandbox.clock import Clock, Meter, OverloadError


class FakeMeter:
    """A process that waits for a processor for a share of all time."""

    def __init__(self, share: float, *, alone: bool = True) -> None:
        self._start = monotonic()
        self._share = share
        self._alone = alone

    def waited(self) -> float:
        """Return the seconds without a processor."""
        return (monotonic() - self._start) * self._share

    def alone(self) -> bool:
        """Tell what the test wants."""
        return self._alone


def run_out(clock: Clock) -> float:
    """Wait as a supervisor does and return the seconds until the clock struck."""
    start = monotonic()
    while left := clock.left():
        sleep(left)
    return monotonic() - start


def test_idle_machine_strikes_at_the_limit() -> None:
    """A process that never waits for a processor has its limit and no more."""
    assert 0.05 <= run_out(Clock(FakeMeter(0.0), 0.05)) < 0.15


def test_busy_machine_strikes_later() -> None:
    """A process that runs half of the time has twice the limit."""
    assert 0.1 <= run_out(Clock(FakeMeter(0.5), 0.05)) < 0.2


def test_overloaded_machine_does_not_judge() -> None:
    """A process that hardly runs at all is not judged."""
    with pytest.raises(OverloadError):
        run_out(Clock(FakeMeter(0.99), 0.02))


def test_load_of_ones_own_does_not_excuse() -> None:
    """A process with threads or children may have made the load: wall time counts."""
    assert run_out(Clock(FakeMeter(0.99, alone=False), 0.05)) < 0.15


def test_time_waited_does_not_count_as_spent() -> None:
    """What is charged to a submission is what counted."""
    clock = Clock(FakeMeter(0.5), 0.1)
    run_out(clock)
    assert clock.spent() == pytest.approx(0.1, abs=0.05)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that sleeps."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    with process:
        yield process
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="no schedstat here")
def test_sleeping_is_not_waiting(sleeper: subprocess.Popen[bytes]) -> None:
    """A process that sleeps is not excused."""
    meter = Meter(sleeper.pid)
    before = meter.waited()
    sleep(0.1)
    assert meter.waited() - before < 0.05
    assert meter.alone()
    meter.close()


def test_process_that_is_gone_has_not_waited() -> None:
    """Of a process that does not exist nothing is known, and nothing is excused."""
    meter = Meter(2**31 - 2)
    assert (meter.waited(), meter.alone()) == (0.0, False)
    meter.close()
    meter.close()
