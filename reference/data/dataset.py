"""Samples in memory."""

from typing import Any, final

from reference.errors import OperandError
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["TensorDataset"]


@final
class TensorDataset:
    """Tensors that have a sample in each place of their first axis: inputs and targets, say.

    Raises OperandError if there is no tensor, or if they have different numbers of samples.
    """

    def __init__(self, *tensors: Operand) -> None:
        """Take the tensors; arrays become constants."""
        self.tensors = tuple(as_tensor(x) for x in tensors)
        lengths = {x.shape[:1] for x in self.tensors}
        if len(lengths) != 1 or () in lengths:
            shapes = ", ".join(str(x.shape) for x in self.tensors)
            message = f"a dataset needs tensors with first axes of one length, but got {shapes}"
            raise OperandError(message)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        """Return the sample at an integer, or the samples at a slice or an array of integers."""
        return tuple(x[index] for x in self.tensors)
