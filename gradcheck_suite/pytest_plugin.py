"""The pytest plugin: one test item for each property, for an engine author's own CI.

``pytest --gradcheck-engine micrograd.engine:Value`` collects ``gradcheck::gradient[tanh]`` and so
on beside whatever else there is to collect; ``-k``, ``--lf``, ``--collect-only`` and ``-n 2`` work
as for any test. The ids are those of the catalogue, in its order, whatever the engine, so that
all workers of pytest-xdist collect the same.

Whether a failure is told depends on simpler properties, so an engine is examined whole, once in
each process, when its first item runs; each item then reads its result. Without an engine named,
this module imports nothing but pytest and our exceptions.
"""

import re
from collections.abc import Generator, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from gradcheck_suite.errors import GradcheckError

if TYPE_CHECKING:
    from gradcheck_suite.grading.expected import Expected
    from gradcheck_suite.grading.practice import Practice
    from gradcheck_suite.records import PropertyResult

__all__ = [
    "EngineCollector",
    "PropertyFailedError",
    "PropertyItem",
    "pytest_addoption",
    "pytest_configure",
    "pytest_make_collect_report",
    "pytest_terminal_summary",
]

_NODE: Final = "gradcheck"
# As pytest prints it: below the root of the project, when that is not the working directory.
_NODE_ID: Final = re.compile(rf"(?:[^:]*/)?{_NODE}::(.+)")


