"""The protocol: all that an engine must offer so that a Program can be run on it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.program.instructions import Attributes, ModeKind

__all__ = ["Engine", "Handle"]

Handle: TypeAlias = Any  # whatever the engine calls a value; nobody else looks inside


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
    def capabilities(self) -> frozenset[str]:
        """The needs (see ``program.features``) that this engine meets."""
        ...

    def leaf(self, data: npt.NDArray[np.generic], requires_grad: bool) -> Handle:
        """Make a tensor as a user does."""
        ...

    def constant(self, data: npt.NDArray[np.generic], plain: bool) -> Handle:
        """Make a value that needs no gradient; ``plain``: a bare Python number."""
        ...

    def apply(self, op: str, args: Sequence[Handle], attrs: Attributes) -> Handle:
        """Apply the op of that name."""
        ...

    def apply_in_place(self, op: str, x: Handle, args: Sequence[Handle]) -> Handle:
        """Run ``x op= ...`` and return what the name ``x`` then stands for."""
        ...

    def detach(self, x: Handle) -> Handle:
        """Cut ``x`` off from its history."""
        ...

    def grad_of(self, x: Handle) -> Handle:
        """Return the stored gradient as a value to compute with."""
        ...

    def backward(
        self,
        x: Handle,
        cotangent: npt.NDArray[np.generic] | None,
        retain_graph: bool,
        create_graph: bool,
    ) -> None:
        """Propagate from ``x``; None leaves the cotangent to the engine."""
        ...

    def clear_grad(self, x: Handle) -> None:
        """Forget the gradient at ``x``."""
        ...

    def retain_grad(self, x: Handle) -> None:
        """Ask that the gradient at ``x`` be kept."""
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

    def value(self, x: Handle) -> Number:
        """Read the numbers of ``x``."""
        ...

    def grad(self, x: Handle) -> Number | None:
        """Read the gradient stored at ``x``; None where there is none."""
        ...

    def flag(self, what: str, x: Handle) -> bool:
        """Read ``requires_grad``, ``is_leaf`` or ``has_graph``."""
        ...
