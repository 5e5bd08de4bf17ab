"""Models: what is trained in a run. Parameters, a few samples, and a loss over some of them.

Each model names the ops that it needs, and each is a stratum of its own: an engine with few ops has
runs too, and one broken activation does not stand before all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor, log2
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Slice
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import arrays
from gradcheck_suite.strategies.world import World

__all__ = ["Model", "Picks", "Sort", "sorts"]

_ORDINARY: Final = Domain(-1.5, 1.5)
# Where a curve is steep: of one that is flat, float32 keeps too few digits to judge by.
_SMALL: Final = Domain(-0.75, 0.75)
_N_FEATURES: Final = 2

Rows: TypeAlias = tuple[int, ...]
Picks = Literal["constants", "getitem"]


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of model: layers of these widths, an activation between them, and a loss."""

    make: Callable[["Sort", st.DrawFn, int, Picks], "Model"]
    loss: str
    ops: tuple[str, ...]
    activation: str = ""
    hidden: int = 0
    n_out: int = 1
    curvature: float = 0.0
    """The largest second derivative of one sample's loss by its output; 0 where the whole loss is
    not convex."""

    def number(self, draw: st.DrawFn, shape: Shape) -> Array:
        """Draw a parameter, or inputs."""
        straight = not self.activation and self.loss in {"squares", "powers"}
        return draw(arrays(shape, _ORDINARY if straight else _SMALL))

    def draw(self, draw: st.DrawFn, n_samples: int, picks: Picks = "constants") -> "Model":
        """Draw parameters and samples; shrinks to the numbers 1, 2, 3.

        ``picks``: a batch is a constant of its own, or is cut out of all samples.
        """
        return self.make(self, draw, n_samples, picks)


@dataclass(slots=True)
class Model:
    """The parameters and samples of one drawn model."""

    sort: Sort
    b: Builder
    parameters: tuple[int, ...]
    shapes: tuple[Shape, ...]
    """Of the parameters."""
    inputs: npt.NDArray[Any]
    """Samples by features."""
    targets: npt.NDArray[Any]
    forward: Callable[["Model", Rows], int]
    picks: Picks = "constants"
    _made: dict[tuple[str, Rows], int] = field(default_factory=dict)

    def loss(self, rows: Sequence[int] = ()) -> int:
        """Append the forward pass over some samples (none: all of them) and return the loss."""
        return self.forward(self, tuple(rows) or tuple(range(len(self.inputs))))

    def constant(self, name: str, values: npt.NDArray[Any], rows: Rows) -> int:
        """Return the numbers of some samples as a constant; the same one for the same samples."""
        if (name, rows) not in self._made:
            self._made[name, rows] = self.b.constant(Array.of(values))
        return self._made[name, rows]

    def batch(self, name: str, values: npt.NDArray[Any], rows: Rows) -> int:
        """Return the numbers of some samples: a constant, or cut out of one with all of them."""
        everything = tuple(range(len(values)))
        if self.picks == "constants" or rows == everything:
            return self.constant(name, values[list(rows)], rows)
        whole = self.constant(name, values, everything)
        return self.b.apply("getitem", whole, index=_index(rows))

    def of_sample(self, name: str, values: npt.NDArray[Any], row: int) -> int:
        """Return the number of one sample."""
        return self.constant(name, values[row], (row,))

    def rate(self, share: float) -> float:
        """Return a power of two of at most ``share / L``, L being the loss's steepest curvature.

        The Hessian of a loss over linear outputs is at most ``curvature`` times the mean, or the
        sum, of the outer products of the inputs, each with a 1 for the bias.
        """
        rows = np.column_stack([self.inputs, np.ones(len(self.inputs))])
        n = 1 if self.sort.make is _neurons else len(rows) * self.sort.n_out
        steepest = self.sort.curvature * float(np.linalg.eigvalsh(rows.T @ rows)[-1]) / n
        return 2.0 ** floor(log2(share / steepest))


def _index(rows: Rows) -> Slice | Array:
    """Return neighbours as a slice, others as an array of places."""
    if rows == tuple(range(rows[0], rows[0] + len(rows))):
        return Slice(rows[0], rows[-1] + 1)
    return Array((len(rows),), rows, "int")


def _network(sort: Sort, draw: st.DrawFn, n_samples: int, picks: Picks) -> Model:
    """Make linear layers over a batch: one row a sample."""
    b = Builder()
    sides = [_N_FEATURES, *([sort.hidden] if sort.hidden else []), sort.n_out]
    shapes = tuple(shape for n, m in pairwise(sides) for shape in ((n, m), (m,)))
    parameters = tuple(b.leaf(sort.number(draw, shape)) for shape in shapes)
    inputs = sort.number(draw, (n_samples, _N_FEATURES)).numpy()
    targets = _TARGETS[sort.loss](draw, n_samples, sort.n_out)
    return Model(sort, b, parameters, shapes, inputs, targets, _outputs, picks)


