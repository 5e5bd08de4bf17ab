"""Verdicts: what a wrong engine loses, and what it keeps."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ContextDecorator, nullcontext
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, ClassVar

import numpy as np
import pytest

import reference
from gradcheck_suite.bugs.bug import module
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.dialect import UNLESS_FIXED
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Lost, Outcomes
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.program.instructions import Program
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict

Results = dict[str, PropertyResult]


def bad(results: Results) -> set[str]:
    """Return the ids that speak against the engine."""
    return {name for name, result in results.items() if result.verdict.is_bad}


def blocked(results: Results) -> set[str]:
    """Return the ids that were left out because of others."""
    return {name for name, r in results.items() if r.verdict is Verdict.BLOCKED}


def test_a_right_engine_passes_everything(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """The reference loses nothing on the whole catalogue."""
    found = verdicts_of(make_engine())
    assert {r.verdict for r in found.values()} == {Verdict.PASS}


@pytest.mark.parametrize("ops", [("tanh",), ("tanh", "exp"), ("tanh", "exp", "mul")], ids="+".join)
def test_a_broken_op_costs_its_own_gradient_alone(
    ops: tuple[str, ...],
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """One, two or three broken ops fail exactly their gradients; nothing else counts them again."""
    engine = make_engine({op: wrong[op] for op in ops})
    found = verdicts_of(engine, with_findings=False)
    own = {f"gradient[{op}]" for op in ops}
    assert bad(found) == own


def test_what_cannot_be_judged_without_a_broken_op_is_blocked(
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """Properties of mul that need its gradient, and nothing else, are blocked and say by what."""
    found = verdicts_of(make_engine({"mul": wrong["mul"]}), with_findings=False)
    assert blocked(found) >= {"broadcasting[mul]", "numbers[mul]"}
    assert found["broadcasting[mul]"].reason == "relies on gradient[mul]"


def test_a_broken_value_blocks_the_gradient(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """A wrong forward is told once: the gradient of the same op is blocked by it."""
    engine = make_engine({"sin": "reference.sin(x) * 1.0000000001"})
    found = verdicts_of(engine, "value[sin]", "gradient[sin]")
    assert [r.verdict for r in found.values()] == [Verdict.FAIL, Verdict.BLOCKED]


def test_a_broken_op_leaves_expressions_without_it_to_be_judged(
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """Expressions are judged on the cases that do not use the broken op."""
    found = verdicts_of(make_engine({"tanh": wrong["tanh"]}), with_findings=False)
    n_all = verdicts_of(make_engine(), with_findings=False)["expressions"].n_judged
    assert found["expressions"].verdict is Verdict.PASS
    assert 0 < found["expressions"].n_judged < n_all


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"no_grad": "nullcontext()"}, "no_grad_results"),
        ({"detach": "x"}, "detached_paths"),
        ({"retain_grad": "None"}, "retained_gradients"),
        ({"is_leaf": "False"}, "is_leaf_flags"),
    ],
)
def test_a_structural_fault_is_named(
    fields: dict[str, str],
    name: str,
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """A fault of structure fails the property that it is about, and no gradient of an op."""
    found = verdicts_of(make_engine(names={"nullcontext": nullcontext}, **fields))
    assert name in bad(found)
    assert not [other for other in bad(found) if "[" in other]


def test_an_engine_in_float32_passes(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """An engine that computes in float32 is judged by float32's half-widths."""
    found = verdicts_of(make_engine(dtype="float32"))
    assert {r.verdict for r in found.values()} == {Verdict.PASS}


