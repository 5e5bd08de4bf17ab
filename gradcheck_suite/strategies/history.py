"""A history in the making: a random session, and what is known of every value in it.

A step is written only where its answer is certain and right engines agree on it. What they do not
agree on is left out by forgetting: a value that was made from numbers that have changed since is
not used again, and neither is one whose graph may be gone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from gradcheck_suite.program.array import Array
from gradcheck_suite.strategies.builder import Builder

__all__ = ["Fits", "History", "Known", "Rule", "Step"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value; sets hold indices of values."""

    index: int
    storage: int
    """Whose numbers it shares, where an engine does not copy: a detached value those of its own
    source."""
    made_from: frozenset[int]
    """The storages of all that it was made from, its own included."""
    graph: frozenset[int] = frozenset()
    """The results that a backward from it may run through."""
    leaves: frozenset[int] = frozenset()
    """The leaves that a backward from it may reach."""
    certain: frozenset[int] = frozenset()
    """Those of them that it certainly reaches: a gradient may turn out to be a constant."""
    tracked: bool = False
    """Whether it certainly needs a gradient."""
    op: str = ""
    """What made it; nothing for a leaf."""
    frozen: frozenset[int] = frozenset()
    """The leaves that it was made from while they needed no gradient."""

    @property
    def is_leaf(self) -> bool:
        """Tell whether the user made it."""
        return not self.op

    @property
    def is_certain(self) -> bool:
        """Tell whether it is known if it needs a gradient: of a gradient itself, it is not."""
        return self.tracked or not self.leaves