def _outputs(m: Model, rows: Rows) -> int:
    value = m.batch("inputs", m.inputs, rows)
    layers = list(zip(m.parameters[::2], m.parameters[1::2], strict=True))
    for k, (weights, bias) in enumerate(layers):
        value = m.b.apply("add", m.b.apply("matmul", value, weights), bias)
        if k + 1 < len(layers) and m.sort.activation:
            value = m.b.apply(m.sort.activation, value)
    return _LOSSES[m.sort.loss](m, value, rows)


def _squares(m: Model, value: int, rows: Rows) -> int:
    off = m.b.apply("sub", value, m.batch("targets", m.targets, rows))
    return m.b.apply("mean", m.b.apply("mul", off, off))


def _powers(m: Model, value: int, rows: Rows) -> int:
    off = m.b.apply("sub", value, m.batch("targets", m.targets, rows))
    return m.b.apply("mean", m.b.apply("pow", off, exponent=2))


def _logistic(m: Model, value: int, rows: Rows) -> int:
    """Take the logarithms of the probability where the target is 1, of its complement elsewhere."""
    b = m.b
    p = b.apply("sigmoid", value)
    hits = b.apply("mul", m.batch("targets", m.targets, rows), b.apply("log", p))
    one = m.constant("one", np.ones((len(rows), m.sort.n_out)), rows)
    misses = m.batch("others", 1 - m.targets, rows)
    missed = b.apply("mul", misses, b.apply("log", b.apply("sub", one, p)))
    return b.apply("neg", b.apply("mean", b.apply("add", hits, missed)))


def _logits(m: Model, value: int, rows: Rows) -> int:
    targets = m.batch("targets", m.targets, rows)
    return m.b.apply("binary_cross_entropy_with_logits", value, targets)


def _softmax(m: Model, value: int, rows: Rows) -> int:
    logs = m.b.apply("log_softmax", value, axis=-1)
    hot = m.batch("targets", m.targets, rows)
    return m.b.apply("neg", m.b.apply("sum", m.b.apply("mul", logs, hot)))


def _cross_entropy(m: Model, value: int, rows: Rows) -> int:
    classes = np.argmax(m.targets[list(rows)], axis=-1)
    return m.b.apply("cross_entropy", value, target=Array.of(classes))


def _line(sort: Sort, draw: st.DrawFn, n_samples: int, picks: Picks) -> Model:
    """Make one weight and one bias over a column of samples: no product of matrices."""
    b = Builder()
    shapes: tuple[Shape, ...] = ((1,), (1,))
    parameters = tuple(b.leaf(sort.number(draw, shape)) for shape in shapes)
    inputs, targets = (sort.number(draw, (n_samples, 1)).numpy() for _ in range(2))
    return Model(sort, b, parameters, shapes, inputs, targets, _along, picks)


def _along(m: Model, rows: Rows) -> int:
    weight, bias = m.parameters
    product = m.b.apply("mul", m.batch("inputs", m.inputs, rows), weight)
    return _squares(m, m.b.apply("add", product, bias), rows)


def _neurons(sort: Sort, draw: st.DrawFn, n_samples: int, _picks: Picks) -> Model:
    """Make a neuron of two inputs, or two of them and a third over both; sample by sample."""
    b = Builder()
    shapes: tuple[Shape, ...] = ((),) * 3 * max(1, sort.hidden + (sort.hidden > 0))
    parameters = tuple(b.leaf(sort.number(draw, shape)) for shape in shapes)
    inputs = sort.number(draw, (n_samples, _N_FEATURES)).numpy()
    targets = _TARGETS[sort.loss](draw, n_samples, 1)[:, 0]
    forward = _sample_by_sample
    return Model(sort, b, parameters, shapes, inputs, targets, forward, "constants")


def _sample_by_sample(m: Model, rows: Rows) -> int:
    losses = []
    for row in rows:
        features = [m.of_sample(f"x{k}", m.inputs[:, k], row) for k in range(_N_FEATURES)]
        losses.append(_SAMPLE_LOSSES[m.sort.loss](m, _fired(m, features), row))
    total = losses[0]
    for loss in losses[1:]:
        total = m.b.apply("add", total, loss)
    return total


def _fired(m: Model, features: Sequence[int]) -> int:
    neurons = [m.parameters[k : k + 3] for k in range(0, len(m.parameters), 3)]
    if len(neurons) > 1:
        features = [_activated(m, _neuron(m, n, features)) for n in neurons[:-1]]
        return _neuron(m, neurons[-1], features)
    return _activated(m, _neuron(m, neurons[0], features))


