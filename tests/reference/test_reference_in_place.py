"""Overwriting values: leaves, results, saved values, elements."""

import numpy as np
import pytest

import reference as ref

IN_PLACE = {
    "+=": lambda x: x.__iadd__(2.0),
    "-=": lambda x: x.__isub__(2.0),
    "*=": lambda x: x.__imul__(2.0),
    "/=": lambda x: x.__itruediv__(2.0),
    "**=": lambda x: x.__ipow__(2),
    "add_": lambda x: x.add_(2.0),
    "sub_": lambda x: x.sub_(2.0),
    "mul_": lambda x: x.mul_(2.0),
    "div_": lambda x: x.div_(2.0),
    "pow_": lambda x: x.pow_(2),
    "zero_": lambda x: x.zero_(),
    "fill_": lambda x: x.fill_(2.0),
    "copy_": lambda x: x.copy_(2.0),
    "setitem": lambda x: x.__setitem__(0, 2.0),
}
SLOPES_AT_15 = [1, 1, 2, 0.5, 30, 1, 1, 2, 0.5, 30, 0, 0, 0, 0]  # in the order of IN_PLACE


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_leaf_that_requires_a_gradient_is_not_overwritten(leaf, name):
    """Every in-place operation on such a leaf raises, and changes nothing."""
    x = leaf([3.0])
    with pytest.raises(ref.LeafError, match="no_grad"):
        IN_PLACE[name](x)
    assert x.data.tolist() == [3]


@pytest.mark.parametrize(("name", "slope"), [*zip(IN_PLACE, SLOPES_AT_15, strict=True)])
def test_a_result_that_is_overwritten_differentiates_rightly(leaf, name, slope):
    """The gradient is that of the computation that was run."""
    x = leaf([3.0])
    y = x * 5
    IN_PLACE[name](y)
    (y * 7).sum().backward()
    assert x.grad.data.tolist() == [35 * slope]


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_returns_the_same_tensor_and_array(name):
    """The tensor keeps its identity and its memory."""
    x = ref.tensor([3.0])
    array = x.data
    assert IN_PLACE[name](x) in ((None,) if name == "setitem" else (x,))
    assert x.data is array


@pytest.mark.parametrize("f", [ref.exp, ref.sqrt, ref.tanh, ref.sigmoid, lambda x: x.softmax(0)])
def test_a_result_that_its_rule_needs_raises_when_overwritten(leaf, f):
    """The rule needs the result; overwriting it raises at backward instead of a wrong number."""
    z = f(leaf([1.0, 2.0]))
    z += 1
    with pytest.raises(ref.ModifiedInPlaceError, match="overwritten 1 time"):
        z.sum().backward()


@pytest.mark.parametrize(
    "f",
    [lambda x: x * x, lambda x: x.log(), lambda x: x**3, lambda x: 1 / x, lambda x: x.max()],
)
def test_an_operand_that_a_rule_needs_raises_when_overwritten(leaf, f):
    """The rule needs the operand; overwriting it raises at backward."""
    x = leaf([1.0, 2.0]) * 1
    y = f(x).sum()
    x += 1
    with pytest.raises(ref.ModifiedInPlaceError, match=r"shape \(2,\)"):
        y.backward()


@pytest.mark.parametrize("f", [lambda x: x + x, lambda x: -x, lambda x: x.sum(), lambda x: x.T])
def test_an_operand_that_no_rule_needs_may_be_overwritten(leaf, f):
    """Sums do not save their operands, so overwriting them is allowed."""
    x = leaf([1.0, 2.0])
    middle = x * 3
    y = f(middle).sum()
    middle.zero_()
    y.backward()
    assert x.grad.data[0] == x.grad.data[1] != 0


def test_overwriting_the_leaf_under_no_grad_is_noticed(leaf):
    """A parameter updated between forward and backward raises."""
    x = leaf(2.0)
    y = x * x
    with ref.no_grad():
        x += 1
    with pytest.raises(ref.ModifiedInPlaceError):
        y.backward()


def test_overwriting_through_detach_is_noticed(leaf):
    """A detached tensor shares the version counter."""
    x = leaf([2.0])
    y = (x * x).sum()
    x.detach().fill_(5.0)
    assert x.data.tolist() == [5]
    with pytest.raises(ref.ModifiedInPlaceError):
        y.backward()


def test_operand_and_target_may_be_the_same(leaf):
    """The statement x *= x squares, in value and gradient."""
    x = leaf(3.0)
    y = x * 1
    y *= y
    y.backward()
    assert (y.item(), x.grad.item()) == (9, 6)


def test_a_constant_becomes_a_result(leaf):
    """Adding something with a gradient into a constant makes it a result."""
    total, x = ref.tensor([0.0, 0.0]), leaf([1.0, 2.0])
    for _ in range(3):
        total += x
    assert not total.is_leaf
    total.sum().backward()
    assert x.grad.data.tolist() == [3, 3]


def test_setitem_has_the_gradient_of_what_remains(leaf):
    """The target's gradient is zero where it was overwritten; the value gets its elements'."""
    x, v = leaf([1.0, 2.0, 3.0]), leaf(4.0)
    y = x * 2
    y[1:] = v * 10
    (y * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.data.tolist() == [2, 0, 0]
    assert v.grad.item() == 1100


def test_setitem_with_a_mask(leaf):
    """A boolean mask selects what is overwritten."""
    x = leaf([1.0, -2.0, 3.0])
    y = x * x
    y[x < 0] = 0.0
    y.sum().backward()
    assert x.grad.data.tolist() == [2, 0, 6]


def test_a_retained_gradient_moves_to_the_new_value(leaf):
    """After an overwriting, .grad is the gradient of the value that the tensor has now."""
    x = leaf(3.0)
    y = x * 2
    y.retain_grad()
    y *= 5
    (y * 7).backward()
    assert y.grad.item() == 7
    assert x.grad.item() == 70


def test_shape_and_dtype_are_kept():
    """A result that does not fit raises; float64 into float32 is rounded."""
    x = ref.tensor(np.ones(2, np.float32))
    with pytest.raises(ref.OperandError, match=r"shape \(2,\) cannot take \(3, 2\)"):
        x += np.ones((3, 2))
    x += np.full(2, 0.1)
    assert x.dtype == np.float32
    i = ref.tensor([1, 2])
    with pytest.raises(ref.OperandError, match="int64 cannot take float64"):
        i /= 2


def test_float64_into_float32_has_gradients_of_both_dtypes(leaf):
    """The cast is part of the graph."""
    x, y = ref.tensor(np.ones(2, np.float32), requires_grad=True), leaf([2.0, 3.0])
    z = x * 1
    z *= y
    z.sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)
    assert x.grad.data.tolist() == [2, 3]
    start = np.ones(2, np.float32)
    assert ref.jvp(lambda x: (x * 1).mul_(y), (start,), (start,))[1].dtype == np.float32
