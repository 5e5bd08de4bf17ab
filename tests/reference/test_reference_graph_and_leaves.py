"""Lifetime of the graph; leaves, flags, retained gradients; detach; what backward refuses."""

import numpy as np
import pytest

import reference as ref


def test_a_second_backward_raises(leaf):
    """Without retain_graph the graph is freed, and the message says what to do."""
    y = leaf(2.0) ** 2
    y.backward()
    with pytest.raises(ref.GraphFreedError, match="retain_graph=True"):
        y.backward()


def test_retain_graph_adds_exactly_once_more(leaf):
    """With retain_graph a second backward adds the same gradient again, a third raises."""
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12
    with pytest.raises(ref.GraphFreedError):
        y.backward()


def test_create_graph_makes_gradients_differentiable_and_only_then(leaf):
    """x.grad requires a gradient exactly with create_graph, which also retains the graph."""
    x = leaf(3.0)
    y = x**3
    y.backward(retain_graph=True)
    assert not x.grad.requires_grad
    x.zero_grad()
    y.backward(create_graph=True)
    first = x.grad
    assert first.requires_grad
    x.zero_grad()
    first.backward()
    assert x.grad.item() == 18
    y.backward()


def test_create_graph_needs_no_recording_around_it(leaf):
    """Under no_grad, create_graph still records the backward."""
    x = leaf(3.0)
    y = x**3
    with ref.no_grad():
        (g,) = ref.grad(y, x, create_graph=True)
    assert g.requires_grad


def test_requires_grad_is_the_or_of_the_operands(leaf):
    """A result requires a gradient if any operand does."""
    x, c = leaf(1.0), ref.tensor(1.0)
    assert (x + c).requires_grad
    assert (c + x).requires_grad
    assert not (c + c).requires_grad


def test_leaves(leaf):
    """User tensors, detached ones and results without gradient are leaves; other results not."""
    x, c = leaf(1.0), ref.tensor(1.0)
    assert x.is_leaf
    assert x.grad_fn is None
    assert (c * c).is_leaf
    y = x * c
    assert not y.is_leaf
    assert y.grad_fn.name == "mul"
    assert y.detach().is_leaf


def test_the_gradient_of_a_result_is_none(leaf):
    """Only leaves keep their gradient."""
    x = leaf(2.0)
    y = x * x
    (y * y).backward()
    assert y.grad is None


def test_retain_grad_keeps_the_full_sum(leaf):
    """A retained gradient is the sum over all uses; retaining twice changes nothing."""
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    y.retain_grad()
    (y * 3 + y * 4).backward()
    assert y.grad.item() == 7
    assert x.grad.item() == 28


def test_retain_grad_on_a_leaf_does_nothing(leaf):
    """A leaf has its gradient once."""
    x = leaf(2.0)
    x.retain_grad()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_retain_grad_needs_a_gradient():
    """retain_grad on a constant raises."""
    with pytest.raises(ref.NoGradientError, match="requires no gradient"):
        ref.tensor(1.0).retain_grad()


def test_retain_grad_leaves_memory_to_the_reference_count(leaf):
    """A retained result that was dropped is not kept alive by its node, and backward works."""
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    z = y * 3
    del y
    z.backward()
    assert x.grad.item() == 12


@pytest.mark.parametrize("data", [[1, 2], [True, False], np.array([1], np.int32)])
def test_integers_and_booleans_have_no_gradient(data):
    """requires_grad on them raises; without, they keep their dtype."""
    assert ref.tensor(data).dtype == np.asarray(data).dtype
    with pytest.raises(ref.DtypeError, match="only floating-point tensors have gradients"):
        ref.tensor(data, requires_grad=True)
    with pytest.raises(TypeError):
        ref.tensor(data).requires_grad = True


def test_tensors_are_real():
    """Complex numbers and objects are refused."""
    for data in (1j, ["a"], [None]):
        with pytest.raises(ref.DtypeError, match="real numbers"):
            ref.tensor(data)


def test_requires_grad_of_a_result_cannot_be_set(leaf):
    """Setting the flag on a result raises and points to detach."""
    y = leaf(1.0) * 2
    with pytest.raises(ref.LeafError, match="detach"):
        y.requires_grad = False
    with pytest.raises(ref.LeafError):
        y.requires_grad = True
    with pytest.raises(ref.LeafError):
        y.requires_grad_(False)
    assert y.requires_grad_() is y


