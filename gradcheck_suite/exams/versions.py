"""Versions: what an exam depends on besides its seed, so that "same inputs" can be compared.

Which programs there are and what their answers are depends on this package, on Hypothesis (what is
drawn), on SymPy (how a derivative is written, and so how its enclosure comes out), on python-flint
and the FLINT in it (ball arithmetic), on NumPy (which moves the scalar nodes through an op) and on
Python (its random numbers). The witnesses change neither; a torch that is one is written down for
what it said. The machine, the clock and the number of workers are not in an exam.
"""

import sys
from collections.abc import Iterable

import flint
import hypothesis
import numpy as np
import sympy

from gradcheck_suite import __version__

__all__ = ["versions"]


def versions(witnesses: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (name, version) of everything that an exam made here depends on, sorted."""
    found = {
        "FLINT": flint.__FLINT_VERSION__,
        "Hypothesis": hypothesis.__version__,
        "NumPy": np.__version__,
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "SymPy": sympy.__version__,
        "gradcheck_suite": __version__,
        "python-flint": flint.__version__,
    }
    if any(name.startswith("torch ") for name in witnesses):
        import torch

        # Without what it was built for (+cpu, +cu128): witnesses run on the processor.
        found["torch"] = str(torch.__version__).partition("+")[0]
    return tuple(sorted(found.items()))
