"""Samples, batches and files of images, under torch's names where torch has them."""

from reference.data.dataset import TensorDataset
from reference.data.idx import read_idx
from reference.data.loader import DataLoader

__all__ = ["DataLoader", "TensorDataset", "read_idx"]
