"""The scalar engine that bugs are made of: right_scalar of the sample class, its source edited."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Final

from gradcheck_suite.engines.everything import PLAIN_NUMBERS
from gradcheck_suite.engines.functional import SpokenEngine, engine_of
from gradcheck_suite.errors import UsageError
from gradcheck_suite.program.spelling import Spelling

__all__ = ["SCALAR", "SOURCE", "scalar_engine"]

SCALAR: Final = "right_scalar"
SOURCE: Final = Path(__file__).parents[2] / "submissions" / SCALAR / "engine.py"
"""In the repository; an installed package has no sample class."""

_METHODS: Final = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu")
_SPELLING: Final = Spelling(
    name="Value",
    imports=("from engine import Value",),
    leaf="Value(number)",
    grad="x.grad",
    backward="x.backward()",
    clear="x.zero_grad()",
    assign="x.data = number",
    ops=(
        ("add", "x + y"),
        ("sub", "x - y"),
        ("mul", "x * y"),
        ("div", "x / y"),
        ("neg", "-x"),
        ("pow", "x ** exponent"),
        ("power", "x ** y"),
        *((name, f"x.{name}()") for name in _METHODS),
    ),
    can=PLAIN_NUMBERS | {"again", "cotangent", "negative_bases", "rank:0"},
    kind="scalar",
)


def scalar_engine(changes: Iterable[tuple[str, str]] = ()) -> SpokenEngine:
    """Return the scalar engine, with texts of its source replaced by others.

    Raises UsageError where there is no source, or where a text does not stand in it just once.
    """
    if not SOURCE.exists():
        msg = f"got no {SOURCE}, expected the repository: bugs of a scalar engine are made of it"
        raise UsageError(msg)
    text = SOURCE.read_text()
    for old, new in changes:
        if text.count(old) != 1:
            msg = f"got {old!r} {text.count(old)} times in {SOURCE}, expected it once"
            raise UsageError(msg)
        text = text.replace(old, new)
    made = ModuleType("engine")
    exec(compile(text, str(SOURCE), "exec"), made.__dict__)  # noqa: S102 - the sample class's own
    return engine_of(_SPELLING, dict(made.__dict__))
