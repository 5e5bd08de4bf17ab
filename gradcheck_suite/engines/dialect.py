"""Dialects: the conventions in which right engines differ, and what each engine chose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from types import MappingProxyType
from typing import Final

__all__ = ["CONVENTIONS", "FREE", "NEVER_WRONG", "PRESETS", "UNLESS_FIXED", "Dialect", "dialects"]

CONVENTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "accumulation": ("adds", "overwrites"),
        "second_backward": ("raises", "adds"),
        "nonscalar_backward": ("raises", "sums"),
        "nonleaf_grad": ("none", "kept"),
        "no_grad_backward": ("raises", "nothing"),
        "integer_leaf": ("raises", "casts"),
        "in_place": ("mutates", "rebinds", "refuses"),
        "views": ("shared", "copied"),
        "unset_gradient": ("none", "zeros"),
        "suspended_generator": ("leaks", "keeps"),
        "constant_grad": ("none", "kept"),
        "switched_result": ("raises", "later", "always"),
        "adam_epsilon": ("corrected", "hat"),
        "root_epsilon": ("beside", "under"),
    },
)
"""Each convention with the choices that right engines make; the first is torch's."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One choice for each convention."""

    accumulation: str = "adds"
    """A second backward adds to the gradient of a leaf, or takes its place."""
    second_backward: str = "raises"
    """A second backward on a graph that was not retained raises, or adds exactly once more."""
    nonscalar_backward: str = "raises"
    """A backward of a non-scalar without a cotangent raises, or takes ones."""
    nonleaf_grad: str = "none"
    """The gradient of a result is not kept unless asked for, or is always kept."""
    no_grad_backward: str = "raises"
    """A backward of a result that needs no gradient raises, or does nothing."""
    integer_leaf: str = "raises"
    """A leaf of integers that asks for a gradient raises, or is taken as numbers like others."""
    in_place: str = "mutates"
    """``x += y`` changes the value itself: it raises at a leaf that needs a gradient, and so does a
    backward that needs the old value. Or the name ``x`` comes to stand for a new result. Or a value
    changes, and to change one that some backward needs is refused at once."""
    views: str = "shared"
    """A slice that is changed in place changes what it was cut from, or was a copy."""
    unset_gradient: str = "none"
    """A new leaf has no gradient, and an optimizer leaves it where it is until it gets one; or it
    has zeros, which move it as any gradient does: by its decay, for example."""
    suspended_generator: str = "leaks"
    """The mode of a block that a generator is suspended in holds outside as well, or waits with the
    generator."""
    constant_grad: str = "none"
    """A leaf that needs no gradient gets none, or gets it beside those that do."""
    switched_result: str = "raises"
    """To take the flag ``requires_grad`` from a result raises. Or it is cut off for the ops that
    come later; or for good: no gradient flows through it any more, whatever was recorded before."""
    adam_epsilon: str = "corrected"
    """Adam adds eps to the root of the corrected second moment, or to that of the moment as it is:
    the epsilon hat of Kingma and Ba (2015, end of section 2)."""
    root_epsilon: str = "beside"
    """RMSprop and Adagrad add eps to the root, or to what is under it: both are published."""

    def choices(self, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return (convention, choice) for each of ``names``."""
        return tuple((name, getattr(self, name)) for name in names)


PRESETS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        "torch": Dialect(),
        "micrograd": Dialect(
            second_backward="adds",
            nonscalar_backward="sums",
            nonleaf_grad="kept",
            no_grad_backward="nothing",
            integer_leaf="casts",
            in_place="rebinds",
            views="copied",
            unset_gradient="zeros",
            constant_grad="kept",
            switched_result="later",
        ),
        "needle": Dialect(
            accumulation="overwrites",
            second_backward="adds",
            nonscalar_backward="sums",
            nonleaf_grad="kept",
            no_grad_backward="nothing",
            integer_leaf="casts",
            in_place="rebinds",
            views="copied",
            constant_grad="kept",
            switched_result="later",
        ),
    },
)
"""The conventions of three engines that courses follow."""

FREE: Final = frozenset({"adam_epsilon", "root_epsilon"})
"""Conventions that no preset settles: they are those of an optimizer, and of no engine."""

UNLESS_FIXED: Final[Mapping[str, str]] = MappingProxyType(
    {"accumulation": "adds", "constant_grad": "none"}
)
"""The only right choices, unless an assignment settles on others."""

NEVER_WRONG: Final[Mapping[str, str]] = MappingProxyType(
    {"suspended_generator": "keeps", "constant_grad": "none", "switched_result": "raises"}
)
"""Choices that are right whatever an assignment settles on: nobody could rely on the others."""


def dialects(names: tuple[str, ...]) -> Iterator[Dialect]:
    """Yield a dialect for every combination of choices of ``names``, torch's for the others."""
    known = {field.name for field in fields(Dialect)}
    assert set(names) <= known, f"got {names}, expected conventions: {known}"
    for choice in product(*(CONVENTIONS[name] for name in names)):
        yield replace(Dialect(), **dict(zip(names, choice, strict=True)))
