"""Custom functions and hooks."""

import gc
import weakref

import numpy as np
import pytest

import reference as ref


class Exp(ref.Function):
    """Exponential that saves its own result."""

    @staticmethod
    def forward(ctx, x):
        """Return e to the x."""
        y = ref.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, cotangent):
        """Multiply by the result."""
        (y,) = ctx.saved_tensors
        return cotangent * y


class SumAndProduct(ref.Function):
    """Two results, a tensor input and one that is not a tensor."""

    n_calls = 0

    @staticmethod
    def forward(ctx, x, y, label):
        """Return x + y and x * y."""
        ctx.label = label
        ctx.save_for_backward(x, y)
        return x + y, x * y

    @staticmethod
    def backward(ctx, in_sum, in_product):
        """Return a gradient for x and y, None for the label."""
        SumAndProduct.n_calls += 1
        assert ctx.label == "label"
        x, y = ctx.saved_tensors
        return in_sum + in_product * y, in_sum + in_product * x, None


def test_a_custom_function_in_an_expression(leaf):
    """It has the gradient of its backward, to any order."""
    x = leaf(0.5)
    y = (Exp.apply(x * 2) ** 2).sum()
    for order in range(1, 4):
        (y,) = ref.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(4**order * np.exp(2.0), rel=1e-14)


def test_several_results_run_one_backward(leaf):
    """The backward sees all cotangents together, zeros for a result that was not used."""
    x, y = leaf(2.0), leaf(5.0)
    total, product = SumAndProduct.apply(x, y, "label")
    SumAndProduct.n_calls = 0
    (total + product * 10).backward(retain_graph=True)
    assert SumAndProduct.n_calls == 1
    assert (x.grad.item(), y.grad.item()) == (51, 21)
    product.backward()
    assert (x.grad.item(), y.grad.item()) == (56, 23)


def test_a_saved_result_that_was_dropped_is_still_differentiable(leaf):
    """A backward may use a result that its caller never kept, also for second derivatives."""

    class Both(ref.Function):
        @staticmethod
        def forward(ctx, x):
            y = ref.exp(x)
            ctx.save_for_backward(y)
            return y * 1, y

        @staticmethod
        def backward(ctx, g, h):
            (y,) = ctx.saved_tensors
            return (g + h) * y

    x = leaf(0.5)
    first = Both.apply(x)[0]
    (g,) = ref.grad(first, x, create_graph=True)
    (second,) = ref.grad(g, x)
    assert second.item() == pytest.approx(np.exp(0.5), rel=1e-15)


def test_needs_input_grad_and_no_gradient(leaf):
    """The context says which inputs want a gradient; without any, nothing is recorded."""
    seen = []

    class Probe(ref.Function):
        @staticmethod
        def forward(ctx, x, y):
            seen.append((ctx.needs_input_grad, ref.is_grad_enabled()))
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g

    assert Probe.apply(leaf(1.0), ref.tensor(1.0)).requires_grad
    assert not Probe.apply(ref.tensor(1.0), ref.tensor(1.0)).requires_grad
    with ref.no_grad():
        assert not Probe.apply(leaf(1.0), leaf(1.0)).requires_grad
    assert seen[0] == ((True, False), False)


