"""jvp: outputs and tangents, nesting, and what it refuses."""

import numpy as np
import pytest

import reference as ref


def test_output_and_tangent():
    """The output is f's, the tangent its derivative in the given direction."""
    y, t = ref.jvp(lambda a, b: a * b, ([1.0, 2.0], [3.0, 4.0]), ([1.0, 0.0], [0.0, 1.0]))
    assert y.data.tolist() == [3, 8]
    assert t.data.tolist() == [3, 2]
    assert not y.requires_grad
    assert not t.requires_grad


def test_tuples_and_constants():
    """A tuple in, a tuple out; what does not depend on the primals has tangent zero."""
    (_, _), (a, b) = ref.jvp(lambda x: (x * x, ref.tensor([1.0])), (3.0,), (1.0,))
    assert (a.item(), b.data.tolist()) == (6, [0])


def test_the_identity_returns_copies():
    """Neither output nor tangent shares memory with what was given."""
    x, v = ref.tensor([1.0]), ref.tensor([2.0])
    y, t = ref.jvp(lambda x: x, (x,), (v,))
    assert not np.shares_memory(y.data, x.data)
    assert not np.shares_memory(t.data, v.data)


def test_a_broadcast_operand_has_a_tangent_of_the_full_shape():
    """Adding a vector to a matrix repeats its tangent."""
    _, t = ref.jvp(lambda x: x + np.zeros((2, 3)), ([1.0, 2.0, 3.0],), ([1.0, 2.0, 3.0],))
    assert t.data.tolist() == [[1, 2, 3], [1, 2, 3]]


def test_detached_paths_have_no_tangent():
    """detach(x) * x has the tangent x."""
    assert ref.jvp(lambda x: x.detach() * x, (3.0,), (1.0,))[1].item() == 3


def test_in_place_operations_have_tangents():
    """The tangent follows an overwritten value."""

    def f(x):
        y = x * 2
        y **= 2
        y[0] = 0.0
        return y

    assert ref.jvp(f, ([1.0, 3.0],), ([1.0, 1.0],))[1].data.tolist() == [0, 24]


def test_forward_over_forward():
    """The tangent of a tangent is the second derivative."""

    def slope(x):
        return ref.jvp(lambda x: x**3, (x,), (1.0,))[1]

    y, t = ref.jvp(slope, (2.0,), (1.0,))
    assert (y.item(), t.item()) == (12, 12)


def test_reverse_over_forward(leaf):
    """A tangent is differentiable in the primal, the direction and what f closes over."""
    x, v, w = leaf(2.0), leaf(3.0), leaf(5.0)
    _, t = ref.jvp(lambda x: w * x**3, (x,), (v,))
    gradients = ref.grad(t, [x, v, w])
    assert [g.item() for g in gradients] == [5 * 6 * 2 * 3, 5 * 12, 12 * 3]


def test_forward_over_reverse():
    """A Hessian-vector product is the jvp of a gradient."""

    def gradient(x):
        return ref.grad((x**3).sum(), x, create_graph=True)[0]

    _, t = ref.jvp(gradient, ([1.0, 2.0],), ([1.0, 10.0],))
    assert t.data.tolist() == [6, 120]


def test_it_works_under_no_grad():
    """Recording for jvp is its own affair."""
    with ref.no_grad():
        assert ref.jvp(ref.exp, (0.0,), (2.0,))[1].item() == 2


def test_wrong_tangents_and_primals():
    """A wrong number, shape or dtype raises."""
    with pytest.raises(ref.OperandError, match="1 primals, but 2 tangents"):
        ref.jvp(ref.exp, (1.0,), (1.0, 2.0))
    with pytest.raises(ref.ShapeError, match="tangent 0"):
        ref.jvp(ref.exp, ([1.0, 2.0],), (1.0,))
    with pytest.raises(ref.DtypeError):
        ref.jvp(ref.exp, ([1, 2],), ([1, 2],))


def test_the_hessian_is_symmetric():
    """Column by column, the Hessian of a function of three variables equals its transpose."""

    def f(x):
        return (x[0] * x[1]).sin() + (x[1] ** x[2]) / x[0]

    def gradient(x):
        return ref.grad(f(x), x, create_graph=True)[0]

    start = [0.5, 1.25, 2.0]
    hessian = np.array([ref.jvp(gradient, (start,), (row,))[1].data for row in np.eye(3)])
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-14)
