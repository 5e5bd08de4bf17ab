"""Sums of products of elements, as a string of letters says.

Every operand is given all letters as axes, in one order; then the operands are multiplied, and the
letters that the result does not have are summed. That takes more memory than need be, and shows
what the notation means.
"""

from collections import Counter
from functools import reduce
from operator import mul

from reference.errors import OperandError
from reference.operators import op
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["einsum"]


@op
def einsum(subscripts: str, *operands: Operand) -> Tensor:
    """Return the sum over all letters that are not in the output: ``"ij,jk->ik"``.

    Without an arrow, the output has the letters that occur once, in alphabetical order.

    Raises:
        OperandError: The subscripts do not fit the operands, use an ellipsis, or repeat a letter
            within one operand (a diagonal: take ``diagonal`` first).
    """
    tensors = [as_tensor(x) for x in operands]
    inputs, output = _parsed(subscripts)
    lengths = _lengths(subscripts, inputs, tensors)
    if unknown := set(output) - lengths.keys() | _repeated(output):
        message = f"einsum: {sorted(unknown)} in the output of {subscripts!r} means nothing"
        raise OperandError(message)
    letters = output + "".join(letter for letter in lengths if letter not in output)
    product = reduce(
        mul, (_spread(x, own, letters) for x, own in zip(tensors, inputs, strict=True))
    )
    return product.sum(tuple(range(len(output), len(letters))))


def _parsed(subscripts: str) -> tuple[list[str], str]:
    """Return the letters of each operand and those of the output."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    counts = Counter("".join(inputs))
    if not all(letter.isalpha() for letter in (*counts, *output)):
        message = f"einsum: letters, commas and one arrow make subscripts, not {subscripts!r}"
        raise OperandError(message)
    once = "".join(sorted(letter for letter, count in counts.items() if count == 1))
    return inputs, output if arrow else once


def _repeated(letters: str) -> set[str]:
    return {letter for letter, count in Counter(letters).items() if count > 1}


def _lengths(subscripts: str, inputs: list[str], tensors: list[Tensor]) -> dict[str, int]:
    """Return the length of each letter's axis; raise OperandError where they do not agree."""
    shapes = [x.shape for x in tensors]
    if [len(own) for own in inputs] != [len(shape) for shape in shapes]:
        message = f"einsum: {subscripts!r} does not fit operands of shapes {shapes}"
        raise OperandError(message)
    lengths: dict[str, int] = {}
    for own, shape in zip(inputs, shapes, strict=True):
        if _repeated(own):
            message = f"einsum: {own!r} repeats a letter; take the diagonal first"
            raise OperandError(message)
        for letter, n in zip(own, shape, strict=True):
            known = lengths.get(letter, 1)
            if n != known and 1 not in (n, known):  # length 1 broadcasts
                message = f"einsum: {letter!r} has lengths {known} and {n}"
                raise OperandError(message)
            lengths[letter] = n if known == 1 else known
    return lengths


def _spread(x: Tensor, own: str, letters: str) -> Tensor:
    """Return x with an axis for each of ``letters``, of length 1 where it has none."""
    order = sorted(range(len(own)), key=lambda position: letters.index(own[position]))
    lengths = dict(zip(own, x.shape, strict=True))
    return x.transpose(order).reshape([lengths.get(letter, 1) for letter in letters])
