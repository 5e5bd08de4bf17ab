"""Optimizers: torch's updates over 200 steps, and what a step may not do."""

import importlib

import numpy as np
import pytest

import reference as ref

N_STEPS = 200
# In each step both engines round the new value once: half a unit in the last place each. What is
# rounded before is relative to the change of the value, a part of it at these learning rates. It
# is rounded in other places, since torch fuses products and sums (one rounding instead of two) and
# weights means from either end (lerp); so the bound is another unit for all of that together.
N_ULPS_EACH_STEP = 2

GRID = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "dampening": 1.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9)}),
    ("Adam", {"lr": 0.1, "betas": (0.25, 0.0)}),
    ("Adam", {"lr": 0.1, "betas": (0.0, 0.99), "eps": 0.1}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.9, 0.9), "amsgrad": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.1, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.5}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
    ("AdamW", {"lr": 0.1, "betas": (0.9, 0.9), "amsgrad": True, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.5, "eps": 0.1}),
    ("RMSprop", {"lr": 0.1, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.1, "centered": True}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"lr": 0.1, "eps": 0.1, "maximize": True}),
]
IDS = ["-".join([name, *(f"{k}={v}".replace(" ", "") for k, v in kw.items())]) for name, kw in GRID]
every_setting = pytest.mark.parametrize(("name", "settings"), GRID, ids=IDS)
with_torch = pytest.mark.needs_module("torch")


@pytest.fixture
def torch():
    """Import torch, where a test asks for it."""
    return importlib.import_module("torch")


def drawn(seed, dtype="float64"):
    """Draw the values of three parameters, one of them of rank 0."""
    draw = np.random.default_rng(seed)
    return [np.asarray(draw.standard_normal(shape), dtype) for shape in [(5, 7), (11,), ()]]


class Pair:
    """Two optimizers of one rule, ours and torch's, that are given the same gradients."""

    def __init__(self, torch, name, settings, dtype="float64", foreach=None):
        """Start from the same values."""
        self.torch = torch
        start = drawn(0, dtype)
        self.ours = [ref.nn.Parameter(array) for array in start]
        self.theirs = [torch.tensor(array, requires_grad=True) for array in start]
        self.rule = getattr(ref.optim, name)(self.ours, **settings)
        self.other = getattr(torch.optim, name)(self.theirs, foreach=foreach, **settings)
        self.scale = 1.0  # the largest value so far
        self.worst = 0.0  # the largest difference so far, in units of the bound

    def step(self, t, ours=1.0):
        """Do step ``t`` = 1, 2, ...; gradients are multiplied by a number in our engine alone."""
        gradients = drawn(t, self.ours[0].dtype)
        for x, z, gradient in zip(self.ours, self.theirs, gradients, strict=True):
            x.grad, z.grad = ref.tensor(gradient * ours), self.torch.tensor(gradient)
        self.rule.step()
        self.other.step()
        for x, z in zip(self.ours, self.theirs, strict=True):
            value = z.numpy(force=True)
            assert x.shape == value.shape
            assert x.dtype == value.dtype
            self.scale = max(self.scale, np.abs(value).max())
            bound = N_ULPS_EACH_STEP * t * np.finfo(x.dtype).eps * self.scale
            self.worst = max(self.worst, np.abs(x.data - value).max() / bound)


@with_torch
@pytest.mark.parametrize("foreach", [False, True], ids=["for-loop", "foreach"])
@every_setting
def test_every_step_is_torchs(torch, name, settings, foreach):
    """Under the same 200 gradients, every parameter is torch's after every step."""
    pair = Pair(torch, name, settings, foreach=foreach)
    for t in range(1, N_STEPS + 1):
        pair.step(t)
        assert pair.worst <= 1


@with_torch
@every_setting
def test_float32_stays_float32(torch, name, settings):
    """Parameters and all that is remembered keep their dtype, and the updates are torch's."""
    pair = Pair(torch, name, settings, "float32")
    for t in range(1, 21):
        pair.step(t)
    assert pair.worst <= 1
    remembered = [value for kept in pair.rule.state.values() for value in kept.values()]
    assert {x.dtype.name for x in remembered if not isinstance(x, int)} <= {"float32"}


@with_torch
@every_setting
def test_an_error_in_the_eleventh_digit_is_seen(torch, name, settings):
    """The bound is narrow: gradients that are wrong by 1e-11 of their size are out of it."""
    pair = Pair(torch, name, {**settings, "lr": 0.1})
    for t in range(1, N_STEPS + 1):
        # Rules that divide by the root of the squares do not see a common factor: it alternates.
        pair.step(t, ours=1 + 1e-11 * (t % 2))
    assert pair.worst > 1


