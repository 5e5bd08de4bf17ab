"""Data that comes with the package: images, and the numbers that two course notes drew."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["fashion", "load_arrays"]

_HERE = Path(__file__).parent
_HEADER_OF_IMAGES, _HEADER_OF_LABELS = 16, 8  # bytes: a magic number, then a size for each axis


def fashion(part: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the images (n, 784), 0 to 255, and classes (n,) of ``train`` or ``t10k``."""
    images = _bytes(f"{part}-images-idx3-ubyte.gz")[_HEADER_OF_IMAGES:]
    labels = _bytes(f"{part}-labels-idx1-ubyte.gz")[_HEADER_OF_LABELS:]
    return images.reshape(len(labels), -1), labels


def load_arrays(name: str, file: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of an ``.npz`` file in the folder ``name``."""
    with np.load(_HERE / name / file) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _bytes(file: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress((_HERE / "fashion-mnist" / file).read_bytes()), np.uint8)
