"""Discovery of optimizers: by unmistakable names, and because a plain step moves a parameter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_suite.engines.capabilities import capabilities_of
from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import (
    Apply,
    Attributes,
    Backward,
    Leaf,
    Observe,
    OptimizerClear,
    OptimizerStep,
    Program,
)
from gradcheck_suite.program.printing import lines

ENGINE = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = float(data), 0.0, parents

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self, gradient=1.0):
        self.grad += gradient
        for p, slope in self.parents:
            p.backward(gradient * slope)
"""
STEP = """
    def {step}(self):
        for p in self.params:
            p.data -= self.rate * p.grad
"""


def optimizer(name: str, head: str, rate: str, step: str = "step", *more: str) -> str:
    """Return the class of an optimizer that takes plain steps."""
    body = ["self.params = list(params)", f"self.rate = {rate}", *more]
    lines_ = [f"class {name}:", f"    def __init__(self, {head}):", *(f"        {b}" for b in body)]
    return "\n".join(lines_) + STEP.replace("{step}", step)


@pytest.fixture
def engine_with(tmp_path: Path) -> Callable[..., SpelledEngine]:
    """Return a function that discovers an engine beside which these classes stand."""

    def make(*classes: str, **files: str) -> SpelledEngine:
        (tmp_path / "engine.py").write_text("\n\n".join([ENGINE, *classes]))
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return load(tmp_path)

    return make


def program(rule: str, settings: Attributes) -> Program:
    """Return one step of a rule on ``w * w`` at 1."""
    leaf = Leaf(Array((), (1.0,)))
    step = OptimizerStep(rule, (0,), (("lr", 0.25), *settings))
    return Program((leaf, Apply("mul", (0, 0)), Backward(1), step, Observe("value", 0)))


@pytest.mark.parametrize(
    ("text", "rule", "template"),
    [
        (
            optimizer("SGD", "params, lr", "lr"),
            "sgd",
            "SGD(parameters, lr=lr)",
        ),
        (
            optimizer("GD", "params, learning_rate=0.1", "learning_rate"),
            "sgd",
            "GD(parameters, learning_rate=lr)",
        ),
        (
            optimizer("SGD", "params, speed", "speed"),
            "sgd",
            "SGD(parameters, lr)",
        ),
        (
            optimizer("SGD", "params, lr=0.1, mu=0.0, wd=0.0", "lr"),
            "sgd",
            "SGD(parameters, lr=lr, mu=momentum, wd=weight_decay)",
        ),
        (
            optimizer("Adam", "params, alpha=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8", "alpha"),
            "adam",
            "Adam(parameters, alpha=lr, beta1=betas[0], beta2=betas[1], epsilon=eps)",
        ),
        (
            optimizer("ADAM", "params, lr=0.001, betas=(0.9, 0.999), eps=1e-7", "lr"),
            "adam",
            "ADAM(parameters, lr=lr, betas=betas, eps=1e-08 if eps is None else eps)",
        ),
        (
            optimizer("RMSProp", "params, lr=0.01, rho=0.9", "lr"),
            "rmsprop",
            "RMSProp(parameters, lr=lr, rho=0.99 if alpha is None else alpha)",
        ),
        (
            optimizer("SGD", "*params, lr=0.1, mu=0.0", "lr"),
            "sgd",
            "SGD(*parameters, lr=lr, mu=momentum)",
        ),
        (
            optimizer("RMSProp", "params, lr=0.01, b_g=0.9, eps=1e-8", "lr"),
            "rmsprop",
            "RMSProp(parameters, lr=lr, eps=eps, b_g=0.99 if alpha is None else alpha)",
        ),
        (
            optimizer("AdaGrad", "params, lr=0.01, eps=1e-10", "lr"),
            "adagrad",
            "AdaGrad(parameters, lr=lr, eps=eps)",
        ),
        (
            optimizer("AdamW", "params, lr=0.01, decay=0.1", "lr"),
            "adamw",
            "AdamW(parameters, lr=lr, decay=0.01 if weight_decay is None else weight_decay)",
        ),
        (
            optimizer("AdamW", "params, lr=0.01, betas=(0.9, 0.999), eps=1e-8, pull=0.1", "lr"),
            "adamw",
            (
                "AdamW(parameters, lr=lr, betas=betas, eps=eps, "
                "pull=0.01 if weight_decay is None else weight_decay)"
            ),
        ),
        (
            optimizer("AdamW", "params, lr=0.01, pull=0.1, warmth=2.0", "lr"),
            "adamw",
            "AdamW(parameters, lr=lr)",
        ),
        (
            optimizer("Adam", "params, lr=0.01, decay=0.0", "lr"),
            "adam",
            "Adam(parameters, lr=lr)",
        ),
        (
            optimizer("RMSprop", "params, lr=0.01, beta=0.99, eps=1e-8", "lr"),
            "rmsprop",
            "RMSprop(parameters, lr=lr, beta=alpha, eps=eps)",
        ),
    ],
)
def test_a_constructor_is_spelled_as_it_is(
    text: str, rule: str, template: str, engine_with: Callable[..., SpelledEngine]
):
    """Settings by the names they have there; where a default differs, the table's is written."""
    engine = engine_with(text)
    assert dict(engine.spelling.optimizers) == {rule: template}