def _neuron(m: Model, weights: Sequence[int], features: Sequence[int]) -> int:
    (w1, w2, bias), (x1, x2) = weights, features
    b = m.b
    return b.apply("add", b.apply("add", b.apply("mul", w1, x1), b.apply("mul", w2, x2)), bias)


def _activated(m: Model, value: int) -> int:
    return m.b.apply(m.sort.activation, value) if m.sort.activation else value


def _square_of_one(m: Model, value: int, row: int) -> int:
    off = m.b.apply("sub", value, m.of_sample("targets", m.targets, row))
    return m.b.apply("mul", off, off)


def _power_of_one(m: Model, value: int, row: int) -> int:
    off = m.b.apply("sub", value, m.of_sample("targets", m.targets, row))
    return m.b.apply("pow", off, exponent=2)


def _logistic_of_one(m: Model, value: int, row: int) -> int:
    b = m.b
    p = b.apply("sigmoid", value)
    if not m.targets[row]:
        p = b.apply("sub", m.constant("one", np.ones(()), ()), p)
    return b.apply("neg", b.apply("log", p))


def _any_targets(draw: st.DrawFn, n_samples: int, n_out: int) -> npt.NDArray[Any]:
    return draw(arrays((n_samples, n_out), _ORDINARY)).numpy()


def _yes_or_no(draw: st.DrawFn, n_samples: int, n_out: int) -> npt.NDArray[Any]:
    drawn = draw(st.lists(st.booleans(), min_size=n_samples * n_out, max_size=n_samples * n_out))
    return np.array(drawn, dtype=np.float64).reshape(n_samples, n_out)


def _one_hot(draw: st.DrawFn, n_samples: int, n_out: int) -> npt.NDArray[Any]:
    classes = draw(st.lists(st.integers(0, n_out - 1), min_size=n_samples, max_size=n_samples))
    return np.eye(n_out)[classes]


_LOSSES: Final = {
    "squares": _squares,
    "powers": _powers,
    "logistic": _logistic,
    "logits": _logits,
    "softmax": _softmax,
    "cross_entropy": _cross_entropy,
}
_SAMPLE_LOSSES: Final = {
    "squares": _square_of_one,
    "powers": _power_of_one,
    "logistic": _logistic_of_one,
}
_TARGETS: Final = {
    "squares": _any_targets,
    "powers": _any_targets,
    "logistic": _yes_or_no,
    "logits": _yes_or_no,
    "softmax": _one_hot,
    "cross_entropy": _one_hot,
}

_LINE: Final = ("mul", "add", "sub", "mean")
_AFFINE: Final = ("matmul", "add")
_SQUARED: Final = (*_AFFINE, "sub", "mul", "mean")
_NEURON: Final = ("mul", "add", "sub")
_ACTIVATIONS: Final = ("tanh", "relu", "sigmoid")
_LOGISTIC: Final = ("sigmoid", "log", "neg")

_TENSORS: Final = (
    Sort(_network, "squares", _SQUARED, curvature=2.0),
    Sort(_line, "squares", _LINE, curvature=2.0),
    Sort(_network, "powers", (*_AFFINE, "sub", "pow", "mean"), n_out=2, curvature=2.0),
    *(Sort(_network, "squares", (*_SQUARED, name), name, hidden=3) for name in _ACTIVATIONS),
    Sort(_network, "logistic", (*_SQUARED, *_LOGISTIC), curvature=0.25),
    Sort(
        _network, "logits", (*_AFFINE, "binary_cross_entropy_with_logits"), n_out=2, curvature=0.25
    ),
    Sort(_network, "softmax", (*_AFFINE, "log_softmax", "mul", "sum", "neg"), n_out=2),
    Sort(_network, "cross_entropy", (*_AFFINE, "cross_entropy"), n_out=3),
    Sort(_network, "cross_entropy", (*_AFFINE, "cross_entropy", "tanh"), "tanh", 3, 2),
)
_SCALARS: Final = (
    Sort(_neurons, "squares", _NEURON, curvature=2.0),
    Sort(_neurons, "powers", (*_NEURON, "pow"), curvature=2.0),
    *(Sort(_neurons, "squares", (*_NEURON, name), name) for name in _ACTIVATIONS),
    *(Sort(_neurons, "squares", (*_NEURON, name), name, hidden=2) for name in _ACTIVATIONS),
    Sort(_neurons, "logistic", (*_NEURON, *_LOGISTIC), curvature=0.25),
)


def sorts(world: World) -> tuple[Sort, ...]:
    """Return the sorts of model that a world has the ops for; the linear ones come first."""
    known = _SCALARS if world.kind == "scalar" else _TENSORS
    return tuple(sort for sort in known if set(sort.ops) <= set(world.ops))
