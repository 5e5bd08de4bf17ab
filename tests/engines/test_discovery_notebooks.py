"""Discovery in Jupyter notebooks: what their cells define, and nothing of what they do."""

import json

import pytest

from gradcheck_suite.engines.discovery import load
from gradcheck_suite.errors import SubmissionError
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Leaf, Observe, Program
from gradcheck_suite.program.snippet import script

CLASS = """class Value:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0.0

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self, cotangent=1.0):
        self.grad += cotangent
        for parent, slope in self.parents:
            parent.backward(slope * cotangent)
"""
PATCH = """def added(x, y):
    return Value(x.data + y.data, ((x, ONE), (y, ONE)))

Value.__add__ = added
ONE = 1.0
"""


def notebook(*cells: str, as_lists: bool = False) -> str:
    """Return a notebook with code cells between words."""
    made = [{"cell_type": "markdown", "source": "# class Value: is made here"}]
    for cell in cells:
        source = cell.splitlines(keepends=True) if as_lists else cell
        made.append({"cell_type": "code", "source": source, "outputs": [{"text": "1"}]})
    return json.dumps({"nbformat": 4, "cells": made})


CELLS = {
    "of texts": notebook(CLASS, PATCH),
    "of lists of lines": notebook(CLASS, PATCH, as_lists=True),
    "that do things": notebook(
        "%matplotlib inline\n!pip install everything\nimport math",
        CLASS,
        "x = Value(1.0)\nprint(x)\n1 / 0",
        "for k in range(10**12):\n    pass",
        PATCH,
        "training = train(model, until=forever)",
    ),
    "that are not Python": notebook("%%html\n<b>loss</b>", CLASS, "def unfinished(", PATCH),
    "of version 3": json.dumps(
        {"worksheets": [{"cells": [{"cell_type": "code", "input": CLASS + PATCH}]}]}
    ),
}


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("name", ["engine.ipynb", "02 my engine.ipynb"])
def test_an_engine_in_a_notebook_is_found(write, compare, name, text):
    """An engine is found by what the cells define, in a folder and as a file, and is right."""
    folder = write({name: text, "notes.txt": ""})
    for path in (folder, folder / name):
        wrong, n_run = compare(load(path))
        assert (wrong, n_run) == ([], 2)


NEEDED = {
    "a state of an imported class": (
        "import threading\n_state = threading.local()",
        "_state.on = True\n",
    ),
    "an object of its own class": (
        "class Tape(list):\n    pass\n\nTAPE = Tape()\nLOG = Tape(TAPE)",
        "LOG.append(self)\n",
    ),
    "a builtin type": ("NAMES = dict(a=1)\nKEPT = list(NAMES)", "KEPT.append(self)\n"),
    "one that raises": (
        "import math\nROWS = open('rows.csv').read()\nSTEP = math.sqrt(-1.0)",
        "try:\n            ROWS, STEP\n        except NameError:\n            pass\n",
    ),
}


@pytest.mark.parametrize(("cell", "line"), NEEDED.values(), ids=NEEDED)
def test_what_an_engine_needs_is_made_as_well(write, compare, cell, line):
    """A name that the class refers to is made by its call; one that cannot be is left unmade."""
    begin = "        self.data, self.parents, self.grad = data, parents, 0.0\n"
    assert begin in CLASS
    text = notebook(cell, CLASS.replace(begin, f"{begin}        {line}"), PATCH)
    wrong, n_run = compare(load(write({"engine.ipynb": text})))
    assert (wrong, n_run) == ([], 2)


def test_methods_that_are_put_on_by_setattr_are_found(write, compare):
    """As ``Value.__add__ = added`` does it."""
    text = notebook(
        CLASS, PATCH.replace("Value.__add__ = added", "setattr(Value, '__add__', added)")
    )
    wrong, n_run = compare(load(write({"engine.ipynb": text})))
    assert (wrong, n_run) == ([], 2)


def test_a_script_for_an_engine_in_a_notebook_says_what_to_do_first(write):
    """Python cannot import a notebook: the first line says how it becomes a module."""
    engine = load(write({"my engine.ipynb": notebook(CLASS)}))
    assert engine.spelling.imports == (
        "'my engine.ipynb: save its code cells as my_engine.py first'",
        "from my_engine import Value",
    )
    program = Program((Leaf(Array.of(2.0)), Observe("value", 0)))
    first, second, *_ = script(program, engine.spelling, {}).splitlines()
    assert (first, second) == engine.spelling.imports


def test_files_go_before_notebooks(write):
    """Beside a file with an engine, notebooks are what they mostly are: somebody's use of it."""
    other = notebook(CLASS.replace("Value", "Other"))
    engine = load(write({"engine.py": CLASS, "engine.ipynb": other, "try.ipynb": other}))
    assert engine.spelling.name == "Value"


def test_a_notebook_beside_files_without_an_engine_counts(write):
    """Helpers in files do not hide the engine in the notebook that uses them."""
    text = notebook("from helpers import ONE", CLASS, PATCH.replace("ONE = 1.0\n", ""))
    engine = load(write({"helpers.py": "ONE = 1.0", "engine.ipynb": text}))
    assert engine.spelling.name == "Value"
    assert "add" in dict(engine.spelling.ops)


def test_a_notebook_is_told_where_it_stops(write):
    """What an import lacks is said with the name of the notebook."""
    text = notebook("import not_there_at_all", CLASS)
    with pytest.raises(SubmissionError, match=r"engine.ipynb.*imports 'not_there_at_all'"):
        load(write({"engine.ipynb": text}))
