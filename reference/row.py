"""One row of the table of operations: a forward and its derivative rules."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from reference.tensor import Tensor

__all__ = ["Function", "Row", "Rule"]

Function: TypeAlias = Callable[..., Tensor]

_RESERVED = frozenset({"ans", "in_shape", "out_shape", "position"})  # asked for by rules


@final
@dataclass(frozen=True, slots=True)
class Rule:
    """A linear map on cotangents or tangents, and the names of what else it needs."""

    function: Function
    needs: tuple[str, ...]

    @classmethod
    def of(cls, function: Function) -> "Rule":
        """Read the needs off the function's parameters."""
        return cls(function, tuple(inspect.signature(function).parameters)[1:])


@final
@dataclass(frozen=True, slots=True)
class Row:
    """An operation.

    ``arguments`` are the names of the tensor arguments; a single one with a star (``*arrays``)
    stands for any number of them. ``attributes`` are the forward's other parameters, with their
    defaults. An argument without a vjp rule has no gradient (a condition, say).
    """

    name: str
    forward: Callable[..., Any]
    arguments: tuple[str, ...]
    attributes: Mapping[str, Any]
    vjps: Mapping[str, Rule]
    jvps: Mapping[str, Rule]

    def __post_init__(self) -> None:
        """Refuse a rule that asks for what there is not: at import, not at the first backward."""
        parameters = {*self.arguments, *self.attributes}
        if taken := _RESERVED & parameters:
            message = f"{self.name}: the parameter name {taken} is reserved for the rules"
            raise TypeError(message)
        for rule in (*self.vjps.values(), *self.jvps.values()):
            if unknown := set(rule.needs) - parameters - _RESERVED:
                message = f"{self.name}: a rule asks for {unknown}, which is no parameter"
                raise TypeError(message)

    @property
    def is_variadic(self) -> bool:
        """Whether the operation takes any number of tensors."""
        return self.arguments[0].startswith("*")

    def argument(self, position: int) -> str:
        """Return the name of the argument at a position."""
        return self.arguments[0 if self.is_variadic else position]

    def has_say(self, position: int) -> bool:
        """Whether an argument takes part in the choice of the dtype: a condition does not."""
        return not self.vjps or self.argument(position) in self.vjps

    def bind(
        self, values: tuple[Any, ...], named: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Split the values of a call into operands and attributes, and add the defaults."""
        count = len(values) if self.is_variadic else len(self.arguments)
        positional = dict(zip(self.attributes, values[count:], strict=False))
        attributes = {**self.attributes, **positional, **named}
        missing = [name for name, value in attributes.items() if value is inspect.Parameter.empty]
        n_most = count + len(self.attributes)
        if not count <= len(values) <= n_most or missing or attributes.keys() - self.attributes:
            message = (
                f"{self.name} takes ({', '.join((*self.arguments, *self.attributes))}), but got "
                f"{len(values)} values and {sorted(named)} by name"
            )
            raise TypeError(message)
        return values[:count], attributes
