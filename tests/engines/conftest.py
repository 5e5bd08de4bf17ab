"""Helpers for tests of engines: submissions written on the spot, and gradients compared."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from gradcheck_suite.engines.interpreter import run
from gradcheck_suite.engines.known import known_engine
from gradcheck_suite.engines.outcome import Number
from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.array import Array
from gradcheck_suite.program.features import needs
from gradcheck_suite.program.instructions import (
    Apply,
    Attributes,
    Backward,
    Constant,
    Leaf,
    Observe,
    Program,
    Slice,
)
from gradcheck_suite.program.shapes import shape_of_result
from gradcheck_suite.program.table import OPS

ROOT = Path(__file__).parents[2]

# What is applied, to operands of which shapes.
CALLS: tuple[tuple[str, tuple[tuple[int, ...], ...], Attributes], ...] = (
    *(
        (op.name, (shape,) * len(op.arguments), attrs)
        for op in OPS.values()
        if op.is_elementwise
        for shape in ((), (2, 3))
        for _, attrs in op.examples or (((), ()),)
    ),
    *((name, ((2, 3), (3,)), ()) for name in ("add", "sub", "mul", "div", "maximum")),
    *((name, ((2, 1), (1, 3)), ()) for name in ("add", "sub", "mul", "div", "minimum")),
    *(
        (name, ((2, 3),), attrs)
        for name in ("sum", "mean", "max", "min")
        for attrs in (
            (),
            (("axis", 1),),
            (("axis", (0, 1)),),
            (("keepdims", True),),
            (("axis", 0), ("keepdims", True)),
        )
    ),
    *((name, ((2, 3),), (("axis", k),)) for name in ("softmax", "log_softmax") for k in (-1, 0)),
    ("matmul", ((2, 3), (3, 2)), ()),
    ("matmul", ((3,), (3, 2)), ()),
    ("matmul", ((2, 3), (3,)), ()),
    ("matmul", ((3,), (3,)), ()),
    ("matmul", ((2, 2, 3), (2, 3, 2)), ()),
    ("reshape", ((2, 3),), (("shape", (3, 2)),)),
    ("transpose", ((2, 3),), ()),
    ("transpose", ((2, 3, 4),), ()),
    ("transpose", ((2, 3, 4),), (("axes", (2, 0, 1)),)),
    ("broadcast_to", ((1, 3),), (("shape", (2, 3)),)),
    ("getitem", ((3, 4),), (("index", (1,)),)),
    ("getitem", ((3, 4),), (("index", (Slice(0, 2), 1)),)),
    ("getitem", ((3, 4),), (("index", (Array.of([0, 0, 2]),)),)),
    ("getitem", ((3, 4),), (("index", (Slice(None, None, -1), None)),)),
    ("concatenate", ((2, 3), (1, 3)), ()),
    ("concatenate", ((2, 3), (2, 1)), (("axis", 1),)),
    ("stack", ((2, 3), (2, 3)), ()),
    ("stack", ((2, 3), (2, 3)), (("axis", 2),)),
    ("where", ((2, 3), (2, 3), (2, 3)), ()),
)


def numbers(shape: tuple[int, ...], salt: int, scale: float = 1.0) -> Array:
    """Return distinct positive numbers up to 3.125 times ``scale``, exact in float32."""
    size = int(np.prod(shape))
    spread = (np.arange(size) * 5 + 7 * salt) % 23 * 0.125 + 0.375
    return Array.of((spread * scale).reshape(shape))


def program_of(op: str, shapes: tuple[tuple[int, ...], ...], attrs: Attributes) -> Program:
    """Return a program that applies one op, and looks at its value and its gradients."""
    scale = 0.25 if OPS[op].domain(0).high < 1 else 1.0
    inputs: list[Leaf | Constant] = [Leaf(numbers(s, k, scale)) for k, s in enumerate(shapes)]
    if op == "where":
        inputs[0] = Constant(Array.of(numbers(shapes[0], 0).numpy() > 1))
    n = len(inputs)
    result = shape_of_result(op, shapes, attrs)
    cotangent = Array.of(
        numbers(result, 3).numpy() * np.where(numbers(result, 5).numpy() > 1, 1, -1)
    )
    looks = [Observe("grad", k) for k in range(n) if isinstance(inputs[k], Leaf)]
    apply = Apply(op, tuple(range(n)), attrs)
    return Program((*inputs, apply, Backward(n, cotangent), Observe("value", n), *looks))


def disagreements(engine: SpelledEngine) -> tuple[list[str], int]:
    """Compare an engine with the reference, op by op; return what differs and how much was run."""
    reference = known_engine("reference")
    found, ran = [], 0
    for op, shapes, attrs in CALLS:
        program = program_of(op, shapes, attrs)
        if not needs(program) <= engine.capabilities:
            continue
        ran += 1
        expected, actual = run(program, reference), run(program, engine)
        for index, number in expected.items():
            seen = actual.get(index)
            assert isinstance(number, Number), (op, number)
            if not isinstance(seen, Number) or not np.allclose(seen.values, number.values, 1e-5):
                found.append(f"{op} of {shapes} with {dict(attrs)} at {index}: {seen}")
    return found, ran


@pytest.fixture
def compare() -> Callable[[SpelledEngine], tuple[list[str], int]]:
    """Give the comparison with the reference."""
    return disagreements


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | Mapping[str, str]], Path]:
    """Give a function that writes the files of a submission and returns their folder."""

    def writer(files: str | Mapping[str, str]) -> Path:
        folder = tmp_path / "submission"
        for name, text in ({"engine.py": files} if isinstance(files, str) else files).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return folder

    return writer


@pytest.fixture
def submissions() -> Path:
    """Give the folder of the sample class."""
    return ROOT / "submissions"
