"""Capabilities: the needs (see ``program.features``) that an engine of a Spelling meets."""

from typing import Final

from gradcheck_suite.program.optimizers import OPTIMIZERS
from gradcheck_suite.program.spelling import Spelling
from gradcheck_suite.program.template import template

__all__ = ["COTANGENT_FORMS", "capabilities_of", "ops_of"]

COTANGENT_FORMS: Final = frozenset({"cotangent", "cotangent_number", "cotangent_nested"})
"""The names under which a template takes a cotangent."""

_FROM_TEMPLATES: Final = (
    "clear",
    "detach",
    "no_grad",
    "enable_grad",
    "requires_grad",
    "is_leaf",
    "has_graph",
    "set_requires_grad",
    "retain_grad",
    "assign",
    "hook",
    "unhook",
    "push_forward",
    "optimizer_clear",
)


def capabilities_of(spelling: Spelling) -> frozenset[str]:
    """Return the needs that an engine of this spelling meets."""
    names = template(spelling.backward).names
    native = {"retain_graph": "again", "create_graph": "create_graph"}
    found = {what for name, what in native.items() if name in names}
    if names & COTANGENT_FORMS:
        found |= {"cotangent", "cotangent_argument"}
    if spelling.backward_from:
        found |= {"cotangent_argument"}
    if "cotangent" in names:
        found |= {"cotangent_array"}
    found |= {name for name in _FROM_TEMPLATES if getattr(spelling, name)}
    found |= {f"op:{key}" for key, _ in spelling.ops}
    found |= {f"in_place:{op}" for op, _ in spelling.in_place}
    found |= {f"optimizer:{rule}" for rule, _ in spelling.optimizers}
    found |= {
        f"optimizer:{rule}.{name}"
        for rule, text in spelling.optimizers
        for name, _ in OPTIMIZERS[rule].settings
        if name in template(text).names
    }
    found |= {"grad_of"} | spelling.can
    if spelling.no_grad and not _is_written_for(spelling.no_grad, spelling):
        found.add("own_modes")
    # What a function gives may be asked for again, and is nobody's to keep.
    found |= {"again", "clear"} if spelling.gradient else {"stored_gradients"}
    if "requires_grad" in template(spelling.leaf).names:
        found.add("frozen_leaf")
    return frozenset(found)


def _is_written_for(text: str, spelling: Spelling) -> bool:
    """Tell whether ``text`` calls a class that is defined among the imports: not the engine's."""
    called = tuple(f"class {name}" for name in template(text).names)
    return any(line.startswith(called) for line in spelling.imports)


def ops_of(capabilities: frozenset[str]) -> frozenset[str]:
    """Return the ops among ``capabilities``, in whatever form they are there."""
    found = (need.removeprefix("op:") for need in capabilities if need.startswith("op:"))
    return frozenset(key.partition(".")[0] for key in found)