def test_requires_grad_affects_later_operations_alone():
    """A flag set on a leaf counts from then on, in either direction."""
    x = ref.tensor(2.0)
    before = x * 3
    x.requires_grad = True
    after = x * 5
    x.requires_grad = False
    assert not before.requires_grad
    assert after.requires_grad
    assert not (x * 7).requires_grad


def test_comparisons_need_no_gradient(leaf):
    """Comparisons give booleans without a graph."""
    x = leaf([1.0, 2.0, 3.0])
    results = [x < 2, x <= 2, x > 2, x >= 2, x == 2, x != 2]
    assert [y.data.tolist() for y in results] == [
        [True, False, False],
        [True, True, False],
        [False, False, True],
        [False, True, True],
        [False, True, False],
        [True, False, True],
    ]
    assert not any(y.requires_grad for y in results)
    assert (x == None) is False  # noqa: E711


def test_positions_and_rounded_values_need_no_gradient(leaf):
    """argmax, argmin and round give constants; of two nearest integers round takes the even one."""
    x = leaf([0.5, 1.5, 2.5, -0.5, 2.6])
    results = [x.argmax(), x.argmin(), x.round(), ref.round(x)]
    assert not any(y.requires_grad for y in results)
    assert results[2].data.tolist() == [0, 2, 2, 0, 3]
    (x * x.round()).sum().backward()
    assert x.grad.data.tolist() == [0, 2, 2, 0, 3]


def test_detach_cuts_one_path_and_shares_the_data(leaf):
    """detach(x) * x has the gradient x, and the detached tensor is the same memory."""
    x = leaf(3.0)
    d = x.detach()
    assert not d.requires_grad
    assert d.data is x.data
    (d * x).backward()
    assert x.grad.item() == 3


def test_backward_refuses_what_has_no_gradient():
    """Backward on a constant raises."""
    with pytest.raises(ref.NoGradientError, match=r"backward\(\) on a tensor that requires no"):
        (ref.tensor(1.0) * 2).backward()


def test_backward_of_several_elements_needs_a_cotangent(leaf):
    """Without one it raises; with one of the wrong shape too, even if that would broadcast."""
    y = leaf([1.0, 2.0]) * 2
    with pytest.raises(ref.NoGradientError, match=r"shape \(2,\)"):
        y.backward()
    for wrong in (1.0, [1.0], [[1.0, 1.0]], [1.0, 1.0, 1.0]):
        with pytest.raises(ref.ShapeError, match=r"the cotangent has shape .* should have \(2,\)"):
            y.backward(wrong)
    y.backward([1.0, 1.0])


def test_one_element_of_any_rank_needs_no_cotangent(leaf):
    """A result of shape (1, 1) is its own."""
    x = leaf([[2.0]])
    (x * x).backward()
    np.testing.assert_array_equal(x.grad.data, [[4.0]])


def test_shapes_that_do_not_broadcast_raise_and_leave_no_trace(leaf):
    """The error names the operation and the shapes, and the engine goes on."""
    x = leaf([1.0, 2.0])
    with pytest.raises(ref.OperandError, match=r"add of shapes \(2,\), \(3,\)"):
        x + np.ones(3)
    with pytest.raises(ValueError, match="matrix_product"):
        x @ np.ones((3, 2))
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [2, 2])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: x + "a",
        lambda x: ref.exp(),
        lambda x: ref.exp(x, 1),
        lambda x: ref.sum(x, axes=1),
        ref.reshape,
    ],
)
def test_a_wrong_call_is_a_type_error(leaf, wrong):
    """Too few, too many or unknown arguments raise a TypeError."""
    with pytest.raises(TypeError):
        wrong(leaf([1.0]))


def test_numpy_refuses_to_drop_a_gradient(leaf):
    """numpy() and np.asarray raise on a tensor that requires a gradient, as in torch."""
    with pytest.raises(ref.NoGradientError, match="detach"):
        leaf(1.0).numpy()
    with pytest.raises(ref.NoGradientError):
        np.asarray(leaf([1.0]))
    x = ref.tensor([1.0, 2.0])
    assert x.numpy() is x.data
    assert np.asarray(x).tolist() == [1, 2]


