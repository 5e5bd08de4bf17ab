"""Conformance: an adapter that is right has no complaint, and a wrong one is told what is wrong."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import gradcheck_suite.engines.adapter as documented
from gradcheck_suite.conformance import assert_conforms, complaints
from gradcheck_suite.diagnosis.examine import examine
from gradcheck_suite.engines.adapter import Adapter
from gradcheck_suite.engines.discovery import load
from gradcheck_suite.engines.subject import InProcess
from gradcheck_suite.errors import SubmissionError, UsageError
from gradcheck_suite.exams.build import Audience, build
from gradcheck_suite.records import Verdict

# Values are made by a graph, which alone can run backward: no template of one line says that.
GRAPHS = """
import math

class Node:
    def __init__(self, graph, number, ups=()):
        self.graph, self.number, self.ups = graph, number, ups
        self.place = len(graph.nodes)
        graph.nodes.append(self)
    def __add__(self, o):
        return Node(self.graph, self.number + o.number, ((self, 1.0), (o, 1.0)))
    def __mul__(self, o):
        return Node(self.graph, self.number * o.number, ((self, o.number), (o, self.number)))

class Graph:
    def __init__(self):
        self.nodes, self.slopes = [], {}
    def variable(self, number):
        return Node(self, number)
    def sin(self, x):
        return Node(self, math.sin(x.number), ((x, math.cos(x.number)),))
    def run_backward(self, root, seed):
        flows = {root.place: seed}
        for node in reversed(self.nodes[: root.place + 1]):
            flow = flows.get(node.place, 0.0)
            if not node.ups and node.place in flows:
                self.slopes[node.place] = self.slopes.get(node.place, 0.0) + flow
            for up, slope in node.ups:
                flows[up.place] = flows.get(up.place, 0.0) + flow * slope
    def gradient_of(self, x):
        return self.slopes.get(x.place)
"""


def example() -> str:
    """Return the example of the documentation."""
    (block,) = re.findall(r"::\n\n(.*?)\n\nWhat it does not", documented.__doc__ or "", re.DOTALL)
    return dedent(block)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a submission with the documented adapter."""
    (tmp_path / "graphs.py").write_text(GRAPHS)
    (tmp_path / "gradcheck_adapter.py").write_text(example())
    return tmp_path


def test_documented_example_is_short_and_is_found(folder: Path) -> None:
    """The example of some ten to twenty lines is an engine, with what it can do tried out."""
    assert len([line for line in example().splitlines() if line]) <= 20
    engine = load(folder)
    assert (engine.name, engine.spelling.kind) == ("Graph", "scalar")
    assert {"op:add", "op:mul", "op:sin", "rank:0", "cotangent"} <= engine.capabilities
    assert "from gradcheck_adapter import ADAPTER" in engine.spelling.imports


def test_documented_example_is_right(folder: Path) -> None:
    """Its gradients are, and backward is given None where the cotangent is left to it."""
    engine = load(folder)
    ids = ("gradient[add]", "gradient[mul]", "gradient[sin]", "roots_and_branches")
    exam = build(ids, seed=0, n_cases=4, audience=Audience(("scalar",)))
    results = examine(exam, InProcess(engine))
    assert [r.verdict for r in results] == [Verdict.PASS] * len(ids)


def test_documented_example_conforms(folder: Path) -> None:
    """The example is right."""
    assert_conforms(load(folder).namespace["ADAPTER"])


class Box:
    """A value of the engine below: the op of two numbers, and the slope by the first."""

    def __init__(self, data: Any, first: "Box | None" = None, slope: float = 0.0) -> None:
        self.data, self.first, self.slope = np.asarray(data), first, slope
        self.grad: Any = None


def backward(x: Box, cotangent: Any) -> None:
    """Hand the gradient on to the first operand."""
    if x.first is not None:
        x.first.grad = np.ones_like(x.data) * x.slope * (1.0 if cotangent is None else cotangent)


RIGHT = Adapter(
    name="Box",
    leaf=lambda data, requires_grad: Box(data),
    value=lambda x: x.data,
    backward=backward,
    grad=lambda x: x.grad,
    ops={
        "mul": lambda x, y: Box(x.data * y.data, x, y.data),
        "sum": lambda x, axis=None: Box(x.data.sum(axis=axis), x, 1.0),
    },
    clear=lambda x: setattr(x, "grad", None),
    detach=lambda x: Box(x.data),
    no_grad=nullcontext,
)


