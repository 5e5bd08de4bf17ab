"""Operations with derivative rules: each is one row of a table.

A row is a name, a forward on NumPy arrays, and for each tensor argument a rule. The first
parameter of a rule is the cotangent (or tangent) that it maps; by the names of the others the rule
asks for what it needs, and only that is saved:

- the name of an argument: that argument, a tensor;
- ``ans``: the result, a tensor;
- the name of an attribute of the forward (``axis``, ``keepdims``): its value;
- ``in_shape``, ``out_shape``: the shapes of the argument that the rule is for, and of the result;
- ``position``: its position, for operations on any number of tensors.

Rules are written with the operations themselves, so a rule can be differentiated again. There are
three kinds of row, from the least to write to the most:

>>> cube = elementwise("cube", lambda x: x**3, x=lambda t, x: t * 3 * x**2)
>>> double = linear("double", lambda x: 2 * x, x=lambda g: 2 * g)
>>> ident = primitive("ident", lambda x: +x, vjps={"x": lambda g: g}, jvps={"x": lambda t: t})
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, final

import numpy as np

from reference.broadcasting import unbroadcast
from reference.call import Call
from reference.errors import OperandError
from reference.graph import Node
from reference.modes import is_grad_enabled
from reference.operators import OPS
from reference.row import Function, Row, Rule
from reference.tensor import Tensor, as_tensor, wrap

__all__ = ["Primitive", "constant", "elementwise", "linear", "primitive"]


@final
class Primitive:
    """A row of the table, callable on tensors, arrays and numbers."""

    def __init__(self, row: Row) -> None:
        """Enter the row into the table of operations."""
        self.row = row
        self.__doc__ = row.forward.__doc__
        OPS[row.name] = self

    def __repr__(self) -> str:
        return f"<primitive {self.row.name}>"

    def __call__(self, *values: Any, **attributes: Any) -> Tensor:
        """Compute, and record how if any argument requires a gradient.

        The attributes may follow the arguments in their order, or be given by name.

        Raises:
            TypeError: There are too few or too many operands, or an unknown attribute.
            OperandError: NumPy refuses the operands, for instance their shapes.
        """
        values, attributes = self.row.bind(values, attributes)
        operands = self._operands(values)
        ans = wrap(self._compute(operands, attributes))
        if is_grad_enabled() and ans.dtype.kind == "f":  # integers have no derivative
            self._record(operands, ans, attributes)
        return ans

    def _operands(self, values: Sequence[Any]) -> list[Tensor]:
        """Wrap numbers and arrays; let floating-point operands decide the dtype, as torch does.

        Python numbers and integer tensors take the dtype of the floating-point tensors, so that
        float32 stays float32. Conditions have no say in it.
        """
        has_say = [self.row.has_say(position) for position in range(len(values))]
        dtypes = [
            value.dtype
            for value, say in zip(values, has_say, strict=True)
            if say and isinstance(value, Tensor | np.ndarray)
        ]
        floating = [dtype for dtype in dtypes if dtype.kind == "f"]
        common = np.result_type(*(floating or dtypes)) if dtypes else None
        return [
            _operand(value, common if say else None)
            for value, say in zip(values, has_say, strict=True)
        ]

    def _compute(self, operands: Sequence[Tensor], attributes: Mapping[str, Any]) -> Any:
        """Run the forward; infinities and NaN are values here, not warnings."""
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.row.forward(*[x.data for x in operands], **attributes))
        except ValueError as error:
            shapes = ", ".join(str(x.shape) for x in operands)
            message = f"{self.row.name} of shapes {shapes}: {error}"
            raise OperandError(message) from error

    def _record(
        self, operands: Sequence[Tensor], ans: Tensor, attributes: Mapping[str, Any]
    ) -> None:
        """Give ``ans`` a node, if there is an operand to send a gradient to."""
        parents = tuple(
            x.node if self.row.argument(position) in self.row.vjps else None
            for position, x in enumerate(operands)
        )
        if any(parent is not None for parent in parents):
            call = Call(self.row, operands, ans, attributes, parents)
            ans.node = Node(self.row.name, parents, call.pull, call.push)
            call.save(operands, ans)


def primitive(
    name: str,
    forward: Callable[..., Any],
    *,
    vjps: Mapping[str, Function | None],
    jvps: Mapping[str, Function],
) -> Primitive:
    """Enter an operation with separate rules for both modes; the arguments are ``vjps``' keys."""
    return _enter(name, forward, tuple(vjps), _rules(vjps), _rules(jvps))


