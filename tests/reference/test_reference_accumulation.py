"""How cotangents are summed, in what order, and where gradients are left."""

import gc
import weakref

import numpy as np
import pytest

import reference as ref
from reference.primitive import elementwise


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x * x, 6.0),
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: ref.maximum(x, x), 1.0),
        (lambda x: x**x, 27 * (1 + np.log(3.0))),
        (lambda x: ref.stack([x, x, x]).sum(), 3.0),
        (lambda x: (x * x) * (x + x), 54.0),
    ],
)
def test_paths_are_summed(leaf, f, expected):
    """The same operand twice, and a diamond, sum the shares of all paths."""
    x = leaf(3.0)
    f(x).backward()
    assert x.grad.item() == pytest.approx(expected, rel=1e-15)


def test_a_second_backward_of_a_new_graph_adds(leaf):
    """Gradients of leaves accumulate until they are cleared."""
    x = leaf([1.0, 2.0])
    for factor in (1.0, 10.0):
        (x * factor).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [11, 11])
    x.zero_grad()
    assert x.grad is None
    (x * 5).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [5, 5])


def test_two_losses_on_one_trunk(leaf):
    """The trunk's cotangent starts anew for the second loss."""
    x = leaf(2.0)
    trunk = x * x
    (trunk * 3).backward(retain_graph=True)
    (trunk * 5).backward(retain_graph=True)
    assert x.grad.item() == 4 * 3 + 4 * 5


def test_backward_from_the_middle_and_then_from_the_end(leaf):
    """Both passes add their own gradient."""
    x = leaf(2.0)
    middle = x**2
    end = middle**3
    middle.backward(retain_graph=True)
    end.backward()
    assert x.grad.item() == 4 + 6 * 2**5


def test_a_leaf_is_its_own_root(leaf):
    """Backward on a leaf leaves the cotangent in its gradient, each time."""
    x = leaf(2.0)
    x.backward()
    x.backward()
    assert x.grad.item() == 2


def test_unused_and_constant_inputs_have_no_gradient(leaf):
    """A leaf that is not used and a constant keep None."""
    x, unused, constant = leaf(2.0), leaf(1.0), ref.tensor(3.0)
    (x * constant).backward()
    assert unused.grad is None
    assert constant.grad is None


def test_a_rule_runs_once_and_after_all_consumers(leaf):
    """A value used at many depths is pulled back a single time, with the full sum."""
    calls = []

    def rule(t):
        calls.append(t.item())
        return t

    watched = elementwise("watched", lambda x: x.copy(), x=rule)
    x = leaf(1.0)
    y = watched(x)
    deep = y
    for _ in range(5):
        deep = deep * 2 + y
    deep.backward()
    assert calls == [63.0]
    assert x.grad.item() == 63


def test_a_long_chain(leaf):
    """Ten thousand operations in a row overflow no stack, forward, backward or on deletion."""
    x = y = leaf(1.0)
    for _ in range(10_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    y = x
    for _ in range(50_000):
        y = -y
    del y


def test_stacked_doublings_are_linear(leaf):
    """Repeating y = y + y a thousand times over takes a thousand steps; 2**1000 would never end."""
    x = y = leaf(1.0)
    for _ in range(1000):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**1000


def test_a_wide_graph(leaf):
    """A leaf with ten thousand consumers sums them all."""
    x = leaf(1.0)
    ref.stack([x] * 10_000).sum().backward()
    assert x.grad.item() == 10_000


def test_micro_batches_sum_to_the_batch(leaf):
    """Gradients accumulated over four parts are those of the whole."""
    w, data = leaf([1.0, -2.0]), np.arange(16.0).reshape(8, 2)
    for part in np.split(data, 4):
        ((part @ w) ** 2).sum().backward()
    parts = w.grad
    w.zero_grad()
    ((data @ w) ** 2).sum().backward()
    np.testing.assert_array_equal(parts.data, w.grad.data)


def test_gradients_alias_nothing(leaf):
    """Gradients share memory neither with each other, the data nor the cotangent."""
    x, y, cotangent = leaf([1.0, 2.0]), leaf([3.0, 4.0]), ref.tensor([1.0, 1.0])
    z = x + y
    z.retain_grad()
    z.backward(cotangent)
    tensors = [x, y, x.grad, y.grad, z, z.grad, cotangent]
    for i, a in enumerate(tensors):
        assert not any(np.shares_memory(a.data, b.data) for b in tensors[i + 1 :])


def test_a_held_gradient_does_not_change_under_its_holder(leaf):
    """Accumulation makes a new array; who kept the old gradient keeps its value."""
    x = leaf(1.0)
    (x * 2).backward()
    held = x.grad
    (x * 3).backward()
    assert (held.item(), x.grad.item()) == (2, 5)


def test_inputs_and_cotangent_are_not_mutated(leaf):
    """Backward leaves the data and the cotangent as they were."""
    x, cotangent = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    (x * x).backward(cotangent)
    np.testing.assert_array_equal(x.data, [1, 2])
    np.testing.assert_array_equal(cotangent, [3, 4])


def test_the_callers_array_is_copied():
    """Changing the array afterwards changes neither tensor nor gradient."""
    array, factor = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    x = ref.tensor(array, requires_grad=True)
    y = (x * factor).sum()
    array[:] = factor[:] = 0
    y.backward()
    np.testing.assert_array_equal(x.data, [1, 2])
    np.testing.assert_array_equal(x.grad.data, [3, 4])


def test_a_graph_is_freed_without_the_garbage_collector(leaf):
    """Dropping the result frees every node at once, so memory does not grow over training."""
    x = leaf([1.0, 2.0])
    gc.disable()
    try:
        y = x.exp().softmax(0).sum()
        node = weakref.ref(y.node.parents[0].parents[0])
        assert node() is not None
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_leaf_is_freed_without_the_garbage_collector(leaf):
    """A leaf and its node hold each other in one direction only."""
    gc.disable()
    try:
        x = leaf(1.0)
        dropped = weakref.ref(x)
        (x * 2).backward()
        del x
        assert dropped() is None
    finally:
        gc.enable()


def test_the_graph_is_the_one_that_was_run(leaf):
    """Loops, branches and recursion differentiate the path that was taken."""

    def power(x, n):
        return 1.0 if n == 0 else (x if n % 2 else 1.0) * power(x * x, n // 2)

    x = leaf(2.0)
    power(x, 11).backward()
    assert x.grad.item() == 11 * 2.0**10
