"""Conventions at kinks, ties and poles; stability; dtypes."""

import numpy as np
import pytest

import reference as ref

INF, NAN = np.inf, np.nan


def gradient(f, *arrays, cotangent=None):
    """Return the gradients of f's result (of its sum, without a cotangent), as arrays."""
    leaves = [ref.tensor(np.asarray(array), requires_grad=True) for array in arrays]
    y = f(*leaves)
    y.backward(np.ones(y.shape) if cotangent is None else cotangent)
    return [leaf.grad.data for leaf in leaves]


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (ref.relu, [-1.0, 0.0, 2.0], [0, 0, 1]),
        (ref.abs, [-1.0, 0.0, 2.0], [-1, 0, 1]),
        (lambda x: x**0, [-1.0, 0.0, 2.0], [0, 0, 0]),
        (lambda x: x**1, [-1.0, 0.0, 2.0], [1, 1, 1]),
        (lambda x: x**2, [-1.0, 0.0, 2.0], [-2, 0, 4]),
        (lambda x: x**0.5, [0.0, 4.0], [INF, 0.25]),
        (ref.sqrt, [0.0, 4.0], [INF, 0.25]),
        (ref.log, [0.0, 4.0], [INF, 0.25]),
        (lambda x: 1 / x, [0.0, 4.0], [-INF, -0.0625]),
        (ref.max, [1.0, 3.0, 3.0], [0, 0.5, 0.5]),
        (ref.min, [1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3]),
        (ref.max, [1.0, NAN], [NAN, NAN]),
        (ref.sign, [-1.0, 0.0, 2.0], [0, 0, 0]),
    ],
)
def test_derivative_at_a_kink_or_pole(f, x, expected):
    """At kinks and ties the derivative is torch's choice, at poles what IEEE gives."""
    np.testing.assert_array_equal(gradient(f, x)[0], expected)


@pytest.mark.parametrize(
    ("x", "y", "in_x", "in_y"),
    [
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (0.0, -1.0, -INF, -INF),
        (2.0, 0.0, 0.0, np.log(2.0)),
        (-2.0, 2.0, -4.0, NAN),
    ],
)
def test_power_at_zero_and_below(x, y, in_x, in_y):
    """x**y has finite gradients at x = 0 wherever torch has them."""
    np.testing.assert_array_equal(gradient(ref.power, x, y), [in_x, in_y])


def test_second_derivatives_of_power_at_zero_are_finite():
    """The NaN behind the mask at 0**0 does not come back in the next derivative."""
    x, y = ref.tensor(0.0, requires_grad=True), ref.tensor(0.0, requires_grad=True)
    for first in ref.grad(ref.power(x, y), [x, y], create_graph=True):
        assert [g.item() for g in ref.grad(first, [x, y], retain_graph=True)] == [0, 0]


def test_maximum_and_minimum_split_a_tie():
    """Each operand of a tie receives half."""
    for f in (ref.maximum, ref.minimum):
        np.testing.assert_array_equal(gradient(f, [1.0, 2.0], [1.0, 2.0]), np.full((2, 2), 0.5))


def test_where_keeps_nan_in_the_branch_not_taken():
    """A NaN derivative of the branch that is not taken does not reach the input."""
    (g,) = gradient(lambda x: ref.where(x > 0, x.sqrt(), 0.0), [-1.0, 4.0])
    assert g[1] == 0.25
    g, h = gradient(
        lambda x, y: ref.where([True, False], x, y), [1.0, 2.0], [3.0, 4.0], cotangent=[NAN, 5.0]
    )
    np.testing.assert_array_equal(g, [NAN, 0])
    np.testing.assert_array_equal(h, [0, 5])


@pytest.mark.parametrize("f", [ref.relu, lambda x: ref.maximum(x, 0.0)])
def test_an_infinite_cotangent_is_not_multiplied_by_zero(f):
    """Where relu is flat, the gradient is 0 even under an infinite cotangent."""
    np.testing.assert_array_equal(gradient(f, [-1.0, 1.0], cotangent=[INF, INF])[0], [0, INF])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_softmax_do_not_overflow(dtype):
    """At inputs of a thousand, values and gradients are finite and right."""
    x = np.array([-1000, 1000], dtype)
    np.testing.assert_array_equal(ref.sigmoid(x).data, [0, 1])
    np.testing.assert_array_equal(ref.softmax(x, 0).data, [0, 1])
    np.testing.assert_array_equal(ref.log_softmax(x, 0).data, [-2000, 0])
    (g,) = gradient(lambda x: ref.log_softmax(x, 0)[0], x)
    np.testing.assert_array_equal(g, [1, -1])


