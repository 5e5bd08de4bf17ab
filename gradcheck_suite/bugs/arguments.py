"""Bugs of one argument among several: it gets no gradient, or a wrong one."""

from typing import Any, Final

from gradcheck_suite.bugs.bending import bent, on_operands
from gradcheck_suite.bugs.bug import Bug, Place

__all__ = ["ARGUMENTS", "arguments_on"]

THEME: Final = "one argument"

# op, the table's name of the argument, its position in the reference's function
_MISSING: Final = (
    ("add", "y", 1),
    ("mul", "y", 1),
    ("div", "y", 1),
    ("power", "y", 1),
    ("maximum", "y", 1),
    ("where", "y", 2),
    ("atan2", "y", 1),
    ("logaddexp", "y", 1),
    ("matmul", "y", 1),
    ("outer", "y", 1),
    ("dot", "x", 0),
    ("einsum", "y", 2),
    ("linear", "weight", 1),
    ("linear", "bias", 2),
    ("solve", "y", 1),
    ("conv2d", "x", 0),
    ("conv2d", "weight", 1),
    ("scatter_add", "y", 3),
    ("layer_norm", "weight", 2),
    ("batch_norm", "bias", 2),
    ("concatenate", "xs", 1),
)
_NEGATED: Final = (
    ("einsum", "x", 1),
    ("linear", "bias", 2),
    ("solve", "x", 0),
    ("conv2d", "weight", 1),
    ("concatenate", "xs", 1),
)

# Where the reference's own functions have something else before an argument.
_ELSEWHERE: Final = {
    ("einsum", "x"): 1,
    ("einsum", "y"): 2,
    ("scatter_add", "y"): 3,
    ("layer_norm", "weight"): 2,
    ("layer_norm", "bias"): 3,
}


def _cut(x: Any) -> Any:
    return x.detach()


def _negated(x: Any) -> Any:
    return bent(x, factor=-1.0)


def _missing(op: str, argument: str, position: int) -> Bug:
    sentence = f"{op} sends no gradient to its operand {_spoken(argument, position)}"
    patch = on_operands(op, _cut, position)
    return _bug(op, argument, position, "missing", sentence, patch)


def _wrong_sign(op: str, argument: str, position: int) -> Bug:
    sentence = f"{op} sends a gradient of the wrong sign to its operand {argument}"
    patch = on_operands(op, _negated, position)
    return _bug(op, argument, position, "negated", sentence, patch)


def _spoken(argument: str, position: int) -> str:
    return f"number {position + 1} of the list" if argument == "xs" else argument


def _bug(op: str, argument: str, position: int, what: str, sentence: str, patch: Any) -> Bug:
    where = f"{argument}{position}" if argument == "xs" else argument
    place = Place(op, argument)
    return Bug(f"{op}.{where}_{what}", sentence, THEME, (f"gradient[{op}]",), place, patch)


def arguments_on(op: str, argument: str, position: int) -> tuple[Bug, ...]:
    """Return both faults of one argument, whether the catalogue has them there or not.

    ``position`` is that of the argument in the op's row.
    """
    position = _ELSEWHERE.get((op, argument), position)
    return _missing(op, argument, position), _wrong_sign(op, argument, position)


ARGUMENTS: Final = (
    *(_missing(*row) for row in _MISSING),
    *(_wrong_sign(*row) for row in _NEGATED),
)
