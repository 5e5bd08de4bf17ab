"""The one adapter: templates of a Spelling, run against the names of an engine."""

import numpy as np
import pytest

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.spelling import Spelling

MINE = Spelling(
    "T",
    "T(data, requires_grad)",
    backward="x.backward(cotangent, retain_graph=retain_graph)",
    ops=(("mul", "x * y"), ("sum", "x.sum()"), ("sum.axis", "x.sum_over(axis)")),
    can=frozenset({"rank:1"}),
)


class T:
    """An engine that writes down how it is spoken to."""

    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad, self.grad = data, requires_grad, None
        self.calls = []

    def __mul__(self, other):
        out = T(self.data * other.data)
        out.calls = [("mul", other.data.tolist())]
        return out

    def sum(self):
        """Sum all."""
        out = T(np.sum(self.data))
        out.calls = [*self.calls, ("sum",)]
        return out

    def sum_over(self, axis):
        """Sum along one axis."""
        return T(np.sum(self.data, axis))

    def backward(self, *args, **options):
        """Write the call down."""
        T.last = (self.calls, args, options)


def engine(**changes):
    """Return the engine with some templates changed."""
    fields = {f: getattr(MINE, f) for f in Spelling.__dataclass_fields__} | changes
    return SpelledEngine(Spelling(**fields), {"T": T, "np": np})


def test_capabilities_are_read_off_the_templates():
    """What an engine can do follows from its templates, and from what is listed beside them."""
    found = capabilities_of(MINE)
    assert {
        "cotangent",
        "again",
        "op:mul",
        "op:sum",
        "op:sum.axis",
        "rank:1",
        "frozen_leaf",
    } <= found
    assert not {"detach", "no_grad", "create_graph", "op:sum.axes"} & found


@pytest.mark.parametrize(
    ("cotangent", "retain", "args", "options"),
    [
        (None, False, (), {}),
        (None, True, (), {"retain_graph": True}),
        (np.ones(2), False, ([1.0, 1.0],), {}),
    ],
)
def test_arguments_that_are_not_given_are_left_out(cotangent, retain, args, options):
    """A cotangent of None and flags that are off do not appear in the call."""
    mine = engine()
    mine.backward(mine.leaf(np.ones(2), True), cotangent, retain, False)
    seen = tuple(a.tolist() for a in T.last[1])
    assert (seen, T.last[2]) == (args, options)


def test_cotangent_that_backward_does_not_take():
    """It becomes the weights of a sum, of which the plain backward is run."""
    mine = engine(backward="x.backward()")
    mine.backward(mine.leaf(np.ones(2), True), np.array([2.0, 3.0]), False, False)
    assert T.last == ([("mul", [2.0, 3.0]), ("sum",)], (), {})


def test_form_of_an_op_goes_before_the_op():
    """A template for a form is used for that form, and the op's own for the others."""
    mine = engine()
    x = mine.leaf(np.ones((2, 3)), True)
    assert mine.value(mine.apply("sum", [x], (("axis", 0),))).values.tolist() == [2.0, 2.0, 2.0]
    assert mine.value(mine.apply("sum", [x], ())).values.tolist() == 6.0


@pytest.mark.parametrize(
    ("leaf", "seen"),
    [("T(data)", np.ndarray), ("T(number)", float), ("T(nested)", float)],
)
def test_forms_of_numbers(leaf, seen):
    """A leaf takes an array, a float or nested lists, as its template says."""
    assert type(engine(leaf=leaf).leaf(np.array(2.0), True).data) is seen


def test_precision_that_is_handed_over():
    """A spelling of float32 hands float32 arrays over."""
    assert engine(dtype="float32").leaf(np.array([0.1]), True).data.dtype == np.float32


def test_gradient_that_is_an_engine_value():
    """A gradient that is a value of the engine is read as one, also where its class is another."""

    class Other(T):
        pass

    mine = engine(value="x.data * 1.0")
    x = mine.leaf(np.ones(2), True)
    x.grad = Other(np.array([1.0, 2.0]))
    found = mine.grad(x)
    assert found is not None
    assert found.values.tolist() == [1.0, 2.0]


def test_gradient_that_is_not_there():
    """A missing attribute is no gradient."""
    mine = engine(grad="x.slope")
    assert mine.grad(mine.leaf(np.ones(2), True)) is None


@pytest.mark.parametrize("value", [1, None, "True", np.ones(1)])
def test_flag_that_is_no_truth_value(value):
    """A flag that is neither True nor False raises TypeError with the type found."""
    mine = engine(requires_grad="x.requires_grad")
    x = mine.leaf(np.ones(2), True)
    x.requires_grad = value
    with pytest.raises(TypeError, match="for requires_grad, expected True or False"):
        mine.flag("requires_grad", x)


def test_known_engine_is_spoken_to_by_its_spelling():
    """A library known by name is run by the same adapter."""
    reference = known_engine("reference")
    x = reference.leaf(np.array([1.0, 2.0]), requires_grad=True)
    reference.backward(reference.apply("mul", (x, x), ()), np.ones(2), False, False)
    found = reference.grad(x)
    assert found is not None
    assert found.values.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("value", "grad", "same"),
    [
        (np.ones(2), np.ones(2), True),
        (np.ones(2, np.float32), np.ones(2, np.float32), True),
        (np.ones(2, np.float32), np.ones(2), False),
        (np.ones(2), np.ones(2, np.float32), False),
        (np.ones(2), np.ones(2, np.int64), False),
        ([1.0, 2.0], [1.0, 1.0], True),
        ([1.0, 2.0], [1, 1], True),
    ],
    ids=["float64", "float32", "wider", "narrower", "integers", "lists", "lists of integers"],
)
def test_the_dtype_of_a_gradient_is_that_of_the_leaf(value, grad, same):
    """NumPy's dtypes are compared; Python's own numbers have none."""
    x = T(0.0)
    x.data, x.grad = value, grad
    assert engine(grad="x.grad").flag("dtype", x) is same


def test_a_gradient_that_is_not_there_has_no_dtype():
    """It is told apart from one of another dtype."""
    with pytest.raises(ValueError, match="got no gradient, expected one"):
        engine(grad="None").flag("dtype", T(0.0))
