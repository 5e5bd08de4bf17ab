"""Wrong optimizers: each common mistake as the rule that it makes of the right one.

A row is a sentence and a change to a run. The oracle runs it over its nodes as it runs the right
one (see ``oracles.optimizers``); where every parameter then comes out as it did in the engine under
test, the sentence is the likely reason. Rows that say more stand before those that say less.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import numpy as np

from gradcheck_suite.engines.dialect import Dialect
from gradcheck_suite.oracles.optimizers import RULES, Rule, State
from gradcheck_suite.oracles.scalarise import Node
from gradcheck_suite.program.instructions import (
    Assign,
    ClearGrad,
    Instruction,
    Observe,
    OptimizerStep,
    Program,
)
from gradcheck_suite.program.optimizers import OPTIMIZERS

__all__ = ["MISTAKES", "Run", "WrongRule"]

Nodes: TypeAlias = Any
Settings: TypeAlias = Mapping[str, Any]
_ALL: Final = tuple(OPTIMIZERS)
_ADAMS: Final = ("adam", "adamw")


@dataclass(frozen=True, slots=True)
class Run:
    """A Program, and what an oracle needs to know to run it in a wrong way."""

    program: Program
    dialect: Dialect
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=lambda: RULES)


@dataclass(frozen=True, slots=True)
class WrongRule:
    """A likely reason."""

    reason: str
    change: Callable[[Run], Run | None]
    """The run with the mistake in it; None where it has no place for that mistake."""


def _as(make: Callable[[Rule], Rule], *names: str) -> Callable[[Run], Run | None]:
    """Return the change that makes a wrong rule of each right one of ``names``."""

    def change(run: Run) -> Run | None:
        steps = [i for _, i in run.program.numbered() if isinstance(i, OptimizerStep)]
        wrong = {s.rule: (make(RULES[s.rule][0]),) for s in steps if s.rule in names}
        return replace(run, rules={**run.rules, **wrong}) if wrong else None

    return change


def _rule(rule: Rule, *names: str) -> Callable[[Run], Run | None]:
    return _as(lambda _: rule, *names)


def _set(change: Callable[[Settings], Settings], *names: str) -> Callable[[Run], Run | None]:
    """Return the change to a rule whose settings are others than those given."""

    def make(right: Rule) -> Rule:
        return lambda w, g, state, given: right(w, g, state, {**given, **change(given)})

    return _as(make, *names)


def _without(kind: type[Instruction]) -> Callable[[Run], Run | None]:
    """Return the change to a run in which one kind of instruction does nothing."""

    def change(run: Run) -> Run | None:
        body = run.program.instructions
        if not any(isinstance(i, kind) for i in body):
            return None
        idle = (Observe("is_leaf", i.x) if isinstance(i, kind) else i for i in body)  # type: ignore[union-attr]  # both kinds have an x
        return replace(run, program=Program(tuple(idle)))

    return change


def _uphill(right: Rule) -> Rule:
    return lambda w, g, state, s: w + (w - right(w, g, state, s))


def _one_late(right: Rule) -> Rule:
    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        before = state.moments.get("late")
        state.moments["late"] = g
        return w if before is None else right(w, before, state, s)

    return rule


def _shared(right: Rule) -> Rule:
    everybody = State()
    return lambda w, g, _, s: right(w, g, everybody, s)


def _counted_by_parameter(right: Rule) -> Rule:
    count = 0

    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        nonlocal count
        state.n_steps = count
        moved = right(w, g, state, s)
        count = state.n_steps
        return moved

    return rule


def _counted_from(offset: int) -> Callable[[Rule], Rule]:
    def make(right: Rule) -> Rule:
        def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
            state.n_steps += offset if not state.moments else 0
            return right(w, g, state, s)

        return rule

    return make


def _apart(right: Rule) -> Rule:
    """Shrink the weights by lr * decay, and leave the gradient alone."""

    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        decay = s["weight_decay"] * s["lr"]
        return right(w, g, state, {**s, "weight_decay": 0.0}) - w * decay

    return rule


def _velocity(
    first: Callable[[Nodes, Settings], Nodes], kept: Callable[[Nodes, Settings], Nodes]
) -> Rule:
    """Return SGD with another first velocity, and another share of each later gradient."""

    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        g = g + w * s["weight_decay"]
        mu = s["momentum"]
        before = state.moments.get("v")
        v = first(g, s) if before is None else before * mu + kept(g, s)
        state.moments["v"] = v
        return w - (g + v * mu if s["nesterov"] else v) * s["lr"]

    return rule


def _far_ahead(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
    """Take mu * v for a nesterov step, without the gradient of this one."""
    g = g + w * s["weight_decay"]
    before = state.moments.get("v")
    v = g if before is None else before * s["momentum"] + g * (1 - s["dampening"])
    state.moments["v"] = v
    return w - (v * s["momentum"] if s["nesterov"] else v) * s["lr"]


_Correct: TypeAlias = Callable[[Nodes, Nodes, Nodes, Nodes, Settings], Nodes]


def _adam(step: _Correct) -> Callable[[Rule], Rule]:
    """Return Adam, or AdamW, with another step made of both moments and of 1 - beta**t."""

    def make(right: Rule) -> Rule:
        apart = right is RULES["adamw"][0]

        def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
            decay = s["weight_decay"]
            w, g = (w * (1 - s["lr"] * decay), g) if apart else (w, g + w * decay)
            a, b = (Node.number(beta) for beta in s["betas"])
            state.n_steps += 1
            m = state.moment("m", g) * a + g * (1 - a)
            v = state.moment("v", g) * b + g * g * (1 - b)
            state.moments.update(m=m, v=v)
            moved = step(m, v, 1 - a**state.n_steps, 1 - b**state.n_steps, s)
            return w - moved * s["lr"]

        return rule

    return make


def _kept_corrected(right: Rule) -> Rule:
    """Correct the moments, and go on from the corrected ones."""

    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        a, b = (Node.number(beta) for beta in s["betas"])
        moved = right(w, g, state, s)
        t = state.n_steps
        state.moments["m"] = state.moments["m"] / (1 - a**t)
        state.moments["v"] = state.moments["v"] / (1 - b**t)
        return moved

    return rule


def _scaled(
    square: Callable[[Nodes, Nodes, Settings], Nodes], root: Callable[[Nodes, Settings], Nodes]
) -> Rule:
    """Return RMSprop, or Adagrad, with another mean of squares, or another divisor made of it."""

    def rule(w: Nodes, g: Nodes, state: State, s: Settings) -> Nodes:
        g = g + w * s["weight_decay"]
        start = s.get("initial_accumulator_value", 0.0)
        total = square(state.moment("square", g, start), g, s)
        state.moments["square"] = total
        rate = Node.number(s["lr"]) / (1 + state.n_steps * s.get("lr_decay", 0.0))
        state.n_steps += 1
        if s.get("centered"):
            mean = state.moment("mean", g) * s["alpha"] + g * (1 - s["alpha"])
            state.moments["mean"] = mean
            total = total - mean * mean
        step = g / root(total, s)
        if s.get("momentum"):
            step = state.moment("v", g) * s["momentum"] + step
            state.moments["v"] = step
        return w - step * rate

    return rule


def _mean(old: Nodes, g: Nodes, s: Settings) -> Nodes:
    return old * s["alpha"] + g * g * (1 - s["alpha"])


def _swapped_mean(old: Nodes, g: Nodes, s: Settings) -> Nodes:
    return old * (1 - s["alpha"]) + g * g * s["alpha"]


def _sum(old: Nodes, g: Nodes, _: Settings) -> Nodes:
    return old + g * g


def _root(square: Nodes, s: Settings) -> Nodes:
    return np.sqrt(square) + s["eps"]


def _no_root(square: Nodes, s: Settings) -> Nodes:
    return square + s["eps"]


_NEVER_CLEARED: Final = (
    "the gradients of the steps add up, as if they had not been cleared in between"
)
_NO_ROOT: Final = "the square root of the second moment is missing"

MISTAKES: Final = (
    WrongRule(_NEVER_CLEARED, _without(ClearGrad)),
    WrongRule("the parameters do not move: what is assigned does not arrive", _without(Assign)),
    WrongRule(
        "a backward takes the place of the gradient that is there, instead of adding to it",
        lambda run: replace(run, dialect=replace(run.dialect, accumulation="overwrites")),
    ),
    WrongRule("the step goes uphill: w + lr * g, and not w - lr * g", _as(_uphill, *_ALL)),
    WrongRule("each step is made with the gradient of the step before it", _as(_one_late, *_ALL)),
    WrongRule(
        "a parameter that has no gradient is moved all the same, as if it had one of zeros",
        lambda run: replace(run, dialect=replace(run.dialect, unset_gradient="zeros")),
    ),
    WrongRule(
        "the steps are counted once for each parameter: t has to go up once in a step",
        _as(_counted_by_parameter, *_ADAMS, "adagrad"),
    ),
    WrongRule(
        "what is remembered of the steps before is shared by all parameters",
        _as(_shared, *_ALL),
    ),
    # momentum
    WrongRule(
        "the first velocity is damped: it is the gradient itself, only later ones are",
        _rule(_velocity(*(lambda g, s: g * (1 - s["dampening"]),) * 2), "sgd"),
    ),
    WrongRule(
        "the velocity is a running mean, mu * v + (1 - mu) * g, and should be mu * v + g",
        _rule(_velocity(*(lambda g, s: g * (1 - s["momentum"]),) * 2), "sgd"),
    ),
    WrongRule(
        "dampening has no effect",
        _set(lambda _: {"dampening": 0.0}, "sgd"),
    ),
    WrongRule(
        "the nesterov step does not look ahead: it is g + mu * v, not v",
        _set(lambda _: {"nesterov": False}, "sgd"),
    ),
    WrongRule("the nesterov step leaves out the gradient: g + mu * v", _rule(_far_ahead, "sgd")),
    # decay
    WrongRule(
        "the decay acts on the weights themselves, and belongs into the gradient",
        _as(_apart, "sgd", "adam", "rmsprop", "adagrad"),
    ),
    WrongRule(
        "the decay is added to the gradient (L2), and should act on the weights: AdamW is there to "
        "keep it out of the moments",
        _rule(RULES["adam"][0], "adamw"),
    ),
    WrongRule(
        "the decay of the weights leaves out the learning rate: w = w - lr * decay * w",
        _set(lambda s: {"weight_decay": s["weight_decay"] / s["lr"]}, "adamw"),
    ),
    WrongRule(
        "the decay has the wrong sign",
        _set(lambda s: {"weight_decay": -s["weight_decay"]}, *_ALL),
    ),
    # bias correction
    WrongRule(
        "the bias correction is missing: m / (1 - beta1**t) and v / (1 - beta2**t)",
        _as(_adam(lambda m, v, _a, _b, s: m / _root(v, s)), *_ADAMS),
    ),
    WrongRule(
        "the bias correction of the first moment is missing: m / (1 - beta1**t)",
        _as(_adam(lambda m, v, _, b, s: m / _root(v / b, s)), *_ADAMS),
    ),
    WrongRule(
        "the bias correction of the second moment is missing: v / (1 - beta2**t)",
        _as(_adam(lambda m, v, a, _, s: m / a / _root(v, s)), *_ADAMS),
    ),
    WrongRule(
        "the bias correction is applied twice",
        _as(_adam(lambda m, v, a, b, s: m / a / a / _root(v / b / b, s)), *_ADAMS),
    ),
    WrongRule(
        "the corrected moments are kept and corrected again: keep m and v as they are, and "
        "correct copies",
        _as(_kept_corrected, *_ADAMS),
    ),
    WrongRule(
        "the bias correction counts the steps from 2, and should from 1",
        _as(_counted_from(1), *_ADAMS),
    ),
    # the root
    WrongRule(
        "eps stands inside the root, and belongs outside: sqrt(v) + eps",
        _as(_adam(lambda m, v, a, b, s: m / a / np.sqrt(v / b + s["eps"])), *_ADAMS),
    ),
    WrongRule(_NO_ROOT, _as(_adam(lambda m, v, a, b, s: m / a / _no_root(v / b, s)), *_ADAMS)),
    WrongRule("the two betas are swapped", _set(lambda s: {"betas": s["betas"][::-1]}, *_ADAMS)),
    WrongRule(_NO_ROOT, _rule(_scaled(_mean, _no_root), "rmsprop")),
    WrongRule(_NO_ROOT, _rule(_scaled(_sum, _no_root), "adagrad")),
    WrongRule(
        "alpha and 1 - alpha are swapped: s = alpha * s + (1 - alpha) * g**2",
        _rule(_scaled(_swapped_mean, _root), "rmsprop"),
    ),
    WrongRule(
        "the squares of earlier steps are forgotten: s = s + g**2",
        _rule(_scaled(lambda _, g, __: g * g, _root), "adagrad"),
    ),
    *(
        WrongRule(
            f"the setting {name} has no effect",
            _set(lambda _, name=name, default=default: {name: default}, rule.name),  # type: ignore[misc]  # bound by default
        )
        for rule in OPTIMIZERS.values()
        for name, default in (*rule.settings, ("weight_decay", 0.0))
    ),
)
"""Every mistake that is looked for, in the order in which it is."""
