"""The protocol: all that an engine must offer so that a Program can be run on it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.outcome import Number, Outcome
from gradcheck_suite.engines.ready import Call, Numbers, Sweep
from gradcheck_suite.program.instructions import Attributes, ModeKind, Program
from gradcheck_suite.program.spelling import Spelling

__all__ = ["Engine", "Handle", "Maker", "Sweeper"]

Handle: TypeAlias = Any  # whatever the engine calls a value; nobody else looks inside
# Takes the numbers, and whether the value needs a gradient.
Maker: TypeAlias = Callable[[Numbers, bool], Handle]
# Takes the root and a cotangent. Returns the very array that was handed over as the cotangent;
# None if it was no array.
Sweeper: TypeAlias = Callable[[Handle, Numbers | None], Handle]


class Bindings(Protocol):
    """What makes plans ready for one engine: ``plan.Bound``, as its callers see it."""

    @property
    def of_program(self) -> Callable[[Program], Any]:
        """Return the function that gives a Program's plan with the functions of the engine."""
        ...

    def of(self, plan: Any) -> Any:  # noqa: ANN401 - plans come later
        """Return a plan with the functions of the engine."""
        ...


class Engine(Protocol):
    """An engine, spoken to in the nouns of the language.

    Any method may raise whatever the engine raises; the interpreter turns it into an Outcome.
    Arrays are float64 unless said otherwise; an engine computes in the precision it likes.
    """

    @property
    def name(self) -> str:
        """The name for reports."""
        ...

    @property
    def spelling(self) -> Spelling:
        """How it is spoken to, for reports."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """The needs (see ``program.features``) that this engine meets."""
        ...

    @property
    def bound(self) -> Bindings:
        """Plans with the functions of this engine."""
        ...

    def maker(self, *, constant: bool) -> Maker:
        """Return what makes a tensor as a user does, or a value that needs no gradient."""
        ...

    def caller(self, call: Call) -> Callable[..., Handle] | None:
        """Return the op as a function of operands and settings; None where shapes decide on it."""
        ...

    def sweeper(self, sweep: Sweep) -> Sweeper:
        """Return what propagates from a root; no cotangent leaves it to the engine."""
        ...

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        """Apply the op of that name."""
        ...

    def apply_in_place(
        self, op: str, x: Handle, args: Sequence[Handle], attrs: Attributes
    ) -> Handle:
        """Run ``x op= ...`` and return what the name ``x`` then stands for."""
        ...

    def detach(self, x: Handle) -> Handle:
        """Cut ``x`` off from its history."""
        ...

    def grad_of(self, x: Handle) -> Handle:
        """Return the stored gradient as a value to compute with."""
        ...

    def clear_grad(self, x: Handle) -> None:
        """Forget the gradient at ``x``."""
        ...

    def retain_grad(self, x: Handle) -> None:
        """Ask that the gradient at ``x`` be kept."""
        ...

    def hook(self, x: Handle, function: Callable[[Any], Any]) -> Handle:
        """Register a function of the gradient at ``x``, and return the handle of the hook."""
        ...

    def unhook(self, handle: Handle) -> None:
        """Take a hook away."""
        ...

    def push_forward(
        self,
        function: Callable[..., Handle],
        primals: Sequence[Handle],
        tangents: Sequence[npt.NDArray[np.generic]],
    ) -> Handle:
        """Return the tangent of ``function`` at ``primals`` along ``tangents``, by forward mode."""
        ...

    def set_requires_grad(self, x: Handle, flag: bool) -> None:
        """Set the flag."""
        ...

    def assign(self, x: Handle, y: Handle) -> None:
        """Overwrite the data of leaf ``x`` with that of ``y``."""
        ...

    def mode(self, kind: ModeKind) -> AbstractContextManager[object]:
        """Return the context manager of a gradient mode."""
        ...

    def decorate(self, kind: ModeKind, function: Callable[[], None]) -> Callable[[], None]:
        """Return ``function`` decorated with a gradient mode."""
        ...

    def optimizer_step(self, rule: str, parameters: Sequence[Handle], settings: Attributes) -> None:
        """Take one step of the engine's own optimizer."""
        ...

    def optimizer_clear(
        self, rule: str, parameters: Sequence[Handle], settings: Attributes
    ) -> None:
        """Have that optimizer forget the gradients of its parameters."""
        ...

    def viewer(self, what: str) -> Callable[[Handle], Outcome]:
        """Return what looks at the ``value`` of something, or at its ``grad``."""
        ...

    def value(self, x: Handle) -> Number:
        """Read the numbers of ``x``."""
        ...

    def grad(self, x: Handle) -> Number | None:
        """Read the gradient stored at ``x``; None where there is none."""
        ...

    def flag(self, what: str, x: Handle) -> bool:
        """Read ``requires_grad``, ``is_leaf`` or ``has_graph``.

        ``dtype``: whether the gradient at ``x`` has the dtype in which ``x`` is stored.
        """
        ...
