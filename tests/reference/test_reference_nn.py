"""Modules, layers and losses: torch's values and gradients with the same weights."""

import importlib

import numpy as np
import pytest

import reference as ref
from reference import nn

with_torch = pytest.mark.needs_module("torch")
N_ULPS = 64  # as for single operations: sums of a few terms, in another order than torch's


@pytest.fixture
def torch():
    """Import torch, where a test asks for it."""
    return importlib.import_module("torch")


@pytest.fixture
def generator():
    """Make a source of initial weights that is the same in every run."""
    return np.random.default_rng(0)


def drawn(shape, seed=1):
    """Draw the elements of an array."""
    return np.random.default_rng(seed).standard_normal(shape)


def assert_close(got, expected):
    """Compare within rounding, relative to the largest element; shape and dtype exactly."""
    expected = expected.numpy(force=True)
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    scale = max(1.0, np.abs(expected).max(initial=0))
    tolerance = N_ULPS * np.finfo(expected.dtype).eps * scale
    np.testing.assert_allclose(got.data, expected, rtol=0, atol=tolerance)


def copied(ours, theirs):
    """Return torch's module with the weights of ours, under the same names."""
    theirs = theirs.double()
    mine, other = dict(ours.named_parameters()), dict(theirs.named_parameters())
    assert [*mine] == [*other]
    for name, parameter in other.items():
        parameter.data.copy_(parameter.data.new_tensor(mine[name].data))
    return theirs


def assert_same(torch, ours, theirs, x, *targets):
    """Compare values, and gradients of input and parameters under a signed cotangent."""
    a, b = ref.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y = ours(a, *targets)
    z = theirs(b, *map(torch.tensor, targets))
    assert_close(y, z)
    cotangent = drawn(y.shape, 2)
    y.backward(cotangent)
    z.backward(torch.tensor(cotangent))
    assert_close(a.grad, b.grad)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_close(mine.grad, other.grad)


LAYERS = {
    "linear": (lambda g: nn.Linear(4, 3, generator=g), lambda t: t.Linear(4, 3), (5, 4)),
    "linear-one-sample": (lambda g: nn.Linear(4, 3, generator=g), lambda t: t.Linear(4, 3), (4,)),
    "linear-rank-3": (lambda g: nn.Linear(4, 3, generator=g), lambda t: t.Linear(4, 3), (2, 5, 4)),
    "linear-no-bias": (
        lambda g: nn.Linear(4, 3, False, generator=g),
        lambda t: t.Linear(4, 3, False),
        (5, 4),
    ),
    "linear-no-samples": (
        lambda g: nn.Linear(4, 3, generator=g), lambda t: t.Linear(4, 3), (0, 4),
    ),
    "relu": (lambda g: nn.ReLU(), lambda t: t.ReLU(), (5, 4)),
    "tanh": (lambda g: nn.Tanh(), lambda t: t.Tanh(), (5, 4)),
    "sigmoid": (lambda g: nn.Sigmoid(), lambda t: t.Sigmoid(), (5, 4)),
    "softmax": (lambda g: nn.Softmax(0), lambda t: t.Softmax(0), (5, 4)),
    "softmax-last": (lambda g: nn.Softmax(dim=-1), lambda t: t.Softmax(dim=-1), (2, 5, 4)),
    "log-softmax": (lambda g: nn.LogSoftmax(dim=1), lambda t: t.LogSoftmax(dim=1), (5, 4)),
    "flatten": (lambda g: nn.Flatten(), lambda t: t.Flatten(), (2, 3, 4)),
    "flatten-none": (lambda g: nn.Flatten(), lambda t: t.Flatten(), (2, 3)),
    "flatten-all": (lambda g: nn.Flatten(0), lambda t: t.Flatten(0), (2, 3, 4)),
    "flatten-some": (lambda g: nn.Flatten(1, -2), lambda t: t.Flatten(1, -2), (2, 3, 4, 5)),
    "flatten-no-samples": (lambda g: nn.Flatten(), lambda t: t.Flatten(), (0, 3, 4)),
    "flatten-rank-0": (lambda g: nn.Flatten(0), lambda t: t.Flatten(0), ()),
    "no-layers": (lambda g: nn.Sequential(), lambda t: t.Sequential(), (5, 4)),
    "network": (
        lambda g: nn.Sequential(
            nn.Flatten(), nn.Linear(12, 5, generator=g), nn.ReLU(),
            nn.Sequential(nn.Linear(5, 4, False, generator=g), nn.Sigmoid()),
            nn.Linear(4, 3, generator=g), nn.LogSoftmax(1),
        ),
        lambda t: t.Sequential(
            t.Flatten(), t.Linear(12, 5), t.ReLU(),
            t.Sequential(t.Linear(5, 4, bias=False), t.Sigmoid()),
            t.Linear(4, 3), t.LogSoftmax(1),
        ),
        (6, 3, 4),
    ),
}  # fmt: skip


