"""The pytest plugin: items for properties, with stable ids, in any number of workers."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_suite.properties.catalogue import CATALOGUE

ENGINE = Path(__file__).parents[2] / "submissions" / "wrong_tanh"
PLUGIN = "gradcheck_suite.pytest_plugin"


@pytest.fixture
def check(pytester: pytest.Pytester) -> "Check":
    """Return a function that runs pytest with the plugin in an empty folder."""
    return Check(pytester)


class Check:
    """pytest with the plugin, in a process of its own."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, *arguments: str, engine: str = "reference") -> pytest.RunResult:
        """Return the result of a run on ``engine``."""
        named = (f"--gradcheck-engine={engine}",) if engine else ()
        arguments = (*_load(), *named, "--gradcheck-cases", "1", *arguments)
        return self.pytester.runpytest_subprocess(*arguments)


def _load() -> tuple[str, ...]:
    """Return the option that loads the plugin, unless it is installed and loads itself."""
    from importlib.metadata import entry_points

    installed = {point.value for point in entry_points(group="pytest11")}
    return () if PLUGIN in installed else ("-p", PLUGIN)


def test_every_property_is_an_item(check: Check) -> None:
    """Without any test file, the ids of the catalogue are collected in its order."""
    result = check("--collect-only", "-q")
    assert result.ret == 0
    ids = [line for line in result.outlines if line.startswith("gradcheck::")]
    assert ids == [f"gradcheck::{name}" for name in CATALOGUE]


def test_without_an_engine_nothing_is_collected(check: Check) -> None:
    """The plugin adds no item to a project that does not ask for it."""
    assert check(engine="").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_loading_costs_nothing() -> None:
    """The module imports pytest and our exceptions, and no other module of the suite."""
    code = (
        f"import sys, pytest; before = set(sys.modules); import {PLUGIN}\n"
        "ours = {m for m in set(sys.modules) - before}\n"
        f"allowed = {{'gradcheck_suite', 'gradcheck_suite.errors', '{PLUGIN}'}}\n"
        "assert ours <= allowed, ours - allowed"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_right_engine_passes(check: Check) -> None:
    """``-k`` selects items as for any test."""
    check("-k", "gradient and matmul").assert_outcomes(passed=1, deselected=len(CATALOGUE) - 1)


def test_the_summary_says_how_much_was_judged(check: Check) -> None:
    """What ran, and how many numbers it gave, stands at the end."""
    result = check("--gradcheck-property", "gradient[tanh]")
    result.stdout.fnmatch_lines(
        [
            "*= gradcheck =*",
            "reference reference: tensors, * ops*",
            "  * programs, * numbers judged, 0 outside of their interval",
        ]
    )


def test_a_failure_shows_the_finding_and_no_traceback(check: Check) -> None:
    """The report has the program, the lesson and the script."""
    result = check("gradcheck::gradient[tanh]", engine=str(ENGINE))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "tanh has a wrong derivative",
            "*b.backward()",
            "*a.grad*# got *, expected *",
            "*A script that shows it by itself:",
            "FAILED gradcheck::gradient[[]tanh]*",
        ],
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_what_does_not_apply_is_skipped_with_its_reason(check: Check) -> None:
    """An engine without detach is not failed for it."""
    result = check("-rs", "--gradcheck-property", "detach, no_grad", engine=str(ENGINE))
    assert set(result.parseoutcomes()) == {"skipped"}
    result.stdout.fnmatch_lines(["SKIPPED*not there: *"])


def test_workers_collect_the_same(check: Check) -> None:
    """Under pytest-xdist, every item runs once."""
    result = check("-n", "2", "--gradcheck-property", "value of each op")
    n = sum(entry.theme == "value of each op" for entry in CATALOGUE.values())
    result.assert_outcomes(passed=n)


def test_an_id_that_was_printed_can_be_run(check: Check) -> None:
    """A node id on the command line selects that item, and no file is looked for."""
    check.pytester.makepyfile("def test_other(): assert False")
    check("gradcheck::value[add]", "gradcheck::value[mul]").assert_outcomes(passed=2)


def test_an_id_that_was_printed_below_the_root_can_be_run(check: Check) -> None:
    """From a folder of the project, pytest prints ids with the way to its root."""
    check("../gradcheck::value[add]").assert_outcomes(passed=1)


def test_an_id_can_be_run_by_workers(check: Check) -> None:
    """Workers of pytest-xdist select the same items."""
    check.pytester.makepyfile("def test_other(): assert False")
    check("-n", "2", "gradcheck::value[add]").assert_outcomes(passed=1)


