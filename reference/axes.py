"""Counting axes from the end."""

from reference.errors import OperandError

__all__ = ["nonnegative"]


def nonnegative(axis: int, ndim: int) -> int:
    """Return ``axis`` counted from the front; raise OperandError if there is no such axis."""
    if not -ndim <= axis < ndim:
        message = f"axis {axis} does not exist among {ndim} axes"
        raise OperandError(message)
    return axis % ndim
