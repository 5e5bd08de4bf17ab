"""Inspection: what is found of an engine, without judgement, and the file that states it."""

from pathlib import Path

import pytest

from gradcheck_suite.errors import UsageError
from gradcheck_suite.grading.inspection import Inspection, inspect, write_settings
from gradcheck_suite.report.inspection import inspection_lines
from gradcheck_suite.report.student import plain

# Scalars whose exp is not there yet, whose gradients come back in a dict, in single precision.
ENGINE = """
import numpy as np
class Var:
    def __init__(self, value, ups=()):
        self.value, self.ups = np.float32(value), ups
    def __add__(self, o): return Var(self.value + o.value, ((self, 1), (o, 1)))
    def __mul__(self, o): return Var(self.value * o.value, ((self, o.value), (o, self.value)))
    def exp(self): raise NotImplementedError("homework 2")
def gradients(x):
    found, todo = {}, [(x, np.float32(1))]
    while todo:
        v, g = todo.pop()
        found[v] = found.get(v, np.float32(0)) + g
        todo += [(up, g * np.float32(slope)) for up, slope in v.ups]
    return found
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of an engine."""
    path = tmp_path_factory.mktemp("inspected") / "engine.py"
    path.write_text(ENGINE)
    return path


@pytest.fixture(scope="module")
def found(place: Path) -> Inspection:
    """Give what is found of it."""
    return inspect(str(place))


def test_what_is_found(found: Inspection) -> None:
    """The class, the spelling, the precision and the conventions are told."""
    assert found.entry == "engine:Var"
    assert found.precision == "float32"
    assert found.spelling.backward == "keep(gradients(x))"
    assert dict(found.conventions)["accumulation"] == "adds"


def test_what_is_missing_and_why(found: Inspection) -> None:
    """An op that is there by name and does not work is told with what it raises."""
    assert dict(found.missing)["exp"] == "x.exp() raises NotImplementedError: homework 2"


def test_lines(found: Inspection) -> None:
    """The report has the spelling, the definitions, the capabilities and what is missing."""
    text = plain(inspection_lines("engine.py", found))
    for part in (
        "engine.py Var: scalars, 2 ops",
        "  entry             engine:Var",
        "  precision         float32",
        "    def keep(gradients):\n        for x, gradient in gradients.items():",
        "  mul               x * y",
        "  ranks             0",
        "conventions: accumulation: adds",
        "  no_grad           no context manager, flag or setter stops recording",
        "  exp               x.exp() raises NotImplementedError: homework 2",
        "  no such op        sub,",
    ):
        assert part in text


def test_file_that_is_written(place: Path, found: Inspection) -> None:
    """The file beside the engine gives the same spelling, and is never overwritten."""
    path = write_settings(str(place), found)
    assert path == place.parent / "submission.toml"
    assert inspect(str(place)).spelling == found.spelling
    with pytest.raises(UsageError, match=r"submission\.toml: is there already, expected none"):
        write_settings(str(place), found)


def test_file_of_what_has_no_folder(found: Inspection) -> None:
    """A library known by name has no folder of its own for the file."""
    with pytest.raises(UsageError, match=r"got engine 'reference', expected a file or a folder"):
        write_settings("reference", found)
