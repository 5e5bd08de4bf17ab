"""Zeros, ties, bounds and large inputs of the operations in the tables of cases."""

import math

import numpy as np
import pytest

import reference as ref

INF, NAN = math.inf, math.nan

AT_EDGES = {  # name: (ours, torch's, inputs); torch's choice is the right one
    "elu": (lambda x: ref.elu(x, 0.5), lambda t, x: t.nn.functional.elu(x, 0.5),
            [-1000, 0, 1000]),
    "leaky_relu": (ref.leaky_relu, lambda t, x: t.nn.functional.leaky_relu(x), [-2, 0, INF]),
    "hardtanh": (ref.hardtanh, lambda t, x: t.nn.functional.hardtanh(x), [-1, 0, 1]),
    "clip": (lambda x: ref.clip(x, -1, 1), lambda t, x: t.clamp(x, -1, 1), [-1, 0, 1]),
    "floor": (ref.floor, lambda t, x: t.floor(x), [-1, -0.5, 2]),
    "sign": (ref.sign, lambda t, x: t.sign(x), [-1, 0, 2]),
    "softplus": (ref.softplus, lambda t, x: t.nn.functional.softplus(x), [-1000, 0, 1000]),
    "silu": (ref.silu, lambda t, x: t.nn.functional.silu(x), [-1000, 0, 1000]),
    "gelu": (ref.gelu, lambda t, x: t.nn.functional.gelu(x), [-1000, 0, 1000]),
    "rsqrt": (ref.rsqrt, lambda t, x: t.rsqrt(x), [0, 4]),
    "reciprocal": (ref.reciprocal, lambda t, x: t.reciprocal(x), [0, 4]),
    "log1p": (ref.log1p, lambda t, x: t.log1p(x), [-1, 0, 1e-300]),
    "arcsin": (ref.arcsin, lambda t, x: t.arcsin(x), [-1, 0, 1]),
    "norm1": (lambda x: ref.norm(x, 1), lambda t, x: t.linalg.vector_norm(x, 1), [0, 0]),
    "norm2": (ref.norm, lambda t, x: t.linalg.vector_norm(x), [0, 0]),
    "norm_inf": (lambda x: ref.norm(x, INF), lambda t, x: t.linalg.vector_norm(x, INF),
                 [2, -2, 1]),
    "std": (ref.std, lambda t, x: t.std(x, correction=0), [3, 3]),
    "max_with_indices": (lambda x: ref.max_with_indices(x, 0)[0], lambda t, x: t.max(x, 0)[0],
                         [1, 3, 3]),
    "min_with_indices": (lambda x: ref.min_with_indices(x, 0)[0], lambda t, x: t.min(x, 0)[0],
                         [1, 1, 3]),
    "max_pool2d": (lambda x: ref.max_pool2d(x.reshape(1, 1, 2, 2), 2),
                   lambda t, x: t.nn.functional.max_pool2d(x.reshape(1, 1, 2, 2), 2),
                   [1, 2, 2, 2]),
    "atan2": (lambda x: ref.atan2(x[0], x[1]), lambda t, x: t.atan2(x[0], x[1]), [0, 0]),
    "hypot": (lambda x: ref.hypot(x[0], x[1]), lambda t, x: t.hypot(x[0], x[1]), [0, 0]),
    "logaddexp": (lambda x: ref.logaddexp(x[0], x[1]), lambda t, x: t.logaddexp(x[0], x[1]),
                  [1000, -1000]),
    "logsumexp": (lambda x: ref.logsumexp(x, 0), lambda t, x: t.logsumexp(x, 0),
                  [1000, -1000, -INF]),
    "logsumexp_of_nothing": (lambda x: ref.logsumexp(x, 0), lambda t, x: t.logsumexp(x, 0),
                             [-INF, -INF]),
    "right_logits": (
        lambda x: ref.binary_cross_entropy_with_logits(x, [0.0, 1.0]),
        lambda t, x: t.nn.functional.binary_cross_entropy_with_logits(
            x, t.tensor([0.0, 1.0], dtype=x.dtype)),
        [-1000, 1000]),
    "wrong_logits": (
        lambda x: ref.binary_cross_entropy_with_logits(x, [0.0, 1.0]),
        lambda t, x: t.nn.functional.binary_cross_entropy_with_logits(
            x, t.tensor([0.0, 1.0], dtype=x.dtype)),
        [1000, -1000]),
    "cross_entropy": (lambda x: ref.cross_entropy(x, 1),
                      lambda t, x: t.nn.functional.cross_entropy(x, t.tensor(1)), [1000, -1000]),
    "layer_norm": (lambda x: ref.layer_norm(x, 2),
                   lambda t, x: t.nn.functional.layer_norm(x, (2,)), [3, 3]),
}  # fmt: skip

