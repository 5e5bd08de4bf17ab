"""The sample class: what is expected of each submission stands beside it, and is what comes out."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from gradcheck_suite.exams.build import build
from gradcheck_suite.grading.assignment import read_assignment
from gradcheck_suite.grading.events import SubmissionGraded
from gradcheck_suite.grading.examiner import SandboxExaminer
from gradcheck_suite.grading.rubric import rubric_of
from gradcheck_suite.grading.runner import run_class
from gradcheck_suite.grading.submissions import find_submissions

CLASS = Path(__file__).parents[2] / "submissions"
NAMES = sorted(path.parent.name for path in CLASS.glob("*/expected.toml"))
SPOKEN_OF = ("fail", "error", "blocked", "inconclusive", "infrastructure")


def grade_class():
    """Return the grade of every submission by its name, as the command line gives it."""
    task = read_assignment(CLASS / "assignment.toml")
    rubric = rubric_of(task)
    exam = build(rubric.ids, seed=task.exam.seed, n_cases=task.exam.cases)
    events = run_class(find_submissions(CLASS), rubric, SandboxExaminer(task, exam), 2)
    return {
        e.graded.grade.submission: e.graded.grade for e in events if isinstance(e, SubmissionGraded)
    }


def verdicts_of(grade):
    """Return the properties of each verdict that an expectation speaks of, and the passes."""
    found = defaultdict(list)
    for result in grade.results:
        found[result.verdict.value].append(result.property)
    return {v: found[v] for v in SPOKEN_OF if found[v]}, found["pass"]


@pytest.fixture(scope="session")
def grades():
    """Grade the whole class once."""
    return grade_class()


def test_every_submission_says_what_is_expected():
    """No folder of the class is without its expectation."""
    assert {path.name for path in CLASS.iterdir() if path.is_dir()} == set(NAMES)


@pytest.mark.xdist_group("sample class")
@pytest.mark.parametrize("name", NAMES)
def test_verdicts_are_those_expected(grades, name):
    """Each submission gets exactly the verdicts that its expectation names, and no others."""
    expected = tomllib.loads((CLASS / name / "expected.toml").read_text())
    grade = grades[name]
    verdicts, passed = verdicts_of(grade)
    told = {r.property: r.reason for r in grade.results if r.verdict.is_bad}
    assert verdicts == expected.get("verdicts", {}), told
    assert len(passed) == expected["n_pass"]
    assert expected.get("problem", "") in grade.problem
    assert bool(expected.get("problem")) == bool(grade.problem)


@pytest.mark.xdist_group("sample class")
def test_right_engines_lose_no_point(grades):
    """An engine that is right has every point that it could have."""
    right = [grade for name, grade in grades.items() if name.startswith("right_")]
    assert len(right) >= 3
    assert all(grade.points == grade.max_points > 0 for grade in right)


@pytest.mark.xdist_group("sample class")
def test_wrong_engines_lose_points(grades):
    """No engine that is wrong or hostile keeps every point."""
    wrong = [grade for name, grade in grades.items() if not name.startswith("right_")]
    assert len(wrong) >= 9
    assert all(grade.points < grade.max_points for grade in wrong)


@pytest.mark.xdist_group("sample class")
@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("wrong_")])
def test_snippets_show_the_wrong_number(grades, name):
    """Each script of a finding runs by itself beside the engine and prints what was told."""
    for result in grades[name].results:
        if result.finding is None:
            continue
        if not result.finding.comparisons:  # it has no answer
            assert not result.finding.snippet
            assert "no answer" in result.reason
            continue
        wrong = next(c for c in result.finding.comparisons if not c.right)
        done = subprocess.run(
            [sys.executable, "-c", result.finding.snippet],
            cwd=grades_folder(name),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(grades_folder(name))},
        )
        told = done.stdout + done.stderr
        if wrong.actual.startswith(("None", "no exception")) or ": " in wrong.actual:
            assert wrong.actual.partition(":")[0] in told, f"{result.property}: {told}"
        else:
            actual = numbers(wrong.actual.partition(" of shape")[0])
            shown = numbers(told.partition(f"{wrong.what} is")[2].partition("expected")[0])
            assert shown == pytest.approx(actual, rel=1e-4, abs=1e-6), f"{result.property}: {told}"


@pytest.mark.needs_module("torch")
@pytest.mark.xdist_group("sample class")
@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("wrong_")])
def test_scripts_for_torch_show_the_right_number(grades, name):
    """Each finding has a script that prints what torch makes of the program, or says why not."""
    from tests.diagnosis.torch_scripts import check_script

    findings = [r.finding for r in grades[name].results if r.finding is not None]
    for finding in findings:
        assert bool(finding.comparison_snippet) != bool(finding.not_compared)
        if finding.comparison_snippet:
            check_script(finding.comparison_snippet)


@pytest.mark.xdist_group("sample class")
def test_what_has_one_root_is_told_once(grades):
    """Five properties that stale intermediates break stand under the first of them."""
    results = grades["wrong_stale_intermediates"].results
    failed = [r for r in results if r.verdict.is_bad]
    assert [r.root for r in failed] == ["", *["two_losses"] * 4]
    assert {r.root for r in results if r.verdict == "blocked"} == {"two_losses"}


LIKELY = {
    "wrong_stale_intermediates": "intermediate gradients of the last pass are still there",
    "wrong_softmax_upstream": "the backward of softmax ignores the gradient that arrives",
    "wrong_getitem_repeated": "an index that comes twice",
    "wrong_nested_no_grad": "",
    "wrong_tanh": "it is 1 minus that",
}


@pytest.mark.xdist_group("sample class")
@pytest.mark.parametrize("name", LIKELY)
def test_a_likely_mistake_is_told_where_one_fits(grades, name):
    """What is wrong with an engine of the class, in words, where the catalogue has it."""
    first = next(r.finding for r in grades[name].results if r.finding is not None)
    if LIKELY[name] is None:
        assert first.mistake is None
    else:
        assert LIKELY[name] in first.mistake.sentences[0]


def grades_folder(name):
    """Return the folder of a submission of the sample class."""
    return CLASS / name


def numbers(text):
    """Return the numbers that are printed in a text; a script rounds them as the engine does."""
    return [float(word) for word in re.findall(r"-?\d+\.?\d*(?:e[-+]?\d+)?", text)]
