"""Training runs: small models, a loss, and plain gradient descent written out by hand."""

from itertools import pairwise
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import arrays
from gradcheck_suite.strategies.world import World

__all__ = ["gradient_descent", "training_step"]

_SMALL: Final = Domain(-1.5, 1.5)
_ACTIVATIONS: Final = ("tanh", "relu", "sigmoid")
_N_STEPS: Final = 3


class _Model:
    """Parameters and data of one drawn model, and its loss as instructions."""

    def __init__(self, draw: st.DrawFn, world: World) -> None:
        self._draw = draw
        self._world = world
        self.b = Builder()
        names = [op.name for op in world.having(_ACTIVATIONS)]
        self._activation = draw(st.sampled_from(["", *names]))
        self._square = draw(st.sampled_from(("mul", "pow")))
        self.parameters: list[int] = []
        self._data: list[tuple[int, ...]] = []
        self._classes = 0
        if world.kind == "scalar":
            self._scalar_neuron()
        else:
            self._network()

    def number(self, shape: Shape) -> Array:
        return self._draw(arrays(shape, _SMALL))

    def _scalar_neuron(self) -> None:
        """w1 * x1 + w2 * x2 + b over two samples."""
        self.parameters = [self.b.leaf(self.number(())) for _ in range(3)]
        self._data = [tuple(self.b.constant(self.number(())) for _ in range(3)) for _ in range(2)]

    def _network(self) -> None:
        """One or two linear layers over a batch of three samples of two features."""
        n_out = self._draw(st.sampled_from((1, 2)))
        hidden = self._draw(st.sampled_from((0, 3)))
        sides = [2, hidden, n_out] if hidden else [2, n_out]
        for n, m in pairwise(sides):
            self.parameters += [self.b.leaf(self.number((n, m))), self.b.leaf(self.number((m,)))]
        inputs, targets = self.number((3, 2)), self.number((3, n_out))
        self._classes = n_out if n_out > 1 and self._draw(st.booleans()) else 0
        if self._classes:
            hot = tuple(float(k == row % n_out) for row in range(3) for k in range(n_out))
            targets = Array((3, n_out), hot)
        self._data = [(self.b.constant(inputs), self.b.constant(targets))]

    def loss(self) -> int:
        """Append the forward pass and return the loss."""
        if self._world.kind == "scalar":
            return self._scalar_loss()
        ((value, target),) = self._data
        b = self.b
        layers = list(zip(self.parameters[::2], self.parameters[1::2], strict=True))
        for k, (weights, bias) in enumerate(layers):
            value = b.apply("add", b.apply("matmul", value, weights), bias)
            if k + 1 < len(layers) and self._activation:
                value = b.apply(self._activation, value)
        if self._classes:
            logs = b.apply("log_softmax", value, axis=-1)
            return b.apply("neg", b.apply("sum", b.apply("mul", logs, target)))
        return b.apply("mean", self._squared(b.apply("sub", value, target)))

    def _scalar_loss(self) -> int:
        b = self.b
        w1, w2, bias = self.parameters
        losses = []
        for x1, x2, target in self._data:
            total = b.apply("add", b.apply("mul", w1, x1), b.apply("mul", w2, x2))
            out = b.apply("add", total, bias)
            if self._activation:
                out = b.apply(self._activation, out)
            losses.append(self._squared(b.apply("sub", out, target)))
        return b.apply("add", *losses)

    def _squared(self, x: int) -> int:
        if self._square == "pow":
            return self.b.apply("pow", x, exponent=2)
        return self.b.apply("mul", x, x)


@st.composite
def training_step(draw: st.DrawFn, world: World) -> Program:
    """Draw a model and one forward and backward pass; shrinks to a linear model."""
    model = _Model(draw, world)
    loss = model.loss()
    model.b.backward(loss)
    model.b.observe("value", loss)
    model.b.observe("grad", *model.parameters)
    return model.b.program()


@st.composite
def gradient_descent(draw: st.DrawFn, world: World) -> Program:
    """Draw a model and three steps of ``w = w - lr * w.grad``; shrinks to a linear model.

    Every loss and every parameter is looked at in every step. The update runs under no_grad in
    half of the draws.
    """
    model = _Model(draw, world)
    b = model.b
    rate = draw(st.sampled_from((0.125, 0.25, 0.0625)))
    lr = b.constant(Array((), (rate,)))
    guarded = draw(st.booleans())
    for _ in range(_N_STEPS):
        loss = model.loss()
        b.backward(loss)
        b.observe("value", loss)
        if guarded:
            with b.mode("no_grad"):
                updates = [_descend(b, p, lr) for p in model.parameters]
        else:
            updates = [_descend(b, p, lr) for p in model.parameters]
        for p, update in zip(model.parameters, updates, strict=True):
            b.assign(p, update)
            b.clear(p)
        b.observe("value", *model.parameters)
    return b.program()


def _descend(b: Builder, parameter: int, rate: int) -> int:
    return b.apply("sub", parameter, b.apply("mul", b.grad_of(parameter), rate))