REFUSED = {  # name: (call, what the message says)
    "approximate": (lambda x: ref.gelu(x, "erf"), r'"none" or "tanh", but got \'erf\''),
    "bounds": (ref.clip, "clip needs a lower bound"),
    "order": (lambda x: ref.norm(x, 3), "1, 2 or infinity, but got 3"),
    "reduction": (lambda x: ref.mse_loss(x, x, "all"), 'the reduction is "mean", "sum" or "none"'),
    "axis": (lambda x: x.cumprod(2), "axis 2 does not exist among 2 axes"),
    "axis_of_prod": (lambda x: x.prod(-3), "axis -3 does not exist"),
    "axis_of_squeeze": (lambda x: x.squeeze(2), "axis 2 does not exist"),
    "uneven_split": (lambda x: x.split(2, 1), "3 elements do not make 2 equal pieces"),
    "negative_padding": (lambda x: ref.pad(x, -1), "a width is negative"),
    "paddings": (lambda x: ref.pad(x, [(1, 1)] * 3), "do not fit the shape"),
    "float_index": (lambda x: x.take([0.5]), "take: an index is of integers, but got float64"),
    "rank_of_index": (lambda x: x.gather(0, [0]), "does not fit a tensor of 2 axes"),
    "small_source": (lambda x: x.scatter_add(0, [[0, 1, 0]], [[1.0]]), "smaller than index"),
    "outer": (lambda x: ref.outer(x, x), r"outer needs vectors, but got \(2, 3\), \(2, 3\)"),
    "diagonal": (lambda x: x[0].diagonal(), r"diagonal needs a matrix, but got \(3,\)"),
    "tril": (lambda x: x[0].tril(), "tril needs matrices"),
    "det": (ref.det, "det of shapes"),
    "singular": (lambda x: ref.inv(ref.outer(x[0], x[0])), "inv of shapes .* Singular"),
    "einsum_rank": (lambda x: ref.einsum("i->i", x), "'i->i' does not fit operands of shapes"),
    "einsum_length": (lambda x: ref.einsum("ij,i->j", x, [1.0] * 3), "'i' has lengths 2 and 3"),
    "einsum_repeated": (lambda x: ref.einsum("ii", x), "take the diagonal first"),
    "einsum_output": (lambda x: ref.einsum("ij->k", x), r"\['k'\] in the output"),
    "einsum_output_twice": (lambda x: ref.einsum("ij->ii", x), r"\['i'\] in the output"),
    "einsum_ellipsis": (lambda x: ref.einsum("...i", x), "letters, commas and one arrow"),
    "images": (lambda x: ref.max_pool2d(x, 2), r"images \(N, C, H, W\), but got \(2, 3\)"),
    "conv1d": (lambda x: ref.conv1d(x, x), "conv1d needs"),
    "channels": (lambda x: ref.conv2d(np.ones((1, 2, 3, 3)), np.ones((1, 3, 2, 2))),
                 "kernels of shape .* do not fit images"),
    "window": (lambda x: ref.avg_pool2d(np.ones((1, 1, 2, 2)), 3), "does not fit into 2 places"),
    "normalized_shape": (lambda x: ref.layer_norm(x, 2), r"\(2, 3\) should be \(2,\)"),
    "batch": (lambda x: ref.batch_norm(x[0]), "batch_norm needs"),
    "target_shape": (lambda x: ref.cross_entropy(x, [0]), r"targets of shape \(1,\) do not fit"),
    "target_class": (lambda x: ref.nll_loss(x, [0, 3]), "classes from 0 to 2, but got"),
    "negative_class": (lambda x: ref.nll_loss(x, [0, -1]), "classes from 0 to 2, but got"),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("ours", "theirs", "data"), AT_EDGES.values(), ids=AT_EDGES)
