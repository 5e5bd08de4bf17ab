"""Training runs: a model, its loss, and gradient descent written out by hand.

Loops are unrolled: every step is there with its own forward pass, and whatever it leads to is
looked at after it. Every strategy shrinks to the numbers 1, 2, 3.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import numpy as np
from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.models import Model, Picks, Sort

__all__ = [
    "decreasing_losses",
    "gradient_descent",
    "gradients_kept",
    "mini_batches",
    "momentum",
    "training_step",
]

_N_STEPS: Final = 3
_EVERYTHING: Final[Sequence[int]] = ()
_RATES: Final = (0.125, 0.25, 0.0625)
_MOMENTA: Final = (0.5, 0.75, 0.25)
_SHARE: Final = 0.25  # of 1 / L: below 2 / L every step goes down (Nesterov 2004, 2.1.14)


def _model(draw: st.DrawFn, sort: Sort) -> Model:
    return sort.draw(draw, 3 if "matmul" in sort.ops else 2)


@st.composite
def training_step(draw: st.DrawFn, sort: Sort) -> Program:
    """Draw a model and one forward and backward pass."""
    model = _model(draw, sort)
    loss = model.loss()
    model.b.backward(loss)
    model.b.observe("value", loss)
    model.b.observe("grad", *model.parameters)
    return model.b.program()


@st.composite
def gradient_descent(draw: st.DrawFn, sort: Sort) -> Program:
    """Draw a model and three steps of ``w = w - lr * w.grad``.

    Every loss and every parameter is looked at in every step. The update runs under no_grad in
    half of the draws.
    """
    model = _model(draw, sort)
    lr = _constant(model.b, draw(st.sampled_from(_RATES)))
    guarded = draw(st.booleans())
    for _ in range(_N_STEPS):
        _step(model, lr, guarded=guarded)
    return model.b.program()


@st.composite
def momentum(draw: st.DrawFn, sort: Sort) -> Program:
    """Draw a model and three steps of ``v = mu * v + w.grad; w = w - lr * v``.

    The velocities start as zeros; the updates run under no_grad in half of the draws.
    """
    model = _model(draw, sort)
    b = model.b
    lr = _constant(b, draw(st.sampled_from(_RATES)))
    mu = _constant(b, draw(st.sampled_from(_MOMENTA)))
    guarded = draw(st.booleans())
    velocities = [b.constant(Array.of(np.zeros(shape))) for shape in model.shapes]
    for _ in range(_N_STEPS):
        b.backward(model.loss())
        with _guard(b, guarded=guarded):
            velocities = [
                b.apply("add", b.apply("mul", v, mu), b.grad_of(p))
                for p, v in zip(model.parameters, velocities, strict=True)
            ]
            pairs = zip(model.parameters, velocities, strict=True)
            moved = [_moved(b, *pair, lr) for pair in pairs]
        _assign(model, moved)
    return b.program()


@st.composite
def mini_batches(draw: st.DrawFn, sort: Sort, picks: Picks) -> Program:
    """Draw five samples and an epoch over batches of two, in order or shuffled.

    The last batch, of a single sample, is dropped in half of the draws.
    """
    n_samples, size = 5, 2
    model = sort.draw(draw, n_samples, picks)
    order = tuple(range(n_samples))
    if draw(st.booleans()):
        order = tuple(draw(st.permutations(order)))
    batches = [order[k : k + size] for k in range(0, n_samples, size)]
    if draw(st.booleans()):
        batches.pop()
    lr = _constant(model.b, draw(st.sampled_from(_RATES)))
    for batch in batches:
        _step(model, lr, batch)
    return model.b.program()


@st.composite
def gradients_kept(draw: st.DrawFn, sort: Sort) -> Program:
    """Draw a run in which some step does not clear: the next gradient is added to the old one."""
    model = _model(draw, sort)
    forgotten = draw(st.sampled_from(((0,), (1,), (0, 1))))
    lr = _constant(model.b, draw(st.sampled_from(_RATES)))
    for k in range(_N_STEPS):
        _step(model, lr, clears=k not in forgotten)
    return model.b.program()


@st.composite
def decreasing_losses(draw: st.DrawFn, sort: Sort) -> Program:
    """Draw a convex problem and three steps small enough for each to bring the loss down."""
    model = _model(draw, sort)
    lr = _constant(model.b, model.rate(_SHARE))
    for _ in range(_N_STEPS):
        _step(model, lr, only_loss=True)
    model.b.observe("value", model.loss())
    return model.b.program()


def _step(
    model: Model,
    lr: int,
    batch: Sequence[int] = _EVERYTHING,
    *,
    guarded: bool = False,
    clears: bool = True,
    only_loss: bool = False,
) -> None:
    """Append a step of plain descent, and looks at the loss before and the parameters after it."""
    b = model.b
    loss = model.loss(batch)
    b.backward(loss)
    b.observe("value", loss)
    with _guard(b, guarded=guarded):
        moved = [_moved(b, p, b.grad_of(p), lr) for p in model.parameters]
    _assign(model, moved, clears=clears, looks=not only_loss)


def _guard(b: Builder, *, guarded: bool) -> AbstractContextManager[None]:
    return b.mode("no_grad") if guarded else nullcontext()


def _moved(b: Builder, parameter: int, direction: int, lr: int) -> int:
    return b.apply("sub", parameter, b.apply("mul", direction, lr))


def _assign(model: Model, moved: Sequence[int], *, clears: bool = True, looks: bool = True) -> None:
    for p, value in zip(model.parameters, moved, strict=True):
        model.b.assign(p, value)
        if clears:
            model.b.clear(p)
    if looks:
        model.b.observe("value", *model.parameters)


def _constant(b: Builder, value: float) -> int:
    return b.constant(Array((), (value,)))
