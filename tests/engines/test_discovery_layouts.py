"""Discovery finds an engine wherever it lies, and the import lines that bring it."""

import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_suite.engines.discovery import discover, load
from gradcheck_suite.program.template import template

ENGINE = """
class Value:
    def __init__(self, data):
        self.data, self.grad, self.up = data, 0.0, ()
    def __add__(self, o):
        out = Value(self.data + o.data)
        out.up = ((self, 1.0), (o, 1.0))
        return out
    def __mul__(self, o):
        out = Value(self.data * o.data)
        out.up = ((self, o.data), (o, self.data))
        return out
    def backward(self, g=1.0):
        self.grad += g
        for p, d in self.up:
            p.backward(g * d)
"""
EXP = """
import math
def exp(x):
    out = type(x)(math.exp(x.data))
    out.up = ((x, out.data),)
    return out
"""
LAYOUTS = {
    "file": ({"engine.py": ENGINE + EXP}, ("from engine import Value, exp",)),
    "two files": (
        {"engine.py": ENGINE, "functions.py": EXP},
        ("from engine import Value", "import functions"),
    ),
    "package that offers all": (
        {
            "pkg/__init__.py": "from .engine import Value\nfrom .f import exp",
            "pkg/engine.py": ENGINE,
            "pkg/f.py": EXP,
        },
        ("from pkg import Value, exp",),
    ),
    "package that offers nothing": (
        {
            "pkg/__init__.py": "",
            "pkg/engine.py": ENGINE,
            "pkg/sub/__init__.py": "",
            "pkg/sub/f.py": EXP,
        },
        ("from pkg.engine import Value", "from pkg.sub import f"),
    ),
    "package without __init__": (
        {"pkg/engine.py": ENGINE, "pkg/f.py": "from pkg.engine import Value\n" + EXP},
        ("from pkg.engine import Value", "from pkg import f"),
    ),
    "src": (
        {
            "src/pkg/__init__.py": "from .engine import Value",
            "src/pkg/engine.py": ENGINE,
            "src/pkg/f.py": EXP,
            "setup.py": "1/0",
        },
        ("import sys", "sys.path.insert(0, 'src')", "from pkg import Value", "from pkg import f"),
    ),
    "nested folder": (
        {"hw1/python/engine.py": ENGINE + EXP},
        ("import sys", "sys.path.insert(0, 'hw1/python')", "from engine import Value, exp"),
    ),
    "package in the folder itself": (
        {"__init__.py": "from .engine import Value", "engine.py": ENGINE, "f.py": EXP},
        (
            "import sys",
            "sys.path.insert(0, '..')",
            "from submission import Value",
            "from submission import f",
        ),
    ),
    "files of a package that import each other as if they were none": (
        {
            "pkg/__init__.py": "from f import exp",
            "pkg/engine.py": ENGINE,
            "pkg/f.py": "import engine\n" + EXP,
        },
        ("from pkg.engine import Value", "from pkg import f"),
    ),
    "beside tests, notebooks and scripts": (
        {
            "engine.py": ENGINE + EXP,
            "test_engine.py": "1/0",
            "tests/engine.py": ENGINE,
            "examples/engine.py": ENGINE,
            ".hidden/engine.py": ENGINE,
            "train.py": "from engine import Value\nfor k in range(9):\n    1/0",
            "engine.ipynb": "{}",
        },
        ("from engine import Value, exp",),
    ),
    "names that templates use": (
        {"data.py": ENGINE, "x.py": EXP},
        ("from data import Value", "import x as x_"),
    ),
}


@pytest.mark.parametrize(("files", "imports"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout(write, compare, files, imports):
    """An engine is found in each layout, with exactly the import lines that its templates need."""
    engine = load(write(files))
    wrong, n_run = compare(engine)
    assert (engine.spelling.imports, wrong, n_run) == (imports, [], 3)


@pytest.mark.parametrize(
    "layout", ["src", "package in the folder itself", "names that templates use"]
)
def test_import_lines_run_in_the_folder(write, layout):
    """The import lines and templates run in a fresh Python, started in the submission's folder."""
    folder = write(LAYOUTS[layout][0])
    spelling, _ = discover(folder)
    leaf = template(spelling.leaf).print({"number": "2.0"})
    exp = template(dict(spelling.ops)["exp"]).print({"x": "a"})
    script = "\n".join(
        [*spelling.imports, f"a = {leaf}", f"b = {exp}", "b.backward()", "print(a.grad)"]
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("7.389")


def test_single_file_among_others(write):
    """A file is judged alone: engines beside it do not matter, whichever was judged before."""
    other = ENGINE.replace("Value", "Other")
    folder = write({"alice.py": ENGINE, "bob.py": other})
    names = [discover(folder / name)[0].name for name in ("alice.py", "bob.py", "alice.py")]
    assert names == ["Value", "Other", "Value"]


def test_same_module_name_in_two_submissions(tmp_path):
    """Two submissions whose files have the same name do not get each other's engine."""
    for student, name in (("alice", "Value"), ("bob", "Other")):
        (tmp_path / student).mkdir()
        (tmp_path / student / "engine.py").write_text(ENGINE.replace("Value", name))
    assert [discover(tmp_path / s)[0].name for s in ("alice", "bob")] == ["Value", "Other"]


def test_importing_leaves_nothing_behind(write):
    """No __pycache__ is left in the submission's folder."""
    folder = write({"pkg/__init__.py": ENGINE})
    discover(folder)
    assert [p.name for p in folder.rglob("*") if p.is_dir()] == ["pkg"]


@pytest.mark.needs_module("micrograd")
def test_importable_module():
    """An installed engine is found by its name instead of a path."""
    spelling, _ = discover(Path("micrograd.engine:Value"))
    assert (spelling.name, spelling.kind) == ("Value", "scalar")
    assert spelling.imports == ("from micrograd.engine import Value",)


def test_parameter_class_beside_its_base(write):
    """Of a class and its subclass, the one that ops give back is the engine."""
    text = ENGINE + "class Parameter(Value):\n    pass\n"
    assert discover(write(text))[0].name == "Value"


@pytest.mark.parametrize(
    "line",
    [
        "import matplotlib.pyplot as plt",
        "from graphviz import Digraph",
        "import torch.nn.functional as F, torch.nn as nn\nclass Net(nn.Module): pass",
        "from tqdm.auto import tqdm",
    ],
)
def test_module_that_is_not_needed(write, line, monkeypatch):
    """An import at the top of a module that is not there and not needed does not stop an engine."""
    for name in [n for n in sys.modules if n.partition(".")[0] in {"matplotlib", "torch"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "site-packages" not in p])
    assert discover(write(f"{line}\n{ENGINE}"))[0].name == "Value"


def test_use_of_a_module_that_is_not_there(write):
    """A module that stands in for an absent one says so when it is used."""
    with pytest.raises(ImportError, match=r"bokeh\.plot\.show was called, but bokeh is not"):
        load(write(f"{ENGINE}\nimport bokeh.plot\ndef show(): bokeh.plot.show()")).run_line(
            "show()"
        )
