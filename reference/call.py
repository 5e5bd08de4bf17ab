"""One call of an operation: what its rules will ask for, and both directions through it."""

import weakref
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, final

from reference.errors import MissingRuleError
from reference.graph import Node
from reference.row import Row, Rule
from reference.saved import Saved
from reference.tensor import Tensor, conform

__all__ = ["Call"]


@final
class Call:
    """One call of an operation: the values that its rules will ask for."""

    __slots__ = ("_attributes", "_kinds", "_parents", "_result", "_row", "_saved")

    def __init__(
        self,
        row: Row,
        operands: Sequence[Tensor],
        ans: Tensor,
        attributes: Mapping[str, Any],
        parents: Sequence[Node | None],
    ) -> None:
        """Note shapes and dtypes, which cost nothing; arrays are saved on demand by ``save``."""
        self._row = row
        self._attributes = attributes
        self._parents = parents
        self._kinds = [(x.shape, x.dtype) for x in operands]
        self._result = (ans.shape, ans.dtype)
        self._saved: dict[str, Saved] = {}

    def save(self, operands: Sequence[Tensor], ans: Tensor) -> None:
        """Save what the rules of the arguments that require a gradient ask for."""
        needs = {
            need
            for position, parent in enumerate(self._parents)
            if parent is not None
            for rules in (self._row.vjps, self._row.jvps)
            if (rule := rules.get(self._row.argument(position))) is not None
            for need in rule.needs
        }
        if not self._row.is_variadic:
            for name, operand in zip(self._row.arguments, operands, strict=True):
                if name in needs:
                    self._saved[name] = Saved(operand, self._row.name)
        if "ans" in needs and ans.node is not None:
            self._saved["ans"] = Saved(ans, self._row.name, weakref.ref(ans.node))

    def pull(self, cotangent: Tensor) -> list[Tensor | None]:
        """Return the cotangent's share of each operand (None: that one requires no gradient)."""
        return [
            None if parent is None else self._pull_to(position, cotangent)
            for position, parent in enumerate(self._parents)
        ]

    def _pull_to(self, position: int, cotangent: Tensor) -> Tensor:
        name = self._row.argument(position)
        share = self._ask(self._row.vjps[name], position, cotangent)
        return conform(share, *self._kinds[position], f"the gradient of {self._row.name} in {name}")

    def push(self, tangents: Sequence[Tensor | None]) -> Tensor:
        """Return the result's tangent: the sum of what each operand's tangent contributes."""
        parts = (
            self._push_from(position, tangent)
            for position, tangent in enumerate(tangents)
            if tangent is not None
        )
        total = reduce(add, parts)
        shape, dtype = self._result
        if total.shape != shape:  # no operand with a tangent had the full shape
            total = total.broadcast_to(shape)
        return conform(total, shape, dtype, f"the tangent of {self._row.name}")

    def _push_from(self, position: int, tangent: Tensor) -> Tensor:
        name = self._row.argument(position)
        if name not in self._row.jvps:
            message = f"{self._row.name} has no jvp rule for {name}"
            raise MissingRuleError(message)
        return self._ask(self._row.jvps[name], position, tangent)

    def _ask(self, rule: Rule, position: int, vector: Tensor) -> Tensor:
        """Apply a rule to a cotangent or tangent, with what it asks for by name."""
        return rule.function(vector, *(self._value(need, position) for need in rule.needs))

    def _value(self, need: str, position: int) -> Any:
        if need in self._saved:
            return self._saved[need].unpack()
        if need in self._attributes:
            return self._attributes[need]
        in_shape, out_shape = self._kinds[position][0], self._result[0]
        return {"in_shape": in_shape, "out_shape": out_shape, "position": position}[need]