def elementwise(name: str, forward: Callable[..., Any], **rules: Function | None) -> Primitive:
    """Enter an operation on elements, which broadcasts.

    Its Jacobian is diagonal, so one rule, multiplication by the partial derivative, serves both
    modes; where an argument was broadcast, the cotangent is summed back to its shape.
    """
    jvps = _rules(rules)
    vjps = {argument: _unbroadcasting(rule) for argument, rule in jvps.items()}
    return _enter(name, forward, tuple(rules), vjps, jvps)


def linear(name: str, forward: Callable[..., Any], **vjps: Function) -> Primitive:
    """Enter an operation that is linear in each argument by itself.

    Its derivative in a direction is the operation itself with the direction in place of that
    argument, so only the vjp rules are to be written.
    """
    arguments = tuple(vjps)
    attributes = tuple(_attributes(forward, arguments))

    def substituting(position: int) -> Rule:
        others = arguments[:position] + arguments[position + 1 :]

        def jvp(tangent: Tensor, *values: Any) -> Tensor:
            before, after = values[:position], values[position:]
            return operation(*before, tangent, *after)

        return Rule(jvp, others + attributes)

    jvps = {argument: substituting(position) for position, argument in enumerate(arguments)}
    operation = _enter(name, forward, arguments, _rules(vjps), jvps)
    return operation


def constant(name: str, forward: Callable[..., Any], arguments: Iterable[str]) -> Primitive:
    """Enter an operation whose result needs no gradient: a comparison, a rounding, an argmax."""
    return _enter(name, forward, tuple(arguments), {}, {})


def _enter(
    name: str,
    forward: Callable[..., Any],
    arguments: tuple[str, ...],
    vjps: Mapping[str, Rule],
    jvps: Mapping[str, Rule],
) -> Primitive:
    return Primitive(Row(name, forward, arguments, _attributes(forward, arguments), vjps, jvps))


def _rules(functions: Mapping[str, Function | None]) -> dict[str, Rule]:
    return {name: Rule.of(rule) for name, rule in functions.items() if rule is not None}


def _unbroadcasting(rule: Rule) -> Rule:
    def vjp(cotangent: Tensor, in_shape: tuple[int, ...], *values: Any) -> Tensor:
        return unbroadcast(rule.function(cotangent, *values), in_shape)

    return Rule(vjp, ("in_shape", *rule.needs))


def _attributes(forward: Callable[..., Any], arguments: Sequence[str]) -> dict[str, Any]:
    """Return the forward's parameters beyond the arguments, with their defaults."""
    if isinstance(forward, np.ufunc):  # has parameters like `out` and `where`, not meant here
        return {}
    parameters = inspect.signature(forward).parameters.values()
    names = {argument.lstrip("*") for argument in arguments}
    return {p.name: p.default for p in parameters if p.name not in names}


def _operand(value: Any, common: np.dtype[Any] | None) -> Tensor:
    """Wrap an operand: a number in the dtype that the others have in common, if they have one."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float):
        dtype = None if common is None else np.result_type(common, value)
        return wrap(np.asarray(value, dtype))
    operand = as_tensor(value)
    if common is not None and common.kind == "f" and operand.dtype.kind != "f":
        return wrap(operand.data.astype(common))
    return operand
