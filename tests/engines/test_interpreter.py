"""The interpreter turns what an engine does, and whatever it raises, into Outcomes."""

from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np
import pytest

import reference as reference_engine
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Flag, Lost, Nothing, Number, Raised
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Assign,
    Backward,
    ClearGrad,
    Constant,
    Detach,
    InPlace,
    Leaf,
    Meanwhile,
    Mode,
    Observe,
    Program,
)
from gradcheck_suite.program.spelling import Spelling

TWO = Leaf(Array.of(2.0))
THREE = Leaf(Array.of(3.0))


@pytest.fixture
def reference():
    """Give the reference engine."""
    return known_engine("reference")


def outcomes(engine, *instructions):
    """Run instructions and return the numbers seen as floats, all else as it is."""
    seen = run(Program(instructions), engine)
    return {k: v.values.tolist() if isinstance(v, Number) else v for k, v in seen.items()}


def test_observations_are_at_their_index(reference):
    """Each Observe has an outcome at its own index, and nothing else has one."""
    program = (TWO, Apply("mul", (0, 0)), Backward(1), Observe("value", 1), Observe("grad", 0))
    assert outcomes(reference, *program) == {3: 4.0, 4: 4.0}


def test_no_gradient_is_nothing(reference):
    """A leaf before any backward has no gradient."""
    assert outcomes(reference, TWO, Observe("grad", 0)) == {1: Nothing()}


@pytest.mark.parametrize("kind", ["AttributeError", "ValueError", "RuntimeError"])
def test_a_gradient_that_cannot_be_read_is_nothing(kind):
    """Some engines say by an exception that there is no gradient."""
    text = f"class T(float):\n    @property\n    def grad(self): raise {kind}('no gradient yet')"
    names = {}
    exec(text, names)  # noqa: S102 - an engine in three lines
    engine = SpelledEngine(Spelling("T", "T(data)", grad="x.grad"), names)
    assert outcomes(engine, TWO, Observe("grad", 0)) == {1: Nothing()}


def test_flags(reference):
    """A truth value is a Flag."""
    program = (TWO, Observe("is_leaf", 0), Observe("requires_grad", 0), Detach(0))
    assert outcomes(reference, *program, Observe("requires_grad", 3)) == {
        1: Flag(value=True),
        2: Flag(value=True),
        4: Flag(value=False),
    }


def test_body_of_a_mode_counts_on(reference):
    """Indices go on inside a block and after it, in reading order."""
    body = (Apply("mul", (0, 0)), Observe("requires_grad", 2))
    program = (TWO, Mode("no_grad", body), Apply("mul", (0, 0)), Observe("requires_grad", 4))
    assert outcomes(reference, *program) == {3: Flag(value=False), 5: Flag(value=True)}


class Flags:
    """An engine of flags alone: a value is whether recording was on, and a mode logs its end."""

    on = True

    def __init__(self):
        self.ends = []

    @contextmanager
    def no_grad(self):
        """Switch recording off for a block, and tell how it ends."""
        before, self.on = self.on, False
        try:
            yield
            self.ends.append("over")
        except BaseException as error:
            self.ends.append(type(error).__name__)
            raise
        finally:
            self.on = before


LOOK = Apply("neg", (0,))


@pytest.mark.parametrize(
    ("rest", "raises", "end"),
    [((LOOK,), False, "over"), ((), False, "GeneratorExit"), ((), True, "LeaveBlockError")],
    ids=["resumed", "closed", "raised"],
)
def test_a_generator_waits_in_its_block(rest, raises, end):
    """What is meanwhile is run between the parts of a block, which ends as it is asked to."""
    flags = Flags()
    spelling = Spelling(
        "T", "float(data)", value="x", no_grad="flags.no_grad()", ops=(("neg", "float(flags.on)"),)
    )
    block = Mode("no_grad", (LOOK, Meanwhile((LOOK,)), *rest), raises=raises)
    looks = (Observe("value", 2), Observe("value", 4))
    after = len(rest) + 5
    seen = outcomes(
        SpelledEngine(spelling, {"flags": flags}), TWO, block, LOOK, *looks, Observe("value", after)
    )
    assert flags.ends == [end]
    assert list(seen.values()) == [0.0, 0.0, 1.0]


