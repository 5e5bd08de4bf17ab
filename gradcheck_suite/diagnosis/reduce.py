"""Reduce a Program: the ways to make it smaller by one step, the boldest first.

Nothing is said here of whether what is left still fails, or may be asked at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import combinations, count
from math import inf, isfinite, prod
from typing import Final, TypeAlias

import numpy as np

from gradcheck_suite.errors import ProgramError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.editing import operands, with_arrays, with_instruction, without
from gradcheck_suite.program.instructions import (
    Apply,
    Backward,
    Constant,
    Detach,
    InPlace,
    Instruction,
    Leaf,
    Observe,
    Program,
    flatten,
)
from gradcheck_suite.program.shapes import Shape, shapes

__all__ = ["measure", "reductions"]

_PLAIN_NUMBERS: Final = (1.0, 2.0, 3.0, -1.0, -2.0, 0.5)
_MOST_ELEMENTS: Final = 8  # of an array whose numbers are tried one by one

_Change: TypeAlias = Callable[[], Program]
_Index: TypeAlias = tuple[int | slice, ...]


def measure(program: Program) -> tuple[int, int, int, int, int]:
    """Return how much there is to read: what is done, made and seen; then numbers, and digits."""
    found = list(flatten(program.instructions))
    made = [i.array for i in found if isinstance(i, (Leaf, Constant))]
    given = [i.cotangent for i in found if isinstance(i, Backward) and i.cotangent is not None]
    n_seen = sum(isinstance(i, Observe) for i in found)
    n_elements = sum(len(array.values) for array in (*made, *given))
    cost = sum(_digits(v) for array in (*made, *given) for v in array.values) + len(given)
    return len(found) - len(made) - n_seen, len(made), n_seen, n_elements, cost


def reductions(program: Program, first_wrong: int) -> Iterator[Program | None]:
    """Yield smaller Programs, None for what comes to nothing; the places of kinds stay the same.

    ``first_wrong`` is the instruction at which the failure shows.
    """
    of_one: _Change = partial(_cut, program, partial(_element, 0))
    smaller: tuple[_Change, ...] = (
        of_one,  # what is tried next takes less time then
        *_shorter(program, first_wrong),
        *_on_smaller_arrays(program),
        *_without_cotangents(program),
        *_with_plainer_numbers(program),
    )
    size = measure(program)
    for change in smaller:
        try:
            found = change()
            shapes(found)
        except (ProgramError, IndexError):
            yield None
        else:
            yield found if measure(found) < size else None


def _shorter(program: Program, first_wrong: int) -> Iterator[_Change]:
    """Leave out what comes after the failure, then one instruction after the other."""
    numbered = list(program.numbered())
    yield partial(without, program, frozenset(k for k, _ in numbered if k > first_wrong))
    for n in (len(numbered) // 2, len(numbered) // 4, len(numbered) // 8):
        for end in range(len(numbered), 0, -n) if n > 1 else ():
            yield partial(without, program, frozenset(range(max(end - n, 0), end)))
    for index, instruction in reversed(numbered):
        one = frozenset({index})
        yield partial(without, program, one)
        for stand_in in _stand_ins(instruction):
            yield partial(without, program, one, {index: stand_in})
    made = [index for index, i in numbered if isinstance(i, (Leaf, Constant))]
    for earlier, later in combinations(made, 2):
        yield partial(without, program, frozenset({later}), {later: earlier})


def _stand_ins(instruction: Instruction) -> tuple[int, ...]:
    """Return what may take the place of a result: its operands."""
    if isinstance(instruction, (Apply, Detach, InPlace)):
        return tuple(dict.fromkeys(operands(instruction)))
    return ()


def _on_smaller_arrays(program: Program) -> Iterator[_Change]:
    """Take one element, one place of an axis, or fewer places, of all arrays at once."""
    arrays = _arrays(program)
    largest = max(arrays, key=lambda array: len(array.values), default=Array((), (1.0,)))
    for k in range(min(len(largest.values), _MOST_ELEMENTS) if largest.shape else 0):
        yield partial(_cut, program, partial(_element, k))
    for axis in range(-largest.rank, 0):
        for place in (0, -1):
            yield partial(_cut, program, partial(_place, axis, place))
    for extent in sorted({n for array in arrays for n in array.shape}):
        for fewer in range(1, extent):
            for taken in (slice(fewer), slice(extent - fewer, extent)):
                yield partial(_cut, program, partial(_part, extent, taken))


def _element(k: int, shape: Shape) -> _Index:
    if not prod(shape):  # there is none to take
        return ()
    return tuple(int(place) for place in np.unravel_index(k % prod(shape), shape))


def _place(axis: int, place: int, shape: Shape) -> _Index:
    return (*[slice(None)] * (len(shape) + axis), place) if len(shape) + axis >= 0 else ()


def _part(extent: int, taken: slice, shape: Shape) -> _Index:
    return tuple(taken if n == extent else slice(None) for n in shape)


def _cut(program: Program, index: Callable[[Shape], _Index]) -> Program:
    def part(array: Array) -> Array:
        found = np.array(array.values).reshape(array.shape)[index(array.shape)]
        return replace(array, shape=found.shape, values=tuple(found.ravel().tolist()))

    return with_arrays(program, part)


def _with_plainer_numbers(program: Program) -> Iterator[_Change]:
    """Take 1, 2, 3, ... for the numbers of an array, or a plainer number for one of them."""
    arrays = [array for array in _arrays(program) if array.kind == "float"]
    for place, array in enumerate(arrays):
        counted = tuple(float(k + 1) for k in range(len(array.values)))
        yield partial(_with_values, program, place, counted)
    for place, array in enumerate(arrays):
        for k, value in enumerate(array.values[:_MOST_ELEMENTS]):
            for plain in _plainer(value):
                values = (*array.values[:k], plain, *array.values[k + 1 :])
                yield partial(_with_values, program, place, values)


def _with_values(program: Program, place: int, values: tuple[float, ...]) -> Program:
    """Return the program with other numbers in one of its arrays of floats."""
    places = count()

    def changed(array: Array) -> Array:
        is_it = array.kind == "float" and next(places) == place
        return replace(array, values=values) if is_it else array

    return with_arrays(program, changed)


def _without_cotangents(program: Program) -> Iterator[_Change]:
    """Leave a cotangent of a scalar to the engine."""
    for index, instruction in program.numbered():
        if isinstance(instruction, Backward) and instruction.cotangent is not None:
            plain = replace(instruction, cotangent=None)
            yield partial(with_instruction, program, index, plain)


def _plainer(value: float) -> Iterator[float]:
    if isfinite(value):
        found = dict.fromkeys((*_PLAIN_NUMBERS, float(round(value)), round(value * 2) / 2))
        yield from (plain for plain in found if _digits(plain) < _digits(value) and plain)


def _digits(value: float) -> int:
    """Return how much there is to a number: 1 has least, then 2, 3, -1 and 1/2."""
    if not isfinite(value):
        return 2 if value == inf else 3
    top, bottom = float(value).as_integer_ratio()
    return abs(top).bit_length() + bottom.bit_length() + (top < 0)


def _arrays(program: Program) -> list[Array]:
    """Return every array, in the order in which ``with_arrays`` comes to them."""
    found: list[Array] = []

    def note(array: Array) -> Array:
        found.append(array)
        return array

    with_arrays(program, note)
    return found
