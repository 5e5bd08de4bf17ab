"""How good findings are: sizes, times, places and likely mistakes, over the catalogue of bugs.

Run by ``make diagnosis``. Each bug is examined on the exams of the properties that kill it, and its
first finding is looked at. ``EVERY=10`` takes every tenth bug. A mistake is asked for twice: with
the whole catalogue, and with the bug itself taken out of it, when nothing should be claimed.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median, quantiles
from time import process_time

from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.diagnosis import explain, mistakes
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.diagnosis.mistakes import Seen
from gradcheck_suite.engines.outcome import Outcomes
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.instructions import (
    Apply,
    Constant,
    InPlace,
    Leaf,
    Misapply,
    Program,
    flatten,
)
from gradcheck_suite.records import Finding, Mistake

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.diagnosis.unseen_engines import PAIRS, UNSEEN, is_told, wrong_engine

EVERY = int(os.environ.get("EVERY") or 1)
N_CASES = 8
MOST_OPS = 4  # of a structural fault, and of one op one: what is larger is named
MOST_LEAVES = 2


class Bent(InProcess):
    """The reference with a bug in it, for as long as it runs a Program; right in between."""

    def __init__(self, bug: Bug) -> None:
        """Read off what it can."""
        with bug.engine() as engine:
            super().__init__(engine)
        self.bug = bug

    def run(self, program: Program) -> Outcomes:
        """Run one Program on the wrong engine."""
        with self.bug.engine() as engine:
            return InProcess(engine).run(program)


@dataclass(frozen=True)
class Found:
    """What came of one bug."""

    bug: Bug
    finding: Finding | None
    seconds: float
    """What the shrinking took, of the processor."""
    n_ops: int = 0
    n_leaves: int = 0
    right_place: bool = False
    named: bool = False
    """Whether the bug is among the mistakes that fit."""
    alone: bool = False
    """Whether it is the only one."""
    claimed_without: bool = False
    """Whether another mistake is claimed once this one is unknown."""


@cache
def exam_of(name: str) -> Exam:
    """Return the exam of one property."""
    return build([name], seed=5, n_cases=N_CASES)


def main() -> int:
    """Print the figures."""
    bugs = [bug for bug in BUGS.values() if not bug.equivalent and bug.base == "reference"]
    found = [look_into(bug) for bug in bugs[::EVERY]]
    told = [one for one in found if one.finding is not None]
    say(f"{len(found)} bugs, {len(told)} with a finding")
    for what, of_kind in (
        ("single-op", [one for one in told if one.bug.place.op]),
        ("structural", [one for one in told if not one.bug.place.op]),
    ):
        say(f"{what}: {len(of_kind)}")
        say(f"  ops        {spread(one.n_ops for one in of_kind)}")
        say(f"  leaves     {spread(one.n_leaves for one in of_kind)}")
        say(f"  shrinking  {spread(one.seconds for one in of_kind)} s of the processor")
        say(f"  right place    {share(one.right_place for one in of_kind)}")
        say(f"  mistake named  {share(one.named for one in of_kind)}")
        say(f"  named alone    {share(one.alone for one in of_kind)}")
        say(f"  another claimed where it is unknown  {share(o.claimed_without for o in of_kind)}")
    for one in told:
        if one.n_ops > (1 if one.bug.place.op else MOST_OPS) or one.n_leaves > MOST_LEAVES:
            say(f"  large: {one.bug.id}: {one.n_ops} ops, {one.n_leaves} leaves")
        if not one.right_place:
            say(f"  place of {one.bug.id}: {one.finding.fault}, expected {one.bug.place}")
        if not one.named:
            say(f"  mistake of {one.bug.id}: {one.finding.mistake and one.finding.mistake.bugs}")
        if one.claimed_without:
            say(f"  instead of {one.bug.id}: {WITHOUT[one.bug.id]}")
    say("engines that it was not tuned to, by changes to the source of the sample class:")
    ask_unseen("one bug", [(name,) for name in UNSEEN])
    ask_unseen("two bugs", PAIRS)
    return 0


def ask_unseen(what: str, groups: Sequence[Sequence[str]]) -> None:
    """Print how many mistakes were named, and how many claimed of what nobody knows."""
    known, unknown = [], []
    for names in groups:
        rows = [UNSEEN[name] for name in names]
        exams = [exam_of(row.property) for row in rows]
        with wrong_engine(*rows) as subject:
            for name, row, exam in zip(names, rows, exams, strict=True):
                (result,) = examine(exam, subject)
                told = is_told(row, result.finding and result.finding.mistake)
                (known if row.bugs else unknown).append(told)
                if not told:
                    say(f"  not told right, among {names}: {name}")
    say(f"  {what}: {share(known)} known mistakes named; {share(unknown)} unknown ones left alone")


WITHOUT: dict[str, Sequence[str]] = {}


def look_into(bug: Bug) -> Found:
    """Examine one bug on the first of its killers that has a finding."""
    subject = Bent(bug)
    for name in bug.killers:
        timed: list[float] = []
        with_times(timed)
        explain.likely_mistake = partial(with_and_without, bug)
        (result,) = examine(exam_of(name), subject)
        if result.finding is None:
            continue
        finding = result.finding
        mistake = finding.mistake
        without = WITHOUT.get(bug.id, ())
        instructions = list(flatten(finding.program.instructions))
        return Found(
            bug,
            finding,
            sum(timed),
            sum(isinstance(i, (Apply, InPlace, Misapply)) for i in instructions),
            sum(isinstance(i, (Leaf, Constant)) for i in instructions),
            is_right_place(bug, finding),
            mistake is not None and bug.id in mistake.bugs,
            mistake is not None and mistake.bugs == (bug.id,),
            bool(without),
        )
    return Found(bug, None, 0.0)


def with_times(timed: list[float]) -> None:
    """Have the next shrinkings note how long they take."""

    def timed_one(*args: object) -> object:
        start = process_time()
        try:
            return SHRINK(*args)
        finally:
            timed.append(process_time() - start)

    explain.smallest_failure = timed_one


SHRINK = explain.smallest_failure


def with_and_without(
    bug: Bug, suspects: Sequence[Bug], wrong: Sequence[Seen], right: Sequence[Seen], *, seeded: bool
) -> Mistake | None:
    """Return the likely mistake; note what is claimed when the catalogue does not have ``bug``."""
    others = [b for b in suspects if b.id != bug.id and b.sentence != bug.sentence]
    fit = cache(lambda suspect: FIT(suspect, wrong, right, seeded))
    mistakes._fit = lambda suspect, *_: fit(suspect)
    try:
        found = LIKELY(suspects, wrong, right, seeded=seeded)
        without = LIKELY(others, wrong, right, seeded=seeded)
    finally:
        mistakes._fit = FIT
    WITHOUT[bug.id] = without.bugs if without else ()
    return found


FIT, LIKELY = mistakes._fit, mistakes.likely_mistake


def is_right_place(bug: Bug, finding: Finding) -> bool:
    """Tell whether the op is named, and the argument, or the claim that breaks."""
    place, fault = bug.place, finding.fault
    if place.op:
        return fault.op == place.op and (
            not place.argument or not fault.argument or fault.argument == place.argument
        )
    return fault.claim == place.claim


def spread(values: Iterable[float]) -> str:
    """Return the median and the 90th percentile."""
    found = sorted(values)
    if len(found) < 2:
        return f"{found}"
    return f"median {median(found):.3g}, 90th percentile {quantiles(found, n=10)[-1]:.3g}"


def share(values: Iterable[bool]) -> str:
    """Return how many are true, of how many."""
    found = list(values)
    return f"{sum(found)} of {len(found)} ({sum(found) / max(len(found), 1):.1%})"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