def test_right_adapter_has_no_complaints() -> None:
    """An adapter that does what is asked conforms."""
    assert complaints(RIGHT) == []


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("leaf raises", {"leaf": lambda data, _: data.nothing}, "leaf: got AttributeError: .*"),
    (
        "leaf of other numbers",
        {"leaf": lambda data, _: Box(data + 1)},
        r"value: got 1\.75 .*0\.75.*",
    ),
    ("value is no number", {"value": lambda x: "x"}, "value: got TypeError: .*"),
    ("value of another shape", {"value": lambda x: [[[x.data]]]}, r"value: got \[\[\[0\.75.*"),
    (
        "backward ignores the seed",
        {"backward": lambda x, _: backward(x, None)},
        r"backward: got -1\.5, expected -3\.75 with the cotangent 2\.5",
    ),
    (
        "backward raises",
        {"backward": lambda x: None},
        r"backward and grad: got TypeError: .*, expected -1\.5 by the first after mul of .*",
    ),
    (
        "no gradient",
        {"grad": lambda x: None},
        r"backward and grad: got None, expected -1\.5 by the first after mul of .*",
    ),
    (
        "gradient of a new leaf",
        {"grad": lambda x: 3.0 if x.grad is None else x.grad, "clear": None},
        "grad: got 3.0, expected None or 0 of a new leaf",
    ),
    (
        "clear does nothing",
        {"clear": lambda x: None},
        r"clear: got -1\.5, expected None or 0 after.*",
    ),
    ("detach gives nothing", {"detach": lambda x: None}, r"detach: got AttributeError: .*"),
    (
        "no_grad is no manager",
        {"no_grad": lambda: 3},
        "no_grad: got int, expected a context manager",
    ),
    ("no_grad raises", {"no_grad": lambda x: x}, "no_grad: got TypeError: .*"),
    ("no ops", {"ops": {}}, "ops: got none of mul, add, sub, neg, div, expected one.*"),
    (
        "no such op",
        {"ops": {**RIGHT.ops, "tannh": abs}},
        "ops: got 'tannh', expected the name of an op; did you mean 'tanh'?",
    ),
    (
        "op of other operands",
        {"ops": {**RIGHT.ops, "sin": lambda: None}},
        r"ops\['sin'\]: cannot be called as f\(x\): .*",
    ),
    (
        "op that is none",
        {"ops": {**RIGHT.ops, "sin": 3}},
        r"ops\['sin'\]: got int, expected a function",
    ),
]


@pytest.mark.parametrize(
    ("changes", "complaint"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_wrong_adapter_is_told(changes: dict[str, Any], complaint: str) -> None:
    """Each thing that an adapter gets wrong is one complaint: what it got, what was expected."""
    (found,) = complaints(replace(RIGHT, **changes))
    assert re.fullmatch(complaint.replace("?", r"\?") if "mean" in complaint else complaint, found)


def test_assertion_lists_every_complaint() -> None:
    """The assertion for a test of one's own shows all of them."""
    keep: Callable[[Any], None] = lambda x: None  # noqa: E731 - a field of the adapter
    with pytest.raises(AssertionError, match=r"(?s)clear: got .*no_grad: got int"):
        assert_conforms(replace(RIGHT, clear=keep, no_grad=lambda: 3))


def test_what_is_no_adapter() -> None:
    """Something else is refused at once."""
    with pytest.raises(UsageError, match="got dict, expected an Adapter"):
        complaints({})  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "data.item()",
            "data.items()",
            "gradcheck_adapter.py: leaf and value of 0.5 stop with AttributeError: .*",
        ),
        ('"sin":', '"sine":', "gradcheck_adapter.py: ops: got sine, expected names of ops"),
        ("x.number,\n", "x.nothing,\n", ".*gradcheck_suite.conformance tells what is wrong"),
    ],
    ids=["leaf", "op", "value"],
)
def test_broken_adapter_of_a_submission(folder: Path, old: str, new: str, message: str) -> None:
    """A submission whose adapter cannot be used is told what is wrong with it."""
    (folder / "gradcheck_adapter.py").write_text(example().replace(old, new))
    with pytest.raises(SubmissionError, match=f"^{message}$"):
        load(folder)
