"""A tensor: an array, and the node that says where it came from.

A tensor requires a gradient exactly if it has a node. A leaf's node has no parents.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt

from reference.backward import backpropagate
from reference.errors import (
    DtypeError,
    LeafError,
    NoGradientError,
    OperandError,
    ShapeError,
)
from reference.graph import Node
from reference.hooks import HookHandle, add_hook
from reference.methods import Methods
from reference.modes import GradMode, is_grad_enabled
from reference.operators import OPS

__all__ = [
    "Array",
    "Operand",
    "Tensor",
    "Version",
    "as_tensor",
    "conform",
    "tensor",
    "wrap",
    "zeros",
]

Array: TypeAlias = npt.NDArray[Any]
Hook: TypeAlias = "Callable[[Tensor], Tensor | None]"


@final
class Version:
    """How often an array was overwritten; shared by all tensors that share the array."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        """Start at no overwriting."""
        self.count = 0


class Tensor(Methods):
    """An array that remembers how it was computed; the one subclass is ``nn.Parameter``.

    Args:
        data: An array, a number or nested lists of numbers; copied. Arrays keep their dtype
            (float32, float64, integers, bool); Python floats become float64.
        requires_grad: Whether ``backward`` shall leave a gradient in ``grad``.
        dtype: The dtype to convert to, if another one is wanted.

    Raises:
        DtypeError: ``requires_grad`` is asked of integers or booleans, or the data is not real.
    """

    __slots__ = ("__weakref__", "_data", "grad", "node", "version")

    _data: Array
    node: Node | None
    version: Version
    grad: "Tensor | None"

    def __init__(
        self, data: Any, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
    ) -> None:
        """Copy ``data`` into a new leaf."""
        array = np.array(data.data if isinstance(data, Tensor) else data, dtype=dtype)
        if array.dtype.kind not in "fiub":
            message = f"a tensor holds real numbers or booleans, but got {array.dtype}"
            raise DtypeError(message)
        self._data = array
        self.node = None
        self.version = Version()
        self.grad = None
        if requires_grad:
            self.requires_grad_()

    # The array.

    @property
    def data(self) -> Array:
        """The array itself, not a copy. Changing it by hand is not noticed by ``backward``."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if value is self._data:  # the end of `x.data -= step`
            return
        array = np.array(value.data if isinstance(value, Tensor) else value, dtype=self.dtype)
        if array.shape != self.shape:
            message = f"new data has shape {array.shape}, but should have {self.shape}"
            raise OperandError(message)
        self._data = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size

    def numpy(self) -> Array:
        """Return the array itself; raise NoGradientError on a tensor that requires a gradient."""
        if self.requires_grad:
            message = (
                "an array cannot carry the gradient that this tensor requires; "
                "use tensor.detach().numpy()"
            )
            raise NoGradientError(message)
        return self._data

    def item(self) -> Any:
        """Return the only element as a Python number; raise OperandError if there are others."""
        if self.size != 1:
            message = f"item() needs one element, but the shape is {self.shape}"
            raise OperandError(message)
        return self._data.item()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __len__(self) -> int:
        return len(self._data)  # raises TypeError for rank 0, as an array does

    def __iter__(self) -> "Iterator[Tensor]":
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        notes = "" if self.dtype in (np.float64, np.int64, np.bool_) else f", dtype={self.dtype}"
        if self.node is not None:
            notes += ", requires_grad=True" if self.is_leaf else f", grad_fn={self.node!r}"
        return f"tensor({np.array2string(self._data, separator=', ', prefix='tensor(')}{notes})"

    # The graph.

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was given, not computed; true of all that require no gradient."""
        return self.node is None or self.node.is_leaf

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that computed this tensor, None for a leaf."""
        return None if self.is_leaf else self.node

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow here. It may be set on a leaf, for the operations to come."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if not self.is_leaf:
            message = (
                f"requires_grad can be set on a leaf alone, and this is a result of {self.node}; "
                "detach() gives a leaf with the same data"
            )
            raise LeafError(message)
        self.requires_grad_(flag)

    def requires_grad_(self, flag: bool = True) -> "Tensor":
        """Set ``requires_grad`` and return the tensor.

        Raises:
            LeafError: A result is asked to require none.
            DtypeError: The elements are integers or booleans.
        """
        if not flag and not self.is_leaf:
            message = f"a result of {self.node} requires a gradient; detach() gives a leaf"
            raise LeafError(message)
        if flag and self.dtype.kind != "f":
            message = f"only floating-point tensors have gradients, not {self.dtype}"
            raise DtypeError(message)
        if flag and self.node is None:
            self.node = Node("leaf")
            self.node.sink = _sink(self)
        elif not flag:
            self.node = None
        return self

    def detach(self) -> "Tensor":
        """Return a leaf without gradient that shares the data and the version counter."""
        return wrap(self._data, version=self.version)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradient: set ``grad`` to None, or to zeros where there is one."""
        if set_to_none or self.grad is None:
            self.grad = None
        else:  # new zeros: who holds the old gradient keeps its value
            self.grad = zeros(self.shape, self.dtype)

    def retain_grad(self) -> None:
        """Let ``backward`` leave the gradient of this result in ``grad``, as it does for leaves.

        Raises NoGradientError if the tensor requires none. Does nothing on a leaf.
        """
        node = self._require_node("retain_grad()")
        if node.sink is None:
            node.sink = _sink(self)

    def register_hook(self, hook: Hook) -> "HookHandle":
        """Call ``hook`` with this tensor's gradient, summed over all uses, in every backward.

        A tensor of the same shape that the hook returns takes the gradient's place. Hooks run in
        the order of their registration. Raises NoGradientError if the tensor requires none.
        """
        node = self._require_node("register_hook()")
        shape, dtype = self.shape, self.dtype

        def checked(gradient: Tensor) -> Tensor | None:
            replacement = hook(gradient)
            if replacement is None:
                return None
            if not isinstance(replacement, Tensor):
                message = f"a hook returns None or a tensor, not {type(replacement)}"
                raise OperandError(message)
            return conform(replacement, shape, dtype, "the gradient that a hook returned")

        return add_hook(node, checked)

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
    ) -> None:
        """Add the gradient of this tensor to the ``grad`` of every leaf that it depends on.

        Args:
            gradient: The cotangent, of this tensor's shape; may be left out for one element.
            retain_graph: Keep the saved values for another backward. None means ``create_graph``.
            create_graph: Record the backward itself, so that gradients have gradients.

        Raises:
            NoGradientError: The tensor requires no gradient, or several elements lack a cotangent.
            ShapeError: The cotangent has another shape.
            GraphFreedError: An earlier backward has freed the graph.
            ModifiedInPlaceError: A value that is needed was overwritten.
        """
        node = self._require_node("backward()")
        cotangent = cotangent_of(self, gradient)
        keep = create_graph if retain_graph is None else retain_graph
        with GradMode(create_graph):
            backpropagate({node: cotangent}, retain_graph=keep)

    def _require_node(self, caller: str) -> Node:
        if self.node is None:
            message = (
                f"{caller} on a tensor that requires no gradient: it was made without "
                "requires_grad=True, under no_grad, or by detach()"
            )
            raise NoGradientError(message)
        return self.node

    def _overwrite(self, name: str, *args: Any) -> Self:
        """Put the result of operation ``name`` on this tensor in its own place.

        The operation sees a copy of the old value, so its rule stays right. Rules of *other*
        operations that saved the old value notice the version counter and raise at backward.
        """
        if is_grad_enabled() and self.node is not None and self.node.is_leaf:
            message = (
                "a leaf that requires a gradient cannot be overwritten, since the gradient would "
                "belong to a value that is gone; overwrite it under no_grad()"
            )
            raise LeafError(message)
        before = wrap(self._data.copy(), self.node)
        result: Tensor = OPS[name](before, *(before if arg is self else arg for arg in args))
        if result.shape != self.shape:
            message = f"{name} in place: shape {self.shape} cannot take {result.shape}"
            raise OperandError(message)
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            message = f"{name} in place: {self.dtype} cannot take {result.dtype}"
            raise OperandError(message)
        if result.dtype != self.dtype:
            result = result.astype(self.dtype)
        np.copyto(self._data, result.data)
        self.version.count += 1
        if is_grad_enabled():
            self._rebind(result.node)
        return self

    def _rebind(self, node: Node | None) -> None:
        """Continue as the value of another node; a retained gradient moves along."""
        if node is not None and self.node is not None:
            node.sink, self.node.sink = self.node.sink, None
        self.node = node

    def __reduce__(self) -> NoReturn:
        message = "a tensor is tied to its graph and cannot be pickled; pickle x.data"
        raise TypeError(message)


Operand: TypeAlias = Tensor | npt.ArrayLike  # what `as_tensor` takes


def tensor(data: Any, requires_grad: bool = False, dtype: npt.DTypeLike | None = None) -> Tensor:
    """Return a new leaf: the same as ``Tensor(data, requires_grad, dtype)``."""
    return Tensor(data, requires_grad, dtype)


def wrap(array: Array, node: Node | None = None, version: Version | None = None) -> Tensor:
    """Return a tensor on ``array`` itself, without a copy."""
    result = Tensor.__new__(Tensor)
    result._data = array  # noqa: SLF001 - the constructor that does not copy
    result.node = node
    result.version = Version() if version is None else version
    result.grad = None
    return result


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Tensor:
    """Return a constant of zeros."""
    return wrap(np.zeros(shape, dtype))


def as_tensor(value: Any) -> Tensor:
    """Return ``value`` if it is a tensor, else a constant with a copy of the number or array."""
    return value if isinstance(value, Tensor) else Tensor(value)


def conform(value: Tensor, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> Tensor:
    """Return ``value`` in ``dtype``; raise ShapeError, naming ``what``, if the shape is another."""
    if value.shape != shape:
        message = f"{what} has shape {value.shape}, but should have {shape}"
        raise ShapeError(message)
    return value if value.dtype == dtype else value.astype(dtype)


def cotangent_of(output: Tensor, given: Any) -> Tensor:
    """Return the cotangent to start from: what is given, or a one for a single element."""
    if given is not None:
        return conform(as_tensor(given), output.shape, output.dtype, "the cotangent")
    if output.size != 1:
        message = (
            f"a result of shape {output.shape} has no gradient of its own, only one for each "
            "cotangent: pass one of that shape, or reduce the result to a single element"
        )
        raise NoGradientError(message)
    return wrap(np.ones(output.shape, output.dtype))


def _sink(owner: Tensor) -> Callable[[Tensor], None]:
    """Return what adds a cotangent to ``owner.grad``.

    Out of place, and from a copy at first: the cotangent may be the user's own, or be on its way
    to other tensors too. Weakly, since the owner already holds the node that holds the sink.
    """
    reference = weakref.ref(owner)

    def accumulate(cotangent: Tensor) -> None:
        tensor = reference()
        if tensor is not None:
            tensor.grad = cotangent.clone() if tensor.grad is None else tensor.grad + cotangent

    return accumulate
