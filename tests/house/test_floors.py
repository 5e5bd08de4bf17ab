"""The floors of the house: who may import whom. Every import counts, lazy and type-checking too."""

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SUITE = "gradcheck_suite"
FLOORS = {
    "__init__": 0,
    "errors": 0,
    "data": 0,
    "program": 1,
    "engines": 2,
    "records": 2,
    "conformance": 3,
    "oracles": 3,
    "strategies": 3,
    "properties": 4,
    "bugs": 5,
    "exams": 5,
    "sandbox": 5,
    "diagnosis": 6,
    "grading": 7,
    "report": 8,
    "cli": 9,
    "pytest_plugin": 9,
    "__main__": 10,  # a doorbell: it calls cli
}
REFERENCE_NEEDS = sys.stdlib_module_names | {"numpy", "reference"}


def modules(root: Path, package: str) -> dict[str, Path]:
    """Return every module of ``package`` by its dotted name; a package is its ``__init__.py``."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path) -> Iterator[str]:
    """Yield what the module imports, wherever in it: ``a.b.c`` for ``from a.b import c``."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                start = ".".join([*base, *([module] if module else [])])
                yield from (f"{start}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(text)), *_],
            ):
                yield text


def arrows(root: Path, package: str) -> dict[str, set[str]]:
    """Return what each module imports, cut to the module where a name inside one was meant.

    That importing ``a.b`` also runs ``a/__init__.py`` is not counted: Python starts it before, so
    it makes no order of its own. ``from a import name`` is counted, as ``a``.
    """
    known = modules(root, package)
    return {
        name: {_module_of(target, known) for target in imported(name, path)}
        for name, path in known.items()
    }


def _module_of(target: str, known: Mapping[str, Path]) -> str:
    parts = target.split(".")
    prefixes = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    found = next((prefix for prefix in prefixes if prefix in known), target)
    # A floor that is not built yet is still meant: `from gradcheck_suite import oracles`.
    unbuilt = found == SUITE and len(parts) > 1 and parts[1] in FLOORS
    return target if unbuilt else found


def _unit(module: str) -> str:
    """Return the folder or file on the top level of the suite that a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def floor_faults(root: Path) -> list[str]:
    """Name every import of the suite that does not go down, and every module without a floor."""
    faults = []
    for name, targets in arrows(root, SUITE).items():
        if _unit(name) not in FLOORS:
            faults.append(f"{name} has no floor: give it one in FLOORS")
            continue
        for target in sorted(t for t in targets if t.split(".")[0] == SUITE):
            here, there = FLOORS[_unit(name)], FLOORS.get(_unit(target), -1)
            line = f"{name} (floor {here}) imports {target} (floor {there})"
            if there > here:
                faults.append(f"{line}: an upward arrow")
            elif there == here and _unit(target) != _unit(name):
                faults.append(f"{line}: two neighbours on one floor")
    return faults


def circle(root: Path, package: str) -> list[str]:
    """Return the modules of an import circle, the first repeated at its end; [] if none."""
    graph = arrows(root, package)
    known = {name: targets & graph.keys() for name, targets in graph.items()}
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def strangers(root: Path, package: str, allowed: frozenset[str]) -> list[str]:
    """Name every import of ``package`` whose top-level package is not ``allowed``."""
    return [
        f"{name} imports {target}"
        for name, targets in arrows(root, package).items()
        for target in sorted(targets)
        if target.split(".")[0] not in allowed
    ]


def test_every_import_of_the_suite_goes_down() -> None:
    """No module imports from its own floor's neighbours or from a floor above."""
    assert floor_faults(ROOT) == []


@pytest.mark.parametrize("package", [SUITE, "reference"])
def test_no_import_circle(package: str) -> None:
    """No two modules need each other, not even by a detour or a lazy import."""
    assert circle(ROOT, package) == []


def test_reference_needs_numpy_alone() -> None:
    """The reference imports the standard library and NumPy, and nothing of the suite."""
    assert strangers(ROOT, "reference", REFERENCE_NEEDS) == []


def test_suite_does_not_import_the_reference() -> None:
    """The suite reaches the reference through a spelling; bugs alone take it apart."""
    bugs = f"{SUITE}.bugs."
    found = {m: targets for m, targets in arrows(ROOT, SUITE).items() if not m.startswith(bugs)}
    targets = {t for each in found.values() for t in each}
    assert [t for t in sorted(targets) if t.split(".")[0] == "reference"] == []


