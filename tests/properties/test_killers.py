"""Every property has a killer: a bug of the catalogue that it fails, and that names it."""

from functools import cache

import numpy as np
import pytest

from gradcheck_suite.bugs.bug import Bug
from gradcheck_suite.bugs.catalogue import BUGS
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.protocol import Engine
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.exams.build import build
from gradcheck_suite.exams.exam import Exam
from gradcheck_suite.properties.catalogue import CATALOGUE
from gradcheck_suite.records import PropertyResult, Verdict

N_CASES = 8
N_HISTORIES = 16
WRONG = [bug for bug in BUGS.values() if not bug.equivalent]


@cache
def exam_of(name: str) -> Exam:
    """Return the exam of one property: of histories a long one, since each of them is another."""
    n_cases = N_HISTORIES if CATALOGUE[name].theme == "histories" else N_CASES
    return build([name], seed=3, n_cases=n_cases)


def result_of(name: str, engine: Engine) -> PropertyResult:
    """Return the result of one property, judged alone so that nothing can block it."""
    with np.errstate(all="ignore"):
        (result,) = examine(exam_of(name), InProcess(engine), with_findings=False)
    return result


def verdict_on(name: str, bug: Bug) -> Verdict:
    """Return what a property says of a bug; its exam is made before the reference is bent."""
    exam_of(name)
    with bug.engine() as engine:
        return result_of(name, engine).verdict


def killers_of(name: str) -> list[Bug]:
    """Return the bugs that name a property, those first that name no other."""
    return sorted((b for b in WRONG if name in b.killers), key=lambda b: len(b.killers))


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_property_fails_on_its_killers(name: str):
    """Every bug that names the property fails it: one that none fails would claim nothing."""
    named = killers_of(name)
    spared = [bug.id for bug in named if not verdict_on(name, bug).is_bad]
    assert named
    assert spared == []


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_a_property_passes_on_the_unpatched_reference(name: str):
    """The reference itself passes, with every case judged: the bugs alone make the failures."""
    result = result_of(name, known_engine("reference"))
    assert (result.verdict, result.n_judged) == (Verdict.PASS, len(exam_of(name).cases[name]))


# Equal operands of logaddexp, an ordinary point, are drawn by chance wherever it is asked for.
OF_POINTS = [
    bug
    for bug in WRONG
    if bug.theme in {"kinks", "numerical stability", "edges"} and bug.id != "logaddexp.at_equal"
]


@pytest.mark.parametrize("bug", OF_POINTS, ids=lambda bug: bug.id)
def test_a_bug_at_one_sort_of_point_is_right_everywhere_else(bug: Bug):
    """Value and gradient at ordinary points are right, whatever happens at the edge."""
    verdicts = [verdict_on(f"{what}[{bug.place.op}]", bug) for what in ("value", "gradient")]
    assert verdicts == [Verdict.PASS, Verdict.PASS]


@pytest.mark.parametrize(
    "bug", [b for b in BUGS.values() if b.equivalent and b.place.op], ids=lambda bug: bug.id
)
def test_another_formula_is_no_bug(bug: Bug):
    """What the catalogue calls equivalent passes the properties of its op."""
    op = bug.place.op
    names = [e.id for e in CATALOGUE.values() if e.op == op]
    assert [n for n in names if verdict_on(n, bug).is_bad] == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("value-seed-assigned", "accumulation"),
        ("grad-seed-dtype", "gradient_dtype"),
        ("nograd-generator", "modes_restored"),
        ("max-count-underflow", "kinks[max]"),
        ("index-fill-dup", "set_items"),
    ],
)
def test_a_change_that_nothing_shows_passes_what_comes_nearest(name: str, asked: str):
    """What the catalogue calls equivalent passes the property that might have seen it."""
    assert BUGS[name].equivalent
    assert verdict_on(asked, BUGS[name]) is Verdict.PASS


@pytest.mark.parametrize("op", ["take", "embedding", "gather", "getitem"])
def test_an_index_that_overwrites_gives_a_number(op: str):
    """What is wrong is what comes out for a row that comes twice: nothing is raised."""
    assert verdict_on(f"gradient[{op}]", BUGS[f"{op}.assigned"]) is Verdict.FAIL


def test_what_is_equivalent_about_no_op_has_a_test():
    """Each such change stands in the table above, or in that of the ops."""
    table = test_a_change_that_nothing_shows_passes_what_comes_nearest.pytestmark[0].args[1]
    of_structure = {b.id for b in BUGS.values() if b.equivalent and not b.place.op}
    assert of_structure == {name for name, _ in table}


# In which values are right: what is bent is a rule of reverse mode.
@pytest.mark.parametrize(
    "bug",
    [b for b in WRONG if b.theme == "derivative rules" and b.id.endswith((".sign", ".x_minus"))],
    ids=lambda bug: bug.id,
)
def test_a_wrong_derivative_leaves_the_value_alone(bug: Bug):
    """A wrong derivative costs nothing under the value of the op."""
    assert verdict_on(f"value[{bug.place.op}]", bug) is Verdict.PASS
