"""Note 001: a loss surface, a small network, momentum, batches."""

from functools import cache, partial
from math import prod
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.data import fashion, load_arrays
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program, Slice
from gradcheck_suite.strategies.textbook.row import NO_NUMBER, Page, Row

__all__ = ["NOTE_001", "descent"]

_START: Final = (-8.0, 8.0)
_RATE: Final = 0.03125


def descent(n_steps: int) -> Program:
    """Return gradient descent on the loss surface, which looks at both weights in every step."""
    p = Page()
    _descend(p, n_steps, guarded=False)
    return p.program()


def _descend(p: Page, n_steps: int, *, guarded: bool) -> tuple[int, int]:
    w1, w2 = (p.number(v) for v in _START)
    rate = p.fixed(_RATE)
    for _ in range(n_steps):
        p.backward(_surface(p, w1, w2))
        p.step(w1, rate, guarded=guarded)
        p.step(w2, rate, guarded=guarded)
        p.observe("value", w1, w2)
    return w1, w2


def _surface(p: Page, w1: int, w2: int) -> int:
    """Append (2 - w1 - w2)**2 + (4 - 3 w1 - w2)**2."""
    first = p.apply("sub", p.apply("sub", p.fixed(2), w1), w2)
    triple = p.apply("mul", p.fixed(3), w1)
    second = p.apply("sub", p.apply("sub", p.fixed(4), triple), w2)
    return p.apply("add", p.squared(first), p.squared(second))


def _at_origin(p: Page) -> None:
    w1, w2 = p.number(0), p.number(0)
    loss = _surface(p, w1, w2)
    p.claim("value", loss, "loss", 20)
    p.backward(loss)
    p.claim("grad", w1, "w1.grad", -28)
    p.claim("grad", w2, "w2.grad", -12)


def _path(p: Page, *, guarded: bool = True) -> None:
    w1, w2 = _descend(p, 4, guarded=guarded)
    p.claim("value", w1, "w1 after 4 steps", "-2.5061", printed=NO_NUMBER)
    p.claim("value", w2, "w2 after 4 steps", "9.3845", printed=NO_NUMBER)


def _momentum_by_hand(p: Page) -> None:
    """Take five steps of v = gamma v - lr dw; w = w + v."""
    weights = p.vector(1, -2, 0.5)
    factors = p.constant(Array((3,), (1.0, 0.5, 2.0)))
    gamma, rate = p.fixed(0.9), p.fixed(0.1)
    velocity = p.constant(Array((3,), (0.0, 0.0, 0.0)))
    for _ in range(5):
        p.backward(_bowl(p, weights, factors))
        with p.mode("no_grad"):
            kept = p.apply("mul", velocity, gamma)
            velocity = p.apply("sub", kept, p.apply("mul", p.grad_of(weights), rate))
            moved = p.apply("add", weights, velocity)
        p.assign(weights, moved)
        p.clear(weights)
        p.observe("value", weights)
    p.claim("value", weights, "w after 5 steps", *_AFTER_FIVE, printed=NO_NUMBER)


def _momentum_by_optimizer(p: Page) -> None:
    weights = p.vector(1, -2, 0.5)
    factors = p.constant(Array((3,), (1.0, 0.5, 2.0)))
    for _ in range(5):
        p.backward(_bowl(p, weights, factors))
        p.optimizer_step("sgd", [weights], lr=0.1, momentum=0.9)
        p.clear(weights)
        p.observe("value", weights)
    p.claim("value", weights, "w after 5 steps", *_AFTER_FIVE, printed=NO_NUMBER)


_AFTER_FIVE: Final = ("-0.58042", "0.05832", "-0.3645")


def _bowl(p: Page, weights: int, factors: int) -> int:
    return p.apply("sum", p.apply("mul", p.apply("mul", weights, weights), factors))


def _batches(p: Page) -> None:
    """Five batches of 500 samples: every sample once, the last batch of 20."""
    samples = tuple((k % 16 + 1) / 4 for k in range(500))
    data = p.constant(Array((500, 1), samples))
    weight = p.leaf(Array((1,), (1.0,)))
    for start in range(0, 500, 120):
        batch = p.apply("getitem", data, index=Slice(start, min(start + 120, 500)))
        p.backward(p.apply("sum", p.apply("mul", batch, weight)))
    p.claim("shape", batch, "the last batch", *(str(v) for v in samples[480:]), printed=NO_NUMBER)
    p.claim("grad", weight, "the sum over an epoch", str(sum(samples)), printed=NO_NUMBER)