@with_torch
@every_setting
def test_what_is_remembered_has_torchs_names(torch, name, settings):
    """After 200 steps, the state of every parameter is torch's, by name and value."""
    pair = Pair(torch, name, settings)
    for t in range(1, N_STEPS + 1):
        pair.step(t)
    for x, z in zip(pair.ours, pair.theirs, strict=True):
        mine, other = pair.rule.state[x], pair.other.state[z]
        assert mine.keys() <= {key for key, value in other.items() if value is not None}
        assert other.keys() - mine.keys() <= {"step", "momentum_buffer"}
        for key, value in mine.items():
            expected = np.asarray(other[key])
            scale = max(1.0, np.abs(expected).max())
            bound = N_ULPS_EACH_STEP * N_STEPS * np.finfo(np.float64).eps * scale
            assert np.abs(value - expected).max() <= bound


@with_torch
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_defaults_are_torchs(torch, name):
    """Every setting has torch's name and default; the learning rate of SGD too."""
    x, z = ref.nn.Parameter(1.0), torch.tensor(1.0, requires_grad=True)
    mine = getattr(ref.optim, name)([x]).defaults
    other = getattr(torch.optim, name)([z]).defaults
    assert mine == {key: other[key] for key in mine}
    how_not_what = {"foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay"}
    assert other.keys() - mine.keys() <= how_not_what


