"""Programs as somebody would write them by hand: one plain Python function for each."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import numpy as np

from gradcheck_suite.engines.spelled import SpelledEngine
from gradcheck_suite.program.instructions import Backward, Leaf, Observe, Program
from gradcheck_suite.program.printing import lines
from gradcheck_suite.program.template import template

_FORWARD = {"Leaf", "Constant", "Apply", "Backward", "Observe"}


def by_hand(program: Program, engine: SpelledEngine) -> Callable[[], list[Any]]:
    """Return a function that runs ``program`` in the engine's own spelling, compiled once.

    It returns what is looked at: numbers and arrays, as the suite has to read them. A gradient that
    the engine keeps as a tensor is read as its values are. Raises SyntaxError for what has no
    meaning inside of a function: the ``global`` of a decorated block, and a look at whether a
    result is released, for which the suite calls the garbage collector.
    """
    looks = [k for k, i in program.numbered() if isinstance(i, Observe)]
    if any(isinstance(i, Observe) and i.what == "released" for _, i in program.numbered()):
        msg = "a function holds on to all of its results"
        raise SyntaxError(msg)
    function = _looking(program, engine, dict.fromkeys(looks, "x"))
    try:
        seen = function()
    except Exception:  # noqa: BLE001 - whatever an engine raises
        return function
    value = engine.spelling.value
    reads = {k: "x" if isinstance(x, _READ) else value for k, x in zip(looks, seen, strict=True)}
    return _looking(program, engine, reads)


_READ = (bool, int, float, np.ndarray, np.generic, type(None))


def _looking(
    program: Program, engine: SpelledEngine, reads: dict[int, str]
) -> Callable[[], list[Any]]:
    """Return the function; ``reads``: for each look the template that reads what is found."""
    body = []
    for line in lines(program, engine.spelling):
        text = line.text
        if line.index in reads:
            text = f"seen.append({template(reads[line.index]).print({'x': text})})"
        body.append(indent(text, "  " * line.depth))
    return _function("", ["seen = []", *body, "return seen"], engine)


def runs_through(function: Callable[[], object]) -> bool:
    """Tell whether nothing is raised: who writes by hand puts a ``try`` where it is needed."""
    try:
        function()
    except Exception:  # noqa: BLE001 - whatever an engine raises
        return False
    return True


def forward_by_hand(
    program: Program, engine: SpelledEngine
) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Return the forward as a function of the leaves, and the leaves; None where it has none.

    That is what ``torch.autograd.gradcheck`` takes: one expression, of leaves that need a gradient.
    """
    instructions = dict(program.numbered())
    backwards = [i for i in instructions.values() if isinstance(i, Backward)]
    kinds = {type(i).__name__ for i in instructions.values()}
    leaves = [i for i in instructions.values() if isinstance(i, Leaf)]
    if not kinds <= _FORWARD or len(backwards) != 1:
        return None
    if not all(i.requires_grad and i.array.kind == "float" for i in leaves):
        return None
    printed = lines(program, engine.spelling)
    texts = {line.index: line.text for line in printed if line.index is not None}
    names = {k: text.partition(" = ")[0] for k, text in texts.items() if " = " in text}
    kept = [
        text for k, text in texts.items() if type(instructions[k]).__name__ in {"Constant", "Apply"}
    ]
    arguments = [names[k] for k, i in instructions.items() if isinstance(i, Leaf)]
    source = [*kept, f"return {names[backwards[0].x]}"]
    values = tuple(engine.leaf(i.array.numpy(), True) for i in leaves)
    return _function(", ".join(arguments), source, engine), values


def _function(arguments: str, body: list[str], engine: SpelledEngine) -> Callable[..., Any]:
    source = "\n".join([f"def run({arguments}):", *(indent(text, "  ") for text in body)])
    scope: dict[str, Any] = {}
    exec(compile(source, "<by hand>", "exec"), {"np": np, **engine.namespace}, scope)  # noqa: S102 - its purpose
    return scope["run"]
