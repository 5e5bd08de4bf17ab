"""An expression in the making: ops by word, on any earlier value, of any shape.

Every step is computed along in NumPy. One that would leave the domain of its op, come near a kink,
or give large numbers or many of them writes nothing: so that of thirty ops in a row the answer can
still be enclosed tightly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Slice
from gradcheck_suite.program.op import Domain
from gradcheck_suite.program.shapes import Shape
from gradcheck_suite.program.table import op_named
from gradcheck_suite.strategies.builder import Builder
from gradcheck_suite.strategies.numbers import grid

__all__ = ["N_NUMBERS", "WORDS", "Expression", "Step", "Value", "op_of"]

_Floats: TypeAlias = npt.NDArray[np.float64]

_LARGEST: Final = 8.0  # of a value
_MOST: Final = 12  # elements of a value; more would take the oracle longer, and show no more
_APART: Final = 1 / 16  # a value from a kink, and elements of which one is chosen from each other
_NUMBERS: Final = grid(Domain(-2.0, 2.0, hole=0.5))
N_NUMBERS: Final = len(_NUMBERS)


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its numbers; without an index, an operand that is still to be written down."""

    array: _Floats
    index: int = -1
    is_constant: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Values are named by age, forms and operands by number, so that none is missing.

    Any other step can be taken away, and what is left is an expression still.
    """

    word: str
    age: int
    """Of the operand: 0 is the newest value."""
    partner: int
    """Of the other operand among those that fit, by age; beyond their number a new one."""
    form: int
    """Which axis, index, order of operands, or shape of a new operand."""
    number: int
    """Where the numbers of a new operand start on the grid."""


@dataclass(slots=True)
class Expression:
    """The Program so far, and the values that are computed from leaves."""

    ranks: tuple[int, ...]
    """Those that the engine is to have."""
    stretches: bool
    """Whether operators have operands of different shapes."""
    b: Builder = field(default_factory=Builder)
    values: list[Value] = field(default_factory=list)
    leaves: list[Value] = field(default_factory=list)
    n_ops: int = 0

    def leaf(self, shape: Shape, number: int) -> Value:
        """Append a leaf."""
        return self._written(_new(shape, number))

    def take(self, step: Step) -> None:
        """Write a step down, if it can be."""
        x = self.values[-1 - step.age % len(self.values)]
        WORDS[step.word](self, x, step)

    def apply(self, op: str, *operands: Value, **attrs: Attribute) -> None:
        """Append an op, if its operands are in its domain and its result is a good one."""
        arrays = [v.array for v in operands]
        if not _DOMAINS.get(op, _everywhere)(*arrays):
            return
        settings = tuple(sorted(attrs.items()))
        result = op_named(op).evaluate(*arrays, attrs=settings)
        if result.ndim not in self.ranks or not 0 < result.size <= _MOST:
            return
        if np.abs(result).max() > _LARGEST:
            return
        written = [self._written(v) for v in operands]
        index = self.b.apply(op, *(v.index for v in written), **attrs)
        self.values.append(Value(result, index))
        self.n_ops += 1

    def partner(self, step: Step, fits: Callable[[Value], bool], shapes: list[Shape]) -> Value:
        """Return an earlier value of a shape that fits, or a new leaf or constant of ``shapes``."""
        found = [v for v in reversed(self.values) if fits(v)]
        if step.partner < len(found):
            return found[step.partner]
        shapes = [s for s in shapes if len(s) in self.ranks]
        return _new(shapes[step.form % len(shapes)], step.number, is_constant=step.form % 2 == 1)

    def _written(self, value: Value) -> Value:
        """Return a value with its index: it is written down where it is not yet."""
        if value.index >= 0:
            return value
        data = Array.of(value.array)
        if value.is_constant:
            return Value(value.array, self.b.constant(data))
        leaf = Value(value.array, self.b.leaf(data))
        self.leaves.append(leaf)
        self.values.append(leaf)
        return leaf


def _new(shape: Shape, number: int, *, is_constant: bool = False) -> Value:
    """Return a new operand: numbers of the grid one after the other, simplest first."""
    numbers = [_NUMBERS[(number + k) % len(_NUMBERS)] for k in range(prod(shape))]
    return Value(np.array(numbers, dtype=np.float64).reshape(shape), is_constant=is_constant)


# Where an op may be applied.


def _everywhere(*_arrays: _Floats) -> bool:
    return True


def _is_positive(x: _Floats) -> bool:
    return bool(x.min() >= 4 * _APART)


def _are_apart(x: _Floats) -> bool:
    return x.size == 1 or bool(np.diff(np.sort(x.ravel())).min() >= _APART)


_DOMAINS: Final[Mapping[str, Callable[..., bool]]] = MappingProxyType(
    {
        "log": _is_positive,
        "sqrt": _is_positive,
        "div": lambda _, y: bool(np.abs(y).min() >= 4 * _APART),
        "relu": lambda x: bool(np.abs(x).min() >= _APART),
        "abs": lambda x: bool(np.abs(x).min() >= _APART),
        "maximum": lambda x, y: bool(np.abs(x - y).min() >= _APART),
        "minimum": lambda x, y: bool(np.abs(x - y).min() >= _APART),
        "max": _are_apart,
        "min": _are_apart,
    }
)


# What words write.

_Word: TypeAlias = "Callable[[Expression, Value, Step], None]"


def _function(op: str) -> _Word:
    return lambda e, x, _step: e.apply(op, x)


def _operator(op: str) -> _Word:
    """Write an operator with another value, on either side.

    Not the difference or the quotient of a value and itself: a gradient that is zero but for
    rounding says nothing.
    """

    def write(e: Expression, x: Value, step: Step) -> None:
        shape = x.array.shape

        def fits(other: Value) -> bool:
            if other is x and op in {"sub", "div"}:
                return False
            found = other.array.shape
            return found == shape or (e.stretches and _broadcasts(shape, found))

        shapes = [shape, shape, *(_stretched_to(shape) if e.stretches else [])]
        y = e.partner(step, fits, shapes)
        e.apply(op, *((y, x) if step.form // 2 % 2 else (x, y)))

    return write


def _broadcasts(x: Shape, y: Shape) -> bool:
    try:
        np.broadcast_shapes(x, y)
    except ValueError:
        return False
    return True


def _stretched_to(shape: Shape) -> list[Shape]:
    """Return shapes that are stretched to this one, or stretch it."""
    ones = [(*shape[:k], 1, *shape[k + 1 :]) for k in range(len(shape))]
    return [(), *ones, *[shape[1:]] * bool(shape), *[(2, *shape)] * (len(shape) < 3)]  # noqa: PLR2004 - the highest rank


def _product(e: Expression, x: Value, step: Step) -> None:
    """Write a product of matrices, of a matrix and a vector, or of vectors."""
    shape = x.array.shape
    if not shape:
        return
    n = shape[-1]

    def fits(other: Value) -> bool:
        found = other.array.shape
        return bool(found) and found[-2:][0] == n and max(len(shape), len(found)) <= 2  # noqa: PLR2004 - matrices

    e.apply("matmul", x, e.partner(step, fits, [(n, 2), (n, 3), (n,), (n, 1)]))


def _reduction(op: str, *, axis: bool, keepdims: bool = False) -> _Word:
    """Write a reduction: of the whole, along an axis from either end, or along several."""

    def write(e: Expression, x: Value, step: Step) -> None:
        rank = x.array.ndim
        along: list[Attribute] = [*range(-rank, rank), *combinations(range(rank), 2)]
        if rank and axis:
            e.apply(op, x, axis=along[step.form % len(along)], keepdims=keepdims)
        elif rank:
            e.apply(op, x, axis=None, keepdims=keepdims)

    return write


def _along_axis(op: str) -> _Word:
    def write(e: Expression, x: Value, step: Step) -> None:
        if x.array.ndim and max(x.array.shape) > 1:
            e.apply(op, x, axis=-1 - step.form % x.array.ndim)

    return write


def _reshape(e: Expression, x: Value, step: Step) -> None:
    n = x.array.size
    sides = [k for k in range(1, n + 1) if n % k == 0]
    targets: list[Shape] = [(n,), *((k, n // k) for k in sides), (-1, sides[-1]), (1, n, 1)]
    targets = [t for t in targets if len(t) in e.ranks]
    if x.array.ndim:
        e.apply("reshape", x, shape=targets[step.form % len(targets)])


def _transpose(*, given: bool) -> _Word:
    """Write a transpose, by axes that are given or by none; of a vector it is no step."""

    def write(e: Expression, x: Value, step: Step) -> None:
        rank = x.array.ndim
        if given and rank > 1:
            turned = 1 + step.form % (rank - 1)
            e.apply("transpose", x, axes=(*range(turned, rank), *range(turned)))
        elif rank > 1:
            e.apply("transpose", x, axes=None)

    return write


def _broadcast_to(e: Expression, x: Value, step: Step) -> None:
    shape = x.array.shape
    wider: list[Shape] = [(2, *shape), *((*shape[:k], 3, *shape[k + 1 :]) for k in _ones(shape))]
    e.apply("broadcast_to", x, shape=wider[step.form % len(wider)])


def _ones(shape: Shape) -> list[int]:
    return [k for k, extent in enumerate(shape) if extent == 1]


def _index(part: Callable[[int, int], Attribute]) -> _Word:
    """Write an index on the first axis, or on the second one of a matrix."""

    def write(e: Expression, x: Value, step: Step) -> None:
        shape = x.array.shape
        axis = step.form % 2 if len(shape) > 1 else 0
        if shape:
            own = part(shape[axis], step.form // 2)
            e.apply("getitem", x, index=(*(Slice(),) * axis, own))

    return write


def _slice(extent: int, form: int) -> Attribute:
    start = 1 if extent > 1 else 0
    return (Slice(start, None), Slice(None, None, -1), Slice(None, None, 2))[form % 3]


def _repeated(extent: int, form: int) -> Attribute:
    """Return positions, the first of which is read twice."""
    first = form % extent
    return Array((3,), (first, extent - 1 - first, first), "int")


def _concatenation(e: Expression, x: Value, step: Step) -> None:
    """Write one value after the other, along the first axis or the last."""
    shape = x.array.shape
    if shape:
        axis = 0 if step.form // 2 % 2 == 0 else len(shape) - 1
        longer = (*shape[:axis], 2, *shape[axis + 1 :])

        def fits(other: Value) -> bool:
            found = other.array.shape
            rest = (*found[:axis], *found[axis + 1 :])
            return len(found) == len(shape) and rest == (*shape[:axis], *shape[axis + 1 :])

        e.apply("concatenate", x, e.partner(step, fits, [shape, longer]), axis=axis)


def _stack(e: Expression, x: Value, step: Step) -> None:
    shape = x.array.shape
    y = e.partner(step, lambda other: other.array.shape == shape, [shape])
    e.apply("stack", x, y, axis=0 if step.form // 2 % 2 == 0 else len(shape))


_REDUCTIONS: Final = ("sum", "mean", "max", "min")

WORDS: Final[Mapping[str, _Word]] = MappingProxyType(
    {
        **{op: _operator(op) for op in ("mul", "add", "sub", "div", "maximum", "minimum")},
        **{op: _function(op) for op in ("tanh", "sin", "exp", "sigmoid", "cos", "neg", "relu")},
        **{op: _function(op) for op in ("abs", "log", "sqrt")},
        "pow": lambda e, x, step: e.apply("pow", x, exponent=2 + step.form % 2),
        "matmul": _product,
        **{f"{op}.all": _reduction(op, axis=False) for op in _REDUCTIONS},
        **{f"{op}.axis": _reduction(op, axis=True) for op in _REDUCTIONS},
        **{f"{op}.keepdims": _reduction(op, axis=True, keepdims=True) for op in _REDUCTIONS},
        **{op: _along_axis(op) for op in ("softmax", "log_softmax")},
        "reshape": _reshape,
        "transpose": _transpose(given=False),
        "transpose.axes": _transpose(given=True),
        "broadcast_to": _broadcast_to,
        "getitem.int": _index(lambda extent, form: form % extent),
        "getitem.slice": _index(_slice),
        "getitem.array": _index(_repeated),
        "concatenate": _concatenation,
        "stack": _stack,
    }
)
"""What a step writes, by its word: an op, or one of its forms."""


def op_of(word: str) -> str:
    """Return the op that a word writes."""
    return word.partition(".")[0]
