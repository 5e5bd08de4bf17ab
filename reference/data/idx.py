"""The IDX format of MNIST and Fashion-MNIST: an array in a file.

::

    0, 0, kind, rank       four bytes: the magic number; kind says what an element is
    length of each axis    four bytes each, unsigned, the most significant byte first
    the elements           in C order, the most significant byte first

Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", whose page
describes the format. The files are mostly distributed compressed by gzip.
"""

import gzip
import math
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np

from reference.errors import FormatError
from reference.tensor import Array

__all__ = ["read_idx"]

_KINDS: Final[
    dict[int, np.dtype[Any]]
] = {  # what the third byte says; ">": the most significant byte first
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_GZIP: Final = b"\x1f\x8b"  # how a gzip file begins: RFC 1952, section 2.3.1
_N_MAGIC: Final = 4  # bytes
_N_LENGTH: Final = 4  # bytes for each axis


def read_idx(path: str | PathLike[str]) -> Array:
    """Return the array in an IDX file, plain or compressed by gzip, in the machine's byte order.

    Whether a file is compressed is seen from its first bytes, whatever its name is.

    Raises:
        FormatError: The file is no IDX file, or has too few or too many bytes.
        OSError: The file cannot be read.
    """
    content = _uncompressed(Path(path))
    kind, shape = _header(path, content)
    start = _N_MAGIC + _N_LENGTH * len(shape)
    n_bytes = math.prod(shape) * kind.itemsize
    got = len(content) - start
    if got != n_bytes:
        fault = "is cut off" if got < n_bytes else "has trailing bytes"
        raise _fault(
            path,
            f"{fault}: {got} bytes of elements from byte {start} on",
            f"{n_bytes}, for shape {shape} of {kind.newbyteorder('=')}",
        )
    elements = np.frombuffer(content, kind, offset=start).astype(kind.newbyteorder("="))
    try:
        return elements.reshape(shape)
    except ValueError as error:  # of rank 65, say
        raise _fault(path, f"has shape {shape} ({error})", "one that NumPy can hold") from error


def _uncompressed(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise _fault(path, f"cannot be uncompressed ({error})", "a whole gzip file") from error


def _header(path: str | PathLike[str], content: bytes) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return what an element is, and the lengths of the axes."""
    magic = content[:_N_MAGIC]
    if len(magic) < _N_MAGIC or magic[:2] != b"\0\0" or magic[2] not in _KINDS:
        kinds = ", ".join(f"{kind:02x}" for kind in _KINDS)
        raise _fault(
            path,
            f"has the magic number {magic.hex(' ') or 'of no bytes'} at byte 0",
            f"00 00, one of {kinds}, and the rank",
        )
    rank = magic[3]
    lengths = content[_N_MAGIC : _N_MAGIC + _N_LENGTH * rank]
    if len(lengths) < _N_LENGTH * rank:
        raise _fault(
            path,
            f"is cut off: {len(lengths)} bytes of lengths from byte {_N_MAGIC} on",
            f"{_N_LENGTH * rank}, for rank {rank}",
        )
    return _KINDS[magic[2]], tuple(np.frombuffer(lengths, ">u4").tolist())


def _fault(path: str | PathLike[str], what: str, expected: str) -> FormatError:
    return FormatError(f"{path} {what}, but expected {expected}")
