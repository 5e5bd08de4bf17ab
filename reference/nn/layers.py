"""Layers with parameters, layers that arrange, and how layers are put in a row."""

import math
from collections.abc import Iterator
from typing import final

import numpy as np
import numpy.typing as npt

from reference.composed.matrices import linear
from reference.errors import OperandError, SettingError
from reference.nn.module import Module
from reference.nn.parameter import Parameter
from reference.tensor import Operand, Tensor, as_tensor

__all__ = ["Flatten", "Linear", "Sequential"]


@final
class Linear(Module):
    """x @ weight.T + bias: inputs (..., in_features) to (..., out_features).

    Args:
        in_features: The number of inputs of a sample.
        out_features: The number of its outputs.
        bias: Whether something is added; without, ``bias`` is None.
        generator: What the initial numbers are drawn from: the weight first, then the bias.
        dtype: The dtype of the parameters.

    Both are drawn uniformly from -1/sqrt(in_features) to 1/sqrt(in_features), as torch does (its
    Kaiming initialisation with a = sqrt(5)); the numbers are NumPy's, not torch's.

    Raises:
        SettingError: A number of features is negative.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        generator: "np.random.Generator",
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        """Draw the parameters."""
        if in_features < 0 or out_features < 0:
            message = f"a layer from {in_features} to {out_features} features is impossible"
            raise SettingError(message)
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        shape = (out_features, in_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(generator.uniform(-bound, bound, shape), dtype=dtype)
        self.bias = (
            Parameter(generator.uniform(-bound, bound, out_features), dtype=dtype) if bias else None
        )

    def forward(self, x: Operand) -> Tensor:
        """Return x @ weight.T + bias."""
        return linear(x, self.weight, self.bias)


@final
class Flatten(Module):
    """Join the axes from ``start_dim`` to ``end_dim`` into one: a batch of images to rows."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        """Remember the axes, the last one included; negative ones count from the end."""
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Operand) -> Tensor:
        """Return the elements of x in C order, in a shape with fewer axes."""
        x = as_tensor(x)
        start, end = (_axis(dim, x.shape) for dim in (self.start_dim, self.end_dim))
        if start > end:
            message = f"Flatten: in shape {x.shape}, axis {start} comes after axis {end}"
            raise OperandError(message)
        joined = math.prod(x.shape[start : end + 1])
        return x.reshape((*x.shape[:start], joined, *x.shape[end + 1 :]))


def _axis(dim: int, shape: tuple[int, ...]) -> int:
    """Return the axis counted from the start; of rank 0, the one that the result will have."""
    ndim = max(len(shape), 1)
    if not -ndim <= dim < ndim:
        message = f"Flatten: axis {dim} does not exist in shape {shape}"
        raise OperandError(message)
    return dim % ndim


@final
class Sequential(Module):
    """Layers in a row: each is given what the one before returned.

    The layers are attributes with the names "0", "1", ..., so that the first one's weight is the
    parameter "0.weight", as in torch.
    """

    def __init__(self, *layers: Module) -> None:
        """Take the layers in their order; a layer may stand in several places."""
        vars(self).update({str(i): layer for i, layer in enumerate(layers)})

    def __len__(self) -> int:
        return len(vars(self))

    def __getitem__(self, position: int) -> Module:
        return list(self)[position]

    def __iter__(self) -> Iterator[Module]:
        return iter(list(vars(self).values()))

    def forward(self, x: Operand) -> Tensor:
        """Return what the last layer makes of it; x itself, without layers."""
        result = as_tensor(x)
        for layer in self:
            result = layer(result)
        return result
