"""Spelling: all that differs between engines in how they are spoken to, as plain data."""

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Spelling"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """The templates of one engine. An empty template means that the engine has no such thing.

    Names in templates: ``x``, ``y``, ``condition``, ``xs`` for engine values; the attributes of
    ops; ``data`` (a float64 array), ``number`` (a float) or ``nested`` (nested lists) for the
    numbers of a leaf or constant; ``cotangent``, ``cotangent_number``, ``cotangent_nested``
    likewise; ``requires_grad``, ``retain_graph``, ``create_graph`` for flags.
    """

    name: str
    """What a report calls the engine: ``Value``, ``torch``."""
    leaf: str
    imports: tuple[str, ...] = ()
    """Lines with which a snippet begins, and which fill the namespace of the templates: imports,
    and definitions of what a user would write (a custom function's class)."""
    constant: str = ""
    """How a value that needs no gradient is made; the leaf's template with the flag False if ''."""
    value: str = "x.data"
    grad: str = "x.grad"
    grad_of: str = ""
    """The gradient as an engine value; '' wraps the number of ``grad`` as a constant."""
    backward: str = "x.backward()"
    backward_from: str = ""
    """Backward with a cotangent, where that makes no difference; '' where ``backward`` takes it."""
    clear: str = ""
    detach: str = ""
    no_grad: str = ""
    """An expression for the context manager, ``no_grad()``; also the decorator where it is one."""
    enable_grad: str = ""
    requires_grad: str = ""
    is_leaf: str = ""
    has_graph: str = ""
    set_requires_grad: str = ""
    retain_grad: str = ""
    hook: str = ""
    """Register the function ``hook`` on ``x``; the value is a handle."""
    unhook: str = ""
    """Take away the hook with the handle ``x``: the function ``hook`` on the value ``y``."""
    gradient: str = ""
    """The gradient of the function ``f`` of the values ``primals`` (a list), by that at the place
    ``argnum``; or of a function of ``x`` alone. A library that has it differentiates functions:
    values have no gradients, and what stands here for those is not used."""
    push_forward: str = ""
    """The tangent of the function ``f`` at the values ``primals`` along ``tangents``: lists."""
    assign: str = ""
    """Overwrite the data of ``x`` by ``data``, ``number``, ``nested`` or engine value ``y``."""
    ops: tuple[tuple[str, str], ...] = ()
    """(key, template) for each op, or form of an op, that the engine has: ``sum.axis+keepdims``."""
    in_place: tuple[tuple[str, str], ...] = ()
    """(op, statement): ``x += y``."""
    optimizers: tuple[tuple[str, str], ...] = ()
    """(rule, expression for the optimizer over the list ``parameters``)."""
    step: str = "x.step()"
    """Have the optimizer ``x`` move its parameters."""
    optimizer_clear: str = ""
    """Have the optimizer ``x`` forget the gradients of its parameters."""
    can: frozenset[str] = field(default_factory=frozenset)
    """Further needs (see ``features``) that it was seen to meet: ranks, broadcasting, modes."""
    dtype: Literal["float64", "float32"] = "float64"
    """The precision of the arrays that are handed over."""
    kind: Literal["scalar", "tensor"] = "tensor"
