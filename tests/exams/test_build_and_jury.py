"""Exams: the same from the same arguments, and never with an answer that a witness disputes."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import reference
from gradcheck_suite.errors import JuryError
from gradcheck_suite.exams.build import Audience, build, draw_cases
from gradcheck_suite.exams.exam import Case, Exam
from gradcheck_suite.exams.jury import case_of, certify, certify_symbolically, witness_names
from gradcheck_suite.oracles.answer import Interval, Sheet
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs as needs_of
from gradcheck_suite.program.instructions import Apply, Backward, Leaf, Observe, Program
from gradcheck_suite.properties.catalogue import CATALOGUE
from reference.operators import OPS
from reference.row import Rule

IDS = ("value[tanh]", "gradient[getitem]", "two_losses", "training_step")
SCRIPT = f"""
import hashlib
from gradcheck_suite.exams.build import build
exam = build({IDS!r}, seed=5, n_cases=4)
text = repr([(k, [(c.program, c.sheets, sorted(c.needs), sorted(c.relies_on)) for c in cs])
             for k, cs in exam.cases.items()])
print(hashlib.sha256(text.encode()).hexdigest())
"""


def digest(exam: Exam) -> str:
    """Return a hash of all that is in an exam."""
    text = repr(
        [
            (k, [(c.program, c.sheets, sorted(c.needs), sorted(c.relies_on)) for c in cs])
            for k, cs in exam.cases.items()
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()


def tanh_program(value: float = 0.5) -> Program:
    """Return the gradient of tanh at a number."""
    leaf = Leaf(Array((), (value,)))
    return Program((leaf, Apply("tanh", (0,)), Backward(1), Observe("grad", 0)))


def test_the_same_arguments_give_the_same_exam():
    """Two exams from one seed are equal, answers and all."""
    assert build(IDS, seed=5, n_cases=4) == build(IDS, seed=5, n_cases=4)


def test_another_process_with_another_hash_seed_gives_the_same_exam():
    """Nothing in an exam depends on the order of sets or on what else was imported."""
    here = digest(build(IDS, seed=5, n_cases=4))
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


def test_another_seed_gives_another_exam():
    """A practice exam tells nothing of the graded one."""
    first, second = (build(("gradient[tanh]",), seed=s, n_cases=6) for s in (1, 2))
    assert digest(first) != digest(second)


def test_one_property_does_not_move_another():
    """The cases of a property depend on the seed and its id alone."""
    alone = build(("two_losses",), seed=5, n_cases=4)
    assert alone.cases["two_losses"] == build(IDS, seed=5, n_cases=4).cases["two_losses"]


def test_cases_are_different_and_smallest_first():
    """No program is asked twice in a world, and reports show the simplest first."""
    cases = draw_cases(CATALOGUE["expressions"], "scalar", 1, 10)
    lengths = [len(case.program.instructions) for case in cases]
    assert len({case.program for case in cases}) == len(cases) > 5
    assert lengths == sorted(lengths)


def test_progress_is_told_property_by_property():
    """The builder reports how many properties are done."""
    seen: list[tuple[int, int]] = []
    build(IDS[:2], seed=1, n_cases=1, on_progress=lambda *report: seen.append(report))
    assert seen == [(1, 2), (2, 2)]


def test_an_undecidable_program_is_no_case():
    """A tie is left out instead of guessed."""
    leaf = Leaf(Array((), (1.0,)))
    program = Program((leaf, leaf, Apply("maximum", (0, 1)), Observe("value", 2)))
    assert case_of(CATALOGUE["value[maximum]"], program) is None


def test_an_undecidable_draw_does_not_enter_an_exam(monkeypatch: pytest.MonkeyPatch):
    """What the oracle cannot decide is drawn again, not asked."""
    before = build(("value[tanh]",), seed=5, n_cases=4).cases["value[tanh]"]
    dropped = before[0].program
    original: Callable[..., Case | None] = case_of

    def refuse(entry: Any, program: Program) -> Case | None:
        return None if program == dropped else original(entry, program)

    monkeypatch.setattr("gradcheck_suite.exams.build.case_of", refuse)
    after = build(("value[tanh]",), seed=5, n_cases=4).cases["value[tanh]"]
    assert dropped not in [case.program for case in after]
    assert len(after) >= len(before) - 1


def test_a_wrong_witness_stops_the_build(monkeypatch: pytest.MonkeyPatch):
    """A reference rule that is off stops the build, and the error shows property and witness."""
    rules = OPS["tanh"].row.vjps
    bent = Rule(lambda t, *needs: rules_before.function(t, *needs) * (1 + 1e-10), rules["x"].needs)
    rules_before = rules["x"]
    monkeypatch.setitem(rules, "x", bent)
    with pytest.raises(JuryError, match=r"gradient\[tanh\]: reference float64 stands alone") as e:
        build(("gradient[tanh]",), seed=1, n_cases=4)
    assert "reference.tanh(a)" in str(e.value)


def moved(case: Case, by: float) -> Case:
    """Return ``case`` with every midpoint moved: an oracle that is wrong."""
    found = []
    for sheet in case.sheets:
        answers = tuple(
            (k, replace(a, middle=tuple(m * (1 + by) for m in a.middle)))
            if isinstance(a, Interval)
            else (k, a)
            for k, a in sheet.answers
        )
        found.append(Sheet(sheet.choices, answers))
    return replace(case, sheets=tuple(found))


def test_sympy_sees_a_wrong_oracle():
    """A midpoint that is off by 1e-10 contradicts the derivative of the whole expression."""
    entry = CATALOGUE["gradient[tanh]"]
    case = case_of(entry, tanh_program())
    assert case is not None
    assert certify_symbolically(entry, case)
    with pytest.raises(JuryError, match=r"gradient\[tanh\]: SymPy stands alone"):
        certify_symbolically(entry, moved(case, 1e-10))


def test_an_engine_witness_sees_a_wrong_oracle():
    """A midpoint that is off by 1e-10 contradicts the reference."""
    entry = CATALOGUE["gradient[tanh]"]
    case = case_of(entry, tanh_program())
    assert case is not None
    certify(entry, case)
    with pytest.raises(JuryError, match="stands alone"):
        certify(entry, moved(case, 1e-10))


def test_sympy_has_nothing_to_say_of_sessions():
    """A program of two backward passes is no closed form."""
    program = tanh_program()
    twice = Program((*program.instructions[:-1], Apply("tanh", (0,)), Backward(3)))
    entry = CATALOGUE["accumulation"]
    case = case_of(entry, twice)
    assert case is not None
    assert not certify_symbolically(entry, case)


def test_the_witnesses_are_written_into_the_exam():
    """Who was asked stands in the exam: the reference in both precisions, and SymPy at the end."""
    exam = build(("value[add]",), seed=1, n_cases=1)
    assert exam.witnesses == witness_names()
    assert exam.witnesses[:2] == ("reference float64", "reference float32")
    assert exam.witnesses[-1] == "SymPy"


def test_a_case_has_one_sheet_for_each_answer_that_differs():
    """Gradients of results are kept or not: two sheets; without conventions there is one."""
    exam = build(("nonleaf_gradients", "value[add]"), seed=1, n_cases=2)
    assert {len(case.sheets) for case in exam.cases["nonleaf_gradients"]} == {2}
    assert {len(case.sheets) for case in exam.cases["value[add]"]} == {1}


@pytest.mark.needs_module("torch")
def test_torch_is_a_witness_where_it_is_installed():
    """Another library by other people sits in the jury."""
    assert {"torch float64", "torch float32"} <= set(witness_names())


def test_the_jury_leaves_the_reference_recording():
    """Asking the witnesses about modes leaves no mode switched."""
    build(("modes_restored", "enable_grad_inside"), seed=1, n_cases=3)
    assert reference.is_grad_enabled()


def lacking(seen: list[Program], *needs: str) -> Audience:
    """Return an audience of scalars that lacks what of ``needs`` a program has."""

    def lacks(program: Program) -> frozenset[str]:
        seen.append(program)
        return frozenset(needs_of(program) & {*needs})

    return Audience(("scalar",), lacks, ("reference",))


def test_what_an_audience_lacks_is_not_drawn_for_again_and_again():
    """Where the first few programs lack hooks, say, the others are not drawn; one tells why."""
    entry = CATALOGUE["hooks_on_results"]
    seen: list[Program] = []
    (case,) = draw_cases(entry, "scalar", 1, 40, lacking(seen, "hook"))
    assert len(seen) < 10
    assert "hook" in case.needs
    assert case.sheets == ()


def test_shapes_and_ops_that_are_lacking_are_no_reason_to_give_up():
    """An op that many programs have and the audience has not leaves those without it."""
    seen: list[Program] = []
    cases = draw_cases(CATALOGUE["expressions"], "scalar", 1, 6, lacking(seen, "op:mul", "op:add"))
    assert len(cases) > 1
    assert all(case.sheets and not case.needs & {"op:mul", "op:add"} for case in cases)


def test_the_witnesses_may_be_fewer():
    """An exam that is not kept is put to the reference alone, beside SymPy."""
    audience = Audience(("scalar",), None, ("reference",))
    exam = build(["gradient[tanh]"], seed=1, n_cases=2, audience=audience)
    assert exam.witnesses == ("reference float64", "reference float32", "SymPy")


def test_the_cases_for_one_engine_are_divided_among_its_worlds():
    """What is asked of arrays alone is drawn as for everybody, the rest half as often in each."""
    one, all_ = (
        build(["two_losses", "gradient_shapes"], seed=1, n_cases=12, audience=audience)
        for audience in (Audience(witnesses=("reference",), is_one=True), Audience())
    )
    few, many = (len(exam.cases["two_losses"]) for exam in (one, all_))
    assert 12 <= few < 20 <= many
    assert len(one.cases["gradient_shapes"]) == len(all_.cases["gradient_shapes"])


def test_nobody_is_asked_about_what_is_too_long():
    """A chain of thousands of ops goes without witnesses where the audience says so."""
    audience = Audience(("scalar",), None, ("reference",), longest=5)
    exam = build(["fan_out"], seed=1, n_cases=8, audience=audience)
    asked = {len(case.program.instructions) <= 5: case.agreed for case in exam.cases["fan_out"]}
    assert "reference float64" not in asked[False]