def test_gradients_in_float64_of_values_in_float32_pass(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Data in float32 with gradients in float64 is honest, also without a value property."""
    engine = make_engine(
        {"tanh": "reference.tanh(x)"},
        names={"wide": lambda g: None if g is None else g.data.astype(float) * (1 + 1e-9)},
        dtype="float32",
        grad="wide(x.grad)",
    )
    found = verdicts_of(engine, "gradient[tanh]")
    assert found["gradient[tanh]"].verdict is Verdict.PASS


def test_a_wrong_value_that_float32_can_hold_does_not_coarsen_the_rest(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """An op that returns zeros does not make the engine one of float32: a slip of 1e-9 is seen."""
    engine = make_engine({"exp": "x * 0", "tanh": "reference.tanh(x) * (1 + 1e-9)"})
    found = verdicts_of(engine, "value[exp]", "value[tanh]")
    assert bad(found) == {"value[exp]", "value[tanh]"}


def test_few_capabilities_make_the_rest_not_applicable(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """What an engine has no means for is neither passed nor failed, and the reason names it."""
    known = dict(known_engine("reference").spelling.ops)
    few = Spelling(
        name="few",
        leaf="reference.Tensor(number, requires_grad=True)",
        imports=("import reference",),
        ops=(("add", known["add"]), ("mul", known["mul"])),
        can=frozenset({"rank:0"}),
    )
    engine = SpelledEngine(few, known_engine("reference").namespace)
    found = verdicts_of(engine)
    passed = {name for name, r in found.items() if r.verdict is Verdict.PASS}
    assert {"value[add]", "gradient[mul]", "operand_twice", "fan_out"} <= passed
    assert not bad(found)
    assert found["gradient[tanh]"].verdict is Verdict.NOT_APPLICABLE
    assert found["gradient[tanh]"].reason == "tanh"


def test_a_required_op_that_is_missing_fails(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Without an op that the assignment requires, the properties about it fail and say so."""
    spelling = known_engine("reference").spelling
    without = tuple((name, text) for name, text in spelling.ops if name != "tanh")
    engine = make_engine()
    engine = SpelledEngine(
        replace(spelling, ops=without, can=spelling.can - {"op:tanh"}), engine.namespace
    )
    found = verdicts_of(engine, "gradient[tanh]", required=frozenset({"tanh"}))
    assert found["gradient[tanh]"].verdict is Verdict.FAIL
    assert found["gradient[tanh]"].reason == "tanh is required, and was not found"


def test_an_op_that_raises_is_an_error(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """An exception where there must be none is an error, and its message is the reason."""
    found = verdicts_of(make_engine({"cos": "x.no_such_method()"}), "value[cos]")
    assert found["value[cos]"].verdict is Verdict.ERROR
    assert "AttributeError" in found["value[cos]"].reason


def test_conventions_that_change_from_case_to_case_fail(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """Raising on one second backward and adding on another is no convention."""
    calls: list[object] = []

    def backward(x: object, cotangent: object) -> None:
        calls.append(x)
        given = None if cotangent is None else known_engine("reference").namespace["reference"]
        seed = None if given is None else given.Tensor(cotangent)
        x.backward(seed, retain_graph=len(calls) % 4 < 2)

    engine = make_engine(names={"run": backward}, backward="run(x, cotangent=cotangent)")
    engine.namespace["run"] = lambda x, cotangent=None: backward(x, cotangent)
    result = verdicts_of(engine, "second_backward")["second_backward"]
    assert result.verdict is Verdict.FAIL
    assert "a convention of its own (accumulation, second_backward)" in result.reason


def test_a_convention_is_reported(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """What the engine chose, where right engines differ, stands in the result of the pass."""
    found = verdicts_of(make_engine(), "second_backward", "nonleaf_gradients")
    choices = [result.choices for result in found.values()]
    assert choices == [
        ((("accumulation", "adds"), ("second_backward", "raises")),),
        ((("nonleaf_grad", "none"),),),
    ]


def cut_later(x: reference.Tensor, flag: bool) -> None:
    """Have a result forget where it came from; what was made of it knows."""
    if x.is_leaf:
        x.requires_grad = flag
    else:
        x.node = None


def cut_for_good(x: reference.Tensor, flag: bool) -> None:
    """Have a result block every gradient."""
    if not x.is_leaf:
        x.register_hook(lambda gradient: gradient * 0)
    cut_later(x, flag)


@pytest.mark.parametrize(("switch", "choice"), [(cut_later, "later"), (cut_for_good, "always")])
def test_a_result_may_be_cut_off_by_its_flag(
    switch: Callable[..., None],
    choice: str,
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """Where requires_grad is an attribute like any other it counts from then on, or for good."""
    engine = make_engine(names={"switch": switch}, set_requires_grad="switch(x, flag)")
    found = verdicts_of(engine, "switched_leaves", "switched_results")
    assert {result.verdict for result in found.values()} == {Verdict.PASS}
    assert found["switched_results"].choices == ((("switched_result", choice),),)


@pytest.mark.parametrize(
    ("fixed", "verdict"),
    [({}, Verdict.PASS), ({"constant_grad": "kept"}, Verdict.PASS), (UNLESS_FIXED, Verdict.FAIL)],
    ids=["open", "kept", "by default"],
)
def test_constants_get_a_gradient_where_a_course_lets_them(
    fixed: Mapping[str, str], verdict: Verdict, make_exam: Callable[..., Exam]
):
    """An engine that gives every leaf a gradient is right in needle's dialect alone."""
    exam = make_exam("requires_grad_flags")
    with BUGS["constants-recorded"].engine() as engine:
        (result,) = examine(exam, InProcess(engine), fixed=fixed, with_findings=False)
    assert result.verdict is verdict


def test_nobody_has_to_give_constants_a_gradient(
    make_engine: Callable[..., SpelledEngine], verdicts_of: Callable[..., Results]
):
    """What is right by the rule stays right where a course settles on the other choice."""
    fixed = {"constant_grad": "kept", "switched_result": "later"}
    found = verdicts_of(make_engine(), "requires_grad_flags", "switched_results", fixed=fixed)
    assert {result.verdict for result in found.values()} == {Verdict.PASS}


def runs_in_the_block_of(frame: FrameType) -> bool:
    """Tell whether ``frame`` is among those that are running: a suspended one is not."""
    running = sys._getframe()
    while running is not None and running is not frame:
        running = running.f_back
    return running is frame


class NotOutside(ContextDecorator):
    """A no_grad that holds for what is called from its block, and for nothing else."""

    frames: ClassVar[list[FrameType]] = []

    def __enter__(self) -> None:
        self.frames.append(sys._getframe(1))

    def __exit__(self, *error: object) -> None:
        self.frames.pop()


class Switch:
    """The reference's switch, which is off in the blocks of NotOutside as well."""

    own = True

    @property
    def enabled(self) -> bool:
        """Whether operations are recorded."""
        return self.own and not any(map(runs_in_the_block_of, NotOutside.frames))

    @enabled.setter
    def enabled(self, flag: bool) -> None:
        self.own = flag


def test_a_mode_that_waits_with_its_generator_is_a_convention(
    make_engine: Callable[..., SpelledEngine],
    make_exam: Callable[..., Exam],
    verdicts_of: Callable[..., Results],
    monkeypatch: pytest.MonkeyPatch,
):
    """Outside of a suspended generator its mode holds in most engines, and in some it does not."""
    names = ("no_grad_results", "modes_restored", "modes_of_generators")
    make_exam(*names)  # by the right reference
    monkeypatch.setattr(module("modes"), "_SWITCH", Switch())
    engine = make_engine(no_grad="outside()")
    engine.namespace["outside"] = NotOutside
    found = verdicts_of(engine, *names, with_findings=False)
    assert [found[name].verdict for name in names] == [Verdict.PASS] * 3
    assert found[names[-1]].choices == ((("suspended_generator", "keeps"),),)


@pytest.mark.parametrize(("choice", "verdict"), [("raises", Verdict.PASS), ("adds", Verdict.FAIL)])
def test_a_convention_that_a_course_fixes_is_the_only_right_one(
    make_engine: Callable[..., SpelledEngine], make_exam: Callable[..., Exam], choice, verdict
):
    """The reference raises on a second backward: right where that is asked for, else wrong."""
    subject = InProcess(make_engine())
    fixed = {"second_backward": choice}
    (result,) = examine(make_exam("second_backward"), subject, fixed=fixed, with_findings=False)
    assert result.verdict.is_bad == verdict.is_bad


@dataclass
class LostSubject:
    """A subject that loses every Program in one way."""

    lost: Lost
    spelling: Spelling
    capabilities: frozenset[str]
    n_runs: int = 0

    def run(self, program: Program) -> Outcomes | Lost:
        """Lose the Program."""
        self.n_runs += 1
        return self.lost

    def run_each(self, programs: Iterable[Program]) -> Iterator[Outcomes | Lost]:
        """Run one after the other."""
        return map(self.run, programs)

    def restart(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("kind", "verdict", "n_runs"),
    [
        ("timeout", Verdict.ERROR, 2),
        ("died", Verdict.ERROR, 2),
        ("protocol", Verdict.ERROR, 2),
        ("deadline", Verdict.INCONCLUSIVE, 1),
        ("infrastructure", Verdict.INFRASTRUCTURE, 1),
    ],
)
def test_a_lost_program_has_the_verdict_of_its_kind(
    kind: str, verdict: Verdict, n_runs: int, make_exam: Callable[..., Exam]
):
    """The submission's doing is an error, a clock that ran out and our own fault are not."""
    engine = InProcess(known_engine("reference"))
    subject = LostSubject(Lost(kind, "why"), engine.spelling, engine.capabilities)
    (result,) = examine(make_exam("value[tanh]"), subject)
    assert (result.verdict, result.reason, subject.n_runs - 1) == (verdict, "why", n_runs)
    assert (result.finding is not None) == verdict.is_bad


def test_a_program_that_hangs_is_shown(make_exam: Callable[..., Exam]):
    """It is not made smaller; of a long one, whose lines are alike, the ends have to do."""
    engine = InProcess(known_engine("reference"))
    subject = LostSubject(Lost("timeout", "no answer"), engine.spelling, engine.capabilities)
    (short, long) = examine(make_exam("gradient[tanh]", "stacked_doublings"), subject)
    assert short.finding.listing.splitlines()[-3:] == ["b.backward()", "a.grad", "# no answer"]
    assert short.finding.title == "gradient[tanh]: no answer"
    assert (short.finding.fault.op, short.finding.snippet) == ("tanh", "")
    shown = long.finding.listing.splitlines()
    assert (len(shown), shown[-1], long.finding.fault.claim) == (18, "# no answer", "paths")
    assert shown[8].endswith(" lines like these ...")


@dataclass
class Silent(LostSubject):
    """A subject whose worker answers, and says nothing."""

    def run(self, program: Program) -> Outcomes | Lost:
        """Lose the Program."""
        return {}


def test_silence_is_not_right(make_exam: Callable[..., Exam]):
    """A worker that sends back no observation at all does not pass."""
    engine = InProcess(known_engine("reference"))
    subject = Silent(Lost("died", ""), engine.spelling, engine.capabilities)
    (result,) = examine(make_exam("value[tanh]"), subject, with_findings=False)
    assert result.verdict is Verdict.FAIL
    assert result.reason.startswith("got nothing, expected ")


def test_an_isolated_property_is_restarted_before_and_after(make_exam: Callable[..., Exam]):
    """A property that may leave a mode switched has a worker of its own."""
    restarts: list[None] = []
    subject = InProcess(known_engine("reference"))
    subject.restart = lambda: restarts.append(None)
    examine(make_exam("modes_restored"), subject)
    assert len(restarts) == 2


CREATE_GRAPH = ("differentiable_gradients", "constant_gradients", "second_derivative[tanh]")


@pytest.mark.parametrize(
    ("backward", "ops", "failed"),
    [
        ("x.backward(reference.Tensor(cotangent), retain_graph=True)", {}, CREATE_GRAPH[:1]),
        ("x.backward(reference.Tensor(cotangent), create_graph=True)", {}, CREATE_GRAPH[1:2]),
        ("", {"tanh": "flat_tanh(x)"}, CREATE_GRAPH[2:]),
    ],
    ids=["never", "always", "not of tanh"],
)
def test_a_wrong_create_graph_is_told_once(
    backward: str,
    ops: dict[str, str],
    failed: tuple[str, ...],
    make_engine: Callable[..., SpelledEngine],
    make_exam: Callable[..., Exam],
):
    """Gradients that are never recorded, always recorded, or not by one rule: one failure each."""
    fields = {"backward": backward} if backward else {}
    engine = make_engine(ops, {"flat_tanh": FlatTanh.apply}, **fields)
    results = examine(make_exam(*CREATE_GRAPH), InProcess(engine), with_findings=False)
    assert tuple(r.property for r in results if r.verdict.is_bad) == failed


class FlatTanh(reference.Function):
    """tanh, with a rule on bare arrays."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Keep the numbers of the result."""
        ctx.slope = 1 - np.tanh(x.data) ** 2
        return reference.tanh(x)

    @staticmethod
    def backward(ctx: Any, cotangent: Any) -> Any:
        """Multiply by a constant."""
        return cotangent * ctx.slope


def test_progress_counts_every_case(make_exam: Callable[..., Exam]):
    """The last report of progress has all cases done."""
    seen: list[tuple[str, int, int]] = []
    exam = make_exam("value[tanh]", "gradient[tanh]")
    subject = InProcess(known_engine("reference"))
    examine(exam, subject, on_progress=lambda *report: seen.append(report))
    assert seen[-1] == ("gradient[tanh]", exam.n_programs, exam.n_programs)


def test_two_examinations_are_equal(
    wrong: Mapping[str, str],
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
):
    """The same engine has the same results twice, findings and all."""
    ids = ("gradient[tanh]", "gradient[exp]", "expressions", "training_step")
    first, second = (verdicts_of(make_engine(wrong), *ids) for _ in range(2))
    assert first == second


def test_results_come_in_the_order_of_the_exam(make_exam: Callable[..., Exam]):
    """Whatever is judged first, results stand in the exam's own order."""
    ids = ("expressions", "gradient[mul]", "value[mul]")
    found = examine(make_exam(*ids), InProcess(known_engine("reference")))
    assert tuple(result.property for result in found) == ids


def test_counts_are_those_of_the_cases(
    make_engine: Callable[..., SpelledEngine],
    verdicts_of: Callable[..., Results],
    make_exam: Callable[..., Exam],
):
    """A pass says on how many cases and numbers it rests."""
    result = verdicts_of(make_engine(), "value[add]")["value[add]"]
    cases = make_exam("value[add]").cases["value[add]"]
    n_elements = sum(len(a.middle) for c in cases for _, a in c.sheets[0].answers)
    assert (result.n_judged, result.n_failed, result.n_elements) == (len(cases), 0, n_elements)


def test_every_level_is_judged_after_the_one_below(make_exam: Callable[..., Exam]):
    """Properties are examined from the lowest level up."""
    seen: list[int] = []
    examine(
        make_exam(),
        InProcess(known_engine("reference")),
        on_progress=lambda name, *_: seen.append(CATALOGUE[name].level),
    )
    assert seen == sorted(seen)
