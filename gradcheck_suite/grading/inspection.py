"""Inspection: what discovery found of an engine, and what shows when it runs; no judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from gradcheck_suite.engines.dialect import CONVENTIONS
from gradcheck_suite.engines.discovery import explore
from gradcheck_suite.engines.discovery.sources import SETTINGS
from gradcheck_suite.engines.discovery.written import settings_text
from gradcheck_suite.engines.known import KNOWN, known_engine
from gradcheck_suite.engines.outcome import Lost, Number
from gradcheck_suite.engines.subject import InProcess, Subject
from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.assignment import ExamSection
from gradcheck_suite.grading.conventions import chosen
from gradcheck_suite.grading.practice import Terms, examined
from gradcheck_suite.grading.target import locate
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.properties.catalogue import CATALOGUE

__all__ = ["Inspection", "inspect", "write_settings"]

_TERMS: Final = Terms(ExamSection(cases=4))  # for each convention: enough for one that tells


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of an engine before it is judged."""

    spelling: Spelling
    capabilities: frozenset[str]
    entry: str
    """``module:Class``; '' for a library known by name."""
    missing: tuple[tuple[str, str], ...]
    """(what, why) for what has a name in the submission and was not taken all the same."""
    precision: str
    """The dtype of a gradient, as it was seen; '' where none was."""
    conventions: tuple[tuple[str, str], ...]
    """(convention, choice) for each that was settled."""


def inspect(target: str, entry: str = "") -> Inspection:
    """Find out how ``target`` is spoken to; errors as for ``open_target``."""
    place = locate(target)
    if target in KNOWN:
        return _inspected(InProcess(known_engine(target)), "", ())
    if not Path(target).exists():
        found = explore(place, target)
        return _inspected(InProcess(found.engine_here()), found.entry, found.missing)
    from gradcheck_suite.sandbox.supervisor import Supervisor

    with Supervisor(place, entry=entry or None) as supervisor:
        told = supervisor.discovery
        return _inspected(supervisor, told.entry, told.missing)


def write_settings(target: str, found: Inspection) -> Path:
    """Write ``submission.toml`` beside or into ``target`` and return where it is.

    UsageError where there is one already, or ``target`` is no file or folder.
    """
    place = Path(target)
    if not place.exists() or target in KNOWN:
        msg = f"got engine {target!r}, expected a file or a folder: {SETTINGS} belongs beside it"
        raise UsageError(msg)
    path = (place if place.is_dir() else place.parent) / SETTINGS
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(settings_text(found.spelling, found.entry, found.missing))
    except FileExistsError:
        msg = f"{path}: is there already, expected none: edit it, or take it away to begin anew"
        raise UsageError(msg) from None
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror})"
        raise UsageError(msg) from None
    return path


def _inspected(subject: Subject, entry: str, missing: tuple[tuple[str, str], ...]) -> Inspection:
    return Inspection(
        spelling=subject.spelling,
        capabilities=subject.capabilities,
        entry=entry,
        missing=missing,
        precision=_precision(subject),
        conventions=chosen(examined(subject, _telling(), _TERMS)),
    )


def _telling() -> Sequence[str]:
    """Return for each convention the property that shows it most directly."""
    found: dict[str, None] = {}
    for convention in CONVENTIONS:
        telling = [p for p in CATALOGUE.values() if convention in p.conventions]
        if telling:
            found[min(telling, key=lambda p: len(p.conventions)).id] = None
    return list(found)


def _precision(subject: Subject) -> str:
    """Return the dtype of the gradient of a product, or of a sum, of single numbers."""
    for op, rank in product(("mul", "add"), range(3)):
        leaf = Leaf(Array((1,) * rank, (0.5,)))
        looks = (Backward(2), Observe("grad", 0))
        program = Program((leaf, leaf, Apply(op, (0, 1)), *looks))
        if needs(program) <= subject.capabilities:
            outcomes = subject.run(program)
            seen = None if isinstance(outcomes, Lost) else outcomes.get(4)
            if isinstance(seen, Number):
                return seen.dtype
    return ""
