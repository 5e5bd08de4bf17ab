"""Values, gradients and higher derivatives of every operation are torch's."""

import numpy as np
import pytest

import reference as ref

torch = pytest.importorskip("torch")

N_ULPS = 64  # sums of a few terms, each rounded a few times, in another order than torch's


def assert_close(got, expected, n_ulps=N_ULPS):
    """Compare within rounding, relative to the largest element; shape and dtype exactly."""
    expected = expected.numpy(force=True)
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, np.abs(expected).max(initial=0))
    tolerance = n_ulps * np.finfo(expected.dtype).eps * scale
    np.testing.assert_allclose(got.data, expected, rtol=0, atol=tolerance)


def zero_if_none(gradient, like):
    """Return torch's gradient, zeros where the result does not depend on the input."""
    return torch.zeros_like(like) if gradient is None else gradient


def both(case, dtype):
    """Run a case in both, on leaves; return inputs and results, ours first."""
    arrays = case.inputs(dtype)
    ours = [ref.tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    return ours, theirs, case.ours(*ours), case.theirs(torch, *theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients(case, dtype):
    """An operation's value, and its gradient under a random cotangent, are torch's."""
    ours, theirs, y, z = both(case, dtype)
    assert_close(y, z)
    (cotangent,) = case.vectors([y.shape], dtype)
    y.backward(cotangent)
    z.backward(torch.tensor(cotangent))
    for mine, other in zip(ours, theirs, strict=True):
        assert_close(mine.grad, zero_if_none(other.grad, other))


def test_second_derivatives(case):
    """The gradient of a weighted gradient is torch's."""
    ours, theirs, y, z = both(case, "float64")
    cotangent, *weights = case.vectors([y.shape, *case.shapes], "float64")
    gradients = ref.grad(y, ours, cotangent, create_graph=True)
    expected = torch.autograd.grad(z, theirs, torch.tensor(cotangent), create_graph=True)
    total = sum((g * w).sum() for g, w in zip(gradients, weights, strict=True))
    other = sum((g * torch.tensor(w)).sum() for g, w in zip(expected, weights, strict=True))
    assert total.requires_grad == other.requires_grad
    if other.requires_grad:
        second = ref.grad(total, ours, allow_unused=True)
        truth = torch.autograd.grad(other, theirs, allow_unused=True)
        for mine, right, x in zip(second, truth, theirs, strict=True):
            gradient = ref.tensor(np.zeros(x.shape)) if mine is None else mine
            assert_close(gradient, zero_if_none(right, x), 8 * N_ULPS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward_mode_is_the_adjoint_of_reverse_mode(case, dtype):
    """For random v and u, <v, J u> = <J^T v, u>."""
    arrays = case.inputs(dtype)
    output, pull = ref.vjp(case.ours, arrays)
    v, *u = case.vectors([output.shape, *case.shapes], dtype)
    _, tangent = ref.jvp(case.ours, arrays, u)
    assert tangent.dtype == output.dtype
    forward = np.asarray(v * tangent.data, np.float64)
    backward = [np.asarray(g.data * w, np.float64) for g, w in zip(pull(v), u, strict=True)]
    scale = np.abs(forward).sum() + sum(np.abs(part).sum() for part in backward) + 1
    difference = forward.sum() - sum(part.sum() for part in backward)
    assert abs(difference) <= N_ULPS * np.finfo(dtype).eps * scale


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ref.exp, "exp"),
        (ref.sin, "sin"),
        (ref.tanh, "tanh"),
        (ref.sigmoid, "sigmoid"),
        (lambda x: x**4, lambda x: x**4),
        (lambda x: 1 / x, lambda x: 1 / x),
        (lambda x: x.log(), lambda x: x.log()),
        (lambda x: x.softmax(0), lambda x: x.softmax(0)),
        (lambda x: x.log_softmax(0), lambda x: x.log_softmax(0)),
        (lambda x: x**x, lambda x: x**x),
    ],
)
def test_third_derivatives(ours, theirs):
    """The third derivative of the sum of squares is torch's."""
    start = np.array([0.25, 0.75, 1.5])
    x, z = ref.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    theirs = getattr(torch, theirs) if isinstance(theirs, str) else theirs
    y, w = (ours(x) ** 2).sum(), (theirs(z) ** 2).sum()
    for order in range(3):
        last = order == 2
        (y,) = ref.grad(y, x, create_graph=not last)
        (w,) = torch.autograd.grad(w, z, create_graph=not last)
        assert_close(y, w, 16 * N_ULPS)
        if not last:
            y, w = (y * y).sum(), (w * w).sum()


def test_an_exponent_of_zero_has_a_symmetric_second_derivative(leaf):
    """At x**0, both mixed second derivatives of x**y are 1/x."""
    x, y = leaf(4.0), leaf(0.0)
    (in_x,) = ref.grad(x**y, x, create_graph=True)
    (in_y,) = ref.grad(x**y, y, create_graph=True)
    assert ref.grad(in_x, y)[0].item() == 0.25
    assert ref.grad(in_y, x)[0].item() == 0.25
