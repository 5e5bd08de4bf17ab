"""Editing: a Program without some of its instructions, or with other numbers in it.

Values are named by the index of the instruction that made them, so whatever goes away has to take
its dependents with it, or to leave them another value; the rest is numbered anew.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import BLOCKS, Instruction, Program

__all__ = ["operands", "with_arrays", "with_each", "with_instruction", "without"]

_ONE: Final = ("x", "y", "hook")
_SEVERAL: Final = ("args", "parameters", "leaves")


def operands(instruction: Instruction) -> tuple[int, ...]:
    """Return the values that an instruction names, without those of the body of a block."""
    several = [getattr(instruction, name, ()) for name in _SEVERAL]
    one = [getattr(instruction, name, None) for name in _ONE]
    return (*(a for some in several for a in some), *(x for x in one if x is not None))


def without(
    program: Program, dropped: frozenset[int], stand_ins: Mapping[int, int] | None = None
) -> Program:
    """Return ``program`` without the instructions ``dropped`` and all that depends on them.

    ``stand_ins`` gives an earlier value for a dropped one: what used it then stays. Of a block that
    is dropped its body stays; one that becomes empty goes, as a fault may show in one that was.
    """
    given = stand_ins or {}
    gone = set(dropped)
    for index, instruction in program.numbered():
        used = {_resolved(x, given) for x in operands(instruction)}
        if used & gone:
            gone.add(index)
    for index, inner in _blocks(program):
        if inner and inner <= gone:
            gone.add(index)
    kept = [index for index, _ in program.numbered() if index not in gone]
    names = {old: new for new, old in enumerate(kept)}
    names |= {x: names[_resolved(x, given)] for x in given if _resolved(x, given) in names}
    return Program(tuple(_rebuilt(program.instructions, count(), gone, names)))


def with_each(program: Program, change: Callable[[int, Instruction], Instruction]) -> Program:
    """Return ``program`` with every instruction that is no block changed, given its index."""
    indices = count()

    def changed(instruction: Instruction) -> Instruction:
        index = next(indices)
        if isinstance(instruction, BLOCKS):
            return replace(instruction, body=tuple(map(changed, instruction.body)))
        return change(index, instruction)

    return Program(tuple(map(changed, program.instructions)))


def with_instruction(program: Program, index: int, new: Instruction) -> Program:
    """Return ``program`` with ``new``, which is no block, for the instruction at ``index``."""
    return with_each(program, lambda k, old: new if k == index else old)


def with_arrays(program: Program, change: Callable[[Array], Array]) -> Program:
    """Return ``program`` with every array changed: of leaves, constants, cotangents, tangents."""

    def changed(_: int, instruction: Instruction) -> Instruction:
        new: dict[str, Any] = {
            name: change(array)
            for name in ("array", "cotangent")
            if isinstance(array := getattr(instruction, name, None), Array)
        }
        if hasattr(instruction, "tangents"):
            new["tangents"] = tuple(map(change, instruction.tangents))
        return replace(instruction, **new) if new else instruction

    return with_each(program, changed)


def _resolved(x: int, stand_ins: Mapping[int, int]) -> int:
    while x in stand_ins:
        x = stand_ins[x]
    return x


def _blocks(program: Program) -> list[tuple[int, set[int]]]:
    """Return each block with the indices of all that is in it, inner blocks first."""
    found = []
    for index, instruction in program.numbered():
        if isinstance(instruction, BLOCKS):
            n_inside = sum(1 for _ in Program(instruction.body).numbered())
            found.append((index, set(range(index + 1, index + 1 + n_inside))))
    return found[::-1]


def _rebuilt(
    body: tuple[Instruction, ...], indices: Iterator[int], gone: set[int], names: Mapping[int, int]
) -> Iterator[Instruction]:
    for instruction in body:
        index = next(indices)
        if isinstance(instruction, BLOCKS):
            inner = tuple(_rebuilt(instruction.body, indices, gone, names))
            yield from inner if index in gone else (replace(instruction, body=inner),)
        elif index not in gone:
            yield _renamed(instruction, names)


def _renamed(instruction: Instruction, names: Mapping[int, int]) -> Instruction:
    new: dict[str, Any] = {
        name: names[getattr(instruction, name)] for name in _ONE if hasattr(instruction, name)
    }
    for name in _SEVERAL:
        if hasattr(instruction, name):
            new[name] = tuple(names[x] for x in getattr(instruction, name))
    return replace(instruction, **new) if new else instruction