@with_torch
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_with_torchs_weights(torch, generator, name):
    """Values, and gradients of the input and of every parameter, are torch's; so are the names."""
    make, other, shape = LAYERS[name]
    ours = make(generator)
    assert_same(torch, ours, copied(ours, other(torch.nn)), drawn(shape))


CLASSES = np.array([2, 0, 3, 3, 1])
LOSSES = {
    "mse": ("MSELoss", (5, 4), drawn((5, 4), 3)),
    "mse-rank-0": ("MSELoss", (), drawn((), 3)),
    "cross-entropy": ("CrossEntropyLoss", (5, 4), CLASSES),
    "cross-entropy-one-sample": ("CrossEntropyLoss", (4,), np.array(2)),
    "cross-entropy-of-places": ("CrossEntropyLoss", (2, 4, 5), np.stack([CLASSES, CLASSES[::-1]])),
    "nll": ("NLLLoss", (5, 4), CLASSES),
    "bce": ("BCEWithLogitsLoss", (5, 4), (drawn((5, 4), 3) > 0) * 1.0),
    "bce-between": ("BCEWithLogitsLoss", (5,), np.array([0.0, 0.25, 0.5, 0.75, 1.0])),
}


@with_torch
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_torchs(torch, name, reduction):
    """Value and gradient are torch's, for every reduction."""
    loss, shape, target = LOSSES[name]
    ours = getattr(nn, loss)(reduction)
    theirs = getattr(torch.nn, loss)(reduction=reduction)
    assert_same(torch, ours, theirs, drawn(shape), target)


@with_torch
@pytest.mark.parametrize(
    ("loss", "shape", "target"),
    [
        ("BCEWithLogitsLoss", (5, 1), np.ones(5)),
        ("CrossEntropyLoss", (5, 4), np.array([0, 1, 2, 3])),
        ("CrossEntropyLoss", (5, 4), np.array([0, 1, 2, 3, 4])),
        ("NLLLoss", (5, 4), np.array([0, 1, 2, 3, 5])),
    ],
    ids=["bce-shapes", "too-few-targets", "no-such-class", "nll-no-such-class"],
)
def test_targets_that_do_not_fit_are_refused(torch, loss, shape, target):
    """Both engines raise; ours names what does not fit."""
    with pytest.raises((ValueError, IndexError)):
        getattr(torch.nn, loss)()(torch.tensor(drawn(shape)), torch.tensor(target))
    with pytest.raises(ref.OperandError, match="targets"):
        getattr(nn, loss)()(drawn(shape), target)


def test_an_unknown_reduction_is_refused():
    """The message lists those that there are."""
    with pytest.raises(ref.OperandError, match='"mean", "sum" or "none", but got \'median\''):
        nn.MSELoss("median")(np.ones(2), np.ones(2))


@pytest.mark.parametrize(
    ("dims", "shape", "message"),
    [
        ((1, -1), (), r"axis 1 does not exist in shape \(\)"),
        ((2, -1), (2, 3), r"axis 2 does not exist in shape \(2, 3\)"),
        ((0, -3), (2, 3), r"axis -3 does not exist"),
        ((2, 1), (2, 3, 4), "axis 2 comes after axis 1"),
    ],
)
def test_flatten_refuses_axes_that_are_not_there(dims, shape, message):
    """The message names the axis and the shape."""
    with pytest.raises(ref.OperandError, match=message):
        nn.Flatten(*dims)(np.zeros(shape))


