"""Explain a failure: the smallest program, what came beside what is right, where the fault is."""

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_suite.diagnosis.claims import claim_of
from gradcheck_suite.diagnosis.comparison import torch_script
from gradcheck_suite.diagnosis.localise import place_of_fault
from gradcheck_suite.diagnosis.mistakes import Seen, likely_mistake, place_of, suspects
from gradcheck_suite.diagnosis.reach import Reach
from gradcheck_suite.diagnosis.shrink import smallest_failure
from gradcheck_suite.diagnosis.training import (
    cut_to_first_wrong_step,
    first_wrong_step,
    is_run,
    mistake_in_run,
)
from gradcheck_suite.engines.outcome import Lost
from gradcheck_suite.engines.subject import Subject
from gradcheck_suite.exams.exam import Case
from gradcheck_suite.oracles.symbolic import closed_gradients
from gradcheck_suite.program.blocks import Line
from gradcheck_suite.program.instructions import Observe, Program
from gradcheck_suite.program.printing import lines
from gradcheck_suite.program.snippet import script
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.properties.judging import Look
from gradcheck_suite.properties.property import Property
from gradcheck_suite.records import Comparison, Fault, Finding, Mistake

__all__ = ["explain", "explain_lost"]

_MAX_LINES = 16  # of a program that was not made smaller
_MAX_CLOSED_FORM = 120  # characters; a longer formula teaches nobody


def explain(
    entry: Property,
    wrong: Sequence[Seen],
    right: Sequence[Seen],
    subject: Subject,
    reach: Reach,
) -> Finding:
    """Return the finding for the first case that went ``wrong``.

    The others, and some that came out ``right``, are evidence of what the mistake is.
    """
    case, judgement = smallest = smallest_failure(entry, *wrong[0], subject, reach)
    fault, place = place_of_fault(entry, smallest, subject, reach)
    evidence = (smallest, *wrong)
    suspected = suspects(entry, fault.op, reach.passed, case.program)
    mistake = likely_mistake(suspected, evidence, right, seeded=reach.takes_cotangent)
    fault, place = _refined(fault, place, mistake)
    spelling = subject.spelling
    if is_run(entry, case.program):
        in_run = mistake_in_run(evidence)
        fingerprint = mistake.bugs if mistake else ()
        mistake = replace(in_run, bugs=fingerprint) if in_run else mistake
        printed = lines(case.program, spelling)
        place = f"{first_wrong_step(smallest, printed)}; {place}"
        case, judgement = cut_to_first_wrong_step(entry, smallest, subject, reach)
    in_torch, not_compared = torch_script(case)
    printed = lines(case.program, spelling)
    looks = {look.index: look for look in judgement.looks}
    return Finding(
        title=entry.title,
        lesson=entry.lesson,
        program=case.program,
        listing=_listing(printed, looks),
        snippet=_snippet(case.program, spelling, looks),
        comparisons=tuple(_comparison(look, printed) for look in judgement.looks),
        place=place,
        closed_form=_closed_form(case, looks, printed),
        fault=fault,
        mistake=mistake,
        comparison_snippet=in_torch,
        not_compared=not_compared,
    )


def explain_lost(entry: Property, case: Case, lost: Lost, spelling: Spelling) -> Finding:
    """Return the finding for a case that has no answer: it hung, or took the process with it.

    It is shown as it is, since each smaller one that is tried may cost as much. A script in the
    engine's own spelling would hang whoever runs it; torch tells what is right.
    """
    in_torch, not_compared = torch_script(case)
    text = _listing(lines(case.program, spelling), {}).splitlines()
    n_left_out = len(text) - _MAX_LINES
    if n_left_out > 1:  # a hang may need a long program, whose lines are much alike
        text[_MAX_LINES // 2 : -_MAX_LINES // 2] = [f"# ... {n_left_out} lines like these ..."]
    return Finding(
        title=f"{entry.id}: {lost.message}",
        lesson=entry.lesson,
        program=case.program,
        listing="\n".join([*text, f"# {lost.message}"]),
        snippet="",
        comparisons=(),
        fault=Fault(op=entry.op) if entry.op else Fault(claim=claim_of(entry, raised=True)),
        comparison_snippet=in_torch,
        not_compared=not_compared,
    )


def _refined(fault: Fault, place: str, mistake: Mistake | None) -> tuple[Fault, str]:
    """Return the place of the likely mistake, which knows more than the looks do, if it has one."""
    known = place_of(mistake) if mistake else None
    if known is None or (known.op, known.claim) == (fault.op, fault.claim):
        return fault, place
    if known.op:
        return Fault(known.op, known.argument), f"the op {known.op}"
    return Fault(claim=known.claim), f"no single op; what breaks is: {known.claim}"


def _listing(printed: tuple[Line, ...], looks: dict[int, Look]) -> str:
    """Return the program with a comment on each observation that is wrong."""
    out = []
    for line in printed:
        look = looks.get(line.index) if line.index is not None else None
        text = "\n".join("    " * line.depth + part for part in line.text.splitlines())
        if look is not None:
            verdict = "" if look.right else f"got {look.actual}, expected "
            text = f"{text}  # {verdict}{look.expected}"
        out.append(text)
    return "\n".join(out)


def _snippet(program: Program, spelling: Spelling, looks: dict[int, Look]) -> str:
    observed = {k for k, i in program.numbered() if isinstance(i, Observe)}
    shown = {
        index: look.expected
        for index, look in looks.items()
        if index in observed or (look.raised and look.expected == "an exception")
    }
    return script(program, spelling, shown)


def _comparison(look: Look, printed: tuple[Line, ...]) -> Comparison:
    what = next((line.text for line in printed if line.index == look.index), "")
    return Comparison(look.index, what, look.expected, look.actual, look.right, look.distance)


def _closed_form(case: Case, looks: dict[int, Look], printed: tuple[Line, ...]) -> str:
    """Return ``a.grad = 1 - tanh(a)**2`` for the first wrong gradient of one element."""
    forms = closed_gradients(case.program) or {}
    names = _leaf_names(printed)
    for index, elements in forms.items():
        if index in looks and not looks[index].right and len(elements) == 1:
            expression = elements[0][0]
            named = expression.subs({s: names.get(str(s), s) for s in expression.free_symbols})
            what = next(line.text for line in printed if line.index == index)
            text = f"{what} = {named}"
            return text if len(text) <= _MAX_CLOSED_FORM else ""
    return ""


def _leaf_names(printed: tuple[Line, ...]) -> dict[str, str]:
    """Return the printed name for each symbol of the closed form: ``a0`` is ``a``."""
    return {
        f"a{line.index}": line.text.partition(" = ")[0]
        for line in printed
        if line.index is not None and " = " in line.text
    }
