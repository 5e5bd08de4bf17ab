"""How far the ops reach: other shapes, plain Python numbers as operands, numbers at a pole."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gradcheck_suite.engines.discovery.bench import Bench, attempt, close, numbers
from gradcheck_suite.program.op import Op
from gradcheck_suite.program.table import OPS

__all__ = ["find_reach"]

_PATTERNS: Final = (((2, 3), (3,)), ((2, 1), (1, 3)))
_POLES: Final = frozenset({"log", "div"})  # where Python's own floats raise at 0


def find_reach(bench: Bench) -> Bench:
    """Add ``broadcast:...`` and ``plain:...`` for ops of several operands, and poles.

    ``infinities`` where 1 / 0 and log(0) raise nothing, ``negative_bases`` where ``power`` takes
    them.
    """
    known = {key.partition(".")[0] for key, _ in bench.spelling.ops}
    for row in OPS.values():
        if row.name not in known or row.signature not in {"binary", "where"}:
            continue
        if attempt(_broadcasts, bench, row):
            bench = bench.also(f"broadcast:{row.name}")
        if row.signature == "binary":
            sides = [s for s in ("left", "right") if _takes_number(bench, row, s)]
            bench = bench.also(*(f"plain:{row.name}.{side}" for side in sides))
    if known & _POLES and all(_applied(bench, op, 0.0) is not None for op in known & _POLES):
        bench = bench.also("infinities")
    if "power" in known and close(_applied(bench, "power", -2.0), np.full(bench.shape, 0.25)):
        bench = bench.also("negative_bases")
    return bench


def _applied(bench: Bench, op: str, number: float) -> npt.NDArray[Any] | None:
    """Return what ``op`` gives where every operand is ``number``; None where it raises."""
    operands = [attempt(bench.leaf, np.full(bench.shape, number)) for _ in OPS[op].arguments]
    return attempt(bench.value, attempt(bench.apply, op, operands))


def _broadcasts(bench: Bench, row: Op) -> bool:
    """Tell whether operands of different shapes are let through, to whatever value."""
    if bench.spelling.kind == "scalar":
        return False
    ran = 0
    for pattern in _PATTERNS:
        if any(f"rank:{len(shape)}" not in bench.spelling.can for shape in pattern):
            continue
        arrays = [numbers(s, row.domain(p), p) for p, s in enumerate(pattern)]
        operands = [bench.leaf(array) for array in arrays]
        if row.signature == "where":
            operands.insert(0, numbers((2, 3)) > 0)
        bench.value(bench.apply(row.name, operands))
        ran += 1
    return ran > 0


def _takes_number(bench: Bench, row: Op, side: str) -> bool:
    number = 2.0
    x = attempt(bench.leaf, numbers(bench.shape, row.domain(0)))
    operands = (number, x) if side == "left" else (x, number)
    result = attempt(bench.apply, row.name, operands)
    return attempt(bench.value, result) is not None
