"""Discovery: from a submission on the disk to a Spelling, by trying candidates on the engine.

It trusts values, not names: a candidate for ``sum`` is taken when it sums. What nobody could find
out, a submission states itself, in one of two files in its folder:

- ``submission.toml``: templates key by key, laid over what is discovered; see ``stated``.
- ``gradcheck_adapter.py``: the last resort, for an engine that no template describes. It defines
  ``ADAPTER``, a few functions (see ``engines.adapter``, and ``gradcheck_suite.conformance`` for
  what is wrong with one); or ``SPELLING``, a ``Spelling`` whose import lines bring its names; or
  ``engine()``, which returns an object that satisfies ``engines.protocol.Engine`` and has a
  ``spelling`` for the reports.

Where no class is an engine, a library of functions is looked for: ``grad(f)(x)``.

Discovery imports and runs the submission: for code that is not trusted it belongs into the worker.
One process holds one submission; discovering another forgets the modules of the first.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck_suite.engines.discovery.adapter import from_adapter
from gradcheck_suite.engines.discovery.search import Found, search
from gradcheck_suite.engines.protocol import Engine
from gradcheck_suite.program.spelling import Spelling

__all__ = ["Found", "discover", "explore", "load"]


def discover(
    path: Path,
    entry: str | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
) -> tuple[Spelling, dict[str, Any]]:
    """Return the spelling of the engine at ``path`` and the names in which its templates run.

    ``path``: a file, a folder, or the name of an importable module (``micrograd.engine:Value``).
    ``entry``: ``module:Class``, where it is not to be searched for. ``overrides``: tables as in
    ``submission.toml``, laid over that file. SubmissionError says what was found and expected.
    """
    found = explore(path, entry, overrides=overrides)
    return found.spelling, found.namespace


def load(
    path: Path,
    entry: str | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
) -> Engine:
    """Return the engine at ``path``, ready to run Programs; arguments as for ``discover``."""
    return explore(path, entry, overrides=overrides).engine_here()


def explore(
    path: Path,
    entry: str | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
) -> Found:
    """Return all that is found out about the engine at ``path``; arguments as for ``discover``."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return from_adapter(path) or search(path, entry, overrides)
