"""Shrinking where a fault may outlive the program that shows it: each try starts afresh."""

from collections.abc import Iterable, Iterator
from contextlib import ContextDecorator
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
MODES = "modes_restored"
BENT = {"is": False}
UNARY = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "neg", "abs", "square")


class Leaky(ContextDecorator):
    """A no_grad that stays where an exception ends the block."""

    def __enter__(self) -> None:
        """Switch off."""
        self._before = reference.is_grad_enabled()
        reference.set_grad_enabled(False)

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Switch back where all went well."""
        if kind is None:
            reference.set_grad_enabled(self._before)


class Spoiling(Leaky):
    """A no_grad that is right; but once an exception has ended it, unary ops go wrong."""

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Switch back."""
        super().__exit__(None)
        BENT["is"] = BENT["is"] or kind is not None


class Forgetful(Leaky):
    """A no_grad that switches recording on where it ends, whatever was before."""

    def __exit__(self, *_error: object) -> None:
        """Switch on."""
        reference.set_grad_enabled(True)


def spoilt(x: object) -> object:
    """Return a result that is cut off once an exception has gone by."""
    return x.detach() if BENT["is"] else x


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

    def run_each(self, programs: Iterable[Program]) -> Iterator[Outcomes | Lost]:
        """Run one after the other."""
        return map(self.run, programs)

    def restart(self) -> None:
        """Switch recording on again."""
        self.n_restarts += 1
        if self._works:
            reference.set_grad_enabled(True)
            BENT["is"] = False


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


def with_no_grad(manager: type[Leaky]) -> SpelledEngine:
    """Return the reference with another no_grad, after which unary ops may be spoilt."""
    known = known_engine("reference")
    ops = {op: f"spoilt({text})" if op in UNARY else text for op, text in known.spelling.ops}
    spelling = replace(known.spelling, no_grad="other()", ops=tuple(ops.items()))
    return SpelledEngine(spelling, {**known.namespace, "other": manager, "spoilt": spoilt})


def told_of_blocks(manager: type[Leaky]) -> tuple[Program, Restartable]:
    """Return the smallest program about blocks that an engine fails, and the subject."""
    exam = build([MODES], seed=11, n_cases=8)
    result, subject = told(exam, with_no_grad(manager), works=True)
    BENT["is"] = False
    assert result.finding is not None
    return result.finding.program, subject


def test_where_a_failure_leaves_nothing_behind_no_worker_is_started_for_it():
    """A block that ends in the wrong mode, which is the usual one, costs a handful of restarts."""
    program, subject = told_of_blocks(Forgetful)
    assert n_steps(program) <= 6
    assert subject.n_restarts <= 7


def test_what_no_canary_sees_is_found_by_starting_afresh():
    """Ops that go wrong after an exception are shrunk to a program that fails by itself."""
    program, subject = told_of_blocks(Spoiling)
    (block,) = (i for i in program.instructions if isinstance(i, Mode))
    assert block.raises
    assert subject.n_restarts > 7