def _network(p: Page) -> None:
    """20 features, layers of 13 (relu), 8 (sigmoid) and 3 with a bias; SGD with momentum."""
    arrays = _arrays()
    first, second, output, bias = (
        p.leaf(Array.of(arrays[name].astype(float)))
        for name in ("first", "second", "output", "bias")
    )
    features = p.constant(Array.of(arrays["features"].astype(float)))
    hot = np.eye(3)[arrays["classes"]] / -500
    weights_of_mean = p.constant(Array.of(hot))
    for printed in ("1.15346", "1.14187", "1.12458", "1.10869", "1.09928"):
        hidden = p.apply("relu", p.apply("matmul", features, p.apply("transpose", first)))
        inner = p.apply("sigmoid", p.apply("matmul", hidden, p.apply("transpose", second)))
        scores = p.apply("add", p.apply("matmul", inner, p.apply("transpose", output)), bias)
        logs = p.apply("log_softmax", scores, axis=-1)
        loss = p.apply("sum", p.apply("mul", logs, weights_of_mean))
        p.backward(loss)
        p.claim("value", loss, "loss", printed)
        p.optimizer_step("sgd", [first, second, output, bias], lr=0.1, momentum=0.9)
        for parameter in (first, second, output, bias):
            p.clear(parameter)


def _clothes(p: Page) -> None:
    """784 pixels, 16 neurons (tanh), 10 classes: five steps on 100 images."""
    images, classes = fashion("train")
    parameters = [p.leaf(_starting(shape)) for shape in ((784, 16), (16,), (16, 10), (10,))]
    first, bias, second, last = parameters
    rate = p.fixed(0.5)
    pixels = p.constant(Array.of(images[:100] / 255.0))
    weights_of_mean = p.constant(Array.of(np.eye(10)[classes[:100]] / -100))
    for k, expected in enumerate(("2.30115", "2.24228", "2.17562", "2.08653", "1.96912")):
        hidden = p.apply("tanh", p.apply("add", p.apply("matmul", pixels, first), bias))
        scores = p.apply("add", p.apply("matmul", hidden, second), last)
        logs = p.apply("log_softmax", scores, axis=-1)
        loss = p.apply("sum", p.apply("mul", logs, weights_of_mean))
        p.backward(loss)
        p.claim("value", loss, f"loss, step {k + 1}", expected, printed=NO_NUMBER)
        for parameter in parameters:
            p.step(parameter, rate, guarded=False)


def _starting(shape: tuple[int, ...]) -> Array:
    """Return small numbers without a pattern to speak of, the same everywhere."""
    n = prod(shape)
    return Array(shape, tuple((k * k * 7 % 61 - 30) / 512 for k in range(n)))


@cache
def _arrays() -> dict[str, npt.NDArray[Any]]:
    return load_arrays("textbook", "note001.npz")


NOTE_001: Final = (
    Row(
        "001",
        "loss surface",
        "(2 - w1 - w2)**2 + (4 - 3 w1 - w2)**2 at 0, 0",
        (_at_origin,),
        on_numbers=True,
    ),
    Row(
        "001",
        "descent path",
        "gradient descent on that surface, from (-8, 8)",
        (_path, partial(_path, guarded=False)),
        on_numbers=True,
    ),
    Row(
        "001",
        "momentum by hand",
        "v = gamma v - lr dw; w = w + v, five steps",
        (_momentum_by_hand,),
    ),
    Row(
        "001",
        "momentum by optimizer",
        "the same by SGD(momentum=0.9), up to the sign of v",
        (_momentum_by_optimizer,),
    ),
    Row(
        "001",
        "batches",
        "500 samples in batches of 120, drop_last=False",
        (_batches,),
        conventions=("accumulation",),
    ),
    Row(
        "001",
        "network",
        "500 x 20 inputs, 3 classes, cross-entropy, SGD(lr=0.1, momentum=0.9), 5 steps",
        (_network,),
        certified=False,
    ),
    Row(
        "001",
        "Fashion-MNIST",
        "a network on images of clothes (a heading alone), five steps of lr 0.5",
        (_clothes,),
        certified=False,
    ),
)
