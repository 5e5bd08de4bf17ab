"""Forward mode: tangents walk from the inputs to the results.

The function is run once and recorded, as for reverse mode; then the same graph is read in the
other direction, with the other column of the table of rules. No difference quotient is formed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from reference.errors import OperandError
from reference.graph import Node, consumers_first
from reference.modes import enable_grad
from reference.tensor import Tensor, as_tensor, conform, zeros

__all__ = ["jvp"]


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Return ``f(*primals)`` and its derivative in the direction of the tangents.

    ``f`` returns a tensor or a tuple of tensors; the tangent has the same form, and the shapes and
    dtypes of the output. Where a primal, a tangent or something else that ``f`` uses requires a
    gradient, the results can be differentiated further, in either mode.

    Raises:
        OperandError: There are not as many tangents as primals.
        ShapeError: A tangent has another shape than its primal.
        DtypeError: A primal holds integers or booleans.
        MissingRuleError: An operation has no rule for forward mode.
    """
    if len(primals) != len(tangents):
        message = f"got {len(primals)} primals, but {len(tangents)} tangents"
        raise OperandError(message)
    with enable_grad():
        inputs = [_with_own_node(as_tensor(primal)) for primal in primals]
        seeds = {
            x.node: conform(as_tensor(tangent).clone(), x.shape, x.dtype, f"tangent {i}")
            for i, (x, tangent) in enumerate(zip(inputs, tangents, strict=True))
            if x.node is not None
        }
        result = f(*inputs)
        outputs = [as_tensor(x) for x in (result if isinstance(result, tuple) else (result,))]
        found = _push(seeds, [x.node for x in outputs if x.node is not None])
        moves = [zeros(x.shape, x.dtype) if x.node not in found else found[x.node] for x in outputs]
    outputs = [_settled(x, seeds) for x in outputs]
    moves = [_settled(x, seeds) for x in moves]
    return (tuple(outputs), tuple(moves)) if isinstance(result, tuple) else (outputs[0], moves[0])


def _with_own_node(primal: Tensor) -> Tensor:
    """Return a copy with a node of its own, at which the tangent starts."""
    return Tensor(primal, requires_grad=True) if primal.node is None else primal.clone()


def _push(seeds: Mapping[Node, Tensor], roots: Iterable[Node]) -> dict[Node, Tensor]:
    """Return the tangent of every node between the seeds and the roots."""
    found = dict(seeds)
    for node in reversed(list(consumers_first(roots))):
        tangents = [None if parent is None else found.get(parent) for parent in node.parents]
        if any(tangent is not None for tangent in tangents):
            found[node] = node.push(tangents)
    return found


def _settled(x: Tensor, seeds: Collection[Node]) -> Tensor:
    """Detach a result that depends on no leaf but those that ``jvp`` made for itself."""
    nodes = consumers_first([] if x.node is None else [x.node])
    return x if any(node.is_leaf and node not in seeds for node in nodes) else x.detach()