def test_item_is_for_one_element():
    """item() gives a Python number, and raises for more than one element."""
    assert ref.tensor([[2.5]]).item() == 2.5
    with pytest.raises(ref.OperandError, match="one element"):
        ref.tensor([1.0, 2.0]).item()


def test_arrays_and_numbers_on_the_left(leaf):
    """An array or number on the left of an operator gives a tensor, not an array of tensors."""
    x, a = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    for y in (a + x, a - x, a * x, a / x, a**x, a @ x, 2 + x, np.float64(2) * x, a < x):
        assert isinstance(y, ref.Tensor)
    np.testing.assert_array_equal((a - x).data, [2, 2])


def test_length_iteration_and_repr(leaf):
    """A tensor has the length of its first axis, iterates over it, and shows its flags."""
    x = leaf([1.0, 2.0])
    assert len(x) == 2
    assert [row.item() for row in x] == [1, 2]
    with pytest.raises(TypeError):
        len(leaf(1.0))
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<mul>)"
    assert repr(ref.tensor(np.float32(1))) == "tensor(1., dtype=float32)"


def test_grad_returns_gradients_and_touches_none(leaf):
    """grad() gives the gradients of leaves and results and leaves .grad alone."""
    x = leaf(2.0)
    y = x * x
    z = y * y
    in_y, in_x = ref.grad(z, [y, x])
    assert (in_y.item(), in_x.item()) == (8, 32)
    assert x.grad is None


def test_grad_of_several_outputs(leaf):
    """Outputs are summed, weighted by their cotangents; one may be an ancestor of another."""
    x = leaf([1.0, 2.0])
    y = x * 3
    (g,) = ref.grad([y, (y * y).sum()], x, [[1.0, 10.0], None])
    np.testing.assert_array_equal(g.data, [3 + 18, 30 + 36])


def test_grad_of_the_same_output_twice(leaf):
    """Its cotangents are summed."""
    x = leaf(2.0)
    y = x * 3
    assert ref.grad([y, y], x, [1.0, 10.0])[0].item() == 33


def test_grad_returns_copies(leaf):
    """Gradients of two operands of a sum do not share memory, with each other or the cotangent."""
    x, y, cotangent = leaf([1.0]), leaf([2.0]), ref.tensor([1.0])
    tensors = [*ref.grad(x + y, [x, y], cotangent), cotangent]
    for i, a in enumerate(tensors):
        assert not any(np.shares_memory(a.data, b.data) for b in tensors[i + 1 :])


def test_grad_of_an_unused_input(leaf):
    """An unused input raises, or gives None with allow_unused."""
    x, unused = leaf(1.0), leaf(1.0)
    with pytest.raises(ref.NoGradientError, match="input 1"):
        ref.grad(x * 2, [x, unused])
    assert ref.grad(x * 2, [x, unused], allow_unused=True)[1] is None
    with pytest.raises(ref.NoGradientError, match="input 0"):
        ref.grad(x * 2, ref.tensor(1.0))


def test_grad_runs_only_the_rules_on_the_way(leaf):
    """A branch that does not lead to an input is neither run nor freed."""
    x, w = leaf(2.0), leaf(3.0)
    branch = w * w
    ref.grad(x * branch, x)
    branch.backward()
    assert w.grad.item() == 6


def test_vjp_pulls_several_times():
    """The function that vjp returns may be called again, and gives zeros for unused primals."""
    y, pull = ref.vjp(lambda a, b: a * 3, [[1.0, 2.0], 5.0])
    assert not y.requires_grad
    for factor in (1.0, 2.0):
        in_a, in_b = pull([factor, factor])
        np.testing.assert_array_equal(in_a.data, [3 * factor, 3 * factor])
        assert in_b.item() == 0


def test_data_can_be_assigned(leaf):
    """An update of a leaf's data keeps it a leaf, its dtype and its shape."""
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad.data
    np.testing.assert_array_equal(w.data, [0, 0])
    w.data = np.array([3, 4])
    assert w.dtype == np.float64
    assert w.is_leaf
    assert w.requires_grad
    with pytest.raises(ref.OperandError, match="should have"):
        w.data = np.zeros(3)
