"""Gradients as return values: ``grad`` and ``vjp`` touch no tensor's ``grad``."""

from collections.abc import Callable, Sequence
from typing import Any

from reference.backward import backpropagate
from reference.errors import NoGradientError, OperandError
from reference.graph import Node
from reference.modes import GradMode, enable_grad
from reference.tensor import Tensor, as_tensor, cotangent_of, zeros

__all__ = ["grad", "vjp"]


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients, in the inputs, of the outputs' sum weighted by cotangents.

    Args:
        outputs: A tensor or several; each has one element, or a cotangent in ``grad_outputs``.
        inputs: The tensors, leaves or results, of which gradients are wanted.
        grad_outputs: A cotangent for one output, or a sequence with a cotangent or None for each.
        retain_graph: Keep the saved values for another pass. None means ``create_graph``.
        create_graph: Record the pass, so that the gradients have gradients.
        allow_unused: Return None for an input that the outputs do not depend on.

    Returns:
        A gradient for each input, of its shape and dtype.

    Raises:
        NoGradientError: An output or input requires no gradient, or an input is not used.
        ShapeError: A cotangent has another shape than its output.
        GraphFreedError: An earlier pass has freed the graph.
        ModifiedInPlaceError: A value that is needed was overwritten.
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    targets = [_node_of(x, f"input {i}") for i, x in enumerate(inputs)]
    cotangents = _one_each(outputs, grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    with GradMode(create_graph):
        seeds: dict[Node, Tensor] = {}
        for i, (output, given) in enumerate(zip(outputs, cotangents, strict=True)):
            node, cotangent = _node_of(output, f"output {i}"), cotangent_of(output, given)
            seeds[node] = seeds[node] + cotangent if node in seeds else cotangent
        found = backpropagate(seeds, retain_graph=keep, targets=set(targets))
        for i, node in enumerate(targets):
            if node not in found and not allow_unused:
                message = (
                    f"the outputs do not depend on input {i}; allow_unused=True returns None there"
                )
                raise NoGradientError(message)
        return tuple(found[node].clone() if node in found else None for node in targets)


def vjp(f: Callable[..., Any], primals: Sequence[Any]) -> tuple[Any, Callable[..., Any]]:
    """Return ``f(*primals)`` and a function from its cotangent to those of the primals.

    The function takes one cotangent for each output of ``f`` and may be called again and again. It
    returns a tuple with a gradient for each primal, zeros for a primal that is not used.
    """
    with enable_grad():
        inputs = [Tensor(primal, requires_grad=True) for primal in primals]
        result = f(*inputs)
    is_tuple = isinstance(result, tuple)
    outputs = [as_tensor(x) for x in (result if is_tuple else (result,))]

    def pull(*cotangents: Any) -> tuple[Tensor, ...]:
        given = _one_each(outputs, cotangents)
        used = [(x, g) for x, g in zip(outputs, given, strict=True) if x.requires_grad]
        gradients = grad(
            [x for x, _ in used], inputs, [g for _, g in used], retain_graph=True, allow_unused=True
        )
        return tuple(
            zeros(x.shape, x.dtype) if gradient is None else gradient
            for x, gradient in zip(inputs, gradients, strict=True)
        )

    detached = tuple(x.detach() for x in outputs)
    return (detached if is_tuple else detached[0]), pull


def _node_of(x: Tensor, what: str) -> Node:
    if x.node is None:
        message = f"{what} requires no gradient"
        raise NoGradientError(message)
    return x.node


def _one_each(outputs: Sequence[Tensor], given: Any) -> Sequence[Any]:
    """Return a cotangent or None for each output."""
    if given is None:
        return [None] * len(outputs)
    cotangents = list(given) if isinstance(given, list | tuple) else [given]
    if len(cotangents) != len(outputs):
        message = f"got {len(cotangents)} cotangents for {len(outputs)} outputs"
        raise OperandError(message)
    return cotangents
