"""Chains: runs of the same step in a Program, which a person would write as a loop."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from gradcheck_suite.program.editing import operands
from gradcheck_suite.program.instructions import Apply, Instruction, Program

__all__ = ["Chain", "chains"]

_FEWEST = 8  # a shorter run reads better line by line


@dataclass(frozen=True, slots=True)
class Chain:
    """Instructions that do the same, each to the result of the one before."""

    start: int
    """The value that the first of them is applied to."""
    step: Apply
    """The first of them."""
    indices: tuple[int, ...]


def chains(program: Program) -> Iterator[Chain]:
    """Yield the runs of at least eight equal steps, whose inner results nothing else uses."""
    instructions = list(program.numbered())
    uses = Counter(x for _, i in instructions for x in operands(i))
    k = 0
    while k < len(instructions):
        run = _run_from(instructions, k, uses)
        if run is not None and len(run.indices) >= _FEWEST:
            yield run
            k += len(run.indices)
        else:
            k += 1


def _run_from(
    instructions: list[tuple[int, Instruction]],
    k: int,
    uses: Counter[int],
) -> Chain | None:
    index, first = instructions[k]
    if not isinstance(first, Apply) or not first.args:
        return None
    start = max(first.args)
    indices = [index]
    for following, instruction in islice(instructions, k + 1, None):
        before = indices[-1]
        expected = tuple(before if a == start else a for a in first.args)
        same = isinstance(instruction, Apply) and instruction.op == first.op
        if not same or instruction.args != expected or instruction.attrs != first.attrs:  # type: ignore[union-attr]  # an Apply, as `same` says
            break
        if uses[before] != expected.count(before):
            break
        indices.append(following)
    return Chain(start, first, tuple(indices))
