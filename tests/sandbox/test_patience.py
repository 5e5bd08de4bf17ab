"""Patience: a trial that hangs is given up, and what follows is still tried."""

import signal
from collections.abc import Callable
from time import process_time

import pytest

from gradcheck_suite.engines.discovery.bench import attempt
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Leaf, Observe, Program
from gradcheck_suite.sandbox.patience import patience
from gradcheck_suite.sandbox.supervisor import Supervisor


def hang() -> None:
    """Never return."""
    while True:
        pass


def test_trial_that_hangs_is_given_up() -> None:
    """A trial without end fails after one to two ticks, again and again."""
    start = process_time()
    with patience(attempt.__code__):
        assert attempt(hang) is None
        assert attempt(hang) is None
        assert attempt(lambda: 7) == 7
    assert process_time() - start < 2.0


def test_inner_trial_alone_is_given_up() -> None:
    """Of trials in trials, the one that hangs fails and the outer goes on."""
    with patience(attempt.__code__):
        assert attempt(lambda: [attempt(hang), attempt(lambda: 7)]) == [None, 7]


def test_long_row_of_short_trials_goes_on() -> None:
    """However long discovery takes, a trial that ends is left alone."""
    end = process_time() + 0.7
    with patience(attempt.__code__):
        while process_time() < end:
            assert attempt(lambda: sum(range(100))) == 4950


def test_signal_is_as_before() -> None:
    """Afterwards nothing ticks any more."""
    with pytest.raises(ZeroDivisionError), patience(attempt.__code__):
        1 / 0  # noqa: B018 - raises
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL


def test_op_without_end_does_not_hide_an_engine(supervise: Callable[..., Supervisor]) -> None:
    """An engine whose exp hangs is found, and its other ops are answered."""
    supervisor = supervise(end="Value.exp = lambda self: [None for _ in iter(int, 1)]")
    assert "op:mul" in supervisor.capabilities
    program = Program((Leaf(Array.of(2.0)), Apply("add", (0, 0)), Observe("value", 1)))
    outcomes = supervisor.run(program)
    assert not isinstance(outcomes, Lost)
    assert outcomes[2].values.item() == 4.0
