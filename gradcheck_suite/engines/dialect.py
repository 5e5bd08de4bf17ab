"""Dialects: the conventions in which right engines differ, and what each engine chose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from types import MappingProxyType
from typing import Final

__all__ = ["CONVENTIONS", "PRESETS", "Dialect", "dialects"]

CONVENTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "second_backward": ("raises", "adds"),
        "nonscalar_backward": ("raises", "sums"),
        "nonleaf_grad": ("none", "kept"),
        "no_grad_backward": ("raises", "nothing"),
    },
)
"""Each convention with the choices that right engines make; the first is torch's."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One choice for each convention."""

    second_backward: str = "raises"
    """A second backward on a graph that was not retained raises, or adds exactly once more."""
    nonscalar_backward: str = "raises"
    """A backward of a non-scalar without a cotangent raises, or takes ones."""
    nonleaf_grad: str = "none"
    """The gradient of a result is not kept unless asked for, or is always kept."""
    no_grad_backward: str = "raises"
    """A backward of a result that needs no gradient raises, or does nothing."""

    def choices(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return (convention, choice) for each of ``names``."""
        return tuple((name, getattr(self, name)) for name in names)


PRESETS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        "torch": Dialect(),
        "micrograd": Dialect(
            second_backward="adds",
            nonscalar_backward="sums",
            nonleaf_grad="kept",
            no_grad_backward="nothing",
        ),
    },
)


def dialects(names: tuple[str, ...]) -> Iterator[Dialect]:
    """Yield a dialect for every combination of choices of ``names``, torch's for the others."""
    known = {field.name for field in fields(Dialect)}
    assert set(names) <= known, f"got {names}, expected conventions: {known}"
    for choice in product(*(CONVENTIONS[name] for name in names)):
        yield replace(Dialect(), **dict(zip(names, choice, strict=True)))
