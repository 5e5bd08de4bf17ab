"""Arrays inside a Program: frozen, hashable and the same on every machine."""

from dataclasses import dataclass
from math import prod
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from gradcheck_suite.errors import ProgramError

__all__ = ["Array", "Kind", "Layout"]

Kind = Literal["float", "int", "bool"]
Layout = Literal["contiguous", "transposed", "strided"]

_DTYPES: Final = {"float": np.float64, "int": np.int64, "bool": np.bool_}


@dataclass(frozen=True, slots=True)
class Array:
    """Numbers in C order with their shape.

    Float values are exact in float32 by the strategies' care, so that no engine loses a point for
    rounding an input.
    """

    shape: tuple[int, ...]
    values: tuple[float, ...]
    kind: Kind = "float"
    layout: Layout = "contiguous"
    """How NumPy has it in memory: in one piece; as the transpose of one; as every second number
    along the last axis of one."""

    def __post_init__(self) -> None:
        if len(self.values) != prod(self.shape) or min(self.shape, default=0) < 0:
            msg = f"got {len(self.values)} values for shape {self.shape}"
            raise ProgramError(msg)

    @classmethod
    def of(cls, data: npt.ArrayLike) -> "Array":
        """Freeze anything NumPy understands; the kind follows its dtype (f, i/u, b)."""
        array = np.asarray(data)
        kinds: dict[str, Kind] = {"f": "float", "i": "int", "u": "int", "b": "bool"}
        if array.dtype.kind not in kinds:
            msg = f"got an array of dtype {array.dtype}, expected floats, integers or booleans"
            raise ProgramError(msg)
        return cls(array.shape, tuple(array.ravel().tolist()), kinds[array.dtype.kind])

    def numpy(self) -> npt.NDArray[np.generic]:
        """Return a fresh, writable NumPy array: float64, int64 or bool."""
        if not self.shape:  # most leaves are scalars: a third of the time of the general way
            return np.array(self.values[0], dtype=_DTYPES[self.kind])
        flat: npt.NDArray[np.generic] = np.array(self.values, dtype=_DTYPES[self.kind])
        array = flat.reshape(self.shape)
        if self.layout == "contiguous":
            return array
        if self.layout == "transposed":
            return np.ascontiguousarray(array.T).T
        return array.repeat(2, axis=-1)[..., ::2]

    @property
    def rank(self) -> int:
        """Return the number of axes."""
        return len(self.shape)