_FOUND: "Final[pytest.StashKey[Practice]]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--gradcheck-engine`` and what goes with it."""
    group = parser.getgroup("gradcheck-suite", "checking an automatic-differentiation engine")
    group.addoption(
        "--gradcheck-engine",
        metavar="ENGINE",
        default=None,
        help="check this engine: module:Class, a file or folder, or a known library (torch)",
    )
    group.addoption(
        "--gradcheck-seed",
        type=int,
        default=0,
        metavar="N",
        help="draw other programs",
    )
    group.addoption(
        "--gradcheck-cases",
        type=int,
        default=None,
        metavar="N",
        help="programs for each property",
    )
    group.addoption(
        "--gradcheck-property",
        action="append",
        default=[],
        metavar="GLOB",
        help="only these properties (ids, themes, patterns; !... leaves out); may be given again",
    )
    group.addoption(
        "--gradcheck-expected",
        metavar="FILE",
        default=None,
        help="a TOML file of what the engine is known to break; what is listed there has to fail",
    )
    group.addoption(
        "--gradcheck-dialect",
        action="append",
        default=[],
        metavar="DIALECT",
        help="hold it to conventions (needle, accumulation=overwrites); may be given again",
    )
    parser.addini("gradcheck_engine", "as --gradcheck-engine", default="")
    parser.addini("gradcheck_expected", "as --gradcheck-expected", default="")
    parser.addini("gradcheck_dialect", "as --gradcheck-dialect", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an engine that is not there, and take node ids of ours off the arguments.

    pytest would look for a file of that name. Workers of pytest-xdist get the options and not the
    arguments, so what is taken off becomes an option.
    """
    if not _engine(config):
        return
    ours = {a: match[1] for a in config.args if (match := _NODE_ID.fullmatch(a))}
    if ours:
        config.args = [a for a in config.args if a not in ours]
        named = config.option.gradcheck_property
        config.option.gradcheck_property = [*named, *ours.values()]
        config.option.gradcheck_alone = not config.args
    if getattr(config.option, "gradcheck_alone", False):
        config.args = []  # nothing else was asked for
    from gradcheck_suite.errors import UsageError
    from gradcheck_suite.grading.conventions import read_dialect
    from gradcheck_suite.grading.selection import selected
    from gradcheck_suite.grading.target import locate

    try:
        read_dialect(_dialect(config))
        locate(_engine(config))
        selected(config.getoption("--gradcheck-property"))
        _expected(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Add the engine to what a session collects."""
    report = yield
    if isinstance(collector, pytest.Session) and report.passed and _engine(collector.config):
        node = EngineCollector.from_parent(collector, name=_NODE, nodeid=_NODE)
        report.result = [*(report.result or ()), node]
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how much was judged, where the engine ran in this process, as it does without -n."""
    found = config.stash.get(_FOUND, None)
    if found is None:
        return
    from gradcheck_suite.report.student import header, judged_line

    terminalreporter.section("gradcheck")
    terminalreporter.line(header(_engine(config), found).text)
    terminalreporter.line(judged_line(found.results).text)


class EngineCollector(pytest.Collector):
    """The engine under check: its children are the properties."""

    def collect(self) -> Iterable["PropertyItem"]:
        """Yield an item for every property that is asked for."""
        for name in _ids(self.config):
            yield PropertyItem.from_parent(self, name=name)


class PropertyItem(pytest.Item):
    """One property of one engine."""

    def runtest(self) -> None:
        """Read the result; skip what was not judged, fail with the finding.

        A listed failure is expected, and a listed property that holds is a failure.
        """
        from gradcheck_suite.records import Verdict
        from gradcheck_suite.report.words import MARKS

        result = _result(self.config, self.name)
        expected = _expected(self.config).get(self.name)
        if result.verdict is Verdict.PASS:
            if expected:
                msg = (
                    f"{self.name}: got a pass, expected the failure that is listed "
                    f"({expected.reason}); take it off the list"
                )
                raise PropertyFailedError(msg)
            return
        if result.verdict in {Verdict.BLOCKED, Verdict.NOT_APPLICABLE}:
            pytest.skip(f"{MARKS[result.verdict].word}: {result.reason}")
        if expected and result.verdict in {Verdict.FAIL, Verdict.ERROR}:
            pytest.xfail(str(expected))
        raise PropertyFailedError(_text(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - as pytest has it
        """Return the finding in place of a traceback."""
        if excinfo.errisinstance((PropertyFailedError, GradcheckError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        """Return the headline of a failure; there is no file and no line."""
        return _NODE, None, f"{_engine(self.config)}: {self.name}"


class PropertyFailedError(AssertionError):
    """An engine breaks a property; the message shows the smallest program that proves it."""


def _engine(config: pytest.Config) -> str:
    return str(config.getoption("--gradcheck-engine") or config.getini("gradcheck_engine"))


def _dialect(config: pytest.Config) -> tuple[str, ...]:
    said = config.getoption("--gradcheck-dialect") or config.getini("gradcheck_dialect")
    return tuple(said)


def _expected(config: pytest.Config) -> "Mapping[str, Expected]":
    """Return the listed failures of the engine; paths go from where the option or file stands."""
    option, setting = config.getoption("--gradcheck-expected"), config.getini("gradcheck_expected")
    if not option and not setting:
        return {}
    here = config.invocation_params.dir if option else config.rootpath
    return _read_expected(here / str(option or setting), _engine(config))


@cache
def _read_expected(path: Path, engine: str) -> "Mapping[str, Expected]":
    from gradcheck_suite.grading.expected import read_expected

    return read_expected(path, engine)


def _ids(config: pytest.Config) -> tuple[str, ...]:
    from gradcheck_suite.grading.selection import selected

    return selected(config.getoption("--gradcheck-property"))


def _result(config: pytest.Config, name: str) -> "PropertyResult":
    found = _examine(
        _engine(config),
        _ids(config),
        config.getoption("--gradcheck-seed"),
        config.getoption("--gradcheck-cases"),
        _dialect(config),
    )
    if isinstance(found, GradcheckError):
        raise found
    config.stash[_FOUND] = found
    return next(result for result in found.results if result.property == name)


@cache
def _examine(
    engine: str,
    ids: tuple[str, ...],
    seed: int,
    n_cases: int | None,
    dialect: tuple[str, ...],
) -> "Practice | GradcheckError":
    """Examine ``engine``; an error is kept, so that it is not met again by every item."""
    from gradcheck_suite.grading.assignment import ExamSection
    from gradcheck_suite.grading.conventions import fixed_by, read_dialect
    from gradcheck_suite.grading.practice import Terms, practise

    drawn = ExamSection(seed=seed) if n_cases is None else ExamSection(seed=seed, cases=n_cases)
    try:
        return practise(engine, ids, Terms(drawn, fixed_by(read_dialect(dialect))))
    except GradcheckError as error:
        return error


def _text(result: "PropertyResult") -> str:
    from gradcheck_suite.report.student import finding_lines, plain

    return plain(finding_lines(result, whole=True))
