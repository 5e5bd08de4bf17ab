"""Batches of samples, in their order or shuffled."""

from collections.abc import Collection, Iterator
from typing import final

import numpy as np

from reference.data.dataset import TensorDataset
from reference.errors import SettingError
from reference.tensor import Array, Tensor

__all__ = ["DataLoader"]


@final
class DataLoader:
    """Batches of a dataset; a loop over the loader is an epoch.

    Args:
        dataset: The samples.
        batch_size: How many samples a batch has; the last one has what is left.
        shuffle: Whether every epoch has an order of its own, drawn from ``generator``.
        sampler: The positions of the samples in the order wanted, read anew for every epoch.
        drop_last: Whether to leave out a last batch that is smaller than the others.
        generator: What the orders are drawn from; there is no hidden one.

    Raises:
        SettingError: The batch size is not positive, or it is not clear what the order should be.
    """

    def __init__(
        self,
        dataset: TensorDataset,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Collection[int] | None = None,
        *,
        drop_last: bool = False,
        generator: "np.random.Generator | None" = None,
    ) -> None:
        """Check the settings."""
        if batch_size < 1:
            message = f"batch_size should be 1 or more, but got {batch_size}"
            raise SettingError(message)
        if shuffle and sampler is not None:
            message = "a sampler says what the order is: shuffle should be False beside it"
            raise SettingError(message)
        if shuffle and generator is None:
            message = "shuffle needs a generator: numpy.random.default_rng(seed)"
            raise SettingError(message)
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.sampler = sampler
        self.drop_last = drop_last
        self.generator = generator

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        n_samples = len(self.dataset) if self.sampler is None else len(self.sampler)
        whole, left = divmod(n_samples, self.batch_size)
        return whole + bool(left and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield the batches of one epoch, each a tensor for each of the dataset's."""
        order = self._order()
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield self.dataset[order[start : start + self.batch_size]]

    def _order(self) -> Array:
        """Return the positions of the samples in the order of this epoch."""
        if self.sampler is not None:
            return np.array(list(self.sampler), np.intp)
        if self.shuffle and self.generator is not None:
            return self.generator.permutation(len(self.dataset))
        return np.arange(len(self.dataset))
