"""Reach: which cases an engine can be put to, and which would count a known fault again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from gradcheck_suite.engines.capabilities import ops_of
from gradcheck_suite.engines.dialect import NEVER_WRONG, UNLESS_FIXED
from gradcheck_suite.engines.outcome import Number, Outcomes
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.answer import Sheet
from gradcheck_suite.program.features import needs, ops_used
from gradcheck_suite.program.instructions import Backward, Observe, Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template
from gradcheck_suite.properties.judging import COARSE, Judgement, judge
from gradcheck_suite.properties.property import Property

__all__ = ["Reach", "in_words"]

_MAX_RESTARTS: Final = 80  # some 0.2 s each, and the import of the submission


class Reach:
    """An engine's capabilities, and the features that were found to be unsound so far."""

    def __init__(
        self,
        spelling: Spelling,
        capabilities: frozenset[str],
        fixed: Mapping[str, str] = UNLESS_FIXED,
    ) -> None:
        """Start with nothing unsound; ``fixed`` conventions leave an engine no choice."""
        self._fixed = dict(fixed)  # a mapping proxy cannot go to another process
        self._capabilities = capabilities
        self.stores_float32 = False
        """Whether leaves are stored in float32; then all of the engine is judged so."""
        self.restarts_left = _MAX_RESTARTS
        """How many more workers may be started for failures to shrink on."""
        self._coarse: frozenset[str] = frozenset()
        self._unsound: dict[str, str] = {}
        self.passed: set[str] = set()
        """The properties that hold: no bug that would break one of them is at work."""
        names = template(spelling.backward).names
        self.takes_cotangent = any(name.startswith("cotangent") for name in names)
        """Whether a backward is given one, and not a weighted sum of the engine's own ops."""

    def add_unsound(self, entry: Property, failed: Iterable[Case] = ()) -> None:
        """Remember what a property leaves in doubt, and the cases of it that failed."""
        self._unsound.setdefault(entry.id, entry.id)
        ops = sorted({op for case in failed for op in ops_used(case.program)})
        for feature in entry.establishes:
            for name in [feature.format(op=op) for op in ops] if "{op}" in feature else [feature]:
                self._unsound.setdefault(name, entry.id)

    def add_coarse(self, program: Program) -> None:
        """Remember that a result of ``program`` was computed in float32.

        Where it is not known which of several ops did, all of them are judged so.
        """
        if not self._is_coarse(program):
            self._coarse |= self._ops_of(program)

    def judge(self, entry: Property, case: Case, outcomes: Outcomes) -> Judgement:
        """Judge by what is known of the precision in which the engine computes."""
        if entry.fine:  # which ops are coarse is what is asked; what gradients are kept in is not
            coarse = self.stores_float32 or _keeps_float32(case.program, outcomes)
        else:
            coarse = self._is_coarse(case.program)
        return judge(
            self.sheets(case),
            outcomes,
            strict_shape=entry.strict_shape,
            coarse=coarse,
            fine=entry.fine,
        )

    def sheets(self, case: Case) -> tuple[Sheet, ...]:
        """Return the answers under those conventions that are left open."""
        if len(case.sheets) == 1:
            return case.sheets
        fixed = self._fixed
        return tuple(
            sheet
            for sheet in case.sheets
            if all(v in {fixed.get(k, v), NEVER_WRONG.get(k)} for k, v in sheet.choices)
        )

    def meets(self, case: Case) -> bool:
        """Tell whether the engine has what ``case`` needs."""
        return not self._missing(case)

    def can_run(self, program: Program) -> bool:
        """Tell whether the engine has what ``program`` needs."""
        return not self.lacks(program)

    def lacks(self, program: Program) -> frozenset[str]:
        """Return what the engine has not that ``program`` needs."""
        return self._missing(Case(program, (), needs(program), frozenset()))

    def blockers(self, case: Case) -> frozenset[str]:
        """Return the failed properties on which ``case`` relies."""
        relies = case.relies_on | self._stand_ins(case.program)
        return frozenset(self._unsound[f] for f in relies if f in self._unsound)

    def what_is_missing(self, entry: Property, cases: Iterable[Case]) -> str:
        """Name what the engine would need for any of ``cases``: the shortest list."""
        lists = [sorted(self._missing(case)) for case in cases]
        if not lists:  # nothing was drawn, since it was known that there is no use in it
            return "arrays" if entry.op in ops_of(self._capabilities) else entry.op
        fewest = min(lists, key=lambda names: (len(names), names))
        return ", ".join(in_words(name) for name in fewest)

    def most_blocking(self, cases: Iterable[Case]) -> tuple[str, ...]:
        """Return up to three failed properties that stand before ``cases``, most frequent first."""
        counts = Counter(name for case in cases for name in sorted(self.blockers(case)))
        return tuple(name for name, _ in counts.most_common(3))

    def _missing(self, case: Case) -> frozenset[str]:
        missing = case.needs - self._capabilities
        if "cotangent" in missing and not self.takes_cotangent:
            # A backward without a cotangent is given a weighted sum of the engine's own ops.
            missing = missing - {"cotangent"} | (self._ops_for(case.program) - self._capabilities)
        return missing

    def _stand_ins(self, program: Program) -> frozenset[str]:
        if self.takes_cotangent:
            return frozenset()
        names = [need.removeprefix("op:") for need in self._ops_for(program)]
        return frozenset(f"{what}:{name}" for name in names for what in ("value", "gradient"))

    def _is_coarse(self, program: Program) -> bool:
        known = self._coarse
        return self.stores_float32 or (bool(known) and not known.isdisjoint(self._ops_of(program)))

    def _ops_of(self, program: Program) -> frozenset[str]:
        """Return the ops that run, those included that stand in for a cotangent."""
        if self.takes_cotangent:
            return ops_used(program)
        return ops_used(program) | {need.removeprefix("op:") for need in self._ops_for(program)}

    def _ops_for(self, program: Program) -> frozenset[str]:
        seeds = [i.cotangent for _, i in program.numbered() if isinstance(i, Backward)]
        shapes = [seed.shape for seed in seeds if seed is not None]
        if not shapes:
            return frozenset()
        return frozenset({"op:mul"}) if not any(shapes) else frozenset({"op:mul", "op:sum"})


def _keeps_float32(program: Program, outcomes: Outcomes) -> bool:
    """Tell whether a gradient came in an array of float32."""
    looks = (k for k, i in program.numbered() if isinstance(i, Observe) and i.what == "grad")
    seen = (outcomes.get(k) for k in looks)
    return any(isinstance(number, Number) and number.dtype in COARSE for number in seen)


def in_words(need: str) -> str:
    """Turn a need into words: ``op:sum.axis`` is ``sum (axis)``, ``rank:2`` is ``rank 2``."""
    kind, _, name = need.partition(":")
    op, _, form = name.partition(".")
    match kind:
        case "op":
            return f"{op} ({form})" if form else op
        case "rank":
            return f"arrays of rank {name}"
        case "broadcast":
            return f"{op} with broadcasting"
        case "plain":
            return f"{op} with a number on the {form}"
        case "again":
            return "a second backward on one graph"
        case "own_modes":
            return "a no_grad of its own"
        case _:
            return need.replace("_", " ") if not name else f"{kind.replace('_', ' ')} {name}"
