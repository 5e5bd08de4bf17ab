"""What the suite knows of one op: the record of which the op table has one for each op."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.instructions import Attribute, Attributes

__all__ = ["Domain", "Example", "Forward", "Op", "Signature", "plain_variant"]

# Arrays of float64, or of scalar nodes (dtype object), in; one array of the same sort out.
Forward = Callable[..., npt.NDArray[Any]]
# A call to show one of an op's forms by: the shapes of the operands, and the attributes.
Example = tuple[tuple[tuple[int, ...], ...], Attributes]
Signature = Literal[
    "unary",  # x, elementwise
    "binary",  # x and y, elementwise with broadcasting
    "reduction",  # x with axis and keepdims
    "normalisation",  # x along one axis, shape kept
    "matmul",
    "reshape",
    "transpose",
    "broadcast_to",
    "getitem",
    "join",  # a list of arrays along an axis
    "where",
    "array",  # arrays named by `operands`; its calling forms are those of `examples`
]


@dataclass(frozen=True, slots=True)
class Domain:
    """Where an argument is drawn from: ``low <= a <= high`` and ``|a| >= hole``."""

    low: float = -4.0
    high: float = 4.0
    hole: float = 0.0
    without: tuple[float, ...] = ()
    """Numbers that are left out: kinks."""


def plain_variant(_shapes: tuple[tuple[int, ...], ...], _attrs: dict[str, Attribute]) -> str:
    """Name the only way in which most ops are called."""
    return ""


@dataclass(frozen=True, slots=True)
class Op:
    """One row of the op table.

    A smooth elementwise op is given by ``formulas``: SymPy text in ``x``, ``y`` and the attributes'
    names, the first canonical, the others as courses write it too; the oracle differentiates each
    and accepts the hull. ``inverse`` is x as a function of the value ``v``: from it SymPy derives
    the derivative in terms of the output (``1 - v**2`` for tanh). Every other op needs no
    derivative: NumPy moves the scalar nodes through ``array_formulas`` (the ``forward`` unless
    several are listed).
    """

    name: str
    signature: Signature
    forward: Forward
    teaches: str
    """One sentence on the derivative, for whoever got it wrong."""
    names: tuple[str, ...] = ()
    """Names under which engines offer it, as method or function."""
    operators: tuple[str, ...] = ()
    """Operator spellings, as Python expressions over argument and attribute names."""
    formulas: tuple[str, ...] = ()
    other_formulas: tuple[tuple[Attributes, tuple[str, ...]], ...] = ()
    """Settings under which the op is another function, with the formulas of that one."""
    inverse: str = ""
    array_formulas: tuple[Forward, ...] = ()
    attributes: Attributes = ()
    """Attributes with their defaults."""
    domains: tuple[Domain, ...] = (Domain(),)
    """One for each argument; the last holds for all further ones."""
    kinks: str = ""
    """Where the op has no derivative, in words; drawn only on purpose."""
    bounds: tuple[str, ...] = ()
    """Attributes at whose values the op has its kinks."""
    variant: Callable[[tuple[tuple[int, ...], ...], dict[str, Attribute]], str] = plain_variant
    """Which of its calling forms a call needs (``axis+keepdims``), from shapes and attributes."""
    operands: tuple[str, ...] = ()
    """The names of the array arguments, where the signature does not say them."""
    constants: frozenset[str] = frozenset()
    """Those operands that nobody wants a gradient of: the targets of a loss."""
    examples: tuple[Example, ...] = ()
    """One call at least of every calling form, where the signature does not say them."""
    differentiable: bool = True
    """Whether results can need a gradient: not those of a comparison, or of argmax."""
    breaks: bool = False
    """Whether its rule raises: the custom function that a program calls on purpose."""
    piece: str = ""
    """What is taken of the result of an engine that returns several: ``[0]``, ``[part]``."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the names of the array arguments in spellings; ``xs`` stands for a list."""
        return self.operands or {
            "binary": ("x", "y"),
            "matmul": ("x", "y"),
            "join": ("xs",),
            "where": ("condition", "x", "y"),
        }.get(self.signature, ("x",))

    @property
    def forms(self) -> tuple[str, ...]:
        """Return the calling forms of the examples, each once, in their order."""
        found = (self.variant(shapes, self.settings(attrs)) for shapes, attrs in self.examples)
        return tuple(dict.fromkeys(found)) or ("",)

    @property
    def is_elementwise(self) -> bool:
        """Tell whether a scalar engine can have the op."""
        return self.signature in {"unary", "binary"}

    def domain(self, position: int) -> Domain:
        """Return where the argument at ``position`` is drawn from."""
        return self.domains[min(position, len(self.domains) - 1)]

    def settings(self, attrs: Attributes) -> dict[str, Attribute]:
        """Return every attribute: the defaults overlaid with ``attrs``."""
        return {**dict(self.attributes), **dict(attrs)}

    def formulas_for(self, attrs: Attributes) -> tuple[str, ...]:
        """Return the formulas that hold under the settings ``attrs``."""
        settings = self.settings(attrs)
        for given, formulas in self.other_formulas:
            if all(settings[name] == value for name, value in given):
                return formulas
        return self.formulas

    def evaluate(self, *arrays: npt.NDArray[Any], attrs: Attributes = ()) -> npt.NDArray[Any]:
        """Run the forward on arrays; this is also the shape rule."""
        return np.asarray(self.forward(*arrays, **self.settings(attrs)))
