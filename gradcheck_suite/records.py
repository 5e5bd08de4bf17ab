"""Records: the plain data that the floors above hand to each other."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.spelling import Spelling

__all__ = [
    "Comparison",
    "Confidence",
    "Fault",
    "Finding",
    "Grade",
    "Mistake",
    "PropertyResult",
    "Verdict",
]


class Verdict(StrEnum):
    """What was found of one property."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    """The engine raised where it must not, or did not raise where it must."""
    BLOCKED = "blocked"
    """Something simpler that every case relies on is broken; told there, costs nothing here."""
    NOT_APPLICABLE = "not_applicable"
    """The engine has no means for it, or it was not asked for."""
    INCONCLUSIVE = "inconclusive"
    """A clock ran out before a case was judged."""
    INFRASTRUCTURE = "infrastructure"
    """Our fault: never a lost point."""

    @property
    def is_bad(self) -> bool:
        """Tell whether the verdict speaks against the engine."""
        return self in {Verdict.FAIL, Verdict.ERROR}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One observation of a failing program: what was expected, what came."""

    index: int
    """The instruction at which it was seen."""
    what: str
    """What was looked at, in the program's own names: ``a.grad``."""
    expected: str
    """Printed with its half-width: ``0.78644773296592741 +- 3e-16``."""
    actual: str
    right: bool
    distance: float | None = None
    """How far off, in half-widths; None where that has no meaning."""


Confidence = Literal["sure", "likely", "possible"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A known mistake that gives the very numbers that came: the likely reason of a finding."""

    sentences: tuple[str, ...]
    """What goes wrong, in words that teach: one sentence, or two of mistakes made together."""
    confidence: Confidence
    """``sure``: alone in giving many numbers; ``likely``: alone, of few; ``possible``: others do,
    too, or it takes two."""
    evidence: str
    """``it gives all 14 wrong numbers of 5 programs, and what came right in 6 others``."""
    alternatives: tuple[str, ...] = ()
    """Sentences of other mistakes that give the same."""
    bugs: tuple[str, ...] = ()
    """The ids of the mistakes in the catalogue of bugs, as fingerprints."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a fault is: the rule of an op, or a claim about how gradients are put together."""

    op: str = ""
    """The op whose own rule is wrong; '' where all rules are right."""
    argument: str = ""
    """The argument whose gradient is wrong, by its name in the op table; '' for the value."""
    element: tuple[int, ...] | None = None
    """The first element that is wrong; None where it is the only one."""
    claim: str = ""
    """What breaks where no op does: order, sharing, accumulation, lifetime, modes, ..."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A property that an engine breaks, and the smallest program known that shows it."""

    title: str
    """One line: ``tanh has a wrong derivative``."""
    lesson: str
    """A sentence or two that teach."""
    program: Program
    listing: str
    """The program in the engine's own spelling, with a comment on each observation."""
    snippet: str
    """A script that runs by itself and prints what came and what was expected."""
    comparisons: tuple[Comparison, ...]
    place: str = ""
    """The op and argument at fault, or the structural claim that breaks."""
    closed_form: str = ""
    """The gradient as SymPy writes it, for small programs."""
    fault: Fault = Fault()
    """The place once more, as data."""
    mistake: Mistake | None = None
    """The likely mistake; None where no known one fits."""
    comparison_snippet: str = ""
    """The same program for torch, as a script."""
    not_compared: str = ""
    """Why there is no script for torch."""


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """The verdict on one property and what it rests on."""

    property: str
    """The stable id: ``gradient[tanh]``."""
    theme: str
    code: str
    """The entry of the catalogue: ``G1``."""
    title: str
    verdict: Verdict
    reason: str = ""
    """Why it is blocked, not applicable, inconclusive; or the failure in one line."""
    n_judged: int = 0
    """Cases that were judged."""
    n_failed: int = 0
    n_elements: int = 0
    """Numbers that were compared with a certified interval."""
    n_outside: int = 0
    """Those of them that fell outside."""
    choices: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Where right engines differ: the (convention, choice) lists that fit every case."""
    finding: Finding | None = None
    root: str = ""
    """The property under which it is told: it fails, or is left out, for what was found there."""


@dataclass(frozen=True, slots=True)
class Grade:
    """All that was found out about one engine."""

    submission: str
    engine: str
    """Name of the engine as discovered, ``Value``; '' when none was found."""
    description: str
    """One line: ``scalars, float64, 9 ops``."""
    spelling: Spelling | None
    results: tuple[PropertyResult, ...]
    points: float
    max_points: float
    problem: str = ""
    """Why it could not be graded at all (no engine, does not import): what, where, expected."""
    isolation: int = 0
    """The isolation level under which it ran, as probed."""
    conventions: tuple[tuple[str, str], ...] = ()
    """What the engine chose where right engines differ."""

    @property
    def is_right(self) -> bool:
        """Tell whether nothing speaks against the engine and something was judged."""
        judged = [r for r in self.results if r.verdict is Verdict.PASS]
        clean = not any(r.verdict.is_bad for r in self.results)
        return bool(judged) and clean and not self.problem