def test_initial_weights_depend_on_the_generator_alone():
    """The same seed gives the same layer, in either dtype; another seed gives another one."""
    one, two, other = (nn.Linear(3, 2, generator=np.random.default_rng(s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(one.weight.data, two.weight.data)
    np.testing.assert_array_equal(one.bias.data, two.bias.data)
    assert not np.array_equal(one.weight.data, other.weight.data)
    single = nn.Linear(3, 2, generator=np.random.default_rng(7), dtype="float32")
    assert {x.dtype.name for x in single.parameters()} == {"float32"}
    np.testing.assert_array_equal(single.weight.data, one.weight.data.astype("float32"))


@with_torch
def test_initial_weights_have_torchs_distribution(torch, generator):
    """Uniform within 1 over the root of the number of inputs: the bound is torch's and is used."""
    layer = nn.Linear(25, 400, generator=generator)
    theirs = torch.nn.Linear(25, 400)
    for mine, other in zip(layer.parameters(), theirs.parameters(), strict=True):
        assert np.abs(mine.data).max() <= 0.2
        assert np.abs(other.numpy(force=True)).max() <= 0.2
    assert np.abs(layer.weight.data).max() > 0.199  # of 10,000 numbers
    quarters = np.histogram(layer.weight.data, 4, (-0.2, 0.2))[0]
    assert np.all(np.abs(quarters - 2500) < 200)  # more than 4 standard deviations of 43


def test_a_layer_without_inputs(generator):
    """It has no weight to draw, a bias of zero, and gives that."""
    layer = nn.Linear(0, 2, generator=generator)
    assert layer(np.ones((3, 0))).data.tolist() == [[0, 0]] * 3
    with pytest.raises(ref.SettingError, match="from -1 to 2 features"):
        nn.Linear(-1, 2, generator=generator)


class Tied(nn.Module):
    """A network with a parameter of its own, one that is frozen, and a layer in two places."""

    def __init__(self, generator):
        """Make the parts."""
        self.layer = nn.Linear(2, 2, generator=generator)
        self.scale = nn.Parameter([1.0, 2.0])
        self.body = nn.Sequential(self.layer, nn.Tanh(), self.layer)
        self.frozen = nn.Parameter(3.0, requires_grad=False)
        self.same = self.scale
        self.offset = ref.tensor([1.0, 1.0])
        self.last = None

    def forward(self, x):
        """Compute, and keep a result among the attributes."""
        self.last = self.body(x) * self.scale * self.frozen + self.offset
        return self.last


def test_parameters_are_found_by_kind(generator):
    """Own ones come first, shared ones once, frozen ones too; results and constants are none."""
    model = Tied(generator)
    model(np.ones((3, 2))).sum().backward()
    names = ["scale", "frozen", "layer.weight", "layer.bias"]
    assert [name for name, _ in model.named_parameters()] == names
    assert [*model.parameters()] == [model.scale, model.frozen, *model.layer.parameters()]
    assert [name for name, _ in model.named_modules()] == ["", "layer", "body", "body.1"]


def test_a_shared_layer_has_the_sum_of_its_uses(generator):
    """Its gradient is that of both places."""
    layer = nn.Linear(1, 1, False, generator=generator)
    w = layer.weight.item()
    nn.Sequential(layer, layer)(np.array([[3.0]])).backward()
    assert layer.weight.grad.item() == pytest.approx(6 * w, rel=1e-15)


def test_zero_grad_of_a_module(generator):
    """Gradients of all parameters become None, or zeros where there are any."""
    model = Tied(generator)
    model(np.ones((3, 2))).sum().backward()
    model.zero_grad(set_to_none=False)
    assert [x.grad is None for x in model.parameters()] == [False, True, False, False]
    assert not np.any(model.layer.weight.grad.data)
    model.zero_grad()
    assert all(x.grad is None for x in model.parameters())


def test_a_parameter_is_a_leaf():
    """It requires a gradient unless told otherwise; what is computed from it is a plain tensor."""
    x = nn.Parameter([1.0, 2.0])
    assert x.is_leaf
    assert x.requires_grad
    assert type(x * 2) is type(x.detach()) is type(x.clone()) is ref.Tensor
    assert not nn.Parameter([1, 2], requires_grad=False).requires_grad
    with pytest.raises(ref.DtypeError):
        nn.Parameter([1, 2])


def test_a_sequence_of_layers(generator):
    """It has a length, positions and an order; the layers are those that were given."""
    layers = [nn.Linear(2, 2, generator=generator), nn.ReLU()]
    model = nn.Sequential(*layers)
    assert len(model) == 2
    assert [*model] == layers
    assert model[-1] is layers[1]
    with pytest.raises(IndexError):
        model[2]


def test_a_module_needs_a_forward():
    """One without cannot be made."""
    with pytest.raises(TypeError, match="forward"):
        type("Nothing", (nn.Module,), {})()
