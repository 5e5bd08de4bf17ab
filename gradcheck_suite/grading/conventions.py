"""Conventions: what an engine chose where right engines differ, and what is fixed beforehand."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from gradcheck_suite.engines.dialect import CONVENTIONS, FREE, PRESETS, UNLESS_FIXED
from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.selection import nearest
from gradcheck_suite.records import PropertyResult

__all__ = ["CHOICES", "OPEN", "PRESET", "chosen", "fixed_by", "read_dialect"]

OPEN: Final = "open"
PRESET: Final = "preset"
CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        PRESET: (OPEN, *PRESETS),
        **{name: (OPEN, *choices) for name, choices in CONVENTIONS.items()},
    }
)
"""What a dialect may say, and how: ``open`` takes what each engine chose."""


def chosen(results: Iterable[PropertyResult]) -> tuple[tuple[str, str], ...]:
    """Return (convention, choice) for each that was settled, in the order of the table.

    A convention that several choices fit is not settled: nothing was seen that tells them apart.
    """
    seen = [frozenset(pairs) for r in results for pairs in zip(*r.choices, strict=True)]
    found = dict(pair for pairs in seen if len(pairs) == 1 for pair in pairs)
    return tuple((name, found[name]) for name in CONVENTIONS if name in found)


def fixed_by(dialect: Mapping[str, str]) -> dict[str, str]:
    """Return the conventions that leave an engine no choice, with the only one.

    ``dialect`` has keys and values of ``CHOICES``: a preset fixes all conventions but for those
    that are named beside it, and those of an optimizer.
    """
    preset = dialect.get(PRESET, OPEN)
    base = UNLESS_FIXED if preset == OPEN else asdict(PRESETS[preset])
    base = {name: choice for name, choice in base.items() if name not in FREE}
    said = {**base, **{k: v for k, v in dialect.items() if k != PRESET}}
    return {name: choice for name, choice in said.items() if choice != OPEN}


def read_dialect(texts: Iterable[str]) -> dict[str, str]:
    """Return the dialect that texts say: ``needle``, a preset, or ``accumulation=overwrites``.

    Raises UsageError, with what was found and what is expected.
    """
    found = {}
    for text in texts:
        name, equals, choice = text.partition("=")
        name, choice = (name.strip(), choice.strip()) if equals else (PRESET, text.strip())
        if name not in CHOICES:
            known = [n for n in CHOICES if n != PRESET]
            expected = f"one of {', '.join(known)}{nearest(name, known)}"
            msg = f"got the convention {name!r}, expected {expected}"
            raise UsageError(msg)
        if choice not in CHOICES[name]:
            expected = f"one of {', '.join(CHOICES[name])}{nearest(choice, CHOICES[name])}"
            msg = f"got {name} {choice!r}, expected {expected}"
            raise UsageError(msg)
        found[name] = choice
    return found
