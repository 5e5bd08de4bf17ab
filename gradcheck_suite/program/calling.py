"""Calling forms: which of an op's attributes a call gives, and one call to show each form by."""

from collections.abc import Callable
from itertools import product

from gradcheck_suite.program.instructions import Attribute, Attributes
from gradcheck_suite.program.op import Example

__all__ = ["calls_with", "given"]

Shapes = tuple[tuple[int, ...], ...]


def given(*names: str, **defaults: Attribute) -> Callable[[Shapes, dict[str, Attribute]], str]:
    """Return a function that names those of ``names`` that differ from None, or their default.

    Several axes are a form of their own: engines that take one do not always take more.
    """

    def variant(_shapes: Shapes, attrs: dict[str, Attribute]) -> str:
        found = [name for name in names if attrs[name] != defaults.get(name)]
        several = isinstance(attrs.get("axis"), tuple)
        return "+".join("axes" if several and name == "axis" else name for name in found)

    return variant


def calls_with(
    *shapes: tuple[int, ...],
    always: Attributes = (),
    **options: tuple[Attribute, ...],
) -> tuple[Example, ...]:
    """Return calls on operands of ``shapes`` with every choice of ``options``, or without them.

    ``always``: attributes of every call.
    """
    choices = [[(), *(((name, v),) for v in values)] for name, values in options.items()]
    return tuple((shapes, (*always, *sum(chosen, ()))) for chosen in product(*choices))
