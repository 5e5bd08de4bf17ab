"""The likely mistake: told where an engine fails exactly as a known bug does, and nowhere else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.bugs.likely import likely_on
from gradcheck_suite.diagnosis.cascade import with_roots
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.diagnosis.mistakes import suspects
from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.outcome import Outcomes
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Apply, Leaf, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import Fault, Finding, Mistake, PropertyResult, Verdict
from tests.diagnosis.unseen_engines import UNSEEN, is_told, wrong_engine

SUBMISSIONS = Path(__file__).parents[2] / "submissions"
Results = dict[str, PropertyResult]

# Faults written for this test, in templates, where the catalogue patches rules of the reference.
ONE: dict[str, tuple[str, dict[str, str], str]] = {
    "neg": ("gradient[neg]", {"neg": "x.detach() * -2.0 + x"}, "neg.identity"),
    "tanh": (
        "gradient[tanh]",
        {"tanh": "x.tanh().detach() + (x - x.detach()) * (1 - x.detach() ** 2)"},
        "tanh.operand_saved",
    ),
    "sin": (
        "gradient[sin]",
        {"sin": "x.sin().detach() - (x - x.detach()) * x.cos().detach()"},
        "sin.minus",
    ),
    "detached": ("gradient[pad]", {"pad": "reference.pad(x, pad_width, fill).detach()"}, "pad."),
}


def finding_of(engine: SpelledEngine, name: str, verdicts_of: Callable[..., Results]) -> Finding:
    """Return the finding of one property."""
    found = verdicts_of(engine, name)[name].finding
    assert found is not None
    return found


@pytest.mark.parametrize("name", ONE)
def test_a_known_mistake_is_named(
    name: str, make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Other code with the fault of a bug gives the bug's numbers, and is told its sentence."""
    property_id, ops, bug = ONE[name]
    mistake = finding_of(make_engine(ops), property_id, verdicts_of).mistake
    assert mistake is not None
    assert mistake.bugs[0].startswith(bug)
    assert mistake.sentences[0] == BUGS[mistake.bugs[0]].sentence