def test_what_is_meanwhile_is_run_as_it_stands_elsewhere(reference):
    """Outside of a block, and in a decorated function, there is no generator that could wait."""
    inner = Meanwhile((Apply("mul", (0, 0)),))
    block = Mode("no_grad", (inner,), decorator=True)
    looks = (Observe("requires_grad", 2), Observe("requires_grad", 5))
    assert outcomes(reference, TWO, inner, block, *looks) == {6: Flag(True), 7: Flag(False)}


@pytest.mark.parametrize("decorator", [False, True])
def test_exception_of_the_program_itself_is_caught(reference, decorator):
    """The exception that the program raises inside a block ends there, without an outcome."""
    mode = Mode("no_grad", (Apply("mul", (0, 0)),), decorator=decorator, raises=True)
    program = (TWO, mode, Apply("mul", (0, 0)), Observe("requires_grad", 3))
    assert outcomes(reference, *program) == {4: Flag(value=True)}


def test_what_depends_on_an_exception_is_skipped(reference):
    """An op that raises is an outcome; what uses its value is skipped, the rest is run."""
    program = (
        Leaf(Array.of([1.0, 2.0])),
        Leaf(Array.of([1.0, 2.0, 3.0])),
        Apply("add", (0, 1)),
        Observe("value", 2),
        Mode("no_grad", (Observe("value", 0),)),
    )
    seen = outcomes(reference, *program)
    assert set(seen) == {2, 5}
    assert isinstance(seen[2], Raised)
    assert seen[5] == [1.0, 2.0]


def test_an_op_that_the_engine_does_not_have_is_an_outcome():
    """What cannot be bound raises at its own instruction alone."""
    engine = SpelledEngine(Spelling("T", "T(data)", value="x"), {"T": float})
    seen = outcomes(engine, TWO, Apply("exp", (0,)), Observe("value", 1), Observe("value", 0))
    assert isinstance(seen[1], Raised)
    assert seen[3] == 2.0
    assert set(seen) == {1, 3}
    again = outcomes(engine, TWO, Apply("exp", (0,)), Observe("value", 1), Observe("value", 0))
    assert again == seen


@pytest.mark.parametrize("error", [KeyError, IndexError])
def test_a_missing_key_of_the_engine_itself_is_its_exception(error):
    """Only a value that was never made makes an instruction be skipped."""

    class Broken(float):
        def __add__(self, other):
            raise error(1)

        def sum(self, axis):
            raise error(2)

    spelling = Spelling(
        "T", "T(data)", ops=(("add", "x + y"), ("sum", "x.sum(axis)")), value="float(x)"
    )
    engine = SpelledEngine(spelling, {"T": Broken})
    seen = outcomes(engine, TWO, TWO, Apply("add", (0, 1)), Apply("sum", (0,), (("axis", (0,)),)))
    assert seen == {2: Raised(error.__name__, "1"), 3: Raised(error.__name__, "2")}


def test_block_that_cannot_be_entered_is_skipped():
    """Where a mode is not there, its body has no outcomes and the indices stay right."""
    engine = SpelledEngine(Spelling("T", "T(data)", value="x"), {"T": float})
    program = (TWO, Mode("no_grad", (Observe("value", 0),)), Observe("value", 0))
    seen = outcomes(engine, *program)
    assert isinstance(seen[1], Raised)
    assert seen[3] == 2.0
    assert set(seen) == {1, 3}


@pytest.mark.parametrize(
    "kind", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError"]
)
def test_every_exception_is_an_outcome(kind):
    """Nothing that an engine raises leaves the interpreter."""
    text = f"def T(data): raise {kind}('no')"
    names = {}
    exec(text, names)  # noqa: S102 - an engine in one line
    assert outcomes(SpelledEngine(Spelling("T", "T(data)"), names), TWO) == {0: Raised(kind, "no")}