# Tests of the tests: small made-up trees, each with one fault.


def build(root: Path, files: Mapping[str, str], package: str = SUITE) -> Path:
    """Write the files of a made-up package and return its root."""
    for name, text in {"__init__.py": "", **files}.items():
        path = root / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


UPWARD = "gradcheck_suite.program.op (floor 1) imports {} (floor 2): an upward arrow"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("import gradcheck_suite.records", "gradcheck_suite.records"),
        ("from gradcheck_suite import records", "gradcheck_suite.records"),
        ("from gradcheck_suite.records import Grade", "gradcheck_suite.records"),
        ("from ..records import Grade", "gradcheck_suite.records"),
        ("from .. import records", "gradcheck_suite.records"),
        ("def f():\n    from gradcheck_suite.records import Grade", "gradcheck_suite.records"),
        (
            "if TYPE_CHECKING:\n    from gradcheck_suite.records import Grade",
            "gradcheck_suite.records",
        ),
        (
            "import importlib\nimportlib.import_module('gradcheck_suite.records')",
            "gradcheck_suite.records",
        ),
        ("from gradcheck_suite import engines", "gradcheck_suite.engines"),
    ],
    ids=[
        "import",
        "from-suite",
        "from-module",
        "relative",
        "relative-module",
        "lazy",
        "type-checking",
        "by-string",
        "unbuilt-folder",
    ],
)
def test_upward_arrow_is_named(tmp_path: Path, text: str, target: str) -> None:
    """An upward arrow is reported with both modules and floors, however it is written."""
    files = {"program/__init__.py": "", "program/op.py": text, "records.py": "Grade = 1"}
    assert floor_faults(build(tmp_path, files)) == [UPWARD.format(target)]


def test_neighbours_on_one_floor_are_named(tmp_path: Path) -> None:
    """An import between two folders of one floor is reported."""
    files = {
        "oracles/__init__.py": "",
        "strategies/__init__.py": "",
        "strategies/arrays.py": "import gradcheck_suite.oracles",
    }
    (fault,) = floor_faults(build(tmp_path, files))
    assert fault == (
        "gradcheck_suite.strategies.arrays (floor 3) imports gradcheck_suite.oracles (floor 3): "
        "two neighbours on one floor"
    )


def test_module_without_a_floor_is_named(tmp_path: Path) -> None:
    """A file that nobody gave a floor is reported instead of passing unseen."""
    assert floor_faults(build(tmp_path, {"attic.py": ""})) == [
        "gradcheck_suite.attic has no floor: give it one in FLOORS",
    ]


def test_downward_imports_pass(tmp_path: Path) -> None:
    """Imports from lower floors, from one's own folder and of the version are fine."""
    files = {
        "__init__.py": "__version__ = '1'",
        "errors.py": "",
        "program/__init__.py": "",
        "program/op.py": "from gradcheck_suite.errors import E",
        "program/table.py": "from .op import Op",
        "cli.py": "from gradcheck_suite import __version__, errors",
        "__main__.py": "from gradcheck_suite.cli import main",
    }
    assert floor_faults(build(tmp_path, files)) == []


@pytest.mark.parametrize(
    "back", ["import gradcheck_suite.program.a", "def f():\n    from . import a"]
)
def test_circle_is_named(tmp_path: Path, back: str) -> None:
    """A circle is reported with its modules, though one of its imports is lazy."""
    files = {
        "program/__init__.py": "",
        "program/a.py": "from gradcheck_suite.program.b import B",
        "program/b.py": back,
    }
    names = {"gradcheck_suite.program.a", "gradcheck_suite.program.b"}
    assert set(circle(build(tmp_path, files), SUITE)) == names


def test_circle_through_a_package_is_named(tmp_path: Path) -> None:
    """A module that takes a name from the package that imports the module is in a circle."""
    files = {
        "__init__.py": "from reference.tensor import T",
        "tensor.py": "from reference import X",
    }
    root = build(tmp_path, files, "reference")
    assert set(circle(root, "reference")) == {"reference", "reference.tensor"}


def test_stranger_is_named(tmp_path: Path) -> None:
    """An import of another package is reported with the module that has it."""
    root = build(tmp_path, {"tensor.py": "def f():\n    import scipy.special"}, "reference")
    assert strangers(root, "reference", REFERENCE_NEEDS) == [
        "reference.tensor imports scipy.special",
    ]