@pytest.mark.parametrize(
    ("name", "ops"),
    [
        ("gradient[tanh]", {"tanh": "x.tanh() * 1 + (x - x.detach()) * 0.01"}),
        ("gradient[mul]", {"mul": "x * y + (x - x.detach()) * 0.3"}),
        ("value[exp]", {"exp": "reference.exp(x) * 1.01"}),
        ("gradient[sum]", {"sum": "x.sum(axis=axis, keepdims=keepdims) + 0.1 * (x - x.detach())"}),
    ],
)
def test_nothing_is_claimed_where_nothing_fits(
    name: str,
    ops: dict[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """A fault that nobody has in the catalogue gets no likely mistake."""
    assert finding_of(make_engine(ops), name, verdicts_of).mistake is None


def test_two_bugs_of_two_ops_are_both_named(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Each property has the mistake that it shows, whatever else is wrong with the engine."""
    engine = make_engine({**ONE["tanh"][1], **ONE["sin"][1]})
    found = verdicts_of(engine, "gradient[sin]", "gradient[tanh]")
    mistakes = [r.finding.mistake for r in found.values() if r.finding]
    assert [m.bugs for m in mistakes if m] == [("sin.minus",), ("tanh.operand_saved",)]


class Bent(InProcess):
    """The reference with bugs of the catalogue in it, while it runs a Program."""

    def __init__(self, *names: str) -> None:
        """Bend it by the bugs of that name, one inside of the other."""
        self.bugs = [BUGS[name] for name in names]
        with self.bugs[0].engine() as engine:
            super().__init__(engine)

    def run(self, program: Program) -> Outcomes:
        """Run a Program."""
        with self.bugs[0].engine() as engine:
            return InProcess(engine).run(program)


def test_stale_intermediates_are_told_once(make_exam: Any):
    """Five properties of one root: one of them is told, the others stand under it."""
    ids = ("two_losses", "clear_and_repeat", "retained_backward", "middle_then_end")
    found = {r.property: r for r in examine(make_exam(*ids), Bent("acc-intermediate"))}
    assert {r.verdict for r in found.values()} == {Verdict.FAIL}
    assert [r.root for r in found.values()] == ["", *["two_losses"] * 3]
    finding = found["two_losses"].finding
    assert finding is not None
    assert finding.mistake is not None
    assert finding.mistake.bugs[0] == "acc-intermediate"
    assert finding.fault.claim == "second pass"


def test_stale_intermediates_below_a_root_that_is_set_anew_are_told_once(make_exam: Any):
    """The form that the bug has in micrograd is known too, so that all of it has one root."""
    ids = ("two_losses", "clear_and_repeat", "retained_backward", "middle_then_end")
    subject = InProcess(load(SUBMISSIONS / "wrong_stale_intermediates"))
    found = {r.property: r for r in examine(make_exam(*ids), subject)}
    assert [r.root for r in found.values()] == ["", *["two_losses"] * 3]
    mistakes = [r.finding.mistake for r in found.values() if r.finding]
    assert all(mistake and "acc-below-root" in mistake.bugs for mistake in mistakes)


def result(name: str, verdict: Verdict = Verdict.FAIL, **more: Any) -> PropertyResult:
    """Return a result whose finding has only what matters for its root."""
    root = more.pop("root", "")
    finding = Finding("", "", Program(()), "", "", (), **more) if more else None
    return PropertyResult(name, "", "", "", verdict, finding=finding, root=root)


def known(*bugs: str) -> Mistake:
    """Return a likely mistake with these fingerprints."""
    return Mistake(("a sentence",), "sure", "", bugs=bugs)


ROOTS: dict[str, tuple[Sequence[PropertyResult], list[str]]] = {
    "one bug": (
        [result("two_losses", mistake=known("a")), result("fan_out", mistake=known("b", "a"))],
        ["", "two_losses"],
    ),
    "two bugs": (
        [result("two_losses", mistake=known("a")), result("fan_out", mistake=known("b"))],
        ["", ""],
    ),
    "one bug of broadcasting, in two ops": (
        [
            result("broadcasting[add]", mistake=known("add.not_summed")),
            result("broadcasting[mul]", mistake=known("mul.first_copy", "mul.not_summed")),
            result("broadcasting[div]", mistake=known("div.averaged")),
        ],
        ["", "broadcasting[add]", ""],
    ),
    "two ops with the like fault": (
        [
            result("gradient[sin]", mistake=known("sin.sign")),
            result("x", mistake=known("cos.sign")),
        ],
        ["", ""],
    ),
    "one claim": (
        [result("two_losses", fault=Fault(claim="x")), result("fan_out", fault=Fault(claim="x"))],
        ["", "two_losses"],
    ),
    "one op, found in an expression": (
        [result("kinks[abs]", fault=Fault("abs")), result("expressions", fault=Fault("abs"))],
        ["", "kinks[abs]"],
    ),
    "one op, two properties of it": (
        [result("gradient[abs]", fault=Fault("abs")), result("kinks[abs]", fault=Fault("abs"))],
        ["", ""],
    ),
    "blocked by what has a root": (
        [
            result("two_losses", mistake=known("a")),
            result("fan_out", mistake=known("a")),
            result("history[lifetime]", Verdict.BLOCKED, root="fan_out"),
        ],
        ["", "two_losses", "two_losses"],
    ),
    "passes": ([result("fan_out", Verdict.PASS)], [""]),
}


@pytest.mark.parametrize("name", ROOTS)
def test_what_follows_stands_under_its_root(name: str):
    """Failures are grouped by their mistakes, then by their places; each is told once."""
    results, roots = ROOTS[name]
    assert [r.root for r in with_roots(results)] == roots


@pytest.mark.parametrize(
    "names",
    [("softmax",), ("stale",), ("mul leaks",), ("stale half",), ("exp", "sum of shares")],
    ids="+".join,
)
def test_engines_that_nobody_tuned_it_to_are_told_their_mistakes(
    names: Sequence[str], make_exam: Any
):
    """Faults in the source of other engines get the right sentence, or none where none is known."""
    rows = [UNSEEN[name] for name in names]
    exams = [make_exam(row.property) for row in rows]
    with wrong_engine(*rows) as subject:
        for row, exam in zip(rows, exams, strict=True):
            (found,) = examine(exam, subject)
            assert found.finding is not None
            assert is_told(row, found.finding.mistake), found.finding.mistake


@pytest.mark.parametrize("op", ["mul", "where", "tanh", "sum"])
def test_what_is_likely_on_an_op_is_about_that_op(op: str):
    """Kinds of faults that the catalogue has on other ops are tried on this one, too."""
    found = likely_on(op)
    assert {bug.place.op for bug in found} == {op}
    assert not any(bug.equivalent for bug in found)
    known = {bug.id for bug in BUGS.values() if bug.place.op == op and bug.base == "reference"}
    assert {bug.id for bug in found} > {name for name in known if not BUGS[name].equivalent}


def test_of_thousands_of_steps_only_faults_that_need_so_many_are_suspected():
    """Each suspect runs the program, which takes a second where it is as long as that."""
    entry = CATALOGUE["deep_chains"]
    chain = Program((Leaf(Array((), (1.0,))), *(Apply("neg", (k,)) for k in range(1000))))
    few = suspects(entry, "", set(), chain)
    many = suspects(entry, "", set(), Program(chain.instructions[:100]))
    assert all(entry.id in bug.killers for bug in few)
    assert 0 < len(few) < len(many)


def test_no_bug_is_tried_twice():
    """What the catalogue has on an op is there once, as the catalogue has it."""
    found = likely_on("add")
    assert len({bug.id for bug in found}) == len(found)
    assert all(BUGS.get(bug.id, bug) is bug for bug in found)


@pytest.mark.parametrize(
    ("submission", "name", "bug"),
    [
        ("wrong_tanh", "gradient[tanh]", "tanh.one_missing"),
        ("wrong_unbroadcast", "broadcasting[add]", "add.first_new_axis_alone"),
        ("wrong_unbroadcast", "broadcasting[mul]", "mul.first_new_axis_alone"),
    ],
)
def test_the_mistake_of_a_submission_is_named(
    submission: str, name: str, bug: str, verdicts_of: Callable[..., Results]
):
    """What the summaries of the sample class say is what its students are told."""
    mistake = finding_of(load(SUBMISSIONS / submission), name, verdicts_of).mistake
    assert mistake is not None
    assert mistake.bugs == (bug,)