def test_zero_size_arrays():
    """Operations on no elements give gradients of no elements."""
    (g,) = gradient(lambda x: (x.exp() @ np.ones((3, 2))).sum(), np.zeros((0, 3)))
    assert g.shape == (0, 3)


def test_non_contiguous_input():
    """A transposed, reversed array is a value like any other."""
    base = np.arange(6.0).reshape(2, 3).T[::-1]
    np.testing.assert_array_equal(gradient(lambda x: (x * x).sum(), base)[0], 2 * base)


def test_repeated_indices_accumulate():
    """An element that is read three times receives three cotangents."""
    (g,) = gradient(lambda x: x[[1, 1, 0, 1]], [1.0, 2.0, 3.0], cotangent=[1.0, 10.0, 5.0, 100.0])
    np.testing.assert_array_equal(g, [5, 111, 0])


@pytest.mark.parametrize("make", [np.array, ref.tensor])
def test_an_index_may_change_afterwards(make):
    """An array or tensor as index counts as it was when it was used."""
    index, x = make([0, 2]), ref.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[index].sum()
    index[:] = 1
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [1, 0, 1])


@pytest.mark.parametrize("number", [2, 0.5, True, np.float64(0.5), np.int64(2)])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, n: x + n,
        lambda x, n: n - x,
        lambda x, n: x * n,
        lambda x, n: n / x,
        lambda x, n: x**n,
        lambda x, n: n**x,
        ref.maximum,
        lambda x, n: ref.where(x > n, x, n),
    ],
)
def test_a_number_does_not_promote_float32(f, number):
    """float32 and a number give float32, in value and gradient."""
    x = ref.tensor(np.array([1.5, 2.5], np.float32), requires_grad=True)
    y = f(x, number)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32


def test_a_comparison_with_a_number_is_in_the_tensors_dtype():
    """float32(0.1) == 0.1 holds, as in torch."""
    assert ref.tensor(np.float32(0.1)) == 0.1


def test_integers_take_the_dtype_of_floats():
    """float32 and int64 tensors give float32."""
    assert (ref.tensor(np.ones(2, np.float32)) * ref.tensor([1, 2])).dtype == np.float32
    assert (ref.tensor([1, 2]) / 2).dtype == np.float64
    assert (ref.tensor([1, 2]) + 1).dtype == np.int64


def test_a_gradient_has_the_leafs_dtype_in_mixed_expressions():
    """A float32 leaf beside a float64 one has a float32 gradient."""
    x, y = np.ones(2, np.float32), np.full(2, 3.0)
    g, h = gradient(lambda x, y: (x * y).sum(), x, y)
    assert (g.dtype, h.dtype) == (np.float32, np.float64)


def test_astype_brings_the_gradient_back():
    """A cast to float64 has a float32 gradient; a cast to integers has none."""
    x = ref.tensor(np.ones(2, np.float32), requires_grad=True)
    x.astype(np.float64).sum().backward()
    assert x.grad.dtype == np.float32
    assert not x.astype(np.int64).requires_grad


def test_setitem_with_repeated_indices_credits_the_last_value():
    """Of values written to one element, only the one that stays has a gradient."""
    g, h = gradient(
        lambda x, v: ref.setitem(x, v, [0, 0, 2]),
        [1.0, 2.0, 3.0],
        [4.0, 5.0, 6.0],
        cotangent=[1.0, 10.0, 100.0],
    )
    np.testing.assert_array_equal(g, [0, 10, 0])
    np.testing.assert_array_equal(h, [0, 1, 100])


def test_no_result_shares_an_array_with_its_input():
    """Views are copies: overwriting a result leaves the input alone."""
    x = ref.tensor(np.arange(6.0).reshape(2, 3))
    results = [
        x[0], x[:, 1:], x.reshape(3, 2), x.T, x.broadcast_to((1, 2, 3)), x.clone(), x.sum(()),
        x.astype(np.float64), ref.concatenate([x]), x + 0, abs(x), x.max(()), ref.relu(x),
    ]  # fmt: skip
    assert not any(np.shares_memory(y.data, x.data) for y in results)
    assert all(y.data.flags.writeable for y in results)
