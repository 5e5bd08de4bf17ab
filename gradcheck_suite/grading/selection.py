"""Choosing properties from the catalogue, and the nearest name for a wrong one."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from gradcheck_suite.properties.catalogue import CATALOGUE, select

__all__ = ["nearest", "precision", "selected"]


def selected(keys: Sequence[str]) -> tuple[str, ...]:
    """Return the ids that any of ``keys`` stands for, in the order of the catalogue.

    A key is an id, a pattern, a theme or a code, as for ``select``; no keys stand for all. What a
    key stands for that begins with ``!`` is left out.
    """
    asked = [key for key in keys if not key.startswith("!")]
    wanted = {name for key in asked for name in select(key)} if asked else set(CATALOGUE)
    wanted -= {name for key in keys if key not in asked for name in select(key[1:])}
    return tuple(name for name in CATALOGUE if name in wanted)


def precision(key: str) -> int:
    """Return how narrowly ``key`` chooses: 2 for an id, 1 for a theme or code, 0 for a pattern."""
    if key in CATALOGUE:
        return 2
    return 0 if "*" in key or "?" in key else 1


def nearest(name: str, among: Iterable[str]) -> str:
    """Return advice on a wrong name, ``; did you mean 'tanh'?``, or '' where nothing is near."""
    near = get_close_matches(name, list(dict.fromkeys(among)), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