def test_value_and_gradient_at_an_edge(ours, theirs, data, dtype):
    """At kinks, ties and extremes, values and gradients are torch's, NaN included."""
    torch = pytest.importorskip("torch")
    x = ref.tensor(np.array(data, dtype), requires_grad=True)
    z = torch.tensor(np.array(data, dtype), requires_grad=True)
    y, w = ours(x), theirs(torch, z)
    y.sum().backward()
    w.sum().backward()
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(y.data, w.numpy(force=True), rtol=4 * eps, atol=eps)
    np.testing.assert_allclose(x.grad.data, z.grad.numpy(), rtol=4 * eps, atol=eps)


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_wrong_operands_are_refused(leaf, call, message):
    """The error is an OperandError that says what is wrong."""
    with pytest.raises(ref.OperandError, match=message):
        call(leaf([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([2.0, 3.0, 5.0], [[0, 5, 3], [5, 0, 2], [3, 2, 0]]),
        ([0.0, 3.0, 5.0], [[0, 5, 3], [5, 0, 0], [3, 0, 0]]),
        ([0.0, 0.0, 5.0], [[0, 5, 0], [5, 0, 0], [0, 0, 0]]),
    ],
)
def test_second_derivatives_of_a_product_at_zeros(leaf, factors, expected):
    """The mixed derivative by two factors is the product of the others, zeros or not."""
    x = leaf(factors)
    (first,) = ref.grad(x.prod(), x, create_graph=True)
    rows = [ref.grad(slope, x, retain_graph=True)[0].data for slope in first]
    np.testing.assert_array_equal(rows, expected)


def test_gradient_of_the_determinant_of_a_singular_matrix(leaf):
    """It is the matrix of cofactors, which needs no inverse; so is the second derivative."""
    x = leaf([[1.0, 2.0], [2.0, 4.0]])
    (first,) = ref.grad(ref.det(x), x, create_graph=True)
    np.testing.assert_array_equal(first.data, [[4, -2], [-2, 1]])
    (second,) = ref.grad(first[0, 1], x)
    np.testing.assert_array_equal(second.data, [[0, 0], [-1, 0]])


def test_the_determinant_of_no_rows_is_one(leaf):
    """A matrix without elements has determinant 1 and a gradient without elements."""
    x = leaf(np.ones((0, 0)))
    y = ref.det(x)
    y.backward()
    assert (y.item(), x.grad.shape) == (1, (0, 0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_error_function_is_accurate(dtype):
    """The error function is that of the C library, in the operand's dtype."""
    x = np.linspace(-6, 6, 25, dtype=dtype)
    got = ref.erf(x)
    assert got.dtype == dtype
    assert got.data.tolist() == [np.dtype(dtype).type(math.erf(u)) for u in x.tolist()]


def test_small_differences_are_kept(leaf):
    """log1p and expm1, with their slopes, are accurate where 1 + x rounds to 1."""
    x = leaf([1e-20])
    for f in (ref.log1p, ref.expm1):
        assert f(x).item() == 1e-20
        assert ref.grad(f(x), x)[0].item() == 1


def test_large_coordinates_do_not_overflow(leaf):
    """The slopes of atan2 and hypot are right where squares are infinite."""
    y, x = leaf(3e200), leaf(4e200)
    in_y, in_x = ref.grad(ref.atan2(y, x), [y, x])
    assert (in_y.item(), in_x.item()) == pytest.approx((1.6e-201, -1.2e-201), rel=1e-15)
    assert ref.grad(ref.hypot(x, y), y)[0].item() == pytest.approx(0.6, rel=1e-15)


def test_cube_roots_of_negative_numbers(leaf):
    """The cube root is odd, and vertical at 0."""
    x = leaf([-8.0, 0.0])
    y = ref.cbrt(x)
    y.sum().backward()
    np.testing.assert_array_equal(y.data, [-2, 0])
    np.testing.assert_array_equal(x.grad.data, [1 / 12, INF])


def test_functions_of_integers_give_floats():
    """The reciprocal of 2 is a half, and the error function of 0 a float."""
    assert ref.reciprocal(2).item() == 0.5
    assert ref.rsqrt([4]).data.tolist() == [0.5]
    assert ref.erf([0]).dtype == np.float64


def test_positions_need_no_gradient(leaf):
    """argmax, argmin and the indices beside the extremes are integers, the first of a tie."""
    x = leaf([[1.0, 3.0, 3.0], [2.0, 2.0, 5.0]])
    results = [x.argmax(1), x.argmin(1), ref.max_with_indices(x, 1)[1],
               ref.min_with_indices(x, -1)[1]]  # fmt: skip
    assert [y.data.tolist() for y in results] == [[1, 2], [0, 0], [1, 2], [0, 0]]
    assert x.argmax().item() == 5
    assert x.argmin(0, keepdims=True).shape == (1, 3)
    assert all(y.dtype.kind == "i" and not y.requires_grad for y in results)


def test_an_undefined_element_is_the_extreme(leaf):
    """NaN is found by max_with_indices, and has the gradient."""
    x = leaf([1.0, NAN, 3.0])
    value, index = ref.max_with_indices(x, 0)
    value.backward()
    assert np.isnan(value.data)
    assert index.item() == 1
    np.testing.assert_array_equal(x.grad.data, [0, 1, 0])


def test_pieces_make_the_whole(leaf):
    """A tensor is the concatenation of its pieces, whose gradients meet again."""
    x = leaf([1.0, 2.0, 3.0, 4.0])
    for cut in (2, [1, 3], [], 4):
        pieces = ref.split(x, cut)
        assert isinstance(pieces, tuple)
        np.testing.assert_array_equal(ref.concatenate(pieces).data, x.data)
    (g,) = ref.grad(x.split(2), x, [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(g.data, [1, 2, 3, 4])


def test_a_source_larger_than_the_index_is_cropped(leaf):
    """What scatter_add does not use has gradient 0 (where torch's backward fails)."""
    src = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = ref.scatter_add(np.zeros((1, 3)), 1, [[2]], src)
    y.backward([[1.0, 10.0, 100.0]])
    np.testing.assert_array_equal(y.data, [[0, 0, 1]])
    np.testing.assert_array_equal(src.grad.data, [[100, 0], [0, 0]])


@pytest.mark.parametrize(
    "pick",
    [
        lambda x, i: x.take(i),
        lambda x, i: x.gather(0, i),
        lambda x, i: ref.embedding(x.reshape(3, 1), i),
        lambda x, i: x.scatter_add(0, i, x),
    ],
)
def test_an_index_is_copied(leaf, pick):
    """Changing an index after its use changes no gradient."""
    index, x, x_kept = np.array([0, 2]), leaf([1.0, 2.0, 3.0]), leaf([1.0, 2.0, 3.0])
    y = (pick(x, index) ** 2).sum()
    index[:] = 1
    y.backward()
    (pick(x_kept, np.array([0, 2])) ** 2).sum().backward()
    np.testing.assert_array_equal(x.grad.data, x_kept.grad.data)


@pytest.mark.parametrize("ddof", [2, 3])
def test_a_variance_without_degrees_of_freedom(leaf, ddof):
    """With no more elements than ddof, the variance is infinite, as in NumPy and torch."""
    assert ref.var(leaf([1.0, 2.0]), ddof=ddof).item() == INF


def test_a_rest_at_the_end_is_not_pooled(leaf):
    """Elements in no window have gradient 0."""
    x = leaf(np.arange(9.0).reshape(1, 1, 3, 3))
    y = ref.max_pool2d(x, 2)
    y.sum().backward()
    assert y.data.tolist() == [[[[4]]]]
    assert x.grad.data[0, 0].tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_results_are_copies(leaf):
    """Overwriting a rearranged tensor leaves its source alone."""
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    results = [x.flip(), x.roll(0, 0), x.repeat(1, 0), x.squeeze(), x.unsqueeze(0), x.tril(2),
               x.swapaxes(0, 0), x.take([0, 1], 0), *x.split(1), ref.tile(x, 1), ref.pad(x, 0),
               x.prod(()), x.cumsum(0), ref.einsum("ij", x)]  # fmt: skip
    for y in results:
        assert not np.shares_memory(y.data, x.data)
        assert y.data.flags.writeable
