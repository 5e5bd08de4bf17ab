"""What discovery says about submissions in which there is no engine, or more than one."""

import re

import pytest

from gradcheck_suite.engines.discovery import discover
from gradcheck_suite.errors import SubmissionError

SCALAR = """
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
OTHER = SCALAR.replace("Value", "Scalar")


def says(pattern):
    """Expect a SubmissionError whose message matches ``pattern`` from one end to the other."""
    return pytest.raises(SubmissionError, match=f"(?s)^{pattern}$")


def test_missing_path(tmp_path):
    """A path where nothing is gets named, with what was expected there."""
    with says("nowhere: got nothing there, expected a Python file or a folder .*"):
        discover(tmp_path / "nowhere")


def test_file_of_another_sort(tmp_path):
    """A file that is not Python is turned down by its suffix."""
    path = tmp_path / "engine.txt"
    path.write_text(SCALAR)
    with says(".*engine.txt: got a file of the sort .txt, expected a .py file or a notebook"):
        discover(path)


def test_empty_folder(tmp_path):
    """An empty folder is said to hold nothing."""
    with says(r".*: got no Python file of an engine \(found: nothing\)"):
        discover(tmp_path)


def test_notebook_without_an_engine(write):
    """A folder with nothing but a notebook that defines no arithmetic holds no engine."""
    with says(r".*got no Python file of an engine \(found: engine.ipynb\)"):
        discover(write({"engine.ipynb": "{}"}))


@pytest.mark.parametrize("text", ["", "[]", "[1]", '{"cells": [1]}', "class Value: pass"])
def test_notebook_that_is_none(write, text):
    """What is no notebook is told as such, alone or in its folder."""
    folder = write({"engine.ipynb": text})
    for path in (folder, folder / "engine.ipynb"):
        with says("(submission: )?engine.ipynb: got no notebook, expected JSON with code cells"):
            discover(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "engine.py: got an empty file, expected an engine"),
        (b"class V\0: pass", "engine.py: got binary data, expected Python source"),
        (b"x = '\xff\xfe'", "engine.py.*got text that is not UTF-8, expected Python source .*"),
        (b"def f(:\n  pass", "engine.py, line 1: not Python: .*"),
        (b"x = 1\nclass V:\nx = 2", "engine.py, line 3: not Python: expected an indented block.*"),
        (b"#" * (1 << 20) + b"#", "engine.py: got 1048577 bytes, expected an engine in at most .*"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "engine.py.*(not Python|gives up).*"),
    ],
    ids=["empty", "binary", "undecodable", "syntax", "indentation", "huge", "nested"],
)
@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
def test_unreadable_file(tmp_path, content, message, as_folder):
    """A file that is no Python is named with the line and the reason, alone or in a folder."""
    (tmp_path / "engine.py").write_bytes(content)
    with says(f".*{message}"):
        discover(tmp_path if as_folder else tmp_path / "engine.py")


def test_broken_file_beside_an_engine(write):
    """A file that is no Python does not stop an engine in another file."""
    spelling, _ = discover(write({"engine.py": SCALAR, "notes.py": "def f(:"}))
    assert spelling.name == "Value"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "import nowhere_at_all",
            "engine.py, line 3: imports 'nowhere_at_all', which is not there.*",
        ),
        ("1 / 0", "engine.py, line 3: the import stops with ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "engine.py, line 3: the import stops with SystemExit: 3"),
        ("from math import nothing", "engine.py, line 3: the import stops with ImportError.*"),
    ],
)
def test_import_that_stops(write, line, message):
    """An import that stops is told with file, line and reason; SystemExit does not get through."""
    with says(f".*{message}"):
        discover(write(f"x = 1\n\n{line}\n{SCALAR}"))


def test_import_that_stops_in_another_module(write):
    """The line is that of the module in which the import stopped, not of the one that asked."""
    files = {"engine.py": f"import helper\n{SCALAR}", "helper.py": "\n\nx = undefined"}
    with says(".*helper.py, line 3: the import stops with NameError: .*undefined.*"):
        discover(write(files))


def test_exception_that_cannot_be_printed(write):
    """An exception whose text raises is reported all the same."""
    text = "class E(Exception):\n    def __str__(self): raise E\nraise E"
    with says(".*engine.py, line 3: .*its message cannot be printed.*"):
        discover(write(f"{text}\n{SCALAR}"))


def test_no_class(write):
    """Without any class, the message says what an engine class must have."""
    with says(".*got no engine class, expected one: .*backward.*no class with arithmetic .*found"):
        discover(write("def f(x):\n    return x"))


def test_class_without_gradient(write):
    """A class that computes but does not differentiate is named with what it lacks."""
    text = (
        SCALAR[: SCALAR.index("    def backward")].replace("self.grad, ", "").replace(" 0.0,", "")
    )
    with says(r".*engine:Value \(no backward method that leaves a gradient\).*"):
        discover(write(text))


def test_class_without_numbers(write):
    """A class that cannot be made from numbers is named with that."""
    with says(r".*engine:V \(no way to make a value from numbers and read them back\).*"):
        discover(
            write("class V:\n    def __add__(self, o): return self\n    def backward(self): 1")
        )


def test_two_engines(write):
    """Two classes that work equally well are both named, with the way to choose."""
    choice = re.escape('entry = "engine:Value" under [engine] in submission.toml, or --entry')
    with says(
        rf".*2 engine classes, engine:Value and other:Scalar, expected one; say which: {choice}.*"
    ):
        discover(write({"engine.py": SCALAR, "other.py": OTHER}))


@pytest.mark.parametrize("entry", ["other:Scalar", "other"])
def test_two_engines_and_an_entry(write, entry):
    """An entry chooses between two classes, by class or by module."""
    spelling, _ = discover(write({"engine.py": SCALAR, "other.py": OTHER}), entry)
    assert spelling.name == "Scalar"
    assert spelling.imports == ("from other import Scalar",)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("motor:Value", "got no module 'motor' in the submission, expected one of: engine"),
        ("engine:Valu", "entry 'engine:Valu': got no class 'Valu' in engine, expected 'Value'"),
        ("engine:Zz", "entry 'engine:Zz': got no class 'Zz' in engine, expected one of: Value"),
    ],
)
def test_wrong_entry(write, entry, message):
    """An entry that names nothing is answered with the names that there are."""
    with says(message):
        discover(write(SCALAR), entry)


@pytest.mark.parametrize("name", ["math.py", "numpy.py", "random.py"])
def test_file_that_hides_a_module(write, name):
    """A file with the name of a module of Python's or NumPy's is told to take another name."""
    module = name.removesuffix(".py")
    with says(f".*{name}: a file of this name hides the module '{module}' .*another name.*"):
        discover(write({name: SCALAR}))


def test_file_that_hides_a_module_beside_an_engine(write):
    """A file of such a name does not shadow the module for the engine's own imports."""
    files = {"engine.py": f"import random\nrandom.gauss\n{SCALAR}", "random.py": "x = 1"}
    assert discover(write(files))[0].name == "Value"
