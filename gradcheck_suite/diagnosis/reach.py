"""Reach: which cases an engine can be put to, and which would count a known fault again."""

from collections import Counter
from collections.abc import Iterable

from gradcheck_suite.engines.spelled import ops_of
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.program.instructions import Backward, Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template
from gradcheck_suite.properties.property import Property

__all__ = ["Reach"]


class Reach:
    """An engine's capabilities, and the features that were found to be unsound so far."""

    def __init__(self, spelling: Spelling, capabilities: frozenset[str]) -> None:
        """Start with nothing unsound."""
        self._capabilities = capabilities
        self.coarse = False
        """Whether the engine was seen to compute in float32; then all of it is judged so."""
        self._unsound: dict[str, str] = {}
        names = template(spelling.backward).names
        self._takes_cotangent = any(name.startswith("cotangent") for name in names)

    def add_unsound(self, entry: Property) -> None:
        """Remember what a failed property leaves in doubt."""
        for feature in entry.establishes:
            self._unsound.setdefault(feature, entry.id)

    def meets(self, case: Case) -> bool:
        """Tell whether the engine has what ``case`` needs."""
        return not self._missing(case)

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
        return ", ".join(_in_words(name) for name in fewest)

    def why_blocked(self, cases: Iterable[Case]) -> str:
        """Name the failed properties that stand before ``cases``, the most frequent first."""
        counts = Counter(name for case in cases for name in sorted(self.blockers(case)))
        return "relies on " + ", ".join(name for name, _ in counts.most_common(3))

    def _missing(self, case: Case) -> frozenset[str]:
        missing = case.needs - self._capabilities
        if "cotangent" in missing and not self._takes_cotangent:
            # A backward without a cotangent is given a weighted sum of the engine's own ops.
            missing = missing - {"cotangent"} | (self._ops_for(case.program) - self._capabilities)
        return missing

    def _stand_ins(self, program: Program) -> frozenset[str]:
        if self._takes_cotangent:
            return frozenset()
        names = [need.removeprefix("op:") for need in self._ops_for(program)]
        return frozenset(f"{what}:{name}" for name in names for what in ("value", "gradient"))

    def _ops_for(self, program: Program) -> frozenset[str]:
        seeds = [i.cotangent for _, i in program.numbered() if isinstance(i, Backward)]
        shapes = [seed.shape for seed in seeds if seed is not None]
        if not shapes:
            return frozenset()
        return frozenset({"op:mul"}) if not any(shapes) else frozenset({"op:mul", "op:sum"})


def _in_words(need: str) -> str:
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
        case _:
            return need.replace("_", " ") if not name else f"{kind.replace('_', ' ')} {name}"
