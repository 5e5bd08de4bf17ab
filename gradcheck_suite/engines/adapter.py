"""An adapter: an engine that no template describes, as a few functions of Python.

The last resort, for an engine whose values cannot be made or read in one line. In the submission's
folder, ``gradcheck_adapter.py``::

    from graphs import Graph  # the submission: values are made by a graph, which runs backward

    from gradcheck_suite.engines.adapter import Adapter

    graph = Graph()


    def backward(x, cotangent):
        graph.run_backward(x, seed=1.0 if cotangent is None else cotangent.item())


    ADAPTER = Adapter(
        name="Graph",
        leaf=lambda data, requires_grad: graph.variable(data.item()),
        value=lambda x: x.number,
        backward=backward,
        grad=lambda x: graph.gradient_of(x),  # None where there is none
        ops={"add": lambda x, y: x + y, "mul": lambda x, y: x * y, "sin": lambda x: graph.sin(x)},
    )

What it does not mention is searched for as with any engine, and what the engine can do is tried
out. ``gradcheck_suite.conformance`` tells what an adapter gets wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = ["Adapter"]

_Numbers = npt.NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True)
class Adapter:
    """The functions by which an engine is spoken to. Arrays are of float64, of any shape."""

    name: str
    """What a report calls the engine."""
    leaf: Callable[[_Numbers, bool], Any]
    """Makes a value of numbers that it may keep; the flag says whether it needs a gradient."""
    value: Callable[[Any], Any]
    """Returns the numbers of a value: an array, a number, or nested lists."""
    backward: Callable[[Any, _Numbers | None], None]
    """Propagates from a value; the cotangent has its shape, None leaves it to the engine."""
    grad: Callable[[Any], Any]
    """Returns the gradient that is stored at a leaf, likewise; None where there is none."""
    ops: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """The ops of the table by name: operands by position, settings by keyword (``axis``)."""
    clear: Callable[[Any], None] | None = None
    """Forgets the gradient at a leaf."""
    detach: Callable[[Any], Any] | None = None
    """Returns the value cut off from its history."""
    no_grad: Callable[[], Any] | None = None
    """Returns a context manager inside of which nothing is recorded."""

    def propagate(self, x: Any, cotangent: _Numbers | None = None) -> None:  # noqa: ANN401 - theirs
        """Run ``backward``, which is always given a cotangent or None."""
        self.backward(x, cotangent)
