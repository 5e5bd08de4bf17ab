"""Setup: what the grader tells a worker before anything else."""

from dataclasses import astuple, dataclass
from typing import Any

from gradcheck_suite.sandbox.plain import pack, unpack

__all__ = ["Setup"]


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the submission is, and what the layers and the probe have to know."""

    target: str
    """The absolute path of the submission, a file or a folder."""
    entry: str | None
    """Which engine of the submission, where it has several."""
    memory_bytes: int
    cpu_seconds: float
    output_bytes: int
    grader: int
    """The process id of the grader: what the probe tries to signal and to read."""
    grader_uid: int
    """The grader's user, -1 where the system has no such numbers."""
    dies_with_grader: bool
    """Whether the kernel ends the worker when the thread ends that started it."""
    secret: str
    """A file that only the grader's user may read; the probe tries to."""
    public: str
    """A file that is none of the worker's business and readable by everyone."""

    def packed(self) -> bytes:
        """Return the bytes of this record."""
        return pack(astuple(self))

    @classmethod
    def unpacked(cls, data: bytes) -> "Setup":
        """Return the record of bytes that the grader wrote."""
        values: Any = unpack(data)
        return cls(*values)