WRONG = [
    *((name, {"lr": -0.1}) for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")),
    *((name, {"weight_decay": -1.0}) for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")),
    *((name, {"eps": -1.0}) for name in ("Adam", "AdamW", "RMSprop", "Adagrad")),
    *((name, {"betas": (1.0, 0.9)}) for name in ("Adam", "AdamW")),
    *((name, {"betas": (0.9, -0.1)}) for name in ("Adam", "AdamW")),
    *((name, {"momentum": -0.1}) for name in ("SGD", "RMSprop")),
    ("RMSprop", {"alpha": -0.1}),
    ("RMSprop", {"lr": float("nan")}),
    ("Adagrad", {"lr_decay": -0.1}),
    ("Adagrad", {"initial_accumulator_value": -0.1}),
    ("SGD", {"nesterov": True}),
    ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
]


@with_torch
@pytest.mark.parametrize(("name", "settings"), WRONG, ids=[f"{n}-{[*kw]}" for n, kw in WRONG])
def test_what_torch_refuses_is_refused(torch, name, settings):
    """An impossible setting raises at once, a ValueError as in torch that names the setting."""
    with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
        getattr(torch.optim, name)([torch.tensor(1.0, requires_grad=True)], **settings)
    with pytest.raises(ref.SettingError, match=rf"(?i)^{next(iter(settings))}") as error:
        getattr(ref.optim, name)([ref.nn.Parameter(1.0)], **settings)
    assert isinstance(error.value, ValueError)


@every_setting
def test_a_step_touches_the_values_alone(name, settings):
    """Gradients are not written to, leaves stay leaves in the same memory, nothing is recorded."""
    parameters = [ref.nn.Parameter(array) for array in drawn(0)]
    arrays = [x.data for x in parameters]
    rule = getattr(ref.optim, name)(parameters, **settings)
    for t in range(1, 4):
        for x, gradient in zip(parameters, drawn(t), strict=True):
            x.grad = ref.tensor(gradient)
        rule.step()
        for x, array, gradient in zip(parameters, arrays, drawn(t), strict=True):
            np.testing.assert_array_equal(x.grad.data, gradient)
            assert x.data is array
            assert x.is_leaf
            assert x.requires_grad


@every_setting
def test_what_is_remembered_is_the_rules_own(name, settings):
    """Whoever overwrites a gradient or a value after a step does not change the state."""
    parameters = [ref.nn.Parameter(array) for array in drawn(0)]
    rule = getattr(ref.optim, name)(parameters, **settings)
    for t in range(1, 4):
        for x, gradient in zip(parameters, drawn(t), strict=True):
            x.grad = ref.tensor(gradient)
        rule.step()
        for x in parameters:
            kept = [value for value in rule.state[x].values() if not isinstance(value, int)]
            assert not any(np.shares_memory(value, x.grad.data) for value in kept)
            assert not any(np.shares_memory(value, x.data) for value in kept)


@every_setting
def test_a_parameter_without_gradient_is_left_alone(name, settings):
    """Neither decay nor momentum moves it, and no step is counted, before or after its first."""
    x, idle = ref.nn.Parameter([1.0, 2.0]), ref.nn.Parameter([3.0, 4.0])
    rule = getattr(ref.optim, name)([x, idle], **settings)
    for _ in range(2):
        x.grad = ref.tensor([1.0, -1.0])
        rule.step()
        assert idle not in rule.state
    idle.grad = ref.tensor([0.5, 0.25])
    rule.step()
    value, kept = idle.data.copy(), dict(rule.state[idle])
    rule.zero_grad()
    rule.step()
    np.testing.assert_array_equal(idle.data, value)
    assert rule.state[idle] == kept


@pytest.mark.parametrize(("momentum", "moves"), [(0.0, False), (0.9, True)])
def test_a_gradient_of_zero_is_not_none(momentum, moves):
    """Under a gradient of zero, what was gathered of the steps before still moves the weights."""
    x = ref.nn.Parameter(1.0)
    rule = ref.optim.SGD([x], lr=0.5, momentum=momentum)
    x.grad = ref.tensor(1.0)
    rule.step()
    before = x.item()
    rule.zero_grad(set_to_none=False)
    rule.step()
    assert x.grad.item() == 0
    assert (x.item() != before) == moves


def test_zero_grad_forgets_or_fills():
    """By default gradients become None, else zeros where there are any; old ones are kept whole."""
    x, unused = ref.nn.Parameter([1.0, 2.0]), ref.nn.Parameter(1.0)
    rule = ref.optim.SGD([x, unused])
    x.grad = held = ref.tensor([3.0, 4.0])
    rule.zero_grad(set_to_none=False)
    assert x.grad.data.tolist() == [0, 0]
    assert held.data.tolist() == [3, 4]
    assert unused.grad is None
    rule.zero_grad()
    assert x.grad is None


def test_a_step_between_forward_and_backward_is_noticed():
    """The graph was made with the old values, so its backward raises instead of being wrong."""
    x = ref.nn.Parameter([1.0, 2.0])
    rule = ref.optim.SGD([x])
    y = (x * x).sum()
    x.grad = ref.tensor([1.0, 1.0])
    rule.step()
    with pytest.raises(ref.ModifiedInPlaceError):
        y.backward()


def test_groups_have_settings_of_their_own():
    """A group's settings go before the optimizer's, and may be changed between steps."""
    x, y = ref.nn.Parameter(1.0), ref.nn.Parameter(1.0)
    rule = ref.optim.SGD([{"params": [x]}, {"params": [y], "lr": 0.25}], lr=0.5)
    for expected_x, expected_y in [(0.5, 0.75), (0.5, 0.5)]:
        x.grad, y.grad = ref.tensor(1.0), ref.tensor(1.0)
        rule.step()
        assert (x.item(), y.item()) == (expected_x, expected_y)
        rule.param_groups[0]["lr"] = 0.0


def test_a_group_may_be_added_later():
    """Its parameters, one tensor or several, take part from the next step on."""
    x, y = ref.nn.Parameter(1.0), ref.nn.Parameter(1.0)
    rule = ref.optim.SGD([x], lr=0.5)
    rule.add_param_group({"params": y})
    y.grad = ref.tensor(1.0)
    rule.step()
    assert (x.item(), y.item()) == (1, 0.5)


def test_a_closure_runs_with_recording_on():
    """The step calls it first and returns its loss, under no_grad too."""
    x = ref.nn.Parameter(3.0)
    rule = ref.optim.SGD([x], lr=0.5)

    def closure():
        rule.zero_grad()
        loss = x * x
        loss.backward()
        return loss

    with ref.no_grad():
        assert rule.step(closure).item() == 9
    assert x.item() == 0
    assert rule.step() is None


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        (lambda x: [], ref.SettingError, "got none"),
        (lambda x: x, TypeError, "a single one"),
        (lambda x: [x * 2], ref.LeafError, "a result of <mul>"),
        (lambda x: [np.ones(2)], TypeError, "ndarray"),
        (lambda x: [x, x], ref.SettingError, r"shape \(2,\) is there twice"),
        (lambda x: [{"params": [x]}, {"params": [x]}], ref.SettingError, "twice"),
    ],
    ids=["none", "a-tensor", "a-result", "an-array", "twice", "in-two-groups"],
)
def test_what_is_no_list_of_parameters_is_refused(parameters, error, message):
    """The error says what was given in place of leaves."""
    with pytest.raises(error, match=message):
        ref.optim.SGD(parameters(ref.nn.Parameter([1.0, 2.0])))


def test_overflow_is_a_value_not_a_warning():
    """An infinite gradient gives infinities or NaN, as in torch."""
    x = ref.nn.Parameter([1.0, 2.0])
    rule = ref.optim.Adam([x], lr=0.5)
    x.grad = ref.tensor([np.inf, 1.0])
    rule.step()
    assert np.isnan(x.data[0])
    assert x.data[1] == pytest.approx(1.5, rel=1e-7)
