"""Runs of the submission's own optimizers.

Gradients are given directly, by losses as simple as ``w * c`` and ``w + c``, so that no op can hide
an optimizer: a new one for each parameter in each step. What is looked at after every step is where
each parameter is, and the gradients, which a step does not change.
"""

from collections.abc import Mapping
from typing import Final

from hypothesis import strategies as st

from gradcheck_suite.program.instructions import Attribute, Program
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import arrays, cotangents, some_shape
from gradcheck_suite.strategies.world import World

__all__ = ["cleared_by", "optimizer_runs", "strata"]

# Steps that are small beside the weights: near zero float32 keeps too few digits to judge by.
_WEIGHTS: Final = Domain(-4.0, 4.0, hole=1.0)
_RATES: Final = (0.0625, 0.03125)

# Few digits, exact in float32, and far from 1: with betas of 0.999 what is lost in 1 - beta**t
# hides in float32 what is wrong.
_VALUES: Final[Mapping[str, tuple[Attribute, ...]]] = {
    "alpha": (0.5, 0.75, 0.25),
    "betas": ((0.5, 0.75), (0.25, 0.5), (0.75, 0.5)),
    "centered": (True,),
    "dampening": (0.25, 0.5),
    "eps": (0.125, 0.5, 0.25),
    "initial_accumulator_value": (0.5, 0.25, 2.0),
    "lr_decay": (0.5, 0.25),
    "momentum": (0.5, 0.75, 0.25),
    "nesterov": (True,),
    "weight_decay": (0.25, 0.5, 0.125),
}

# Each setting alone, as far as it has a meaning alone, then some together. Those of the first and
# the last row are tried on several parameters too.
_GIVEN: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "sgd": (
        (),
        ("weight_decay",),
        ("momentum",),
        ("momentum", "dampening"),
        ("momentum", "nesterov"),
        ("momentum", "weight_decay"),
        ("momentum", "dampening", "weight_decay"),
        ("momentum", "nesterov", "weight_decay"),
    ),
    "adam": (
        (),
        ("betas",),
        ("eps",),
        ("weight_decay",),
        ("betas", "eps", "weight_decay"),
    ),
    "adamw": (
        (),
        ("betas",),
        ("eps",),
        ("weight_decay",),
        ("betas", "eps", "weight_decay"),
    ),
    "rmsprop": (
        (),
        ("alpha",),
        ("eps",),
        ("weight_decay",),
        ("momentum",),
        ("centered",),
        ("alpha", "eps", "momentum"),
        ("alpha", "eps", "weight_decay", "momentum", "centered"),
    ),
    "adagrad": (
        (),
        ("eps",),
        ("weight_decay",),
        ("lr_decay",),
        ("initial_accumulator_value",),
        ("lr_decay", "weight_decay", "initial_accumulator_value", "eps"),
    ),
}

# Rules with a count of steps: one for all parameters in some engines, one for each in others. They
# agree as long as a parameter has a gradient in every step, or in none.
_COUNTED: Final = frozenset({"adam", "adamw"})

_Ops = tuple[str, ...]
_PALETTES: Final[tuple[_Ops, ...]] = (("mul", "square"), ("add", "sub"))


def strata(rule: str, world: World) -> tuple[st.SearchStrategy[Program], ...]:
    """Return runs for each choice of settings and each way to get a gradient.

    Then several parameters, and one that has no gradient at first, or at all.
    """
    given = _GIVEN[rule]
    return (
        *(
            optimizer_runs(rule, names, world, palette, (1, 0))
            for names in given
            for palette in _PALETTES
        ),
        *(
            optimizer_runs(rule, names, world, palette, (3, 0))
            for names in dict.fromkeys((given[0], given[-1]))
            for palette in _PALETTES
        ),
        *(
            optimizer_runs(rule, names, world, _PALETTES[0], (2, 1))
            for names in ((), ("weight_decay",))
        ),
    )


@st.composite
def cleared_by(draw: st.DrawFn, rule: str, world: World) -> Program:
    """Draw what an optimizer clears, before a step or after one; shrinks to one parameter.

    A leaf that is not its own keeps its gradient.
    """
    n = draw(st.integers(1, 3))
    shapes = [draw(some_shape(world.kind)) for _ in range(n + 1)]
    b = Builder()
    *parameters, other = [b.leaf(draw(arrays(shape, _WEIGHTS))) for shape in shapes]
    lr = draw(st.sampled_from(_RATES))
    for x, shape in zip((*parameters, other), shapes, strict=True):
        _give_gradient(draw, b, x, shape, draw(st.sampled_from(_PALETTES[0])))
    if draw(st.booleans()):
        b.optimizer_step(rule, parameters, lr=lr)
    b.optimizer_clear(rule, parameters, lr=lr)
    b.observe("grad", *parameters, other)
    return b.program()


@st.composite
def optimizer_runs(
    draw: st.DrawFn,
    rule: str,
    given: tuple[str, ...],
    world: World,
    ops: _Ops,
    n_of: tuple[int, int],
) -> Program:
    """Draw three to five steps under drawn values of the settings ``given``.

    ``n_of``: the number of parameters, and how many of them have no gradient in the first step or
    two, or in any where steps are counted. Shrinks to three steps, to scalars, and to the numbers
    1, 2, 3.
    """
    n_parameters, n_idle = n_of
    b = Builder()
    shapes = [draw(some_shape(world.kind)) for _ in range(n_parameters)]
    parameters = [b.leaf(draw(arrays(shape, _WEIGHTS))) for shape in shapes]
    settings = {name: draw(st.sampled_from(_VALUES[name])) for name in given}
    lr = draw(st.sampled_from(_RATES))
    n_steps = draw(st.integers(3, 5))
    n_late = n_steps if rule in _COUNTED else draw(st.integers(1, 2))
    b.observe("unset", *parameters[:n_idle])
    for step in range(n_steps):
        moving = range(n_idle if step < n_late else 0, n_parameters)
        for k in moving:
            _give_gradient(draw, b, parameters[k], shapes[k], draw(st.sampled_from(ops)))
        b.optimizer_step(rule, parameters, lr=lr, **settings)
        b.observe("value", *parameters)
        b.observe("grad", *(parameters[k] for k in moving))
        for k in moving:
            b.clear(parameters[k])
    return b.program()


def _give_gradient(draw: st.DrawFn, b: Builder, w: int, shape: Shape, op: str) -> None:
    """Append a loss of ``w`` alone, and its backward."""
    if op in {"add", "sub"}:  # the gradient is what backward starts from, or minus that
        left, right = (w, b.constant(draw(arrays(shape, _WEIGHTS))))
        b.backward(b.apply(op, left, right), draw(cotangents(shape)))
        return
    power = b.apply("mul", w, w) if op == "square" else w
    root = b.apply("mul", power, b.constant(draw(cotangents(shape))))
    b.backward(b.apply("sum", root) if shape else root)