def test_exception_is_cut_and_not_trusted():
    """A message is cut to 300 characters, and one that cannot be made is replaced."""

    class Bad(Exception):  # noqa: N818 - the engine's name
        def __str__(self):
            raise Bad

    def long(data):
        raise ValueError("x" * 1000)

    def bad(data):
        raise Bad

    engine = SpelledEngine(Spelling("T", "T(data)"), {"T": long})
    assert outcomes(engine, TWO) == {0: Raised("ValueError", "x" * 300)}
    engine = SpelledEngine(Spelling("T", "T(data)"), {"T": bad})
    assert outcomes(engine, TWO) == {0: Raised("Bad", "(its message cannot be printed)")}


def test_effects(reference):
    """Clearing, assignment and ops in place change what is seen afterwards."""
    program = (
        TWO,
        THREE,
        Apply("mul", (0, 1)),
        Backward(2),
        ClearGrad(0),
        Observe("grad", 0),
        Assign(0, 1),
        Observe("value", 0),
        Apply("mul", (0, 1)),
        InPlace("add", 8, (1,)),
        Observe("value", 9),
        Constant(Array.of(4.0), plain=True),
        Apply("sub", (11, 9)),
        Observe("value", 12),
    )
    seen = outcomes(reference, *program)
    assert seen[5] in (0.0, Nothing())
    assert [seen[k] for k in (7, 10, 13)] == [3.0, 12.0, -8.0]


def test_inputs_are_fresh(reference):
    """An engine that writes into what it was handed does not change the program."""
    program = Program((Leaf(Array.of([1.0, 2.0])), Observe("value", 0)))

    def spoil(data):
        data += 1
        return data

    engine = SpelledEngine(Spelling("T", "T(data)", value="x"), {"T": spoil})
    for _ in range(2):
        seen = run(program, engine)[1]
        assert isinstance(seen, Number)
        np.testing.assert_array_equal(seen.values, [2.0, 3.0])


def test_a_cotangent_is_looked_at_where_it_was_handed_over():
    """What an engine writes into the array that it was given is seen, and nobody else's copy."""
    known = known_engine("reference")
    changed = replace(known.spelling, backward="x.backward(spoilt(cotangent))")
    backward = Backward(1, Array.of([3.0, -1.0]))
    program = (Leaf(Array.of([1.0, 2.0])), Apply("neg", (0,)), backward, Observe("cotangent", 2))

    def spoilt(array):
        result = reference_engine.Tensor(array.copy())
        array *= 2
        return result

    engine = SpelledEngine(changed, {**known.namespace, "spoilt": spoilt})
    assert outcomes(engine, *program) == {3: [6.0, -2.0]}
    assert outcomes(known, *program) == {3: [3.0, -1.0]}


def test_a_cotangent_of_a_backward_that_raised_is_not_looked_at(reference):
    """There is the exception alone."""
    wrong = Backward(0, Array.of([1.0, 2.0, 3.0]))
    program = (Leaf(Array.of([1.0, 2.0])), wrong, Observe("cotangent", 1))
    assert list(outcomes(reference, *program)) == [1]


def test_an_engine_that_does_not_come_back_is_given_up(reference):
    """What hangs in this process is lost, also where it swallows the first call to stop."""

    def forever(x):
        with suppress(BaseException):
            while True:
                pass
        while True:
            pass

    spelling = replace(reference.spelling, ops=(("neg", "forever(x)"), ("exp", "x.exp()")))
    engine = SpelledEngine(spelling, {**reference.namespace, "forever": forever})
    subject = InProcess(engine, seconds=0.1)
    lost = subject.run(Program((TWO, Apply("neg", (0,)), Observe("value", 1))))
    assert lost == Lost("timeout", "no answer within 0.1 s of the processor")
    outcomes = subject.run(Program((TWO, Apply("exp", (0,)), Observe("value", 1))))
    assert outcomes[2].numbers == [pytest.approx(np.exp(2.0))]
