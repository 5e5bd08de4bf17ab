"""One thread a process: programs are tiny, and threads that wait for work do so in a loop."""

from typing import Final

__all__ = ["ONE_THREAD"]

ONE_THREAD: Final = {
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""The environment variables that NumPy, torch and their like read when they are imported."""