Fits: TypeAlias = "Callable[[History, Known], bool]"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of step."""

    write: Callable[..., None]
    """Appends the step to a history: ``write(history, *values, **drawn)``."""
    on: tuple[Fits, ...] = ()
    """Which values it is taken on; where none fits, the step writes nothing."""
    drawn: tuple[str, ...] = ()
    """What is drawn with it: names of a palette."""
    inside: bool = False
    """Whether it may stand in a block."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its values are named by age among those that fit, so that none is ever missing.

    Any other step can so be taken away, and what is left is a history still.
    """

    rule: Rule
    ages: tuple[int, ...]
    drawn: Mapping[str, Any]


@dataclass(slots=True)
class History:
    """The Program so far, and what is known of its values."""

    b: Builder = field(default_factory=Builder)
    values: list[Known] = field(default_factory=list)
    recording: bool = True
    spent: set[int] = field(default_factory=set)
    """What no gradient may flow through again: its graph may have been freed, or was made from
    numbers that have changed."""
    broken: list[Known] = field(default_factory=list)
    """Products of which a factor was overwritten."""
    holding: set[int] = field(default_factory=set)
    """Leaves that certainly hold a gradient."""
    touched: set[int] = field(default_factory=set)
    """Leaves that may hold one."""
    frozen: set[int] = field(default_factory=set)
    """Leaves that needed no gradient at some time."""
    given: set[int] = field(default_factory=set)
    """Leaves to which some engines gave a gradient although they needed none."""
    carrying: dict[int, Known] = field(default_factory=dict)
    """Leaves whose gradient has a graph of its own, with what is known of that."""
    updated: set[int] = field(default_factory=set)
    """Leaves that were given other numbers."""
    retaining: set[int] = field(default_factory=set)
    """Results whose gradient is kept."""
    passes: Counter[int] = field(default_factory=Counter)
    """How many backwards ran through each result since it was cleared."""
    hooks: dict[int, list[int]] = field(default_factory=dict)
    """The handles of each value's hooks."""

    def take(self, step: Step) -> None:
        """Write a step down, if there are values for it."""
        chosen = []
        for fits, age in zip(step.rule.on, step.ages, strict=True):
            found = [v for v in reversed(self.values) if fits(self, v)]
            if not found:
                return
            chosen.append(found[age % len(found)])
        step.rule.write(self, *chosen, **step.drawn)

    def leaf(self, number: Array, *, requires_grad: bool = True) -> None:
        """Append a leaf."""
        index = self.b.leaf(number, requires_grad=requires_grad)
        self.values.append(Known(index, index, frozenset({index})))
        if requires_grad:
            self._track(self.values[-1])
        else:
            self.frozen.add(index)

    def is_whole(self, x: Known) -> bool:
        """Tell whether gradients may flow through ``x`` and what it was made from."""
        return self.spent.isdisjoint(x.graph | {x.index})

    def apply(self, op: str, *operands: Known, constant: Array | None = None) -> Known:
        """Append an op on values, and on a constant beside them if there is one."""
        others = [] if constant is None else [self.b.constant(constant)]
        index = self.b.apply(op, *(v.index for v in operands), *others)
        return self.made(index, op, *operands)

    def made(self, index: int, op: str, *operands: Known) -> Known:
        """Note the result of an op."""
        result = Known(
            index,
            index,
            frozenset({index}).union(*(v.made_from for v in operands)),
            op=op,
        )
        if self.recording:
            tracked = any(v.tracked for v in operands)
            own = {index} if tracked else set[int]()
            graph = frozenset(own).union(*(v.graph for v in operands))
            leaves = frozenset[int]().union(*(v.leaves for v in operands))
            certain = frozenset[int]().union(*(v.certain for v in operands))
            frozen = frozenset(
                v.index for v in operands if v.index in self.frozen and not v.tracked
            )
            result = replace(
                result,
                graph=graph,
                leaves=leaves,
                certain=certain,
                tracked=tracked,
                frozen=frozen.union(*(v.frozen for v in operands)),
            )
        self.values.append(result)
        return result

    def detach(self, x: Known) -> None:
        """Append a value cut off from the history of ``x``."""
        index = self.b.detach(x.index)
        self.values.append(Known(index, x.storage, frozenset({x.storage}), op="detach"))

    def backward(
        self,
        x: Known,
        cotangent: Array | None,
        *,
        retain: bool = False,
        create: bool = False,
    ) -> None:
        """Append a backward, and note what it may have freed and what it reached."""
        self.b.backward(x.index, cotangent, retain=retain, create=create)
        if not (retain or create):
            self.spent |= x.graph
        self.holding |= x.certain
        self.touched |= x.leaves
        self.given |= x.frozen
        self.passes.update(x.graph)
        for leaf in x.leaves if create else ():
            known = self.carrying.get(leaf, x)
            self.carrying[leaf] = replace(
                x,
                made_from=x.made_from | known.made_from,
                graph=x.graph | known.graph,
                leaves=x.leaves | known.leaves,
            )

    def freeze(self, leaf: Known) -> None:
        """Append that a leaf needs no gradient; what had a path to it is not used again."""
        self.b.set_requires_grad(leaf.index, flag=False)
        self.frozen.add(leaf.index)
        self.values = [v for v in self.values if v is leaf or leaf.index not in v.leaves]
        self._know(Known(leaf.index, leaf.storage, leaf.made_from))

    def unfreeze(self, leaf: Known) -> None:
        """Append that a leaf needs a gradient, from now on."""
        self.b.set_requires_grad(leaf.index, flag=True)
        self._track(leaf)

    def grad_of(self, leaf: Known) -> Known:
        """Append the gradient of a leaf as a value; if it needs one itself is not agreed upon."""
        index = self.b.grad_of(leaf.index)
        source = self.carrying.get(leaf.index, Known(index, index, frozenset()))
        gradient = replace(
            source,
            index=index,
            storage=index,
            made_from=source.made_from | {index},
            certain=frozenset(),
            tracked=False,
            op="gradient",
        )
        self.values.append(gradient)
        return gradient

    def clear(self, x: Known) -> None:
        """Append that the gradient of ``x`` is forgotten."""
        self.b.clear(x.index)
        self.holding.discard(x.index)
        self.touched.discard(x.index)
        self.given.discard(x.index)
        self.carrying.pop(x.index, None)
        self.passes[x.index] = 0

    def overwritten(self, x: Known) -> None:
        """Note that the numbers of ``x`` have changed, and maybe those of what shares them."""
        self.values = [v for v in self.values if v is x or v.storage != x.storage]
        users = {v.index for v in self.values if v is not x and x.storage in v.made_from}
        self.spent |= users

    def _track(self, leaf: Known) -> None:
        own = frozenset({leaf.index})
        self._know(replace(leaf, leaves=own, certain=own, tracked=True))

    def _know(self, known: Known) -> None:
        """Replace what is known of a value."""
        self.values = [known if v.index == known.index else v for v in self.values]
