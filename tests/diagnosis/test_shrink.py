"""Shrinking where a fault may outlive the program that shows it: each try starts afresh."""

from dataclasses import replace

import pytest

import reference
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.instructions import Mode, Program
from gradcheck_suite.records import PropertyResult
from gradcheck_suite.strategies.drawing import n_steps

NAME = "history[modes]"


class Leaky:
    """A no_grad that stays where an exception ends the block."""

    def __enter__(self) -> None:
        """Switch off."""
        self._before = reference.is_grad_enabled()
        reference.set_grad_enabled(False)

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Switch back where all went well."""
        if kind is None:
            reference.set_grad_enabled(self._before)


class Restartable:
    """An engine in this process, the mode of which a restart switches back."""

    def __init__(self, engine: SpelledEngine, *, works: bool) -> None:
        """Wrap an engine; ``works``: whether a restart does anything."""
        self._inner = InProcess(engine)
        self._works = works
        self.spelling = engine.spelling
        self.capabilities = engine.capabilities
        self.n_restarts = 0

    def run(self, program: Program) -> Outcomes | Lost:
        """Run one Program in whatever mode was left."""
        return self._inner.run(program)

    def restart(self) -> None:
        """Switch recording on again."""
        self.n_restarts += 1
        if self._works:
            reference.set_grad_enabled(True)


def told(exam: Exam, engine: SpelledEngine, *, works: bool) -> tuple[PropertyResult, Restartable]:
    """Return what is told of the engine that leaks, and the subject."""
    subject = Restartable(engine, works=works)
    (result,) = examine(exam, subject)
    reference.set_grad_enabled(True)
    return result, subject


@pytest.fixture(scope="module")
def exam() -> Exam:
    """Return the exam of the property."""
    return build([NAME], seed=11, n_cases=4)


@pytest.fixture(scope="module")
def leaky() -> SpelledEngine:
    """Return the reference with the leak."""
    known = known_engine("reference")
    spelling = replace(known.spelling, no_grad="leaky()")
    return SpelledEngine(spelling, {**known.namespace, "leaky": Leaky})


@pytest.fixture(scope="module")
def shrunk(exam: Exam, leaky: SpelledEngine) -> tuple[PropertyResult, Restartable]:
    """Return what is told where restarts help."""
    return told(exam, leaky, works=True)


def test_a_history_of_modes_shrinks_to_the_block_that_leaks(
    shrunk: tuple[PropertyResult, Restartable],
):
    """What is left is a block that ends in an exception, an op, and a backward."""
    assert shrunk[0].finding is not None
    program = shrunk[0].finding.program
    (block,) = (i for i in program.instructions if isinstance(i, Mode))
    assert (block.raises, n_steps(program)) == (True, 3)


def test_restarts_are_few(shrunk: tuple[PropertyResult, Restartable]):
    """However many tries fail, workers are started some eighty times."""
    assert 3 < shrunk[1].n_restarts <= 85


def test_where_a_mode_stays_switched_the_first_failure_is_shown(exam: Exam, leaky: SpelledEngine):
    """Without a restart that helps everything fails, so that no try says anything."""
    result, _ = told(exam, leaky, works=False)
    assert result.finding is not None
    assert result.finding.program in {case.program for case in exam.cases[NAME]}
