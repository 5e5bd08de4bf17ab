"""Whether a result is gone once the program has let go of it, in engines of every build."""

from dataclasses import replace

import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.outcome import Flag
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.program.printing import lines
from gradcheck_suite.program.spelling import Spelling

SPELLING = Spelling(name="held", leaf="Value(data)", ops=(("neg", "-x"),))
NEGATED = Program((Leaf(Array.of(2.0)), Apply("neg", (0,)), Observe("released", 1)))


class Value:
    """A number that keeps what it was made from."""

    def __init__(self, data, made_from=None):
        self.data, self.made_from = data, made_from

    def __neg__(self):
        return type(self)(-self.data, self)


class InACycle(Value):
    """One that also knows itself, so that it has to be collected."""

    def __init__(self, data, made_from=None):
        super().__init__(data, made_from)
        self.itself = self


class Kept(Value):
    """One that its operand keeps, too."""

    def __init__(self, data, made_from=None):
        super().__init__(data, made_from)
        if made_from is not None:
            made_from.consumer = self


class WithSlots:
    """One that nothing can refer to weakly."""

    __slots__ = ("data", "made_from")
    __init__ = Value.__init__
    __neg__ = Value.__neg__


class KeptWithSlots:
    """Both: kept, and not to be referred to weakly."""

    __slots__ = ("consumer", "data", "made_from")
    __neg__ = Value.__neg__

    def __init__(self, data, made_from=None):
        self.data, self.made_from = data, made_from
        if made_from is not None:
            made_from.consumer = self


class Derivable(Value):
    """One the gradient of which has a graph of its own, as of every gradient in needle."""

    def backward(self):
        """Leave a gradient that is made from this value."""
        self.made_from.grad = -self


@pytest.mark.parametrize(("clear", "is_released"), [("x.grad = None", True), ("", False)])
def test_a_gradient_may_lead_to_a_result(clear, is_released):
    """Gradients are let go of as well, where the engine has a way to."""
    spelling = replace(SPELLING, backward="x.backward()", clear=clear)
    program = Program((*NEGATED.instructions[:2], Backward(1), Observe("released", 1)))
    engine = SpelledEngine(spelling, {"Value": Derivable})
    assert run(program, engine) == {3: Flag(is_released)}
    text = [str(line) for line in lines(program, spelling)]
    assert ("a.grad = None" in text) == is_released


@pytest.mark.parametrize(
    ("cls", "is_released"),
    [(Value, True), (InACycle, True), (WithSlots, True), (Kept, False), (KeptWithSlots, False)],
)
def test_a_result_is_gone_unless_something_keeps_it(cls, is_released):
    """The leaf stays alive; a result that it does not refer to is gone."""
    engine = SpelledEngine(SPELLING, {"Value": cls})
    assert run(NEGATED, engine) == {2: Flag(is_released)}
