"""Literals: the numbers, arrays and indices of a Program as Python source."""

from math import isfinite
from typing import Any

from gradcheck_suite.program.array import Array
from gradcheck_suite.program.instructions import Attribute, Slice

__all__ = ["array_text", "index_text", "literal", "nested_text"]


def literal(value: Attribute) -> str:
    """Return an attribute as Python source."""
    match value:
        case Array():
            return array_text(value)
        case Slice(start, stop, step):
            ends = ["" if v is None else str(v) for v in (start, stop)]
            return ":".join(ends) if step is None else ":".join([*ends, str(step)])
        case tuple():
            inner = ", ".join(literal(v) for v in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case float() if not isfinite(value):
            return f"float('{value}')"
        case _:
            return repr(value)


def array_text(array: Array, dtype: str = "") -> str:
    """Return an array as a call of NumPy that gives it the same layout."""
    if not array.values:  # nested lists would lose the shape, and the kind
        return f"np.zeros({array.shape}, dtype={dtype or f'np.{array.numpy().dtype}'})"
    as_dtype = f", dtype={dtype}" if dtype else ""
    match array.layout:
        case "transposed":
            return f"np.array({_list(array.numpy().T.tolist())}{as_dtype}).T"
        case "strided" if array.shape:
            whole = f"np.array({nested_text(array)}{as_dtype})"
            return f"{whole}.repeat(2, axis=-1)[..., ::2]"
        case _:
            return f"np.array({nested_text(array)}{as_dtype})"


def nested_text(array: Array) -> str:
    """Return an array as nested lists."""
    return _list(array.numpy().tolist())


def _list(nested: Any) -> str:  # noqa: ANN401 - nested lists of numbers
    if isinstance(nested, list):
        return "[" + ", ".join(map(_list, nested)) + "]"
    return literal(nested)


def index_text(index: Attribute) -> str:
    """Return an index as it stands in brackets."""
    parts = index if isinstance(index, tuple) else (index,)
    return ", ".join(literal(part) for part in parts) or "()"