def test_a_wrong_optimizer_is_taken(engine_with: Callable[..., SpelledEngine]):
    """Where a step leads is for the properties to judge: it is enough that it leads somewhere."""
    uphill = optimizer("Adam", "params, lr", "-lr")
    assert dict(engine_with(uphill).spelling.optimizers) == {"adam": "Adam(parameters, lr=lr)"}


@pytest.mark.parametrize(
    "text",
    [
        optimizer("SGD", "params, lr", "0.0"),
        optimizer("SGD", "params, lr", "lr", "step", "raise ValueError"),
        optimizer("Trainer", "params, lr", "lr"),
        "class SGD:\n    pass",
    ],
    ids=["does not move", "raises", "another name", "no constructor"],
)
def test_what_moves_nothing_is_none(text: str, engine_with: Callable[..., SpelledEngine]):
    """A class that cannot be made, or that leaves every number alone, is no optimizer."""
    assert engine_with(text).spelling.optimizers == ()


def test_an_optimizer_may_stand_in_a_file_of_its_own(engine_with: Callable[..., SpelledEngine]):
    """It is spelled by its module, which the snippets import."""
    engine = engine_with(optim=optimizer("SGD", "params, lr", "lr"))
    assert dict(engine.spelling.optimizers) == {"sgd": "optim.SGD(parameters, lr=lr)"}
    assert "import optim" in engine.spelling.imports


def test_a_step_may_be_an_update(engine_with: Callable[..., SpelledEngine]):
    """The way in which the optimizer is stepped is found, run and printed."""
    engine = engine_with(optimizer("SGD", "params, lr", "lr", "update"))
    assert engine.spelling.step == "x.update()"
    asked = program("sgd", ())
    outcome = run(asked, engine)[4]
    assert isinstance(outcome, Number)
    assert outcome.values == 0.5
    printed = "\n".join(map(str, lines(asked, engine.spelling)))
    assert "optimizer = SGD([a], lr=0.25)\noptimizer.update()" in printed


def test_settings_are_needs_of_their_own(engine_with: Callable[..., SpelledEngine]):
    """An optimizer without momentum is not asked about it."""
    engine = engine_with(optimizer("SGD", "params, lr, weight_decay=0.0", "lr"))
    found = {c for c in capabilities_of(engine.spelling) if c.startswith("optimizer")}
    assert found == {"optimizer:sgd", "optimizer:sgd.weight_decay"}


def test_a_default_of_its_own_is_overruled(engine_with: Callable[..., SpelledEngine]):
    """What is not given is what the table has, and is printed as a number; the rest is left out."""
    head = "params, lr, beta1=0.8, beta2=0.999"
    keeping = optimizer("Adam", head, "lr * beta1 / 0.9")
    engine = engine_with(keeping)
    for settings, value, text in (
        ((), 0.5, "Adam([a], lr=0.25, beta1=0.9)"),
        ((("betas", (0.45, 0.5)),), 0.75, "Adam([a], lr=0.25, beta1=0.45, beta2=0.5)"),
    ):
        asked = program("adam", settings)
        outcome = run(asked, engine)[4]
        assert isinstance(outcome, Number)
        assert outcome.values == pytest.approx(value)
        printed = "\n".join(map(str, lines(asked, engine.spelling)))
        assert f"optimizer = {text}" in printed


@pytest.mark.parametrize(
    ("method", "template", "left"),
    [
        ("def zero_grad(self): self.params[0].grad = 0.0", "x.zero_grad()", [0.0, 2.0]),
        ("def clear_grad(self): pass", "x.clear_grad()", [2.0, 2.0]),
        ("def zero_grad(self): self.params[0].grad[0] = 0", "x.zero_grad()", [2.0, 2.0]),
        ("def zero_grad(self, model): pass", "", None),
        ("def zero_grad(self): raise NotImplementedError", "", None),
        ("zero_grad = None", "", None),
    ],
)
def test_what_an_optimizer_clears_with_is_taken_by_its_name(
    method: str, template: str, left: list[float] | None, engine_with: Callable[..., SpelledEngine]
):
    """Whether it clears is judged: a method that leaves gradients must not be missed."""
    engine = engine_with(optimizer("SGD", "params, lr", "lr") + f"\n    {method}\n")
    assert engine.spelling.optimizer_clear == template
    assert ("optimizer_clear" in engine.capabilities) is (left is not None)
    if left is not None:
        leaf = Leaf(Array((), (1.0,)))
        squares = (Apply("mul", (0, 0)), Backward(2), Apply("mul", (1, 1)), Backward(4))
        clears = OptimizerClear("sgd", (0, 1), (("lr", 0.5),))
        looks = (Observe("grad", 0), Observe("grad", 1))
        seen = run(Program((leaf, leaf, *squares, clears, *looks)), engine)
        found = [seen[k] for k in (7, 8)]
        assert [n.numbers for n in found if isinstance(n, Number)] == [[x] for x in left]