def test_an_input_handed_through_is_a_new_result(leaf):
    """A forward that returns its input gives another tensor, and the leaf stays a leaf."""

    class Reverse(ref.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return -g

    x = leaf(1.0)
    y = Reverse.apply(x)
    assert y is not x
    assert x.is_leaf
    y.backward()
    assert x.grad.item() == -1


def test_an_exception_in_a_backward_reaches_the_caller(leaf):
    """The caller sees it unchanged, and the next backward is right."""

    class Faulty(ref.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            message = "on purpose"
            raise KeyError(message)

    x = leaf(3.0)
    with pytest.raises(KeyError, match="on purpose"):
        Faulty.apply(x).backward()
    assert x.grad is None
    assert ref.is_grad_enabled()
    (x * x).backward()
    assert x.grad.item() == 6


class Pick(ref.Function):
    """Elements at positions, times a factor that is taken for a constant."""

    @staticmethod
    def forward(ctx, x, index, factor):
        """Return the elements, times the factor."""
        ctx.save_for_backward(x, index, factor)
        return x[index] * factor

    @staticmethod
    def backward(ctx, cotangent):
        """Return a gradient for the first argument alone."""
        x, index, factor = ctx.saved_tensors
        return ref.setitem(np.zeros(x.shape), cotangent * factor, index), None, None


def test_none_for_what_has_no_gradient(leaf):
    """An integer tensor, and an argument that could have one, are left without a gradient."""
    x, factor = leaf([1.0, 2.0, 3.0]), leaf(5.0)
    Pick.apply(x, ref.tensor([2, 0]), factor).backward([1.0, 10.0])
    assert x.grad.data.tolist() == [50, 0, 5]
    assert factor.grad is None


def test_an_exception_in_a_hook_reaches_the_caller(leaf):
    """The mode is restored, and the next backward is right."""
    x = leaf(3.0)
    y = x * 2
    y.register_hook(lambda g: {}["on purpose"])
    with pytest.raises(KeyError, match="on purpose"):
        y.backward()
    assert x.grad is None
    assert ref.is_grad_enabled()
    (x * x).backward()
    assert x.grad.item() == 6


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (lambda g: (g, g), ref.AutogradError, "returned 2 gradients, but should return one for"),
        (lambda g: g.sum(), ref.ShapeError, r"gradient 0 .* has shape \(\), .* have \(2,\)"),
    ],
)
def test_a_wrong_number_or_shape_of_gradients_raises(leaf, result, error, message):
    """The message names the function and what it should have returned."""

    class Wrong(ref.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return result(g)

    with pytest.raises(error, match=message):
        Wrong.apply(leaf([1.0, 2.0])).backward([1.0, 1.0])


def test_a_saved_tensor_that_was_overwritten_raises(leaf):
    """Saved inputs and results are checked."""
    y = leaf(1.0) * 1
    z = Exp.apply(y)
    z *= 2
    with pytest.raises(ref.ModifiedInPlaceError, match="Exp"):
        z.backward()


def test_a_custom_function_makes_no_circle(leaf):
    """A function that saves its result is freed without the garbage collector."""
    gc.disable()
    try:
        y = Exp.apply(leaf(1.0))
        node = weakref.ref(y.node.parents[0])
        del y
        assert node() is None
    finally:
        gc.enable()


def test_a_custom_function_has_no_forward_mode():
    """Forward mode through it raises, instead of a silent zero."""
    with pytest.raises(ref.MissingRuleError, match="Exp is a custom Function"):
        ref.jvp(Exp.apply, [1.0], [1.0])


def test_a_missing_attribute_of_the_context_is_named():
    """The message says that the forward did not set it."""
    with pytest.raises(AttributeError, match="'scale'"):
        ref.Context(()).scale  # noqa: B018


def test_a_hook_sees_the_sum_once(leaf):
    """A hook is called once per backward with the gradient summed over all uses."""
    x = leaf(2.0)
    y = x * x
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: seen.append(g.item()))
    (y * 3 + y * 4).backward()
    assert seen == [7, 28]


def test_hooks_replace_in_order_and_retain_grad_sees_the_end(leaf):
    """Each hook sees what the one before returned; the retained gradient is the last."""
    x = leaf(2.0)
    y = x * 3
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: g + 1)
    y.backward()
    assert y.grad.item() == 11
    assert x.grad.item() == 33


def test_a_removed_hook_is_silent(leaf):
    """A handle removes its own hook, from within the hook too, and twice without harm."""
    x, seen = leaf(1.0), []
    kept = x.register_hook(lambda g: seen.append("kept"))
    once = x.register_hook(lambda g: (seen.append("once"), once.remove())[1])
    (x * 2).backward()
    (x * 2).backward()
    kept.remove()
    kept.remove()
    (x * 2).backward()
    assert seen == ["kept", "once", "kept"]


def test_hooks_take_part_in_grad(leaf):
    """grad() returns what the hooks made of a gradient."""
    x = leaf(1.0)
    x.register_hook(lambda g: g * 5)
    assert ref.grad(x * 2, x)[0].item() == 10


def test_a_hook_returns_a_tensor_of_the_same_shape(leaf):
    """Another shape or type raises."""
    for wrong, error in ((lambda g: g.sum(), ref.ShapeError), (lambda g: 1.0, ref.OperandError)):
        x = leaf([1.0, 2.0])
        x.register_hook(wrong)
        with pytest.raises(error, match="hook"):
            (x * 2).sum().backward()


def test_a_hook_needs_a_gradient():
    """register_hook on a constant raises."""
    with pytest.raises(ref.NoGradientError):
        ref.tensor(1.0).register_hook(print)