def test_items_stand_beside_other_tests(check: Check) -> None:
    """A project's own tests are collected as ever."""
    check.pytester.makepyfile("def test_own(): pass")
    result = check("--gradcheck-property", "value[add]", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_own PASSED*", "gradcheck::value[[]add] PASSED*"])


def test_the_engine_can_stand_in_a_file(check: Check) -> None:
    """``gradcheck_engine`` in the configuration is the same as the option."""
    check.pytester.makeini("[pytest]\ngradcheck_engine = reference\n")
    check("--gradcheck-property", "value[add]", engine="").assert_outcomes(passed=1)


@pytest.mark.needs_module("micrograd")
def test_an_importable_class_can_be_named(check: Check) -> None:
    """``module:Class`` is examined in the process of the tests."""
    check("--gradcheck-property", "gradient[mul]", engine="micrograd.engine:Value").assert_outcomes(
        passed=1,
    )


@pytest.mark.parametrize(
    ("arguments", "engine", "part"),
    [
        ((), "tosh", "*did you mean 'torch'*"),
        (("--gradcheck-property", "nothing"), "reference", "*got the property 'nothing'*"),
        (("gradcheck::nothing",), "reference", "*got the property 'nothing'*"),
        (("--gradcheck-dialect", "needles"), "reference", "*did you mean 'needle'*"),
    ],
)
def test_wrong_usage_is_told_before_anything_runs(
    check: Check, arguments: tuple[str, ...], engine: str, part: str
) -> None:
    """A wrong name ends the run with pytest's status for wrong usage and one message."""
    result = check(*arguments, engine=engine)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([part])


def test_an_engine_that_cannot_be_loaded_fails_every_item_with_one_line(check: Check) -> None:
    """A file without an engine is told without a traceback."""
    check.pytester.makepyfile(engine="x = 1")
    result = check("--gradcheck-property", "value[a*]", engine="engine.py")
    assert set(result.parseoutcomes()) == {"failed"}
    result.stdout.no_fnmatch_line("*Traceback*")


OVERWRITING = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0.0

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for parent, _ in v.parents:
                    visit(parent)
                order.append(v)

        visit(self)
        for v in order:
            v.grad = 0.0
        self.grad = 1.0
        for v in reversed(order):
            for parent, slope in v.parents:
                parent.grad += slope * v.grad
"""


@pytest.mark.parametrize(
    ("dialect", "outcome"),
    [((), "failed"), (("accumulation=overwrites",), "passed"), (("needle",), "passed")],
)
def test_an_author_may_state_the_conventions(check: Check, dialect: tuple[str, ...], outcome: str):
    """An engine whose gradients do not add up is wrong, unless its author says that it is meant."""
    check.pytester.makepyfile(engine=OVERWRITING)
    said = [part for text in dialect for part in ("--gradcheck-dialect", text)]
    result = check("--gradcheck-property", "accumulation", *said, engine="engine.py")
    result.assert_outcomes(**{outcome: 1})


def test_conventions_may_stand_in_the_configuration(check: Check):
    """``gradcheck_dialect`` is the same as the option: torch's dialect is not needle's."""
    check.pytester.makeini("[pytest]\ngradcheck_dialect = torch accumulation=overwrites\n")
    check("--gradcheck-property", "accumulation").assert_outcomes(failed=1)


def test_a_listed_failure_is_expected(check: Check) -> None:
    """What the engine breaks and the list knows is an expected failure, with the reason."""
    (check.pytester.path / "known.md").write_text("why")
    (check.pytester.path / "known.toml").write_text(
        f"""["{ENGINE}"]\n"gradient[tanh]" = {{ reason = "a sign", report = "known.md" }}\n"""
    )
    asked = ("--gradcheck-property", "gradient[tanh]", "-rx")
    result = check(*asked, "--gradcheck-expected", "known.toml", engine=str(ENGINE))
    result.assert_outcomes(xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL gradcheck::gradient[[]tanh]*a sign (known.md)"])


def test_a_listed_property_that_holds_is_an_error(check: Check) -> None:
    """A fault that was mended has to come off the list; the list may stand in the configuration."""
    check.pytester.makeini("[pytest]\ngradcheck_expected = known.toml\n")
    (check.pytester.path / "known.toml").write_text(
        """[reference]\n"value[add]".reason = "a sign"\n"""
    )
    result = check("--gradcheck-property", "value[add]")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["value[[]add]: got a pass, expected the failure that is listed (a sign); take it off*"]
    )


def test_a_failure_that_is_not_listed_is_a_failure(check: Check) -> None:
    """The table of another engine is not that of this one."""
    (check.pytester.path / "known.toml").write_text(
        """[other]\n"gradient[tanh]".reason = "a sign"\n"""
    )
    asked = ("--gradcheck-property", "gradient[tanh]", "--gradcheck-expected", "known.toml")
    check(*asked, engine=str(ENGINE)).assert_outcomes(failed=1)
