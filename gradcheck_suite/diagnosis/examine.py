"""Examine an engine: run an exam on it, judge from the simplest property up, explain what fails."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from gradcheck_suite.diagnosis.cascade import with_roots
from gradcheck_suite.diagnosis.explain import explain, explain_lost
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.engines.dialect import UNLESS_FIXED
from gradcheck_suite.engines.interpreter import silence
from gradcheck_suite.engines.outcome import Lost, Number, Outcomes
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Leaf, Observe, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.properties.judging import COARSE, Judgement, judge
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import PropertyResult, Verdict
from gradcheck_suite.strategies.drawing import n_steps

__all__ = ["examine"]

_N_EVIDENCE = 4  # further failures to try likely mistakes on, the largest; 5 ms for each of them
_N_RIGHT = 6  # cases that came out right, which a likely mistake has to leave alone
_MAX_LOST = 2  # a hang costs its whole time limit: two in one property are proof enough


def examine(
    exam: Exam,
    subject: Subject,
    *,
    required: frozenset[str] = frozenset(),
    fixed: Mapping[str, str] = UNLESS_FIXED,
    with_findings: bool = True,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> tuple[PropertyResult, ...]:
    """Return the result of every property of ``exam``, in its order.

    ``required`` names the ops that have to be there: without one, the properties about it fail
    instead of being not applicable. ``fixed`` gives the choice of each convention that a course
    settles; any choice is right for the others, if every case keeps to it. ``on_progress`` gets
    the id of a property, the cases done and their number.
    """
    results: dict[str, PropertyResult] = {}
    reach = Reach(subject.spelling, subject.capabilities, fixed)
    reach.stores_float32 = _stores_float32(subject)
    done = 0
    for entry in sorted((CATALOGUE[name] for name in exam.cases), key=_simplest_first):
        cases = exam.cases[entry.id]
        result = _examine_property(entry, cases, subject, reach, required, with_findings)
        results[entry.id] = result
        done += len(cases)
        if on_progress:
            on_progress(entry.id, done, exam.n_programs)
    told = {result.property: result for result in with_roots(tuple(results.values()))}
    return tuple(told[name] for name in exam.cases)


def _stores_float32(subject: Subject) -> bool:
    """Tell whether leaves are stored in float32: then gradients are, in whatever they are kept."""
    for shape in ((), (2,), (2, 3)):
        if f"rank:{len(shape)}" in subject.capabilities:
            ones = Array(shape, (1.0,) * prod(shape))
            outcomes = subject.run(Program((Leaf(ones), Observe("value", 0))))
            seen = None if isinstance(outcomes, Lost) else outcomes.get(1)
            return isinstance(seen, Number) and seen.dtype in COARSE
    return False


def _simplest_first(entry: Property) -> tuple[int, bool, bool]:
    """Order by level; mul and sum first, since they may stand in for a cotangent.

    What is about no op comes after what is about one.
    """
    return entry.level, not entry.op, entry.op not in {"mul", "sum"}


def _examine_property(
    entry: Property,
    cases: Sequence[Case],
    subject: Subject,
    reach: Reach,
    required: frozenset[str],
    with_findings: bool,
) -> PropertyResult:
    applicable = [case for case in cases if reach.meets(case)]
    if not applicable:
        if entry.op in required:
            return _result(entry, Verdict.FAIL, f"{entry.op} is required, and was not found")
        return _result(entry, Verdict.NOT_APPLICABLE, reach.what_is_missing(entry, cases))
    usable = [case for case in applicable if not reach.blockers(case)]
    if not usable:
        blocked_by = reach.most_blocking(applicable)
        reason = f"relies on {', '.join(blocked_by)}"
        return _result(entry, Verdict.BLOCKED, reason, root=blocked_by[0])
    if entry.isolated:
        subject.restart()
    with silence():
        tally = _run(entry, usable, subject, reach)
    if entry.isolated:
        subject.restart()
    result = _conclude(entry, tally, subject, reach, with_findings)
    if result.verdict is Verdict.PASS:
        reach.passed.add(entry.id)
    if result.verdict.is_bad:
        reach.add_unsound(entry, [case for case, _ in (*tally.wrong, *tally.lost)])
    return result


@dataclass(slots=True)
class _Tally:
    """What the cases of one property came to."""

    wrong: list[tuple[Case, Judgement]] = field(default_factory=list)
    right: deque[tuple[Case, Judgement]] = field(default_factory=lambda: deque(maxlen=_N_RIGHT))
    lost: list[tuple[Case, Lost]] = field(default_factory=list)
    n_judged: int = 0
    n_elements: int = 0
    n_outside: int = 0
    choices: frozenset[tuple[tuple[str, str], ...]] | None = None
    """The conventions that fit every case so far; None before the first, and if there are none."""


def _run(entry: Property, cases: Sequence[Case], subject: Subject, reach: Reach) -> _Tally:
    tally = _Tally()
    each = subject.run_each([case.program for case in cases])
    for case, outcomes in zip(cases, each, strict=False):  # what is lost may end it
        if isinstance(outcomes, Lost):
            tally.lost.append((case, outcomes))
            if len(tally.lost) >= _MAX_LOST or outcomes.kind in {"deadline", "infrastructure"}:
                break
            continue
        judgement = reach.judge(entry, case, outcomes)
        tally.n_judged += 1
        tally.n_elements += judgement.n_elements
        tally.n_outside += judgement.n_outside
        if judgement.coarse:
            reach.add_coarse(case.program)
        if not judgement.right:
            tally.wrong.append((case, judgement))
            if _is_right_in_float32(entry, case, outcomes):
                reach.add_coarse(case.program)
        else:
            tally.right.append((case, judgement))
            if entry.conventions:
                sheets = frozenset(judgement.sheets)
                tally.choices = sheets if tally.choices is None else tally.choices & sheets
    return tally


def _is_right_in_float32(entry: Property, case: Case, outcomes: Outcomes) -> bool:
    """Tell whether what is wrong by a property that asks for float64 is wrong by nothing else."""
    strict = entry.strict_shape
    return entry.fine and judge(case.sheets, outcomes, strict_shape=strict, coarse=True).right


def _conclude(
    entry: Property,
    tally: _Tally,
    subject: Subject,
    reach: Reach,
    with_findings: bool,
) -> PropertyResult:
    counts = {
        "n_judged": tally.n_judged,
        "n_failed": len(tally.wrong),
        "n_elements": tally.n_elements,
        "n_outside": tally.n_outside,
    }
    if tally.wrong and not (entry.common and len(tally.wrong) < tally.n_judged):
        raised = all(judgement.raised for _, judgement in tally.wrong)
        case, judgement = _by_itself(entry, tally.wrong, subject, reach)
        others = [pair for pair in tally.wrong if pair[0] is not case][-_N_EVIDENCE:]
        evidence = ((case, judgement), *others)
        finding = (
            explain(entry, evidence, tuple(tally.right), subject, reach) if with_findings else None
        )
        wrong = next(look for look in judgement.looks if not look.right)
        reason = f"got {wrong.actual}, expected {wrong.expected}"
        verdict = Verdict.ERROR if raised else Verdict.FAIL
        return _result(entry, verdict, reason, finding=finding, **counts)
    if tally.lost:
        case, lost = min(tally.lost, key=lambda pair: n_steps(pair[0].program))
        verdict = _LOSSES[lost.kind]
        told = with_findings and verdict.is_bad
        finding = explain_lost(entry, case, lost, subject.spelling) if told else None
        return _result(entry, verdict, lost.message, finding=finding, **counts)
    if tally.choices is not None and not tally.choices:
        conventions = ", ".join(entry.conventions)
        reason = f"each case follows a convention of its own ({conventions}), expected one for all"
        return _result(entry, Verdict.FAIL, reason, **counts)
    choices = tuple(sorted(tally.choices or ()))
    return _result(entry, Verdict.PASS, "", choices=choices, **counts)


def _by_itself(
    entry: Property,
    wrong: Sequence[tuple[Case, Judgement]],
    subject: Subject,
    reach: Reach,
) -> tuple[Case, Judgement]:
    """Return the first case that fails in a fresh worker, not for what an earlier one left."""
    for case, judgement in wrong if entry.isolated else ():
        subject.restart()
        outcomes = subject.run(case.program)
        if isinstance(outcomes, Lost):
            break
        if not reach.judge(entry, case, outcomes).right:
            return case, judgement
    return wrong[0]


_LOSSES = {
    "timeout": Verdict.ERROR,
    "died": Verdict.ERROR,
    "protocol": Verdict.ERROR,
    "deadline": Verdict.INCONCLUSIVE,
    "infrastructure": Verdict.INFRASTRUCTURE,
}


def _result(entry: Property, verdict: Verdict, reason: str, **more: object) -> PropertyResult:
    return PropertyResult(
        property=entry.id,
        theme=entry.theme,
        code=entry.code,
        title=entry.title,
        verdict=verdict,
        reason=reason,
        **more,  # type: ignore[arg-type]  # counts and a finding, by the two callers above
    )
