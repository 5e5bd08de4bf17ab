"""Histories: random sessions of steps by rule, for what no written session thinks of.

Each rule says on which values it is taken, what is drawn with it, and what it writes; ``history``
keeps what is known of values. Every history ends with one more op, a backward from its result, and
a look at the gradient of every leaf: a fault that a step leaves behind is seen there.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import HookRule, Look, ModeKind, Program
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.strategies.history import History, Known, Rule, Step
from gradcheck_suite.strategies.numbers import arrays, seeds, some_shape
from gradcheck_suite.strategies.scene import GROWING
from gradcheck_suite.strategies.world import BINARY, UNARY, World

__all__ = ["RULES", "Palette", "histories", "palette_of", "step_by", "steps_by"]

Palette: TypeAlias = "Mapping[str, st.SearchStrategy[Any]]"

_GENTLE: Final = Domain(-2.0, 2.0, hole=0.5)
_N_PARTS: Final = 5  # Hypothesis keeps lists short: some five steps each
_MAX_STEPS: Final = 10
_MAX_BODY: Final = 3
_MAX_DEPTH: Final = 3
_OLDEST: Final = 3  # how far back among the values that fit a step may reach
# Defined everywhere: a history whose numbers leave the domain of an op has no answer.
_TAME: Final = tuple(name for name in UNARY if name not in {"log", "sqrt"})
_KEEPING: Final = ("mul", "div")  # their rules need an operand, so that a freed graph raises
_FORGETTING: Final = ("mul", "add", "sub")  # no rule needs their result: it may be overwritten


def histories(worlds: Sequence[World], *rules: str) -> st.SearchStrategy[Program]:
    """Draw histories by ``rules``, simplest first, in any of ``worlds``.

    Half of them are of the first world. Shrinks to the square of 1, propagated.
    """
    return _histories(tuple(worlds), rules)


@st.composite
def _histories(draw: st.DrawFn, worlds: tuple[World, ...], rules: tuple[str, ...]) -> Program:
    world = draw(st.one_of(st.just(worlds[0]), st.sampled_from(worlds)))
    shape = draw(some_shape(world.kind))
    # Half of all histories keep to products, sums and differences, which every engine has.
    first, some, ending = _steps_in(world, shape, rules, functions=draw(st.booleans()))
    h = History()
    h.leaf(draw(first))
    for step in chain(*(draw(some) for _ in range(_N_PARTS))):
        h.take(step)
    for leaf in [v for v in h.values if v.index in h.carrying]:
        h.clear(leaf)  # else no backward may follow
    for step in draw(ending):
        h.take(step)
    for value in h.values:
        if value.index in h.updated:
            h.b.observe("value", value.index)
        if _shows_gradient(h, value):
            h.b.observe("grad", value.index)
    return h.b.program()


@cache  # to make these strategies takes longer than to draw from them
def _steps_in(
    world: World, shape: Shape, rules: tuple[str, ...], *, functions: bool
) -> tuple[
    st.SearchStrategy[Array], st.SearchStrategy[list[Step]], st.SearchStrategy[tuple[Step, ...]]
]:
    """Return what a history is drawn from: its first leaf, steps, and the steps at its end."""
    palette = palette_of(world, shape, functions=functions)
    ending = st.tuples(*(step_by(name, palette) for name in ("pair", "backward")))
    return palette["number"], steps_by(rules, palette, _MAX_DEPTH, _MAX_STEPS), ending


def palette_of(world: World, shape: Shape, *, functions: bool) -> Palette:
    """Return what steps draw from: by the names that rules use."""

    def named(*choices: tuple[str, ...]) -> st.SearchStrategy[str]:
        having = [op.name for names in choices for op in world.having(names)]
        return st.sampled_from(having or ["mul"])

    operators = BINARY[:3] if world.having(BINARY[:3]) else BINARY
    return {
        "number": arrays(shape, _GENTLE),
        "cotangent": seeds(shape),
        "op": named(operators, _TAME) if functions else named(operators),
        "operator": named(operators),
        "growing": named(GROWING) if world.having(GROWING) else st.none(),
        "keeping": named(_KEEPING),
        "overwriting": named(_FORGETTING),
        "rule": st.sampled_from(("square", "nothing")),
        "age": st.integers(0, _OLDEST),
        "decorator": st.booleans(),
        "raises": st.booleans(),
    }


def steps_by(
    rules: Iterable[str], palette: Palette, depth: int, n: int
) -> st.SearchStrategy[list[Step]]:
    """Draw up to ``n`` steps, with blocks in them that hold steps that may stand there."""
    if depth:
        inside = [name for name in rules if RULES[name].inside]
        palette = {**palette, "body": steps_by(inside, palette, depth - 1, _MAX_BODY)}
    else:
        rules = [name for name in rules if "body" not in RULES[name].drawn]
    return st.lists(st.one_of(*(step_by(name, palette) for name in rules)), max_size=n)


def step_by(name: str, palette: Palette) -> st.SearchStrategy[Step]:
    """Draw a step by the rule of that name; shrinks to the newest values that fit."""
    rule = RULES[name]
    ages = st.tuples(*(st.integers(0, _OLDEST) for _ in rule.on))
    drawn = st.fixed_dictionaries({key: palette[key] for key in rule.drawn})
    return st.builds(Step, st.just(rule), ages, drawn)


# Which values fit.


def _any(_h: History, _v: Known) -> bool:
    return True


def _is_whole(h: History, v: Known) -> bool:
    """Tell whether it may be an operand: no part of its graph is gone, or none is recorded."""
    return h.is_whole(v) or not h.recording


def _is_root(h: History, v: Known) -> bool:
    """Tell whether a backward may start here that records itself."""
    return h.recording and _is_tracked(h, v) and not v.is_leaf


def _is_plain_root(h: History, v: Known) -> bool:
    """Tell whether any backward may: adding to a gradient with a graph is not agreed upon."""
    return _is_root(h, v) and h.carrying.keys().isdisjoint(v.leaves)


def _is_tracked(h: History, v: Known) -> bool:
    return v.tracked and _is_whole(h, v)


def _is_leaf(_h: History, v: Known) -> bool:
    return v.is_leaf and v.tracked


def _is_given(_h: History, v: Known) -> bool:
    return v.is_leaf


def _is_frozen(_h: History, v: Known) -> bool:
    return v.is_leaf and not v.tracked


def _is_empty(h: History, v: Known) -> bool:
    """Tell whether it is a leaf without a gradient, which a change of its flag might take away."""
    return _is_leaf(h, v) and v.index not in h.touched


def _has_gradient(h: History, v: Known) -> bool:
    return _is_leaf(h, v) and v.index in h.holding


def _may_have_gradient(h: History, v: Known) -> bool:
    return _is_leaf(h, v) or v.index in h.retaining


def _shows_gradient(h: History, v: Known) -> bool:
    """Tell whether its gradient is agreed upon: of a result, that of one backward is."""
    kept = v.index in h.retaining and h.passes[v.index] <= 1
    return (_is_leaf(h, v) and v.index not in h.given) or kept


def _may_retain(h: History, v: Known) -> bool:
    """Tell whether it is a result through which no backward went, and without hooks.

    Some engines keep all gradients from the first; some show retain_grad what hooks made of one.
    """
    is_fresh = not h.passes[v.index] and v.index not in h.hooks
    return _is_tracked(h, v) and not v.is_leaf and is_fresh


def _may_be_hooked(h: History, v: Known) -> bool:
    return _is_tracked(h, v) and v.index not in h.retaining


def _is_hooked(h: History, v: Known) -> bool:
    return bool(h.hooks.get(v.index))


def _may_be_overwritten(h: History, v: Known) -> bool:
    return h.recording and v.op in _FORGETTING and _is_tracked(h, v)


def _is_certain(_h: History, v: Known) -> bool:
    return v.is_certain


# What rules write beyond the steps of a history itself.


def _apply(h: History, x: Known, op: str, number: Array) -> None:
    """Append a function, or an operator with a constant."""
    h.apply(op, x, constant=None if op in UNARY else number)


def _pair(
    h: History, x: Known, y: Known, operator: str, growing: str | None, number: Array
) -> None:
    """Append an operator of two values; of one with itself only where that is no constant."""
    if x.storage != y.storage:
        h.apply(operator, x, y)
    elif growing:
        h.apply(growing, x, y)
    else:
        h.apply(operator, x, constant=number)


def _use_gradient(h: History, leaf: Known, x: Known, operator: str) -> None:
    """Append an operator of a gradient and another value: of a constant there is no backward."""
    h.apply(operator, h.grad_of(leaf), x)


def _free(h: History, x: Known, leaf: Known, keeping: str, cotangent: Array | None) -> None:
    """Append two backwards from a root that keeps its operands: it raises before it adds."""
    root = h.apply(keeping, x, leaf)
    h.backward(root, cotangent)
    h.backward(root, cotangent)


def _assign(h: History, leaf: Known, y: Known) -> None:
    if leaf.storage != y.storage:
        h.b.assign(leaf.index, y.index)
        h.updated.add(leaf.index)
        h.overwritten(leaf)


def _pass_on(h: History, x: Known, y: Known, z: Known) -> None:
    """Append an update of a leaf by another one, and of that one by a third value."""
    _assign(h, x, y)
    _assign(h, y, z)


def _overwrite(h: History, x: Known, overwriting: str, number: Array) -> None:
    h.overwritten(x)
    h.values.remove(x)
    h.made(h.b.in_place(overwriting, x.index, h.b.constant(number)), overwriting, x)


def _break(h: History, x: Known, leaf: Known, overwriting: str, number: Array) -> None:
    """Append a product, and overwrite the factor that its rule needs."""
    h.broken.append(h.apply("mul", x, leaf))
    _overwrite(h, x, overwriting, number)


def _backward_broken(h: History, cotangent: Array | None) -> None:
    """Propagate from the newest product without its factor: it raises before it adds."""
    if h.broken:
        h.backward(h.broken.pop(), cotangent)


def _retain_grad(h: History, x: Known) -> None:
    h.b.retain_grad(x.index)
    h.retaining.add(x.index)


def _hook(h: History, x: Known, rule: HookRule) -> None:
    h.hooks.setdefault(x.index, []).append(h.b.hook(x.index, rule))


def _unhook(h: History, x: Known, age: int) -> None:
    handles = h.hooks[x.index]
    h.b.unhook(handles.pop(-1 - age % len(handles)))


def _look(h: History, x: Known, what: Look) -> None:
    h.b.observe(what, x.index)


def _block(
    h: History,
    body: list[Step],
    kind: ModeKind,
    *,
    decorator: bool = False,
    raises: bool = False,
) -> None:
    before = h.recording
    with h.b.mode(kind, decorator=decorator, raises=raises):
        h.recording = kind == "enable_grad"
        for step in body:
            h.take(step)
    h.recording = before


_ENDING: Final = ("body", "decorator", "raises")

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "apply": Rule(_apply, (_is_whole,), ("op", "number"), inside=True),
        "pair": Rule(_pair, (_is_whole, _is_whole), ("operator", "growing", "number"), inside=True),
        "leaf": Rule(History.leaf, drawn=("number",)),
        "frozen_leaf": Rule(partial(History.leaf, requires_grad=False), drawn=("number",)),
        "backward": Rule(History.backward, (_is_plain_root,), ("cotangent",), inside=True),
        "retain_graph": Rule(
            partial(History.backward, retain=True), (_is_plain_root,), ("cotangent",), inside=True
        ),
        "backward_twice": Rule(_free, (_is_plain_root, _is_leaf), ("keeping", "cotangent")),
        "create_graph": Rule(
            partial(History.backward, create=True), (_is_root,), ("cotangent",), inside=True
        ),
        "clear": Rule(History.clear, (_may_have_gradient,), inside=True),
        "gradient": Rule(_use_gradient, (_has_gradient, _is_tracked), ("operator",)),
        "detach": Rule(History.detach, (_any,), inside=True),
        "no_grad": Rule(partial(_block, kind="no_grad"), drawn=("body",), inside=True),
        "no_grad_ended": Rule(partial(_block, kind="no_grad"), drawn=_ENDING, inside=True),
        "enable_grad": Rule(partial(_block, kind="enable_grad"), drawn=("body",), inside=True),
        "enable_grad_ended": Rule(partial(_block, kind="enable_grad"), drawn=_ENDING, inside=True),
        "assign": Rule(_assign, (_is_given, _any), inside=True),
        "pass_on": Rule(_pass_on, (_is_given, _is_given, _any), inside=True),
        "freeze": Rule(History.freeze, (_is_empty,)),
        "unfreeze": Rule(History.unfreeze, (_is_frozen,)),
        "in_place": Rule(_overwrite, (_may_be_overwritten,), ("overwriting", "number")),
        "overwrite_factor": Rule(
            _break, (_may_be_overwritten, _is_leaf), ("overwriting", "number")
        ),
        "backward_broken": Rule(_backward_broken, drawn=("cotangent",)),
        "retain_grad": Rule(_retain_grad, (_may_retain,)),
        "hook": Rule(_hook, (_may_be_hooked,), ("rule",)),
        "unhook": Rule(_unhook, (_is_hooked,), ("age",)),
        "look": Rule(partial(_look, what="value"), (_any,), inside=True),
        "look_at_gradient": Rule(partial(_look, what="grad"), (_shows_gradient,), inside=True),
        "look_at_flag": Rule(partial(_look, what="requires_grad"), (_is_certain,), inside=True),
    },
)
"""By name."""
