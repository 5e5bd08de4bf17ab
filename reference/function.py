"""Operations that a user writes together with their backward.

>>> class Square(Function):
...     @staticmethod
...     def forward(ctx, x):
...         ctx.save_for_backward(x)
...         return x * x
...     @staticmethod
...     def backward(ctx, cotangent):
...         (x,) = ctx.saved_tensors
...         return cotangent * 2 * x
>>> y = Square.apply(Tensor(3.0, requires_grad=True))
"""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, final

from reference.errors import AutogradError, MissingRuleError
from reference.graph import Node
from reference.modes import is_grad_enabled, no_grad
from reference.saved import Saved
from reference.tensor import Tensor, as_tensor, conform, wrap, zeros

__all__ = ["Context", "Function"]


@final
class Context:
    """What a forward hands to its backward; besides tensors, any attribute may be set on it."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        """Say for each input whether a gradient of it is wanted."""
        self.needs_input_grad = needs_input_grad
        self.to_save: tuple[Tensor | None, ...] = ()
        self.saved: tuple[Saved | None, ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        """Accept any attribute."""
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Name the attribute that a forward has not set."""
        message = f"forward() set no attribute {name!r} on ctx"
        raise AttributeError(message)

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs, results or intermediate values; overwriting one raises at backward."""
        self.to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The saved tensors, in order; raises ModifiedInPlaceError if one was overwritten."""
        return tuple(None if saved is None else saved.unpack() for saved in self.saved)


class Function(ABC):
    """The base of operations with a backward of their own; call them by ``apply``."""

    @staticmethod
    @abstractmethod
    def forward(ctx: Context, *args: Any, **kwargs: Any) -> Any:
        """Return a tensor or a tuple of tensors; runs under ``no_grad``."""

    @staticmethod
    @abstractmethod
    def backward(ctx: Context, *cotangents: Any, **kwargs: Any) -> Any:
        """Return a gradient for each argument of ``forward``, None where there is none.

        There is one cotangent for each result, zeros for a result that was not used.
        """

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run ``forward`` on the arguments (tensors or anything else) and record the call."""
        parents = tuple(arg.node if isinstance(arg, Tensor) else None for arg in args)
        ctx = Context(tuple(parent is not None for parent in parents))
        with no_grad():
            results = cls.forward(ctx, *args)
        is_tuple = isinstance(results, tuple)
        outputs = [_fresh(as_tensor(x), args) for x in (results if is_tuple else (results,))]
        if is_grad_enabled() and any(ctx.needs_input_grad):
            call = _call_node(cls, ctx, args, parents, outputs)
            for i, output in enumerate(outputs):
                if output.dtype.kind == "f":
                    output.node = _result_node(call, i)
            ctx.saved = _saved(ctx.to_save, outputs, call)
        ctx.to_save = ()
        return tuple(outputs) if is_tuple else outputs[0]


@final
class _Bundle:
    """The cotangents of a call's results, so that its backward runs once for all of them."""

    def __init__(self, cotangents: Mapping[int, Tensor]) -> None:
        self.cotangents = cotangents

    def __add__(self, other: "_Bundle") -> "_Bundle":
        total = dict(self.cotangents)
        for i, cotangent in other.cotangents.items():
            total[i] = total[i] + cotangent if i in total else cotangent
        return _Bundle(total)


def _fresh(output: Tensor, args: Sequence[Any]) -> Tensor:
    """Return a tensor that may be given a node: an input that is handed through has its own."""
    is_taken = output.node is not None or any(output is arg for arg in args)
    return wrap(output.data.copy()) if is_taken else output


def _call_node(
    function: type[Function],
    ctx: Context,
    args: Sequence[Any],
    parents: tuple[Node | None, ...],
    outputs: Sequence[Tensor],
) -> Node:
    """Return the node of the whole call, whose cotangents are bundles."""
    name = function.__name__
    kinds = [(arg.shape, arg.dtype) if isinstance(arg, Tensor) else None for arg in args]
    results = [(output.shape, output.dtype) for output in outputs]

    def pull(bundle: _Bundle) -> list[Tensor | None]:
        given = bundle.cotangents
        cotangents = [given[i] if i in given else zeros(*kind) for i, kind in enumerate(results)]
        shares = function.backward(ctx, *cotangents)
        shares = shares if isinstance(shares, tuple) else (shares,)
        if len(shares) != len(args):
            message = (
                f"{name}.backward returned {len(shares)} gradients, but should return one for "
                f"each of the {len(args)} arguments of forward, None where there is none"
            )
            raise AutogradError(message)
        return [
            None
            if share is None or kind is None
            else conform(as_tensor(share), *kind, f"gradient {i} that {name}.backward returned")
            for i, (share, kind) in enumerate(zip(shares, kinds, strict=True))
        ]

    return Node(name, parents, pull, _no_jvp(name))


def _result_node(call: Node, position: int) -> Node:
    """Return the node of one result: it puts its cotangent into a bundle for the call."""
    name = f"{call.name}[{position}]"
    return Node(name, (call,), lambda g: [_Bundle({position: g})], _no_jvp(call.name))


def _no_jvp(name: str) -> Callable[[Sequence[Any]], Any]:
    def push(tangents: Sequence[Any]) -> Any:  # noqa: ARG001 - the form of every push
        message = f"{name} is a custom Function: it has a backward, but no jvp"
        raise MissingRuleError(message)

    return push


def _saved(
    tensors: Sequence[Tensor | None], outputs: Sequence[Tensor], call: Node
) -> tuple[Saved | None, ...]:
    """Save the tensors; the call's own results with a weak link, since the call holds them."""
    name = call.name
    find = weakref.ref(call)
    positions = {id(output): i for i, output in enumerate(outputs) if output.node is not None}

    def link(position: int) -> Node | None:
        found = find()
        return None if found is None else _result_node(found, position)

    return tuple(
        None
        if x is None
        else Saved(x, name, partial(link, positions[id(x)]) if id(x) in positions else None)
        for x in tensors
    )
